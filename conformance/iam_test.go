// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	rtcmodel "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/cloudrtc/v2/model"
	vendoriam "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/iam/v3"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/iam/v3/model"
	stsmodel "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/sts/v1/model"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/iam"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

func token(value string) auth.ICredential {
	return vendoriam.NewIamCredentialsBuilder().WithXAuthToken(value).Build()
}

// wantTaken fails the test unless a request of each client with those
// credentials is authenticated.
func (f *fixture) wantTaken(t *testing.T, c transport.Credentials) {
	t.Helper()
	f.SetCallback(testAppID, testURL, testKey)
	if _, err := f.rtc(t, c).ShowRecordCallback(t.Context(), testAppID); err != nil {
		t.Errorf("ours: %v", err)
	}
	if c.Token != "" {
		return // the vendor's client takes no tokens for this API
	}
	if _, err := f.vendorRTC(t, vendorKeys(t, c)).ShowRecordCallback(&rtcmodel.ShowRecordCallbackRequest{AppId: testAppID}); err != nil {
		t.Errorf("the vendor's: %v", err)
	}
}

func wantTime(t *testing.T, got string, in time.Duration) {
	t.Helper()
	if at, err := time.Parse(time.RFC3339, got); err != nil || !about(at, time.Now().Add(in)) {
		t.Errorf("it ends at %q, want in %v", got, in)
	}
}

func TestProjects(t *testing.T) {
	f := start(t, emulator.Options{Projects: []emulator.Project{{ID: "id-of-north", Name: "cn-north-4"}, {ID: "id-of-south", Name: "cn-south-1"}}})
	name := "cn-south-1"
	for how, c := range map[string]auth.ICredential{"signed": vendorKeys(t, staticKeys), "with a token": token(emulator.DefaultToken)} {
		t.Run(how, func(t *testing.T) {
			f.wantSame(t, func() {
				resp, err := f.vendorIAM(t, c).KeystoneListProjects(&model.KeystoneListProjectsRequest{Name: &name})
				if err != nil {
					t.Fatal(err)
				}
				projects := deref(resp.Projects)
				if len(projects) != 1 || projects[0].Id != "id-of-south" || projects[0].Name != name ||
					projects[0].DomainId != emulator.DefaultDomainID || !projects[0].Enabled || resp.HttpStatusCode != 200 {
					t.Errorf("got %v", resp)
				}
			}, func() {
				got, err := f.iam(t).Projects(t.Context(), staticKeys, name)
				if err != nil || len(got) != 1 || got[0] != (iam.Project{ID: "id-of-south", Name: name}) {
					t.Errorf("got %v, %v", got, err)
				}
			})
		})
	}
	t.Run("all", func(t *testing.T) {
		resp, err := f.vendorIAM(t, token(emulator.DefaultToken)).KeystoneListProjects(&model.KeystoneListProjectsRequest{})
		if err != nil || len(deref(resp.Projects)) != 2 {
			t.Errorf("got %v, %v", resp, err)
		}
	})
}

func passwordRequest(password string) *model.KeystoneCreateUserTokenByPasswordRequest {
	name := emulator.DefaultProjectName
	return &model.KeystoneCreateUserTokenByPasswordRequest{Body: &model.KeystoneCreateUserTokenByPasswordRequestBody{Auth: &model.PwdAuth{
		Identity: &model.PwdIdentity{
			Methods: []model.PwdIdentityMethods{model.GetPwdIdentityMethodsEnum().PASSWORD},
			Password: &model.PwdPassword{User: &model.PwdPasswordUser{
				Name: emulator.DefaultUserName, Password: password, Domain: &model.PwdPasswordUserDomain{Name: emulator.DefaultDomainName},
			}},
		},
		Scope: &model.AuthScope{Project: &model.AuthScopeProject{Name: &name}},
	}}}
}

func TestPasswordToken(t *testing.T) {
	f := start(t, emulator.Options{})
	var issued string
	f.wantSame(t, func() {
		resp, err := f.vendorIAM(t, token("")).KeystoneCreateUserTokenByPassword(passwordRequest(emulator.DefaultPassword))
		if err != nil {
			t.Fatal(err)
		}
		got := deref(resp.Token)
		if resp.HttpStatusCode != 201 || deref(got.Project).Id != emulator.DefaultProjectID || deref(got.User).Id != emulator.DefaultUserID ||
			deref(deref(got.User).Domain).Id != emulator.DefaultDomainID || len(got.Methods) != 1 || got.Methods[0] != "password" {
			t.Errorf("got %v", resp)
		}
		wantTime(t, got.ExpiresAt, 24*time.Hour)
		wantTime(t, got.IssuedAt, 0)
		issued = deref(resp.XSubjectToken)
	}, func() {
		_, err := f.iam(t).PasswordToken(t.Context(), iam.Password{
			UserName: emulator.DefaultUserName, DomainName: emulator.DefaultDomainName, Password: emulator.DefaultPassword,
		}, iam.Scope{ProjectName: emulator.DefaultProjectName})
		if err != nil {
			t.Error(err)
		}
	})
	f.wantTaken(t, transport.Credentials{Token: issued})
}

