// SPDX-License-Identifier: MPL-2.0

package iam

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

func TestMetadataKeys(t *testing.T) {
	tests := map[string]struct {
		opts    emulator.Options
		fault   emulator.Fault
		session bool // with a session token
	}{
		"session tokens":       {emulator.Options{}, emulator.Fault{}, true},
		"only with one":        {emulator.Options{MetadataTokenRequired: true}, emulator.Fault{}, true},
		"older host":           {emulator.Options{MetadataOldHost: true}, emulator.Fault{}, false},
		"method not allowed":   {emulator.Options{}, emulator.Fault{Method: http.MethodPut, Status: 405, RawBody: "x", ContentType: "text/html"}, false},
		"session without text": {emulator.Options{}, emulator.Fault{Method: http.MethodPut, RawBody: "\n"}, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := start(t, tc.opts)
			if tc.fault.Method != "" {
				f.Fail(tc.fault)
			}
			keys, err := f.MetadataKeys(t.Context())
			if err != nil || !about(keys.ExpiresAt, time.Now().Add(time.Hour)) {
				t.Fatalf("got %v until %v, %v", keys, keys.ExpiresAt, err)
			}
			f.wantSent(t, "PUT "+sessionPath, "GET "+keyPath)
			put, get := f.Requests()[0].Header, f.Requests()[1].Header
			if put.Get("X-Metadata-Token-Ttl-Seconds") != "60" || (get.Get("X-Metadata-Token") != "") != tc.session {
				t.Errorf("sent %v and %v", put, get)
			}
			if put.Get("Authorization")+get.Get("Authorization")+get.Get("X-Auth-Token") != "" {
				t.Errorf("authenticated with %v", get)
			}
			f.wantUsable(t, keys.Transport())
		})
	}
}

func TestMetadataFailures(t *testing.T) {
	const operation = "could not get the access key of the ECS from its metadata service at HOST: "
	tests := map[string]struct {
		opts    emulator.Options
		fault   emulator.Fault
		want    string
		calls   int
		refused bool
	}{
		"no agency": {
			emulator.Options{MetadataNoAgency: true}, emulator.Fault{},
			operation + "HTTP 401: 401 Unauthorized Please configure Cloud Service Agency first (request id ID)", 2, true,
		},
		"not there": {emulator.Options{MetadataOff: true}, emulator.Fault{}, operation + "HTTP 404: 404 Not Found (request id ID)", 2, true},
		"no session": {
			emulator.Options{}, emulator.Fault{Method: http.MethodPut, Status: 403, RawBody: "forbidden", ContentType: "text/plain"},
			operation + "HTTP 403: forbidden (request id ID)", 1, true,
		},
		"HTML in place of a session": {
			emulator.Options{}, emulator.Fault{Method: http.MethodPut, RawBody: "<html>\n</html>", ContentType: "text/html"},
			operation + "HTTP 200: the response is not a session token (request id ID)", 1, false,
		},
		"HTML": {
			emulator.Options{}, emulator.Fault{Method: http.MethodGet, RawBody: "<html>", ContentType: "text/html"},
			operation + "HTTP 200: the response (text/html) is not one of this API: it is not JSON (request id ID)", 2, false,
		},
		"no keys": {
			emulator.Options{}, emulator.Fault{Method: http.MethodGet, RawBody: "{}", ContentType: "application/json"},
			operation + "HTTP 200: the response has no complete access key (request id ID)", 2, false,
		},
		"server error": {
			emulator.Options{}, emulator.Fault{Times: -1, Status: 500, RawBody: "down", ContentType: "text/plain"},
			operation + "HTTP 500: down (request id ID)", 2, false,
		},
		"closed": {emulator.Options{}, emulator.Fault{Times: -1, Drop: true}, operation + "EOF", 2, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := start(t, tc.opts)
			if tc.fault.Times != 0 || tc.fault.Method != "" {
				f.Fail(tc.fault)
			}
			keys, err := f.MetadataKeys(t.Context())
			f.wantError(t, err, tc.want)
			if keys != (Keys{}) || Refused(err) != tc.refused || len(f.Requests()) != tc.calls {
				t.Errorf("got %v, refused: %t, after %q", keys, Refused(err), f.sent())
			}
		})
	}
}

// Where the address leads nowhere, the wait is short.
func TestMetadataBounds(t *testing.T) {
	for retries, want := range map[int]int{0: 0, 1: 1, 5: 1} {
		cfg := transport.Config{MaxRetries: retries, AttemptTimeout: time.Minute}
		forMetadata(&cfg)
		if cfg.MaxRetries != want || cfg.AttemptTimeout != 2*time.Second || !cfg.NoProxy {
			t.Errorf("%d retries became %+v", retries, cfg)
		}
	}
	f := start(t, emulator.Options{})
	f.metadata.transport = f.metadata.transport.With(func(c *transport.Config) { c.AttemptTimeout = 20 * time.Millisecond })
	f.Fail(emulator.Fault{Times: -1, Delay: time.Minute})
	_, err := f.MetadataKeys(t.Context())
	f.wantError(t, err, "could not get the access key of the ECS from its metadata service at HOST: no complete response within 20ms")
	if len(f.Requests()) != 2 {
		t.Errorf("sent %q", f.sent())
	}
}

func TestEndpoints(t *testing.T) {
	shared := transport.New(transport.Config{})
	for want, cfg := range map[string]Config{
		"the endpoint of the IAM API can't be used: it is not a URL such as https://iam.cn-north-4.myhuaweicloud.com": {Endpoint: "invalid"},
		"the endpoint of the STS API can't be used: it must be scheme and host only, such as https://sts.cn-north-4.myhuaweicloud.com": {
			STSEndpoint: "https://sts.example.com/v5",
		},
		"the endpoint of the metadata service can't be used: plain http is accepted for a loopback address only, because requests carry credentials: use https": {
			MetadataEndpoint: "http://169.254.169.253",
		},
	} {
		cfg.Transport = shared
		if _, err := New(cfg); err == nil || err.Error() != want {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
	c, err := New(Config{Transport: shared})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.metadata.endpoint.String(); got != DefaultMetadataEndpoint {
		t.Errorf("the metadata service is at %s", got)
	}
	_, iamErr := c.Projects(t.Context(), testKeys, "")
	_, stsErr := c.AssumeAgencySTS(t.Context(), testKeys, Agency{})
	var e *Error
	if got := fmt.Sprintf("%v; %v", iamErr, stsErr); !errors.As(iamErr, &e) ||
		got != "could not list the projects: no endpoint of the IAM API is set; could not assume the agency: no endpoint of the STS API is set" {
		t.Errorf("got %s", got)
	}
}
