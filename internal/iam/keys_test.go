// SPDX-License-Identifier: MPL-2.0

package iam

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

func TestKeys(t *testing.T) {
	const (
		byToken  = "POST " + keysPath + ` {"auth":{"identity":{"methods":["token"],"token":{`
		byAgency = "POST " + keysPath + ` {"auth":{"identity":{"assume_role":{"agency_name":"emulator-agency",`
		bySTS    = "POST " + assumePath + ` {"agency_session_name":"terraform-provider-sparkrtc","agency_urn":"iam::` + emulator.DefaultDomainID + `:agency:emulator-agency"`
	)
	agency := Agency{Name: emulator.DefaultAgencyName, DomainName: emulator.DefaultDomainName}
	tests := map[string]struct {
		call     func(context.Context, *Client) (Keys, error)
		sent     string
		lifetime time.Duration
	}{
		"token": {
			func(ctx context.Context, c *Client) (Keys, error) { return c.TokenKeys(ctx, emulator.DefaultToken, 0) },
			byToken + `"id":"` + emulator.DefaultToken + `"}}}}`, 15 * time.Minute,
		},
		"token, duration": {
			func(ctx context.Context, c *Client) (Keys, error) {
				return c.TokenKeys(ctx, emulator.DefaultToken, 15*time.Minute)
			},
			byToken + `"duration_seconds":900,"id":"` + emulator.DefaultToken + `"}}}}`, 15 * time.Minute,
		},
		"agency": {
			func(ctx context.Context, c *Client) (Keys, error) { return c.AssumeAgency(ctx, testKeys, agency) },
			byAgency + `"domain_name":"emulator-domain"},"methods":["assume_role"]}}}`, 15 * time.Minute,
		},
		"agency, with a token": {
			func(ctx context.Context, c *Client) (Keys, error) {
				return c.AssumeAgency(ctx, transport.Credentials{Token: emulator.DefaultToken}, agency)
			},
			byAgency + `"domain_name":"emulator-domain"},"methods":["assume_role"]}}}`, 15 * time.Minute,
		},
		"agency, duration": {
			func(ctx context.Context, c *Client) (Keys, error) {
				agency := agency
				agency.Duration = 24 * time.Hour
				return c.AssumeAgency(ctx, testKeys, agency)
			},
			byAgency + `"domain_name":"emulator-domain","duration_seconds":86400},"methods":["assume_role"]}}}`, 24 * time.Hour,
		},
		"agency, account by id": {
			func(ctx context.Context, c *Client) (Keys, error) {
				return c.AssumeAgency(ctx, testKeys, Agency{Name: emulator.DefaultAgencyName, DomainID: emulator.DefaultDomainID})
			},
			byAgency + `"domain_id":"` + emulator.DefaultDomainID + `"},"methods":["assume_role"]}}}`, 15 * time.Minute,
		},
		"STS": {
			func(ctx context.Context, c *Client) (Keys, error) {
				return c.AssumeAgencySTS(ctx, testKeys, Agency{Name: emulator.DefaultAgencyName, DomainID: emulator.DefaultDomainID})
			},
			bySTS + `}`, time.Hour,
		},
		"STS, duration": {
			func(ctx context.Context, c *Client) (Keys, error) {
				return c.AssumeAgencySTS(ctx, testKeys, Agency{Name: emulator.DefaultAgencyName, DomainID: emulator.DefaultDomainID, Duration: 12 * time.Hour})
			},
			bySTS + `,"duration_seconds":43200}`, 12 * time.Hour,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := start(t, emulator.Options{})
			keys, err := tc.call(t.Context(), f.Client)
			if err != nil || !about(keys.ExpiresAt, time.Now().Add(tc.lifetime)) {
				t.Fatalf("got %v until %v, %v", keys, keys.ExpiresAt, err)
			}
			f.wantSent(t, tc.sent)
			if !f.Requests()[0].Authenticated {
				t.Error("not authenticated")
			}
			f.wantUsable(t, keys.Transport())
		})
	}
}

