// SPDX-License-Identifier: MPL-2.0

package iam

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

func TestProjects(t *testing.T) {
	several := []emulator.Project{{ID: "p1", Name: "cn-north-4"}, {ID: "p2", Name: "cn-north-4_a b&c"}, {ID: "p3", Name: "cn-north-4"}}
	none := []emulator.Project{}
	tests := map[string]struct {
		projects []emulator.Project
		auth     transport.Authenticator
		name     string
		sent     string
		want     string
	}{
		"one":             {nil, testKeys, "cn-north-4", projectsPath + "?name=cn-north-4", "[{" + emulator.DefaultProjectID + " cn-north-4}]"},
		"with a token":    {nil, transport.Credentials{Token: emulator.DefaultToken}, "cn-north-4", projectsPath + "?name=cn-north-4", "[{" + emulator.DefaultProjectID + " cn-north-4}]"},
		"all":             {several, testKeys, "", projectsPath, "[{p1 cn-north-4} {p2 cn-north-4_a b&c} {p3 cn-north-4}]"},
		"more than one":   {several, testKeys, "cn-north-4", projectsPath + "?name=cn-north-4", "[{p1 cn-north-4} {p3 cn-north-4}]"},
		"escaped":         {several, testKeys, "cn-north-4_a b&c", projectsPath + "?name=cn-north-4_a+b%26c", "[{p2 cn-north-4_a b&c}]"},
		"no such project": {several, testKeys, "cn-north-1", projectsPath + "?name=cn-north-1", "[]"},
		"none at all":     {none, testKeys, "", projectsPath, "[]"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := start(t, emulator.Options{Projects: tc.projects})
			got, err := f.Projects(t.Context(), tc.auth, tc.name)
			if err != nil || fmt.Sprint(got) != tc.want {
				t.Errorf("got %v, %v, want %s", got, err, tc.want)
			}
			f.wantSent(t, "GET "+tc.sent)
		})
	}
}

func TestPasswordToken(t *testing.T) {
	const (
		password = `"password":"` + emulator.DefaultPassword + `"`
		scope    = `,"scope":{"project":{"name":"cn-north-4"}}`
	)
	body := func(user, scope string) string {
		return "POST " + tokensPath + ` {"auth":{"identity":{"methods":["password"],"password":{"user":{` + user + `}}}` + scope + `}}`
	}
	tests := map[string]struct {
		password Password
		scope    Scope
		sent     string
		project  string
	}{
		"names": {testPassword, testScope, body(`"domain":{"name":"emulator-domain"},"name":"emulator-user",`+password, scope), emulator.DefaultProjectID},
		"account by id": {
			Password{UserName: emulator.DefaultUserName, DomainID: emulator.DefaultDomainID, DomainName: "ignored", Password: emulator.DefaultPassword}, testScope,
			body(`"domain":{"id":"`+emulator.DefaultDomainID+`"},"name":"emulator-user",`+password, scope), emulator.DefaultProjectID,
		},
		"user by id": {
			Password{UserID: emulator.DefaultUserID, UserName: "ignored", DomainName: "ignored", Password: emulator.DefaultPassword}, testScope,
			body(`"id":"`+emulator.DefaultUserID+`",`+password, scope), emulator.DefaultProjectID,
		},
		"project by id": {
			testPassword, Scope{ProjectID: emulator.DefaultProjectID, ProjectName: "ignored"},
			body(`"domain":{"name":"emulator-domain"},"name":"emulator-user",`+password, `,"scope":{"project":{"id":"`+emulator.DefaultProjectID+`"}}`),
			emulator.DefaultProjectID,
		},
		"no scope": {testPassword, Scope{}, body(`"domain":{"name":"emulator-domain"},"name":"emulator-user",`+password, ""), ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := start(t, emulator.Options{})
			token, err := f.PasswordToken(t.Context(), tc.password, tc.scope)
			if err != nil || token.ProjectID != tc.project || !about(token.ExpiresAt, time.Now().Add(24*time.Hour)) {
				t.Fatalf("got %v for %q until %v, %v", token, token.ProjectID, token.ExpiresAt, err)
			}
			f.wantSent(t, tc.sent)
			if h := f.Requests()[0].Header; h.Get("Authorization") != "" || h.Get("X-Auth-Token") != "" {
				t.Errorf("authenticated with %v", h)
			}
			if tc.project != "" {
				f.wantUsable(t, token.Transport())
			}
		})
	}
}