func TestIDToken(t *testing.T) {
	f := start(t, emulator.Options{})
	idToken, projectID := f.IDToken(), emulator.DefaultProjectID
	var issued string
	f.wantSame(t, func() {
		resp, err := f.vendorIAM(t, token("")).CreateTokenWithIdToken(&model.CreateTokenWithIdTokenRequest{
			XIdpId: emulator.DefaultIDPID,
			Body: &model.GetIdTokenRequestBody{Auth: &model.GetIdTokenAuthParams{
				IdToken: &model.GetIdTokenIdTokenBody{Id: idToken},
				Scope:   &model.GetIdTokenIdScopeBody{Project: &model.GetIdTokenScopeDomainOrProjectBody{Id: &projectID}},
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
		got := deref(resp.Token)
		if resp.HttpStatusCode != 201 || deref(deref(got.Project).Id) != projectID || len(got.Methods) != 1 || got.Methods[0] != "mapped" ||
			deref(deref(got.User).OsFederation).IdentityProvider.Id != emulator.DefaultIDPID {
			t.Errorf("got %v", resp)
		}
		wantTime(t, got.ExpiresAt, 24*time.Hour)
		issued = deref(resp.XSubjectToken)
	}, func() {
		if _, err := f.iam(t).IDToken(t.Context(), emulator.DefaultIDPID, idToken, iam.Scope{ProjectID: projectID}); err != nil {
			t.Error(err)
		}
	})
	f.wantTaken(t, transport.Credentials{Token: issued})
}

// wantKeys fails the test unless IAM's keys are sound.
func (f *fixture) wantKeys(t *testing.T, status int, got *model.Credential, lifetime time.Duration) {
	t.Helper()
	if status != 201 || got == nil {
		t.Fatalf("got %d %v", status, got)
	}
	wantTime(t, got.ExpiresAt, lifetime)
	f.wantTaken(t, transport.Credentials{
		AccessKey: got.Access, SecretKey: got.Secret, SecurityToken: got.Securitytoken, ProjectID: emulator.DefaultProjectID,
	})
}

// durations are what keys can be asked for, and how long IAM's are valid then.
var durations = map[string]struct {
	asked *int32
	want  time.Duration
}{
	"without a duration": {nil, 15 * time.Minute},
	"with a duration":    {ptr[int32](7200), 2 * time.Hour},
}

func asked(seconds *int32) time.Duration { return time.Duration(deref(seconds)) * time.Second }

func TestTokenKeys(t *testing.T) {
	for name, tc := range durations {
		t.Run(name, func(t *testing.T) {
			f := start(t, emulator.Options{})
			id := emulator.DefaultToken
			var resp *model.CreateTemporaryAccessKeyByTokenResponse
			f.wantSame(t, func() {
				var err error
				resp, err = f.vendorIAM(t, token(id)).CreateTemporaryAccessKeyByToken(&model.CreateTemporaryAccessKeyByTokenRequest{
					Body: &model.CreateTemporaryAccessKeyByTokenRequestBody{Auth: &model.TokenAuth{Identity: &model.TokenAuthIdentity{
						Methods: []model.TokenAuthIdentityMethods{model.GetTokenAuthIdentityMethodsEnum().TOKEN},
						Token:   &model.IdentityToken{Id: &id, DurationSeconds: tc.asked},
					}}},
				})
				if err != nil {
					t.Fatal(err)
				}
			}, func() {
				if _, err := f.iam(t).TokenKeys(t.Context(), id, asked(tc.asked)); err != nil {
					t.Error(err)
				}
			})
			f.wantKeys(t, resp.HttpStatusCode, resp.Credential, tc.want)
		})
	}
}

func agencyRequest(seconds *int32) *model.CreateTemporaryAccessKeyByAgencyRequest {
	domain := emulator.DefaultDomainName
	return &model.CreateTemporaryAccessKeyByAgencyRequest{Body: &model.CreateTemporaryAccessKeyByAgencyRequestBody{Auth: &model.AgencyAuth{
		Identity: &model.AgencyAuthIdentity{
			Methods:    []model.AgencyAuthIdentityMethods{model.GetAgencyAuthIdentityMethodsEnum().ASSUME_ROLE},
			AssumeRole: &model.IdentityAssumerole{AgencyName: emulator.DefaultAgencyName, DomainName: &domain, DurationSeconds: seconds},
		},
	}}}
}

func TestAgencyKeys(t *testing.T) {
	for name, tc := range durations {
		t.Run(name, func(t *testing.T) {
			f := start(t, emulator.Options{})
			var resp *model.CreateTemporaryAccessKeyByAgencyResponse
			f.wantSame(t, func() {
				var err error
				if resp, err = f.vendorIAM(t, vendorKeys(t, staticKeys)).CreateTemporaryAccessKeyByAgency(agencyRequest(tc.asked)); err != nil {
					t.Fatal(err)
				}
			}, func() {
				_, err := f.iam(t).AssumeAgency(t.Context(), staticKeys, iam.Agency{
					Name: emulator.DefaultAgencyName, DomainName: emulator.DefaultDomainName, Duration: asked(tc.asked),
				})
				if err != nil {
					t.Error(err)
				}
			})
			f.wantKeys(t, resp.HttpStatusCode, resp.Credential, tc.want)
		})
	}
}

func assumeRequest(session string, seconds *int32) *stsmodel.AssumeAgencyRequest {
	return &stsmodel.AssumeAgencyRequest{Body: &stsmodel.AssumeAgencyReqBody{
		AgencyUrn:         "iam::" + emulator.DefaultDomainID + ":agency:" + emulator.DefaultAgencyName,
		AgencySessionName: session,
		DurationSeconds:   seconds,
	}}
}

func TestAssumeAgency(t *testing.T) {
	tests := map[string]struct {
		asked *int32
		want  time.Duration
	}{
		"without a duration": {nil, time.Hour},
		"with a duration":    {ptr[int32](900), 15 * time.Minute},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := start(t, emulator.Options{})
			var resp *stsmodel.AssumeAgencyResponse
			f.wantSame(t, func() {
				var err error
				resp, err = f.vendorSTS(t, vendorKeys(t, staticKeys)).AssumeAgency(assumeRequest("terraform-provider-sparkrtc", tc.asked))
				if err != nil {
					t.Fatal(err)
				}
			}, func() {
				_, err := f.iam(t).AssumeAgencySTS(t.Context(), staticKeys, iam.Agency{
					Name: emulator.DefaultAgencyName, DomainID: emulator.DefaultDomainID, Duration: asked(tc.asked),
				})
				if err != nil {
					t.Error(err)
				}
			})
			got := deref(resp.Credentials)
			if resp.HttpStatusCode != 200 || !strings.HasSuffix(deref(resp.AssumedAgency).Urn, "/terraform-provider-sparkrtc") {
				t.Errorf("got %v", resp)
			}
			if !about(time.Time(deref(got.Expiration)), time.Now().Add(tc.want)) {
				t.Errorf("it ends at %v", got.Expiration)
			}
			f.wantTaken(t, transport.Credentials{
				AccessKey: got.AccessKeyId, SecretKey: got.SecretAccessKey, SecurityToken: got.SecurityToken, ProjectID: emulator.DefaultProjectID,
			})
		})
	}
	t.Run("names of sessions", func(t *testing.T) {
		f := start(t, emulator.Options{})
		for length, status := range map[int]int{1: 400, 2: 200, 128: 200, 129: 400} {
			_, err := f.vendorSTS(t, vendorKeys(t, staticKeys)).AssumeAgency(assumeRequest(strings.Repeat("s", length), nil))
			if status == 200 && err != nil {
				t.Errorf("%d characters: %v", length, err)
			}
			if status != 200 && vendorFailure(t, err).status != status {
				t.Errorf("%d characters: %v", length, err)
			}
		}
	})
}

// The SDK's own way from a file with an ID token to an access key. It sends no
// Content-Type with the request for the keys.
func TestSDKExchangesIDToken(t *testing.T) {
	f := start(t, emulator.Options{})
	f.SetCallback(testAppID, testURL, testKey)
	file := filepath.Join(t.TempDir(), "id-token")
	if err := os.WriteFile(file, []byte(f.IDToken()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := basic.NewCredentialsBuilder().WithIdpId(emulator.DefaultIDPID).WithIdTokenFile(file).
		WithIamEndpointOverride(f.url).WithProjectId(emulator.DefaultProjectID).SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	resp, err := f.vendorRTC(t, c).ShowRecordCallback(&rtcmodel.ShowRecordCallbackRequest{AppId: testAppID})
	if err != nil {
		t.Fatal(err)
	}
	wantCallback(t, resp.RecordCallback, testKey)
	f.wantLogged(t, "POST /v3.0/OS-AUTH/id-token/tokens", "POST /v3.0/OS-CREDENTIAL/securitytokens", "GET "+testPath)
	if got := f.Requests()[1].Header.Get("Content-Type"); got != "" {
		t.Errorf("the SDK sends Content-Type %q for the keys: the emulator may insist on it", got)
	}
}

// wantLogged fails the test unless these requests were made, and were
// authenticated.
func (f *fixture) wantLogged(t *testing.T, want ...string) {
	t.Helper()
	requests := f.Requests()
	for i, r := range requests {
		if got := r.Method + " " + r.Path; i >= len(want) || got != want[i] || !r.Authenticated {
			t.Errorf("request %d is %s %d", i, got, r.Status)
		}
	}
	if len(requests) != len(want) {
		t.Errorf("%d requests were made, want %d", len(requests), len(want))
	}
}

// The SDK's own way to the access key of an ECS. It always asks at the same
// address, through the default transport.
func TestSDKAsksMetadata(t *testing.T) {
	tests := map[string]struct {
		opts emulator.Options
		want []string // requests before that for the callback
		err  string
	}{
		"with sessions": {
			opts: emulator.Options{MetadataTokenRequired: true},
			want: []string{"PUT /meta-data/latest/api/token", "GET /openstack/latest/securitykey"},
		},
		"without": {
			opts: emulator.Options{MetadataOldHost: true},
			want: []string{"PUT /meta-data/latest/api/token", "GET /openstack/latest/securitykey"},
		},
		"no agency": {opts: emulator.Options{MetadataNoAgency: true}, err: "Please configure Cloud Service Agency first"},
		"off":       {opts: emulator.Options{MetadataOff: true}, err: "404"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := start(t, tc.opts)
			f.SetCallback(testAppID, testURL, testKey)
			before := http.DefaultTransport
			t.Cleanup(func() { http.DefaultTransport = before })
			http.DefaultTransport = &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				if address != strings.TrimPrefix(iam.DefaultMetadataEndpoint, "http://")+":80" {
					t.Errorf("%s is asked", address)
				}
				return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(f.url, "http://"))
			}}
			c, err := basic.NewCredentialsBuilder().WithProjectId(emulator.DefaultProjectID).SafeBuild()
			if err != nil {
				t.Fatal(err)
			}
			var failed error
			theirs := f.sent(t, func() {
				_, failed = f.vendorRTC(t, c).ShowRecordCallback(&rtcmodel.ShowRecordCallbackRequest{AppId: testAppID})
			})
			if tc.err != "" {
				if failed == nil || !strings.Contains(failed.Error(), tc.err) {
					t.Errorf("got %v", failed)
				}
				return
			}
			if failed != nil || len(theirs) != len(tc.want)+1 {
				t.Fatalf("%d requests: %v", len(theirs), failed)
			}
			own := f.sent(t, func() {
				if _, err := f.iam(t).MetadataKeys(t.Context()); err != nil {
					t.Error(err)
				}
			})
			for i, want := range tc.want {
				if got := theirs[i].Method + " " + theirs[i].Path; got != want {
					t.Errorf("the SDK's request %d is %s", i, got)
				}
				if got := own[i].Method + " " + own[i].Path; got != want {
					t.Errorf("our request %d is %s", i, got)
				}
			}
		})
	}
}

