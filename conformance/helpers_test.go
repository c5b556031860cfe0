// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/config"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"
	vendorrtc "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/cloudrtc/v2"
	vendoriam "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/iam/v3"
	vendorsts "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/sts/v1"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/iam"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

// staticKeys are what the emulator takes.
var staticKeys = transport.Credentials{
	AccessKey: emulator.DefaultAccessKey, SecretKey: emulator.DefaultSecretKey, ProjectID: emulator.DefaultProjectID,
}

// fixture is the emulator, for the vendor's clients and for ours.
type fixture struct {
	*emulator.Server
	url string
}

func start(t *testing.T, opts emulator.Options) *fixture {
	t.Helper()
	f := &fixture{Server: emulator.New(opts)}
	web := httptest.NewServer(f.Server)
	t.Cleanup(func() { f.Close(); web.Close() })
	f.url = web.URL
	return f
}

// build makes one of the vendor's clients.
func (f *fixture) build(t *testing.T, b *core.HcHttpClientBuilder, c auth.ICredential) *core.HcHttpClient {
	t.Helper()
	client, err := b.WithEndpoint(f.url).WithCredential(c).
		WithHttpConfig(config.DefaultHttpConfig().WithTimeout(10 * time.Second)).SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// vendorKeys are ours as the vendor's clients take them.
func vendorKeys(t *testing.T, c transport.Credentials) auth.ICredential {
	t.Helper()
	keys, err := basic.NewCredentialsBuilder().WithAk(c.AccessKey).WithSk(c.SecretKey).
		WithSecurityToken(c.SecurityToken).WithProjectId(c.ProjectID).SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func (f *fixture) vendorRTC(t *testing.T, c auth.ICredential) *vendorrtc.CloudRTCClient {
	t.Helper()
	return vendorrtc.NewCloudRTCClient(f.build(t, vendorrtc.CloudRTCClientBuilder(), c))
}

func (f *fixture) vendorIAM(t *testing.T, c auth.ICredential) *vendoriam.IamClient {
	t.Helper()
	return vendoriam.NewIamClient(f.build(t, vendoriam.IamClientBuilder(), c))
}

func (f *fixture) vendorSTS(t *testing.T, c auth.ICredential) *vendorsts.StsClient {
	t.Helper()
	return vendorsts.NewStsClient(f.build(t, vendorsts.StsClientBuilder(), c))
}

func (f *fixture) rtc(t *testing.T, c transport.Credentials) *sparkrtc.Client {
	t.Helper()
	client, err := sparkrtc.New(sparkrtc.Config{Endpoint: f.url, Credentials: c, Transport: transport.New(transport.Config{})})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func (f *fixture) iam(t *testing.T) *iam.Client {
	t.Helper()
	client, err := iam.New(iam.Config{
		Transport: transport.New(transport.Config{}), Endpoint: f.url, STSEndpoint: f.url, MetadataEndpoint: f.url,
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// wire is what has to be the same of two requests of any client.
type wire struct {
	Method, Path string
	Query        url.Values
	IDP          string // X-Idp-Id
	Body         any    // of JSON
}

// sent returns the requests that a call made.
func (f *fixture) sent(t *testing.T, call func()) []wire {
	t.Helper()
	f.ResetRequests()
	call()
	var all []wire
	for _, r := range f.Requests() {
		w := wire{Method: r.Method, IDP: r.Header.Get("X-Idp-Id")}
		var err error
		if w.Path, err = url.PathUnescape(r.Path); err != nil {
			t.Error(err)
		}
		if w.Query, err = url.ParseQuery(r.Query); err != nil {
			t.Error(err)
		}
		if len(r.Body) > 0 {
			if err := json.Unmarshal(r.Body, &w.Body); err != nil {
				t.Errorf("%s: %v", r.Body, err)
			}
		}
		all = append(all, w)
	}
	return all
}

// wantSame fails the test unless both make the same requests. It returns the
// first one's body.
func (f *fixture) wantSame(t *testing.T, vendor, ours func()) string {
	t.Helper()
	theirs, own := f.sent(t, vendor), f.sent(t, ours)
	if len(theirs) == 0 || !reflect.DeepEqual(theirs, own) {
		t.Fatalf("the vendor's client sends %+v\nours %+v", theirs, own)
	}
	body, err := json.Marshal(theirs[0].Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// failure is what a response says that is an error.
type failure struct {
	status        int
	code, message string
	requestID     bool
}

// vendorFailure is how the vendor's SDK understands one.
func vendorFailure(t *testing.T, err error) failure {
	t.Helper()
	var e *sdkerr.ServiceResponseError
	if !errors.As(err, &e) {
		t.Fatalf("got %v", err)
	}
	return failure{e.StatusCode, e.ErrorCode, e.ErrorMessage, len(e.RequestId) == 32}
}

// wantFailure fails the test if one isn't as wanted. Of its message, only the
// beginning is.
func wantFailure(t *testing.T, whose string, got, want failure) {
	t.Helper()
	if strings.HasPrefix(got.message, want.message) {
		got.message = want.message
	}
	if got != want {
		t.Errorf("%s client got %+v, want %+v", whose, got, want)
	}
}

// about tells whether a time is the other one, give or take a minute.
func about(t, other time.Time) bool { return t.Sub(other).Abs() < time.Minute }

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func ptr[T any](v T) *T { return &v }