// What JSON or Go would escape arrives as it is.
func TestOddPassword(t *testing.T) {
	f := start(t, emulator.Options{Password: `p<&>"\ü 日`})
	password := testPassword
	password.Password = `p<&>"\ü 日`
	if _, err := f.PasswordToken(t.Context(), password, testScope); err != nil {
		t.Error(err)
	}
}

func TestIDToken(t *testing.T) {
	f := start(t, emulator.Options{})
	idToken := f.Server.IDToken()
	f.secrets = append(f.secrets, idToken)
	token, err := f.Client.IDToken(t.Context(), emulator.DefaultIDPID, idToken, testScope)
	if err != nil || token.ProjectID != emulator.DefaultProjectID || !about(token.ExpiresAt, time.Now().Add(24*time.Hour)) {
		t.Fatalf("got %v for %q until %v, %v", token, token.ProjectID, token.ExpiresAt, err)
	}
	f.wantSent(t, "POST "+idTokensPath+` {"auth":{"id_token":{"id":"`+idToken+`"},"scope":{"project":{"name":"cn-north-4"}}}}`)
	if got := f.Requests()[0].Header.Get("X-Idp-Id"); got != emulator.DefaultIDPID {
		t.Errorf("X-Idp-Id: %q", got)
	}
	f.wantUsable(t, token.Transport())
}

