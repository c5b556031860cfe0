// SPDX-License-Identifier: MPL-2.0

package credentials

import (
	"slices"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

const (
	passwordBody = `{"auth":{"identity":{"methods":["password"],"password":{"user":{`
	idTokenBody  = `{"auth":{"id_token":{"id":"`
	forRegion    = `,"scope":{"project":{"name":"cn-north-4"}}`
	findRegion   = getProjects + "?name=cn-north-4"
)

func keySet(w *world) {
	w.AccessKey, w.SecretKey = emulator.DefaultAccessKey, emulator.DefaultSecretKey
}

func passwordSet(w *world) {
	w.UserName, w.DomainName, w.Password = emulator.DefaultUserName, emulator.DefaultDomainName, emulator.DefaultPassword
}

func metadataSet(w *world) { w.set("SPARKRTC_ECS_METADATA=true") }

func agencyByName(w *world) {
	w.AssumeRole = &AssumeRole{AgencyName: emulator.DefaultAgencyName, DomainName: emulator.DefaultDomainName}
}

func agencyByID(w *world) {
	w.AssumeRole = &AssumeRole{AgencyName: emulator.DefaultAgencyName, DomainID: emulator.DefaultDomainID, Duration: 1200}
}

func and(puts ...func(*world)) func(*world) {
	return func(w *world) {
		for _, put := range puts {
			put(w)
		}
	}
}

// Each kind of set with each kind of agency sends what it has to and nothing
// else, with the first request that needs it and with no other, and the
// SparkRTC API takes what comes of it.
func TestAuthenticatorSends(t *testing.T) {
	const (
		byToken1 = postKeys + ` {"auth":{"identity":{"methods":["token"],"token":{"id":"TOKEN1"}}}}`
		project  = emulator.DefaultProjectID
	)
	tests := map[string]struct {
		opts emulator.Options
		put  func(*world, *services)

		// What is sent for the set itself, without an agency and before one;
		// who asks the SparkRTC API without one, and who assumes it.
		sent, before []string
		uses, by     string
		keys         int  // that were issued before the agency's
		projectSet   bool // is not looked up
	}{
		"access key": {
			put:  func(w *world, _ *services) { keySet(w) },
			sent: []string{findRegion + " [AK]"}, uses: "AK " + project, by: "AK",
		},
		"access key with a project": {
			put:  func(w *world, _ *services) { keySet(w); w.ProjectID = project },
			uses: "AK " + project, by: "AK", projectSet: true,
		},
		"temporary access key": {
			opts: emulator.Options{SecurityToken: "c0ffee-security-token"},
			put:  func(w *world, _ *services) { keySet(w); w.SecurityToken = "c0ffee-security-token" },
			sent: []string{findRegion + " [AK ST]"}, uses: "AK ST " + project, by: "AK ST",
		},
		"token": {
			put:    func(w *world, _ *services) { w.Token = emulator.DefaultToken },
			before: []string{postKeys + ` {"auth":{"identity":{"methods":["token"],"token":{"id":"TOKEN"}}}}`},
			uses:   "TOKEN", by: "KEY1 KEY1-ST", keys: 1,
		},
		"password of a user and account by name": {
			put:    func(w *world, _ *services) { passwordSet(w) },
			sent:   []string{postToken + " " + passwordBody + `"domain":{"name":"emulator-domain"},"name":"emulator-user","password":"PASSWORD"}}}` + forRegion + "}}"},
			before: []string{postToken + " " + passwordBody + `"domain":{"name":"emulator-domain"},"name":"emulator-user","password":"PASSWORD"}}}}}`, byToken1},
			uses:   "TOKEN1", by: "KEY1 KEY1-ST", keys: 1,
		},
		"password of a user in an account by ID": {
			put: func(w *world, _ *services) {
				passwordSet(w)
				w.DomainName, w.DomainID = "", emulator.DefaultDomainID
			},
			sent:   []string{postToken + " " + passwordBody + `"domain":{"id":"` + emulator.DefaultDomainID + `"},"name":"emulator-user","password":"PASSWORD"}}}` + forRegion + "}}"},
			before: []string{postToken + " " + passwordBody + `"domain":{"id":"` + emulator.DefaultDomainID + `"},"name":"emulator-user","password":"PASSWORD"}}}}}`, byToken1},
			uses:   "TOKEN1", by: "KEY1 KEY1-ST", keys: 1,
		},
		"password of a user by ID": {
			put:    func(w *world, _ *services) { w.UserID, w.Password = emulator.DefaultUserID, emulator.DefaultPassword },
			sent:   []string{postToken + " " + passwordBody + `"id":"` + emulator.DefaultUserID + `","password":"PASSWORD"}}}` + forRegion + "}}"},
			before: []string{postToken + " " + passwordBody + `"id":"` + emulator.DefaultUserID + `","password":"PASSWORD"}}}}}`, byToken1},
			uses:   "TOKEN1", by: "KEY1 KEY1-ST", keys: 1,
		},
		"password, with a project": {
			put:    func(w *world, _ *services) { passwordSet(w); w.ProjectID = project },
			sent:   []string{postToken + " " + passwordBody + `"domain":{"name":"emulator-domain"},"name":"emulator-user","password":"PASSWORD"}}},"scope":{"project":{"id":"` + project + `"}}}}`},
			before: []string{postToken + " " + passwordBody + `"domain":{"name":"emulator-domain"},"name":"emulator-user","password":"PASSWORD"}}}}}`, byToken1},
			uses:   "TOKEN1", by: "KEY1 KEY1-ST", keys: 1, projectSet: true,
		},
		"ID token": {
			put: func(w *world, s *services) {
				w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: emulator.DefaultIDPID, IDToken: s.idToken()}
			},
			sent:   []string{postIDToken + " " + idTokenBody + `IDTOKEN1"}` + forRegion + "}} [" + emulator.DefaultIDPID + "]"},
			before: []string{postIDToken + " " + idTokenBody + `IDTOKEN1"}}} [` + emulator.DefaultIDPID + "]", byToken1},
			uses:   "TOKEN1", by: "KEY1 KEY1-ST", keys: 1,
		},
		"ID token in a file": {
			put: func(w *world, s *services) {
				w.set("HUAWEICLOUD_SDK_IDP_ID="+emulator.DefaultIDPID, "HUAWEICLOUD_SDK_ID_TOKEN_FILE="+w.file("id-token", s.idToken()+"\n"))
			},
			sent:   []string{postIDToken + " " + idTokenBody + `IDTOKEN1"}` + forRegion + "}} [" + emulator.DefaultIDPID + "]"},
			before: []string{postIDToken + " " + idTokenBody + `IDTOKEN1"}}} [` + emulator.DefaultIDPID + "]", byToken1},
			uses:   "TOKEN1", by: "KEY1 KEY1-ST", keys: 1,
		},
		"ECS metadata": {
			put:    func(w *world, _ *services) { metadataSet(w) },
			sent:   []string{putSession, getKeys + " [SESSION]", findRegion + " [KEY1 KEY1-ST]"},
			before: []string{putSession, getKeys + " [SESSION]"},
			uses:   "KEY1 KEY1-ST " + project, by: "KEY1 KEY1-ST", keys: 1,
		},
		"ECS metadata with a project": {
			put:    func(w *world, _ *services) { metadataSet(w); w.set("HW_PROJECT_ID=" + project) },
			sent:   []string{putSession, getKeys + " [SESSION]"},
			before: []string{putSession, getKeys + " [SESSION]"},
			uses:   "KEY1 KEY1-ST " + project, by: "KEY1 KEY1-ST", keys: 1, projectSet: true,
		},
	}
	agencies := map[string]struct {
		put  func(*world)
		sent string
	}{
		"none": {func(*world) {}, ""},
		"by name": {agencyByName, postKeys + ` {"auth":{"identity":{"assume_role":{"agency_name":"emulator-agency","domain_name":"emulator-domain","duration_seconds":3600},` +
			`"methods":["assume_role"]}}}`},
		"by ID": {agencyByID, postSTS + ` {"agency_session_name":"terraform-provider-sparkrtc","agency_urn":"iam::` + emulator.DefaultDomainID +
			`:agency:emulator-agency","duration_seconds":1200}`},
	}
	for name, tc := range tests {
		for agencyName, agency := range agencies {
			t.Run(name+", agency "+agencyName, func(t *testing.T) {
				s := serve(t, tc.opts)
				a := s.authenticator(func(w *world) { tc.put(w, s); agency.put(w) })
				s.use(a)
				want, uses := tc.sent, tc.uses
				if agency.sent != "" {
					key := []string{"KEY1 KEY1-ST", "KEY2 KEY2-ST"}[tc.keys]
					want, uses = append(slices.Clone(tc.before), agency.sent+" ["+tc.by+"]"), key+" "+project
					if !tc.projectSet {
						want = append(want, findRegion+" ["+key+"]")
					}
				}
				s.wantSent(append(slices.Clone(want), getApps+" ["+uses+"]")...)

				s.use(a)
				s.wantSent(getApps + " [" + uses + "]")
			})
		}
	}
}
