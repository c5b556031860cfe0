// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// everything returns what each operation issues, for an hour.
func (f *fixture) everything() map[string]credentials {
	f.t.Helper()
	at := f.clock.Now().UTC().Add(time.Hour)
	iam, sts := at.Format("2006-01-02T15:04:05.000000Z"), at.Format("2006-01-02T15:04:05.000Z")
	token := f.send(f.plain("POST", tokensPath, password(soundUser, soundScope))).token(f.t)
	return map[string]credentials{
		"password":  token,
		"federated": f.federate(DefaultIDPID, f.IDToken(), soundScope).token(f.t),
		"agency":    f.send(f.as(staticKeys, "POST", keysPath, "", agency(soundAgency+`,"duration_seconds":3600`))).keys(f.t, 201, iam),
		"token": f.send(f.as(token, "POST", keysPath, "", `{"auth":{"identity":{"methods":["token"],"token":{"duration_seconds":3600}}}}`)).
			keys(f.t, 201, iam),
		"STS":      f.send(f.as(staticKeys, "POST", assumePath, "", assume(soundURN, "terraform", ""))).stsKeys(f.t, sts),
		"metadata": f.securityKey("").keys(f.t, 200, iam),
	}
}

func (f *fixture) ended(c credentials, expiresAt string) {
	f.t.Helper()
	if c.token != "" {
		f.refused(c, "token expires, expires_at: "+expiresAt)
		return
	}
	f.refused(c, "Get secretKey failed,ak:"+c.accessKey+",err:ak not exist")
}

func TestIssuedCredentialsExpire(t *testing.T) {
	f := start(t, Options{TokenLifetime: time.Hour})
	all := f.everything()
	f.clock.move(time.Hour - time.Millisecond)
	for _, c := range all {
		f.accepted(c)
	}
	f.clock.move(time.Millisecond)
	for _, c := range all {
		f.ended(c, "2026-01-01T01:00:00.000000Z")
	}
	f.accepted(staticKeys)
	f.accepted(credentials{token: DefaultToken})

	// They can't be used to get new credentials either.
	for name, c := range all {
		r := f.send(f.as(c, "POST", keysPath, "", agency(soundAgency)))
		if r.status != 401 {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	r := f.send(f.plain("POST", keysPath, `{"auth":{"identity":{"methods":["token"],"token":{"id":"`+all["password"].token+`"}}}}`))
	r.wantIAMError(t, 401, "Incorrect IAM authentication information: token expires, expires_at: 2026-01-01T01:00:00.000000Z")
}

func TestLifetimes(t *testing.T) {
	f := start(t, Options{})
	token := f.send(f.plain("POST", tokensPath, password(soundUser, soundScope))).token(t)
	f.clock.move(24*time.Hour - time.Millisecond)
	f.accepted(token)
	f.clock.move(time.Millisecond)
	f.ended(token, "2026-01-02T00:00:00.000000Z")

	f.SetOptions(func(o *Options) { o.KeyLifetime = time.Minute })
	c := f.securityKey("").keys(t, 200, "2026-01-02T00:01:00.000000Z")
	f.accepted(c)
	f.clock.move(time.Minute)
	f.ended(c, "")
}

func TestExpire(t *testing.T) {
	f := start(t, Options{TokenLifetime: time.Hour})
	f.Expire() // of nothing
	earlier := f.send(f.plain("POST", tokensPath, password(soundUser, soundScope))).token(t)
	f.clock.move(time.Hour + time.Minute)
	all := f.everything()
	f.Expire()
	fresh := f.everything()
	for _, c := range all {
		f.ended(c, "2026-01-01T01:01:00.000000Z")
	}
	f.ended(earlier, "2026-01-01T01:00:00.000000Z") // as it was before
	for _, c := range fresh {
		f.accepted(c)
	}
	f.accepted(staticKeys)
	f.accepted(credentials{token: DefaultToken})
}

func TestExpireSparesTheOptions(t *testing.T) {
	f := start(t, Options{SecurityToken: "security-token"})
	f.Expire()
	f.accepted(credentials{accessKey: DefaultAccessKey, secretKey: DefaultSecretKey, securityToken: "security-token"})
}

func TestIssuedCredentialsAreDistinct(t *testing.T) {
	f := start(t, Options{})
	seen := map[string]bool{"": true, DefaultToken: true}
	for range 3 {
		for name, c := range f.everything() {
			for _, secret := range []string{c.token, c.accessKey, c.secretKey, c.securityToken} {
				if secret != "" && seen[secret] {
					t.Errorf("%s: %s repeats", name, secret)
				}
				seen[secret] = true
			}
			if strings.ContainsAny(c.token+c.securityToken, " \t\n,;") {
				t.Errorf("%s: %+v does not fit into a header", name, c)
			}
		}
	}
}

func TestConcurrentIssue(t *testing.T) {
	f := start(t, Options{})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 3 {
				r, err := trySend(f.plain("POST", tokensPath, password(soundUser, soundScope)))
				if err != nil || r.status != 201 {
					t.Errorf("got %d %s, %v", r.status, r.body, err)
				}
				f.IDToken()
				f.Expire()
				f.SetOptions(func(o *Options) { o.AgencyForbidden = !o.AgencyForbidden })
			}
		})
	}
	all.Wait()
}