func TestRefusals(t *testing.T) {
	tests := map[string]struct {
		opts emulator.Options
		call func(context.Context, *fixture) error
		want string
	}{
		"wrong password": {
			emulator.Options{}, func(ctx context.Context, f *fixture) error {
				password := testPassword
				password.Password = "wrong-password"
				f.secrets = append(f.secrets, password.Password)
				_, err := f.PasswordToken(ctx, password, testScope)
				return err
			},
			"could not log in with the password at HOST: HTTP 401: The username or password is wrong. (request id ID)",
		},
		"unknown project": {
			emulator.Options{}, func(ctx context.Context, f *fixture) error {
				_, err := f.PasswordToken(ctx, testPassword, Scope{ProjectName: "cn-north-9"})
				return err
			},
			"could not log in with the password at HOST: HTTP 404: Could not find project: cn-north-9. (request id ID)",
		},
		"password that is echoed": {
			emulator.Options{}, func(ctx context.Context, f *fixture) error {
				f.Fail(emulator.Fault{Path: tokensPath, Status: 400, Message: "can't read " + emulator.DefaultPassword})
				_, err := f.PasswordToken(ctx, testPassword, testScope)
				return err
			},
			"could not log in with the password at HOST: HTTP 400: can't read (masked) (request id ID)",
		},
		"unknown identity provider": {
			emulator.Options{}, func(ctx context.Context, f *fixture) error {
				idToken := f.Server.IDToken()
				f.secrets = append(f.secrets, idToken)
				_, err := f.Client.IDToken(ctx, "other", idToken, testScope)
				return err
			},
			"could not get a token for the ID token at HOST: HTTP 403: The identity provider other is not found or not enabled. (request id ID)",
		},
		"expired ID token": {
			emulator.Options{}, func(ctx context.Context, f *fixture) error {
				idToken := f.Server.IDToken(emulator.WithExpiry(time.Now().Add(-time.Minute)))
				f.secrets = append(f.secrets, idToken)
				_, err := f.Client.IDToken(ctx, emulator.DefaultIDPID, idToken, testScope)
				return err
			},
			"could not get a token for the ID token at HOST: HTTP 401: The ID token is invalid: it has expired. (request id ID)",
		},
		"unknown access key": {
			emulator.Options{}, func(ctx context.Context, f *fixture) error {
				_, err := f.Projects(ctx, transport.Credentials{AccessKey: "AKUNKNOWNUNKNOWN0001", SecretKey: "SKUNKNOWN"}, "")
				return err
			},
			"could not list the projects at HOST: HTTP 401: Incorrect IAM authentication information: Get secretKey failed,ak:****0001,err:ak not exist (request id ID)",
		},
		"wrong token": {
			emulator.Options{}, func(ctx context.Context, f *fixture) error {
				_, err := f.Projects(ctx, transport.Credentials{Token: "wrong-token"}, "")
				return err
			},
			"could not list the projects at HOST: HTTP 401: Incorrect IAM authentication information: decrypt token fail (request id ID)",
		},
		"token that ended": {
			emulator.Options{}, func(ctx context.Context, f *fixture) error {
				_, err := f.TokenKeys(ctx, "token-that-ended", 0)
				f.secrets = append(f.secrets, "token-that-ended")
				return err
			},
			"could not get a temporary access key for the token at HOST: HTTP 401: Incorrect IAM authentication information: decrypt token fail (request id ID)",
		},
		"duration": {
			emulator.Options{}, func(ctx context.Context, f *fixture) error {
				_, err := f.AssumeAgency(ctx, testKeys, Agency{Name: emulator.DefaultAgencyName, DomainName: emulator.DefaultDomainName, Duration: time.Minute})
				return err
			},
			"could not assume the agency at HOST: HTTP 400: Request body is invalid. (request id ID)",
		},
		"unknown agency": {
			emulator.Options{}, func(ctx context.Context, f *fixture) error {
				_, err := f.AssumeAgency(ctx, testKeys, Agency{Name: "other", DomainName: emulator.DefaultDomainName})
				return err
			},
			"could not assume the agency at HOST: HTTP 404: Could not find agency other. (request id ID)",
		},
		"forbidden agency": {
			emulator.Options{AgencyForbidden: true}, func(ctx context.Context, f *fixture) error {
				_, err := f.AssumeAgency(ctx, testKeys, Agency{Name: emulator.DefaultAgencyName, DomainName: emulator.DefaultDomainName})
				return err
			},
			"could not assume the agency at HOST: HTTP 403: You are not authorized to perform the requested action. (request id ID)",
		},
		"unknown agency of STS": {
			emulator.Options{}, func(ctx context.Context, f *fixture) error {
				_, err := f.AssumeAgencySTS(ctx, testKeys, Agency{Name: "other", DomainID: emulator.DefaultDomainID})
				return err
			},
			"could not assume the agency at HOST: HTTP 403: STS5.0403: not allowed to assume the agency iam::" + emulator.DefaultDomainID + ":agency:other (request id ID)",
		},
		"STS with a token": {
			emulator.Options{}, func(ctx context.Context, f *fixture) error {
				_, err := f.AssumeAgencySTS(ctx, transport.Credentials{Token: emulator.DefaultToken}, Agency{Name: emulator.DefaultAgencyName, DomainID: emulator.DefaultDomainID})
				return err
			},
			"could not assume the agency at HOST: HTTP 401: APIGW.0301: Incorrect IAM authentication information: x-auth-token not found (request id ID)",
		},
		"the gateway's shape": {
			emulator.Options{}, func(ctx context.Context, f *fixture) error {
				f.Fail(emulator.Fault{Path: projectsPath, Status: 403, Code: "APIGW.0306", Message: "access denied"})
				_, err := f.Projects(ctx, testKeys, "")
				return err
			},
			"could not list the projects at HOST: HTTP 403: APIGW.0306: access denied (request id ID)",
		},
		"short names": {
			emulator.Options{}, func(ctx context.Context, f *fixture) error {
				f.Fail(emulator.Fault{Path: projectsPath, Status: 403, RawBody: `{"errorCode":"IAM.0003","errorMessage":"Policy doesn't allow it"}`, ContentType: "application/json"})
				_, err := f.Projects(ctx, testKeys, "")
				return err
			},
			"could not list the projects at HOST: HTTP 403: IAM.0003: Policy doesn't allow it (request id ID)",
		},
		"a code that is text": {
			emulator.Options{}, func(ctx context.Context, f *fixture) error {
				f.Fail(emulator.Fault{Path: projectsPath, Status: 403, RawBody: `{"error":{"code":"IAM.0003","message":"Policy doesn't allow it"}}`, ContentType: "application/json"})
				_, err := f.Projects(ctx, testKeys, "")
				return err
			},
			"could not list the projects at HOST: HTTP 403: IAM.0003: Policy doesn't allow it (request id ID)",
		},
	}
	t.Run("a proxy's page is none", func(t *testing.T) {
		f := start(t, emulator.Options{})
		f.Fail(emulator.Fault{Path: tokensPath, Status: 403, RawBody: "<html>Blocked</html>", ContentType: "text/html"})
		_, err := f.PasswordToken(t.Context(), testPassword, testScope)
		f.wantError(t, err, "could not log in with the password at HOST: HTTP 403: the response (text/html) is not one of this API: it is not JSON (request id ID)")
		if Refused(err) {
			t.Error("it counts as refused")
		}
	})
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := start(t, tc.opts)
			err := tc.call(t.Context(), f)
			f.wantError(t, err, tc.want)
			if !Refused(err) {
				t.Error("it does not count as refused")
			}
			if got := len(f.Requests()); got != 1 {
				t.Errorf("asked %d times", got)
			}
		})
	}
}

