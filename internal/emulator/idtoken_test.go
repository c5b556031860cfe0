// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// federate asks for a token by an ID token; idp "" leaves the header out.
func (f *fixture) federate(idp, idToken, scope string) reply {
	f.t.Helper()
	body := map[string]any{"id_token": map[string]any{"id": idToken}}
	if scope != "" {
		body["scope"] = json.RawMessage(scope)
	}
	encoded, err := json.Marshal(map[string]any{"auth": body})
	if err != nil {
		f.t.Fatal(err)
	}
	req := f.plain("POST", idTokensPath, string(encoded))
	if idp != "" {
		req.Header.Set("X-Idp-Id", idp)
	}
	return f.send(req)
}

func TestFederatedToken(t *testing.T) {
	const domain = `{"id":"` + DefaultDomainID + `","name":"emulator-domain"}`
	f := start(t, Options{})
	r := f.federate(DefaultIDPID, f.IDToken(WithSubject("another-user")), `{"project":{"name":"cn-north-4"}}`)
	f.accepted(r.token(t))
	want := `{"token":{"expires_at":"2026-01-02T00:00:00.000000Z","issued_at":"2026-01-01T00:00:00.000000Z","methods":["mapped"],` +
		`"project":{"id":"` + DefaultProjectID + `","name":"cn-north-4","domain":` + domain + `},` +
		`"user":{"id":"` + hexSHA256([]byte("another-user"))[:32] + `","name":"another-user","domain":` + domain + `,` +
		`"OS-FEDERATION":{"identity_provider":{"id":"emulator-idp"},"protocol":{"id":"oidc"},"groups":[]}}}}`
	if string(r.body) != want {
		t.Errorf("got  %s\nwant %s", r.body, want)
	}

	byID := f.federate(DefaultIDPID, f.IDToken(), `{"project":{"id":"`+DefaultProjectID+`"}}`).token(t)
	f.accepted(byID)

	// Without a scope it is good for keys, and not for the SparkRTC API.
	c := f.federate(DefaultIDPID, f.IDToken(), "").token(t)
	f.send(f.as(c, "GET", "/v2/apps", "", "")).wantError(t, 400, "RTC.00001001", "")
	r = f.send(f.plain("POST", keysPath, `{"auth":{"identity":{"methods":["token"],"token":{"id":"`+c.token+`","duration_seconds":900}}}}`))
	f.accepted(r.keys(t, 201, "2026-01-01T00:15:00.000000Z"))

	f.federate(DefaultIDPID, f.IDToken(), `{"project":{"name":"other"}}`).wantIAMError(t, 404, "Could not find project: other.")
}

func TestIDTokenClaims(t *testing.T) {
	const prefix = "The ID token is invalid: "
	tests := map[string]struct {
		opts    Options
		idp     string
		claims  []Claim
		status  int
		message string
	}{
		"sound":            {Options{}, DefaultIDPID, nil, 201, ""},
		"own":              {Options{IDPID: "i", IDTokenAudience: "a", IDTokenIssuer: "https://i"}, "i", nil, 201, ""},
		"one audience":     {Options{IDTokenAudience: "a"}, DefaultIDPID, []Claim{WithAudience("a")}, 201, ""},
		"among audiences":  {Options{}, DefaultIDPID, []Claim{WithAudience("a", DefaultIDTokenAudience)}, 201, ""},
		"long":             {Options{}, DefaultIDPID, []Claim{WithExpiry(testTime.Add(1000 * time.Hour))}, 201, ""},
		"last second":      {Options{}, DefaultIDPID, []Claim{WithExpiry(testTime.Add(time.Second))}, 201, ""},
		"no nbf":           {Options{}, DefaultIDPID, []Claim{func(c map[string]any) { delete(c, "nbf") }}, 201, ""},
		"another idp":      {Options{}, "other", nil, 403, "The identity provider other is not found or not enabled."},
		"no idp":           {Options{}, "", nil, 400, "The X-Idp-Id header is missing."},
		"expired":          {Options{}, DefaultIDPID, []Claim{WithExpiry(testTime.Add(0))}, 401, prefix + "it has expired."},
		"no expiry":        {Options{}, DefaultIDPID, []Claim{func(c map[string]any) { delete(c, "exp") }}, 401, prefix + "it has expired."},
		"expiry as text":   {Options{}, DefaultIDPID, []Claim{func(c map[string]any) { c["exp"] = "1800000000" }}, 401, prefix + "it has expired."},
		"future":           {Options{}, DefaultIDPID, []Claim{WithNotBefore(testTime.Add(time.Second))}, 401, prefix + "it is not valid yet."},
		"another audience": {Options{}, DefaultIDPID, []Claim{WithAudience("other")}, 401, prefix + "it has another audience."},
		"no audience":      {Options{}, DefaultIDPID, []Claim{WithAudience()}, 401, prefix + "it has another audience."},
		"odd audience": {
			Options{}, DefaultIDPID, []Claim{func(c map[string]any) { c["aud"] = []any{DefaultIDTokenAudience, 1} }}, 401, prefix + "it has another audience.",
		},
		"audience is a number": {Options{}, DefaultIDPID, []Claim{func(c map[string]any) { c["aud"] = 1 }}, 401, prefix + "it has another audience."},
		"another issuer":       {Options{}, DefaultIDPID, []Claim{WithIssuer("https://other")}, 401, prefix + "it has another issuer."},
		"no subject":           {Options{}, DefaultIDPID, []Claim{WithSubject("")}, 401, prefix + "it has no subject."},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := start(t, tc.opts)
			r := f.federate(tc.idp, f.IDToken(tc.claims...), soundScope)
			if entry := f.logged(); entry.Path != idTokensPath || entry.Status != tc.status || entry.Authenticated != (tc.status == 201) {
				t.Errorf("logged %+v", entry)
			}
			if tc.status == 201 {
				f.accepted(r.token(t))
				return
			}
			r.wantIAMError(t, tc.status, tc.message)
		})
	}
	t.Run("with time", func(t *testing.T) {
		f := start(t, Options{})
		idToken := f.IDToken()
		f.clock.move(time.Hour - time.Second)
		f.federate(DefaultIDPID, idToken, soundScope).token(t)
		f.Expire() // is not about it
		f.federate(DefaultIDPID, idToken, soundScope).token(t)
		f.clock.move(time.Second)
		f.federate(DefaultIDPID, idToken, soundScope).wantIAMError(t, 401, prefix+"it has expired.")
	})
}