// A key that has ended by the clock of this machine is taken nonetheless.
func TestKeysThatEndedAlready(t *testing.T) {
	f := start(t, emulator.Options{KeyLifetime: time.Nanosecond})
	keys, err := f.TokenKeys(t.Context(), emulator.DefaultToken, 0)
	if err != nil || keys.AccessKey == "" || !keys.ExpiresAt.IsZero() {
		t.Errorf("got %v until %v, %v", keys, keys.ExpiresAt, err)
	}
}

func TestIncompleteKeys(t *testing.T) {
	const incomplete = ": HTTP 201: the response has no complete access key (request id ID)"
	f := start(t, emulator.Options{})
	f.secrets = append(f.secrets, "sk-answered", "st-answered")
	for _, body := range []string{
		`{}`, `{"credential":null}`, `{"error":{"message":"x"}}`,
		`{"credential":{"access":"AK","secret":"sk-answered"},"credentials":{"access_key_id":"AK","secret_access_key":"sk-answered"}}`,
		`{"credential":{"access":"AK","securitytoken":"st-answered"},"credentials":{"access_key_id":"AK","security_token":"st-answered"}}`,
		`{"credential":{"secret":"sk-answered","securitytoken":"st-answered"},"credentials":{"secret_access_key":"sk-answered","security_token":"st-answered"}}`,
	} {
		f.Fail(emulator.Fault{Status: 201, Times: 2, RawBody: body, ContentType: "application/json"})
		keys, err := f.AssumeAgency(t.Context(), testKeys, Agency{})
		f.wantError(t, err, "could not assume the agency at HOST"+incomplete)
		sts, stsErr := f.AssumeAgencySTS(t.Context(), testKeys, Agency{})
		f.wantError(t, stsErr, "could not assume the agency at HOST"+incomplete)
		if keys != (Keys{}) || sts != (Keys{}) || Refused(err) || Refused(stsErr) {
			t.Errorf("got %v and %v", keys, sts)
		}
	}
}

// passwordKeys come from a password, by way of a token.
type passwordKeys struct{ *Client }

func (p passwordKeys) Credentials(ctx context.Context) (transport.Credentials, error) {
	token, err := p.PasswordToken(ctx, Password{UserName: "u", DomainName: "d", Password: "wrong-password"}, testScope)
	return token.Transport(), err
}

// What fetching the credentials of a call met is reported, and counts as refused,
// through everything that wraps it.
func TestCredentialsOfACallAreRefused(t *testing.T) {
	f := start(t, emulator.Options{})
	f.secrets = append(f.secrets, "wrong-password")
	_, err := f.AssumeAgency(t.Context(), passwordKeys{f.Client}, Agency{Name: "a", DomainName: "d"})
	f.wantError(t, err, "could not assume the agency at HOST: no credentials: "+
		"could not log in with the password at HOST: HTTP 401: The username or password is wrong. (request id "+innerRequestID(err)+")")
	var failed *transport.AuthenticationError
	if !Refused(err) || !errors.As(err, &failed) || len(f.Requests()) != 1 {
		t.Errorf("got %v after %q", err, f.sent())
	}
	f.ClearFaults()
	f.Fail(emulator.Fault{Status: 500, Times: -1})
	if _, err := f.AssumeAgency(t.Context(), passwordKeys{f.Client}, Agency{Name: "a", DomainName: "d"}); Refused(err) {
		t.Errorf("%v counts as refused", err)
	}
	for _, err := range []error{nil, errors.New("x"), context.Canceled} {
		if Refused(err) {
			t.Errorf("%v counts as refused", err)
		}
	}
}

func innerRequestID(err error) string {
	var outer, inner *Error
	if errors.As(err, &outer) && errors.As(outer.Unwrap(), &inner) {
		return inner.RequestID
	}
	return ""
}