// The gateway repeats the request when its signature fails; no other server does.
func TestEchoedRequest(t *testing.T) {
	f := start(t, emulator.Options{})
	keys := transport.Credentials{AccessKey: emulator.DefaultAccessKey, SecretKey: "SKWRONG", SecurityToken: "st-very-secret/0001"}
	f.secrets = append(f.secrets, keys.Secrets()...)
	f.Fail(emulator.Fault{Path: keysPath, EchoRequest: true})
	_, err := f.AssumeAgency(t.Context(), keys, Agency{Name: "a", DomainName: "d"})
	f.wantNoSecret(t, err.Error())
	if !strings.Contains(err.Error(), "verify aksk signature fail") || strings.Contains(err.Error(), "canonicalRequest") {
		t.Errorf("got %v", err)
	}
}

func TestFailures(t *testing.T) {
	const operation = "could not log in with the password at HOST: "
	tests := map[string]struct {
		fault emulator.Fault
		want  string
		calls int
	}{
		"throttled":       {emulator.Fault{Status: 429, Code: "APIGW.0308", Message: "throttled"}, operation + "HTTP 429: APIGW.0308: throttled (request id ID)", 2},
		"server error":    {emulator.Fault{Status: 500, Message: "An internal error occurred."}, operation + "HTTP 500: An internal error occurred. (request id ID)", 2},
		"bad gateway":     {emulator.Fault{Status: 502, RawBody: "<html>", ContentType: "text/html"}, operation + "HTTP 502: the response (text/html) is not one of this API: it is not JSON (request id ID)", 2},
		"unavailable":     {emulator.Fault{Status: 503, RawBody: "try later", ContentType: "text/plain"}, operation + "HTTP 503: the response (text/plain) is not one of this API: it is not JSON: try later (request id ID)", 2},
		"plain text":      {emulator.Fault{Status: 403, RawBody: "blocked by policy", ContentType: "text/plain"}, operation + "HTTP 403: the response (text/plain) is not one of this API: it is not JSON: blocked by policy (request id ID)", 1},
		"redirect":        {emulator.Fault{Status: 302, Header: http.Header{"Location": {"https://login.example.com/?x=1"}}}, operation + "HTTP 302: the server sent the request to https://login.example.com (request id ID)", 1},
		"HTML":            {emulator.Fault{RawBody: "<html>Sign in</html>", ContentType: "text/html"}, operation + "HTTP 200: the response (text/html) is not one of this API: it is not JSON (request id ID)", 1},
		"another type":    {emulator.Fault{Status: 201, RawBody: `{"token":{"expires_at":7}}`, ContentType: "application/json"}, operation + "HTTP 201: the response (application/json) is not one of this API: token.expires_at can't be a number (request id ID)", 1},
		"no token":        {emulator.Fault{Status: 201, RawBody: `{"token":{}}`, ContentType: "application/json"}, operation + "HTTP 201: the response has no X-Subject-Token (request id ID)", 1},
		"another success": {emulator.Fault{Status: 202, RawBody: `{}`, ContentType: "application/json"}, operation + "HTTP 202 (request id ID)", 1},
		"compressed":      {emulator.Fault{Header: http.Header{"Content-Encoding": {"gzip"}}}, operation + `the response is compressed ("gzip"), which was not asked for`, 1},
		"cut off":         {emulator.Fault{Cut: true}, operation + "the response broke off: unexpected EOF", 2},
		"closed":          {emulator.Fault{Drop: true}, operation + "EOF", 2},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := start(t, emulator.Options{})
			tc.fault.Times = -1
			f.Fail(tc.fault)
			token, err := f.PasswordToken(t.Context(), testPassword, testScope)
			f.wantError(t, err, tc.want)
			if token != (Token{}) || Refused(err) {
				t.Errorf("got %v, refused: %t", token, Refused(err))
			}
			if got := len(f.Requests()); got != tc.calls {
				t.Errorf("asked %d times, want %d", got, tc.calls)
			}
		})
	}
	t.Run("once", func(t *testing.T) {
		f := start(t, emulator.Options{})
		f.Fail(emulator.Fault{Status: 503, RawBody: "x", ContentType: "text/plain"})
		if _, err := f.PasswordToken(t.Context(), testPassword, testScope); err != nil || len(f.Requests()) != 2 || f.sent()[0] != f.sent()[1] {
			t.Errorf("sent %q: %v", f.sent(), err)
		}
	})
}

