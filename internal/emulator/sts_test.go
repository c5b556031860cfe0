// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

const soundURN = "iam::" + DefaultDomainID + ":agency:emulator-agency"

func assume(urn, session, more string) string {
	return fmt.Sprintf(`{"agency_urn":%q,"agency_session_name":%q%s}`, urn, session, more)
}

// stsKeys returns what was issued, or fails the test.
func (r reply) stsKeys(t *testing.T, expires string) credentials {
	t.Helper()
	var body struct {
		Credentials struct {
			Access     string `json:"access_key_id"`
			Secret     string `json:"secret_access_key"`
			Token      string `json:"security_token"`
			Expiration string `json:"expiration"`
		} `json:"credentials"`
		Agency struct {
			URN string `json:"urn"`
			ID  string `json:"id"`
		} `json:"assumed_agency"`
	}
	if err := json.Unmarshal(r.body, &body); err != nil {
		t.Fatalf("status %d, body %q: %v", r.status, r.body, err)
	}
	c := body.Credentials
	if r.status != 200 || len(c.Access) != 20 || len(c.Secret) != 40 || len(c.Token) < 64 || c.Expiration != expires {
		t.Fatalf("got %d %s\nwant expiration %s", r.status, r.body, expires)
	}
	if !strings.HasPrefix(body.Agency.URN, "sts::") || !strings.Contains(body.Agency.URN, ":assumed-agency:") ||
		!strings.Contains(body.Agency.ID, ":") {
		t.Errorf("got %s", r.body)
	}
	return credentials{accessKey: c.Access, secretKey: c.Secret, securityToken: c.Token}
}

func TestAssumeAgency(t *testing.T) {
	const hour = "2026-01-01T01:00:00.000Z"
	tests := map[string]struct {
		opts    Options
		body    string
		expires string // "" for an error
		status  int
		code    string
	}{
		"sound":       {Options{}, assume(soundURN, "terraform", ""), hour, 0, ""},
		"shortest":    {Options{}, assume(soundURN, "a.b-c_d=@,+", `,"duration_seconds":900`), "2026-01-01T00:15:00.000Z", 0, ""},
		"longest":     {Options{}, assume(soundURN, "terraform", `,"duration_seconds":43200`), "2026-01-01T12:00:00.000Z", 0, ""},
		"lifetime":    {Options{KeyLifetime: time.Minute}, assume(soundURN, "terraform", ""), "2026-01-01T00:01:00.000Z", 0, ""},
		"own agency":  {Options{DomainID: "d", AgencyName: "other"}, assume("iam::d:agency:other", "terraform", ""), hour, 0, ""},
		"too short":   {Options{}, assume(soundURN, "terraform", `,"duration_seconds":899`), "", 400, stsInvalid},
		"too long":    {Options{}, assume(soundURN, "terraform", `,"duration_seconds":43201`), "", 400, stsInvalid},
		"text":        {Options{}, assume(soundURN, "terraform", `,"duration_seconds":"900"`), "", 400, stsInvalid},
		"no URN":      {Options{}, `{"agency_session_name":"terraform"}`, "", 400, stsInvalid},
		"name":        {Options{}, assume("emulator-agency", "terraform", ""), "", 400, stsInvalid},
		"other URN":   {Options{}, assume("sts"+soundURN[3:], "terraform", ""), "", 400, stsInvalid},
		"no session":  {Options{}, `{"agency_urn":"` + soundURN + `"}`, "", 400, stsInvalid},
		"short name":  {Options{}, assume(soundURN, "t", ""), "", 400, stsInvalid},
		"two letters": {Options{}, assume(soundURN, "tt", ""), hour, 0, ""},
		"128 letters": {Options{}, assume(soundURN, strings.Repeat("t", 128), ""), hour, 0, ""},
		"long name":   {Options{}, assume(soundURN, strings.Repeat("t", 129), ""), "", 400, stsInvalid},
		"other name":  {Options{}, assume(soundURN, "terra form", ""), "", 400, stsInvalid},
		"nothing":     {Options{}, "", "", 400, stsInvalid},
		"not JSON":    {Options{}, "{", "", 400, stsInvalid},
		"unknown":     {Options{}, assume("iam::"+DefaultDomainID+":agency:other", "terraform", ""), "", 403, stsForbidden},
		"elsewhere":   {Options{}, assume("iam::other:agency:emulator-agency", "terraform", ""), "", 403, stsForbidden},
		"forbidden":   {Options{AgencyForbidden: true}, assume(soundURN, "terraform", ""), "", 403, stsForbidden},
		"letter case": {Options{}, strings.Replace(assume(soundURN, "terraform", ""), "agency_urn", "Agency_urn", 1), "", 400, stsInvalid},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := start(t, tc.opts)
			r := f.send(f.as(staticKeys, "POST", assumePath, "", tc.body))
			entry := f.logged()
			if entry.Path != assumePath || entry.Status != r.status || entry.Code != tc.code || !entry.Authenticated {
				t.Errorf("logged %+v", entry)
			}
			if tc.expires != "" {
				f.accepted(r.stsKeys(t, tc.expires))
				return
			}
			body := r.json(t)
			if r.status != tc.status || body["error_code"] != tc.code || body["error_msg"] == "" ||
				body["request_id"] != r.header.Get("X-Request-Id") {
				t.Errorf("got %d %s", r.status, r.body)
			}
		})
	}
}

func TestAssumeAgencyAuthentication(t *testing.T) {
	f := start(t, Options{})
	body := assume(soundURN, "terraform", "")
	const prefix = "Incorrect IAM authentication information: "
	f.send(f.plain("POST", assumePath, body)).wantError(t, 401, "APIGW.0301", prefix+"x-auth-token not found")
	// STS ignores tokens.
	f.send(f.request("POST", assumePath, body)).wantError(t, 401, "APIGW.0301", prefix+"x-auth-token not found")
	other := staticKeys
	other.accessKey = "AKOTHER"
	f.send(f.as(other, "POST", assumePath, "", body)).wantError(t, 401, "APIGW.0301",
		prefix+"Get secretKey failed,ak:AKOTHER,err:ak not exist")
	req := f.as(staticKeys, "POST", assumePath, "", body)
	req.Header.Set("Content-Type", "text/plain")
	if r := f.send(req); r.status != 400 || r.json(t)["error_code"] != stsInvalid {
		t.Errorf("got %d %s", r.status, r.body)
	}

	// Temporary keys get other keys for at most an hour.
	c := f.send(f.as(staticKeys, "POST", assumePath, "", body)).stsKeys(t, "2026-01-01T01:00:00.000Z")
	longest := assume(soundURN, "terraform", `,"duration_seconds":3600`)
	f.accepted(f.send(f.as(c, "POST", assumePath, "", longest)).stsKeys(t, "2026-01-01T01:00:00.000Z"))
	longer := assume(soundURN, "terraform", `,"duration_seconds":3601`)
	if r := f.send(f.as(c, "POST", assumePath, "", longer)); r.status != 400 || r.json(t)["error_code"] != stsInvalid {
		t.Errorf("got %d %s", r.status, r.body)
	}
	f.send(f.as(staticKeys, "POST", assumePath, "", longer)).stsKeys(t, "2026-01-01T01:00:01.000Z")
}