func TestIAMErrors(t *testing.T) {
	wrongKeys := staticKeys
	wrongKeys.SecretKey = "wrong"
	calls := map[string]struct {
		opts   emulator.Options
		vendor func(*fixture) error
		ours   func(*fixture) error
		want   failure
	}{
		"projects, wrong secret key": {
			vendor: func(f *fixture) error {
				_, err := f.vendorIAM(t, vendorKeys(t, wrongKeys)).KeystoneListProjects(&model.KeystoneListProjectsRequest{})
				return err
			},
			ours: func(f *fixture) error {
				_, err := f.iam(t).Projects(t.Context(), wrongKeys, "")
				return err
			},
			want: failure{401, "", "Incorrect IAM authentication information: verify aksk signature fail", true},
		},
		"projects, wrong token": {
			vendor: func(f *fixture) error {
				_, err := f.vendorIAM(t, token("wrong")).KeystoneListProjects(&model.KeystoneListProjectsRequest{})
				return err
			},
			ours: func(f *fixture) error {
				_, err := f.iam(t).Projects(t.Context(), transport.Credentials{Token: "wrong"}, "")
				return err
			},
			want: failure{401, "", "Incorrect IAM authentication information: decrypt token fail", true},
		},
		"wrong password": {
			vendor: func(f *fixture) error {
				_, err := f.vendorIAM(t, token("")).KeystoneCreateUserTokenByPassword(passwordRequest("Not-The-Password-1"))
				return err
			},
			ours: func(f *fixture) error {
				_, err := f.iam(t).PasswordToken(t.Context(), iam.Password{
					UserName: emulator.DefaultUserName, DomainName: emulator.DefaultDomainName, Password: "Not-The-Password-1",
				}, iam.Scope{ProjectName: emulator.DefaultProjectName})
				return err
			},
			want: failure{401, "", "The username or password is wrong.", true},
		},
		"wrong ID token": {
			vendor: func(f *fixture) error {
				_, err := f.vendorIAM(t, token("")).CreateTokenWithIdToken(&model.CreateTokenWithIdTokenRequest{
					XIdpId: emulator.DefaultIDPID,
					Body: &model.GetIdTokenRequestBody{Auth: &model.GetIdTokenAuthParams{
						IdToken: &model.GetIdTokenIdTokenBody{Id: f.IDToken(emulator.WithAudience("other"))},
					}},
				})
				return err
			},
			ours: func(f *fixture) error {
				_, err := f.iam(t).IDToken(t.Context(), emulator.DefaultIDPID, f.IDToken(emulator.WithAudience("other")), iam.Scope{})
				return err
			},
			want: failure{401, "", "The ID token is invalid: it has another audience.", true},
		},
		"agency of another account": {
			opts: emulator.Options{AgencyForbidden: true},
			vendor: func(f *fixture) error {
				_, err := f.vendorIAM(t, vendorKeys(t, staticKeys)).CreateTemporaryAccessKeyByAgency(agencyRequest(nil))
				return err
			},
			ours: func(f *fixture) error {
				_, err := f.iam(t).AssumeAgency(t.Context(), staticKeys, iam.Agency{Name: emulator.DefaultAgencyName, DomainName: emulator.DefaultDomainName})
				return err
			},
			want: failure{403, "", "You are not authorized to perform the requested action.", true},
		},
		"STS, wrong secret key": {
			vendor: func(f *fixture) error {
				_, err := f.vendorSTS(t, vendorKeys(t, wrongKeys)).AssumeAgency(assumeRequest("terraform", nil))
				return err
			},
			ours: func(f *fixture) error {
				_, err := f.iam(t).AssumeAgencySTS(t.Context(), wrongKeys, iam.Agency{Name: emulator.DefaultAgencyName, DomainID: emulator.DefaultDomainID})
				return err
			},
			want: failure{401, "APIGW.0301", "Incorrect IAM authentication information: verify aksk signature fail", true},
		},
		"STS, agency of another account": {
			opts: emulator.Options{AgencyForbidden: true},
			vendor: func(f *fixture) error {
				_, err := f.vendorSTS(t, vendorKeys(t, staticKeys)).AssumeAgency(assumeRequest("terraform", nil))
				return err
			},
			ours: func(f *fixture) error {
				_, err := f.iam(t).AssumeAgencySTS(t.Context(), staticKeys, iam.Agency{Name: emulator.DefaultAgencyName, DomainID: emulator.DefaultDomainID})
				return err
			},
			want: failure{403, "STS5.0403", "not allowed to assume the agency ", true},
		},
	}
	for name, tc := range calls {
		t.Run(name, func(t *testing.T) {
			f := start(t, tc.opts)
			theirs := vendorFailure(t, tc.vendor(f))
			// The SDK doesn't read errors whose code is a number, and shows all of them.
			if prefix := `{"error":{"code":`; tc.want.code == "" && strings.HasPrefix(theirs.message, prefix) {
				_, theirs.message, _ = strings.Cut(theirs.message, `"message":"`)
			}
			wantFailure(t, "the vendor's", theirs, tc.want)
			var e *iam.Error
			if err := tc.ours(f); !errors.As(err, &e) {
				t.Fatalf("ours got %v", err)
			}
			wantFailure(t, "our", failure{e.StatusCode, e.Code, e.Message, len(e.RequestID) == 32}, tc.want)
		})
	}
}