func TestAnswersWithoutProjects(t *testing.T) {
	f := start(t, emulator.Options{})
	for _, body := range []string{`{}`, `{"projects":null}`, `{"error":{"message":"x"}}`} {
		f.Fail(emulator.Fault{RawBody: body, ContentType: "application/json"})
		_, err := f.Projects(t.Context(), testKeys, "")
		f.wantError(t, err, "could not list the projects at HOST: HTTP 200: the response has no list of projects (request id ID)")
	}
}

func TestExpiry(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Time{
		"2026-01-01T13:00:00.000000Z":   now.Add(time.Hour),
		"2026-01-01T13:00:00Z":          now.Add(time.Hour),
		"2026-01-01T21:00:00.000+08:00": now.Add(time.Hour),
		"2026-01-01T12:00:00.000000Z":   {},
		"2025-12-31T12:00:00.000000Z":   {},
		"2026-01-01 13:00:00":           {},
		"soon":                          {},
		"":                              {},
	} {
		if got := expiry(in, now); !got.Equal(want) {
			t.Errorf("%q ends at %v, want %v", in, got, want)
		}
	}
}

func TestNothingShowsASecret(t *testing.T) {
	for want, v := range map[string]any{
		"token":                         Token{Value: "s3cr3t-token"},
		"temporary access key ****IJKL": Keys{AccessKey: "AKABCDEFGHIJKL", SecretKey: "s3cr3t-key", SecurityToken: "s3cr3t-token"},
		"password of user u":            Password{UserName: "u", Password: "s3cr3t-password"},
	} {
		var log strings.Builder
		slog.New(slog.NewTextHandler(&log, nil)).Info("got", "it", v)
		for _, shown := range []string{fmt.Sprintf("%v", v), fmt.Sprintf("%+v %#v", v, v), log.String()} {
			if strings.Contains(shown, "s3cr3t") || !strings.Contains(shown, want) {
				t.Errorf("%q, want %q", shown, want)
			}
		}
	}
}