func TestIDTokenTampering(t *testing.T) {
	f := start(t, Options{})
	sound := f.IDToken()
	parts := strings.Split(sound, ".")
	encode := base64.RawURLEncoding.EncodeToString
	decode := func(part string) string {
		t.Helper()
		text, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	payload, signature := decode(parts[1]), decode(parts[2])
	const invalid, malformed = "The ID token is invalid: its signature can't be verified.", "The ID token is invalid: it is malformed."
	tests := map[string]struct{ token, message string }{
		"subject":            {parts[0] + "." + encode([]byte(strings.Replace(payload, "emulator-subject", "another-user", 1))) + "." + parts[2], invalid},
		"expiry":             {parts[0] + "." + encode([]byte(strings.Replace(payload, `"exp":1`, `"exp":2`, 1))) + "." + parts[2], invalid},
		"signature":          {parts[0] + "." + parts[1] + "." + encode(append([]byte{signature[0] ^ 1}, signature[1:]...)), invalid},
		"shorter signature":  {parts[0] + "." + parts[1] + "." + encode([]byte(signature[1:])), invalid},
		"no signature":       {parts[0] + "." + parts[1] + ".", invalid},
		"another key":        {New(Options{Clock: f.clock.Now}).IDToken(), invalid},
		"none":               {encode([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".", invalid},
		"another algorithm":  {encode([]byte(`{"alg":"HS256"}`)) + "." + parts[1] + "." + parts[2], invalid},
		"signature of HS256": {hs256(parts[1], string(f.idTokenKey[32:])), invalid},
		"no header":          {encode([]byte(`x`)) + "." + parts[1] + "." + parts[2], invalid},
		"two parts":          {parts[0] + "." + parts[1], malformed},
		"four parts":         {sound + ".", malformed},
		"padding":            {sound + "==", malformed},
		"other base64":       {parts[0] + "." + parts[1] + "." + strings.Repeat("+", len(parts[2])), malformed},
		"trailing bits":      {sound[:len(sound)-1] + "x", malformed},
		"blank":              {" " + sound, malformed},
		"text":               {"token", malformed},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if tc.token == sound {
				t.Fatal("it was not altered")
			}
			f.federate(DefaultIDPID, tc.token, soundScope).wantIAMError(t, 401, tc.message)
		})
	}
	f.federate(DefaultIDPID, "", soundScope).wantIAMError(t, 400, invalidRequest)
	f.accepted(f.federate(DefaultIDPID, sound, soundScope).token(t))
	if again := f.IDToken(); again == sound {
		t.Error("ID tokens repeat")
	}
}

// hs256 is the forgery that takes a public key for a secret one.
func hs256(payload, key string) string {
	signed := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + payload
	return signed + "." + base64.RawURLEncoding.EncodeToString(hmacSHA256(key, signed))
}
