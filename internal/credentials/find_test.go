// SPDX-License-Identifier: MPL-2.0

package credentials

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// canary is in every secret of these tests, and must be in no error.
const canary = "c0ffee"

const cliFileText = `{"current": "main", "profiles": [
  {"name": "main", "mode": "AKSK", "accessKeyId": "AKMAIN", "secretAccessKey": "c0ffee-main", "region": "cn-main-1", "projectId": "pmain"},
  {"name": "dev", "mode": "AKSK", "accessKeyId": "AKDEV", "secretAccessKey": "c0ffee-dev", "securityToken": "c0ffee-devst", "region": "cn-dev-1", "projectId": "pdev"},
  {"name": "sso", "mode": "SSO", "accessKeyId": "AKNOT", "secretAccessKey": "c0ffee-not",
   "ssoAuth": {"stsToken": {"accessKeyId": "AKSSO", "secretAccessKey": "c0ffee-sso", "securityToken": "c0ffee-ssost"}}},
  {"name": "halfsso", "mode": "SSO", "ssoAuth": {"stsToken": {"accessKeyId": "AKSSO", "secretAccessKey": "c0ffee-sso"}}},
  {"name": "half", "mode": "", "secretAccessKey": "c0ffee-half"},
  {"name": "empty", "mode": "AKSK"},
  {"name": "ecs", "mode": "ecsAgency"},
  {"name": "agency", "mode": "AKSK", "accessKeyId": "AKA", "secretAccessKey": "c0ffee-a", "agencyName": "theirs", "agencyDomainName": "dname", "agencyDomainId": "did", "domainId": "own"},
  {"name": "agencyid", "mode": "AKSK", "accessKeyId": "AKA", "secretAccessKey": "c0ffee-a", "agencyName": "theirs", "agencyDomainId": "did", "domainId": "own"},
  {"name": "agencyown", "mode": "AKSK", "accessKeyId": "AKA", "secretAccessKey": "c0ffee-a", "agencyName": "theirs", "domainId": "own"},
  {"name": "halfagency", "mode": "AKSK", "accessKeyId": "AKA", "secretAccessKey": "c0ffee-a", "agencyName": "theirs"},
  {"name": "stray", "mode": "AKSK", "accessKeyId": "AKA", "secretAccessKey": "c0ffee-a\n"}
]}`

// testEnvironment is what a test has around the provider block.
type testEnvironment struct {
	Settings
	t    *testing.T
	home string
	env  map[string]string
	goos string
	open func(string) (fs.File, error)
}

func newTestEnvironment(t *testing.T) *testEnvironment {
	t.Helper()
	return &testEnvironment{t: t, home: t.TempDir(), env: map[string]string{}, goos: "linux", open: openRegular}
}

// set takes NAME=value.
func (w *testEnvironment) set(pairs ...string) *testEnvironment {
	for _, pair := range pairs {
		name, text, _ := strings.Cut(pair, "=")
		w.env[name] = text
	}
	return w
}

// file writes a file below the home directory and returns its path.
func (w *testEnvironment) file(name, text string) string {
	w.t.Helper()
	path := filepath.Join(w.home, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

func (w *testEnvironment) cliFile() { w.t.Helper(); w.file(".hcloud/config.json", cliFileText) }

// ini adds lines to the section of the SDK's default file.
func (w *testEnvironment) ini(lines ...string) {
	w.t.Helper()
	path := filepath.Join(w.home, ".huaweicloud/credentials")
	text, err := os.ReadFile(path)
	if err != nil {
		text = []byte("[basic]\n")
	}
	w.file(".huaweicloud/credentials", string(text)+strings.Join(lines, "\n")+"\n")
}

func (w *testEnvironment) environment() Environment {
	return Environment{
		Getenv: func(name string) string { return w.env[name] },
		Environ: func() []string {
			var list []string
			for name, text := range w.env {
				list = append(list, name+"="+text)
			}
			return list
		},
		HomeDir: func() (string, error) {
			if w.home == "" {
				return "", errors.New("$HOME is not defined")
			}
			return w.home, nil
		},
		GOOS: w.goos,
		Open: w.open,
	}
}

func (w *testEnvironment) find() (*Resolved, error) { return Find(w.Settings, w.environment()) }

func (w *testEnvironment) must() *Resolved {
	w.t.Helper()
	found, err := w.find()
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

// fails returns the error, which has no secret.
func (w *testEnvironment) fails() *Error {
	w.t.Helper()
	found, err := w.find()
	var e *Error
	if !errors.As(err, &e) {
		w.t.Fatalf("error is %T (%v), want *Error; found %v", err, err, found)
	}
	if found != nil {
		w.t.Error("something came with the error")
	}
	if strings.Contains(err.Error(), canary) {
		w.t.Errorf("the error holds a secret:\n%s", err)
	}
	return e
}

// What every source has, in the order in which they count. Those of one level
// are two sets if both are there.
var sources = []struct {
	name  string
	level string
	put   func(*testEnvironment)
	want  Set
}{
	{"key in the block", "block", func(w *testEnvironment) { w.AccessKey, w.SecretKey, w.SecurityToken = "AKB", "c0ffee-b", "c0ffee-bst" },
		Set{Kind: KindAccessKey, AccessKey: "AKB", SecretKey: "c0ffee-b", SecurityToken: "c0ffee-bst", Source: "the provider block"}},
	{"token in the block", "block", func(w *testEnvironment) { w.Token = "c0ffee-bt" },
		Set{Kind: KindToken, Token: "c0ffee-bt", Source: "the provider block"}},
	{"password in the block", "block", func(w *testEnvironment) { w.UserName, w.Password, w.DomainName = "block user", "c0ffee pass", "d" },
		Set{Kind: KindPassword, UserName: "block user", Password: "c0ffee pass", DomainName: "d", Source: "the provider block"}},
	{"profile in the block", "block", func(w *testEnvironment) { w.cliFile(); w.Profile = "dev" },
		Set{Kind: KindAccessKey, AccessKey: "AKDEV", SecretKey: "c0ffee-dev", SecurityToken: "c0ffee-devst", Source: `profile "dev" of ~/.hcloud/config.json`}},
	{"OIDC in the block", "block", func(w *testEnvironment) {
		w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: "idp", IDToken: "c0ffee-id"}
	},
		Set{Kind: KindIDToken, IDPID: "idp", idToken: "c0ffee-id", Source: "assume_role_with_oidc of the provider block"}},
	{"metadata in the block", "block", func(w *testEnvironment) { on := true; w.ECSMetadata = &on },
		Set{Kind: KindECSMetadata, Source: "ecs_metadata in the provider block"}},
	{"key in the environment", "environment", func(w *testEnvironment) {
		w.set("HW_ACCESS_KEY=AKE", "HW_SECRET_KEY=c0ffee-e", "HW_SECURITY_TOKEN=c0ffee-est")
	}, Set{Kind: KindAccessKey, AccessKey: "AKE", SecretKey: "c0ffee-e", SecurityToken: "c0ffee-est", Source: "the environment (HW_ACCESS_KEY)"}},
	{"token in the environment", "environment", func(w *testEnvironment) { w.set("HW_AUTH_TOKEN=c0ffee-et") },
		Set{Kind: KindToken, Token: "c0ffee-et", Source: "the environment (HW_AUTH_TOKEN)"}},
	{"password in the environment", "environment", func(w *testEnvironment) {
		w.set("HW_USER_NAME=u", "HW_USER_PASSWORD=c0ffee", "HW_DOMAIN_NAME=d")
	}, Set{Kind: KindPassword, UserName: "u", Password: "c0ffee", DomainName: "d", Source: "the environment (HW_USER_NAME, HW_DOMAIN_NAME)"}},
	{"key for the SDK", "SDK", func(w *testEnvironment) {
		w.set("HUAWEICLOUD_SDK_AK=AKS", "HUAWEICLOUD_SDK_SK=c0ffee-s", "HUAWEICLOUD_SDK_SECURITY_TOKEN=c0ffee-sst")
	}, Set{Kind: KindAccessKey, AccessKey: "AKS", SecretKey: "c0ffee-s", SecurityToken: "c0ffee-sst", Source: "the environment (HUAWEICLOUD_SDK_AK)"}},
	{"OIDC for the SDK", "SDK", func(w *testEnvironment) {
		w.file("sdk-token", "c0ffee-sid\n")
		w.set("HUAWEICLOUD_SDK_IDP_ID=sidp", "HUAWEICLOUD_SDK_ID_TOKEN_FILE=~/sdk-token")
	}, Set{Kind: KindIDToken, IDPID: "sidp", IDTokenFile: "~/sdk-token", Source: "the environment (HUAWEICLOUD_SDK_IDP_ID, HUAWEICLOUD_SDK_ID_TOKEN_FILE)"}},
	{"key in the SDK's file", "SDK's file", func(w *testEnvironment) { w.ini("ak = AKI", "sk = c0ffee-i", "security_token = c0ffee-ist") },
		Set{Kind: KindAccessKey, AccessKey: "AKI", SecretKey: "c0ffee-i", SecurityToken: "c0ffee-ist", Source: "section [basic] of ~/.huaweicloud/credentials"}},
	{"OIDC in the SDK's file", "SDK's file", func(w *testEnvironment) {
		w.file("ini-token", "c0ffee-iid\n")
		w.ini("idp_id = iidp", "id_token_file = ~/ini-token")
	}, Set{Kind: KindIDToken, IDPID: "iidp", IDTokenFile: "~/ini-token", Source: "section [basic] of ~/.huaweicloud/credentials"}},
	{"the CLI's current profile", "", func(w *testEnvironment) { w.cliFile() },
		Set{Kind: KindAccessKey, AccessKey: "AKMAIN", SecretKey: "c0ffee-main", Source: `profile "main" of ~/.hcloud/config.json`}},
	{"OIDC in the environment", "", func(w *testEnvironment) { w.set("HW_ASSUME_ROLE_IDP_ID=eidp", "HW_ASSUME_ROLE_ID_TOKEN=c0ffee-eid") },
		Set{Kind: KindIDToken, IDPID: "eidp", idToken: "c0ffee-eid", Source: "the environment (HW_ASSUME_ROLE_IDP_ID, HW_ASSUME_ROLE_ID_TOKEN)"}},
	{"metadata by the environment", "", func(w *testEnvironment) { w.set("SPARKRTC_ECS_METADATA=true") },
		Set{Kind: KindECSMetadata, Source: "the environment (SPARKRTC_ECS_METADATA)"}},
}

func sameSet(t *testing.T, got, want Set) {
	t.Helper()
	got.open, got.idTokenPath = nil, ""
	a, b := got, want
	a.open, b.open = nil, nil
	if shown(a) != shown(b) {
		t.Errorf("found another set than expected:\n%s\n%s", shown(a), shown(b))
	}
}

// shown has everything, secrets included, as only a test may.
func shown(s Set) string {
	return strings.Join([]string{s.Kind.String(), s.AccessKey, s.SecretKey, s.SecurityToken, s.Token, s.UserName, s.UserID, s.Password,
		s.DomainName, s.DomainID, s.IDPID, s.IDTokenFile, s.idToken, s.Source}, "|")
}

// Of any two sources the earlier one wins, as a whole. Two on one level are an
// error.
func TestFindOrder(t *testing.T) {
	for i, first := range sources {
		t.Run(first.name, func(t *testing.T) {
			w := newTestEnvironment(t)
			first.put(w)
			sameSet(t, w.must().Set, first.want)
		})
		for _, second := range sources[i+1:] {
			t.Run(first.name+" and "+second.name, func(t *testing.T) {
				w := newTestEnvironment(t)
				second.put(w)
				first.put(w)
				if first.level != "" && first.level == second.level {
					if e := w.fails(); e.Summary != "Two kinds of credentials" {
						t.Errorf("got %q", e.Summary)
					}
					return
				}
				sameSet(t, w.must().Set, first.want)
			})
		}
	}
}

// What comes after the set that wins is not even opened.
func TestFindLooksNoFurther(t *testing.T) {
	w := newTestEnvironment(t).set("HW_ACCESS_KEY=AK", "HW_SECRET_KEY=c0ffee", "HUAWEICLOUD_SDK_AK=half", "SPARKRTC_ECS_METADATA=perhaps",
		"HUAWEICLOUD_SDK_CREDENTIALS_FILE=/nowhere", "HW_PROFILE=nowhere", "HW_ASSUME_ROLE_IDP_ID=half")
	w.open = func(string) (fs.File, error) { t.Error("a file is opened"); return nil, fs.ErrNotExist }
	w.must()
}

func TestFindSets(t *testing.T) {
	tests := map[string]struct {
		put  func(*testEnvironment)
		want Set
	}{
		"a user ID needs no domain": {func(w *testEnvironment) { w.UserID, w.Password, w.DomainName = "uid", "c0ffee", "d" },
			Set{Kind: KindPassword, UserID: "uid", Password: "c0ffee", Source: "the provider block"}},
		"a domain's ID": {func(w *testEnvironment) { w.UserName, w.Password, w.DomainID = "u", "c0ffee", "did" },
			Set{Kind: KindPassword, UserName: "u", Password: "c0ffee", DomainID: "did", Source: "the provider block"}},
		"IDs come before names in the environment": {func(w *testEnvironment) {
			w.set("HW_USER_ID=uid", "HW_USER_NAME=u", "HW_USER_PASSWORD=c0ffee", "HW_DOMAIN_NAME=d")
		}, Set{Kind: KindPassword, UserID: "uid", Password: "c0ffee", Source: "the environment (HW_USER_ID)"}},
		"a domain's ID comes before its name in the environment": {func(w *testEnvironment) {
			w.set("HW_USER_NAME=u", "HW_USER_PASSWORD=c0ffee", "HW_DOMAIN_NAME=d", "HW_DOMAIN_ID=did")
		}, Set{Kind: KindPassword, UserName: "u", Password: "c0ffee", DomainID: "did", Source: "the environment (HW_USER_NAME, HW_DOMAIN_ID)"}},
		"a password may have blanks and letters of any script": {func(w *testEnvironment) { w.UserName, w.Password, w.DomainName = "ü ser", "–\tc0ffee é–", "d" },
			Set{Kind: KindPassword, UserName: "ü ser", Password: "–\tc0ffee é–", DomainName: "d", Source: "the provider block"}},
		"a password may begin with a dollar sign, and have quotation marks": {func(w *testEnvironment) { w.UserName, w.Password, w.DomainName = "u", "$C0FFEE\"'", "d" },
			Set{Kind: KindPassword, UserName: "u", Password: "$C0FFEE\"'", DomainName: "d", Source: "the provider block"}},
		"an empty OIDC block is none": {func(w *testEnvironment) {
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{Duration: 900}
			w.AccessKey, w.SecretKey = "AK", "c0ffee"
		}, Set{Kind: KindAccessKey, AccessKey: "AK", SecretKey: "c0ffee", Source: "the provider block"}},
		"an empty OIDC block is none, next to the environment's": {func(w *testEnvironment) {
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{}
			w.set("HW_ASSUME_ROLE_IDP_ID=idp", "HW_ASSUME_ROLE_ID_TOKEN=c0ffee")
		}, Set{Kind: KindIDToken, IDPID: "idp", idToken: "c0ffee", Source: "the environment (HW_ASSUME_ROLE_IDP_ID, HW_ASSUME_ROLE_ID_TOKEN)"}},
		"the tag of a block": {func(w *testEnvironment) {
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: "idp", WorkloadTag: "B"}
			w.set("TFC_WORKLOAD_IDENTITY_TOKEN=c0ffee", "TFC_WORKLOAD_IDENTITY_TOKEN_A=c0ffee-a", "TFC_WORKLOAD_IDENTITY_TOKEN_B=c0ffee-b", "SPARKRTC_TFC_WORKLOAD_IDENTITY_TAG=A")
		}, Set{Kind: KindIDToken, IDPID: "idp", idToken: "c0ffee-b", Source: "assume_role_with_oidc of the provider block"}},
		"a user's name alone is no half set next to a key": {func(w *testEnvironment) {
			w.set("HW_USER_NAME=u", "HW_USER_ID=uid", "HW_DOMAIN_NAME=d", "HW_ACCESS_KEY=AK", "HW_SECRET_KEY=c0ffee")
		}, Set{Kind: KindAccessKey, AccessKey: "AK", SecretKey: "c0ffee", Source: "the environment (HW_ACCESS_KEY)"}},
		"a domain in the block is no half set": {func(w *testEnvironment) { w.DomainName = "d"; w.set("HW_AUTH_TOKEN=c0ffee") },
			Set{Kind: KindToken, Token: "c0ffee", Source: "the environment (HW_AUTH_TOKEN)"}},
		"the block's pair never takes the environment's security token": {func(w *testEnvironment) {
			w.AccessKey, w.SecretKey = "AK", "c0ffee"
			w.set("HW_SECURITY_TOKEN=c0ffee-st")
		}, Set{Kind: KindAccessKey, AccessKey: "AK", SecretKey: "c0ffee", Source: "the provider block"}},
		"a domain is not taken from another place": {func(w *testEnvironment) { w.UserID, w.Password = "uid", "c0ffee"; w.set("HW_DOMAIN_ID=d") },
			Set{Kind: KindPassword, UserID: "uid", Password: "c0ffee", Source: "the provider block"}},
		"an ID token in a file, in the block": {func(w *testEnvironment) {
			w.file("token", "c0ffee")
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: "idp", IDTokenFile: "~/token"}
		}, Set{Kind: KindIDToken, IDPID: "idp", IDTokenFile: "~/token", Source: "assume_role_with_oidc of the provider block"}},
		"an ID token in a file, in the environment": {func(w *testEnvironment) {
			w.file("token", "c0ffee")
			w.set("HW_ASSUME_ROLE_IDP_ID=idp", "HW_ASSUME_ROLE_ID_TOKEN_FILE=~/token", "TFC_WORKLOAD_IDENTITY_TOKEN=c0ffee-w")
		}, Set{Kind: KindIDToken, IDPID: "idp", IDTokenFile: "~/token", Source: "the environment (HW_ASSUME_ROLE_IDP_ID, HW_ASSUME_ROLE_ID_TOKEN_FILE)"}},
		"one's own ID token comes before HCP Terraform's": {func(w *testEnvironment) {
			w.set("HW_ASSUME_ROLE_IDP_ID=idp", "HW_ASSUME_ROLE_ID_TOKEN=c0ffee", "TFC_WORKLOAD_IDENTITY_TOKEN=c0ffee-w", "SPARKRTC_TFC_WORKLOAD_IDENTITY_TAG=NONE")
		}, Set{Kind: KindIDToken, IDPID: "idp", idToken: "c0ffee", Source: "the environment (HW_ASSUME_ROLE_IDP_ID, HW_ASSUME_ROLE_ID_TOKEN)"}},
		"HCP Terraform's token": {func(w *testEnvironment) {
			w.set("HW_ASSUME_ROLE_IDP_ID=idp", "TFC_WORKLOAD_IDENTITY_TOKEN=c0ffee", "TFC_WORKLOAD_IDENTITY_TOKEN_A=c0ffee-a", "TFC_WORKLOAD_IDENTITY_TOKEN_B=c0ffee-b")
		}, Set{Kind: KindIDToken, IDPID: "idp", idToken: "c0ffee", Source: "the environment (HW_ASSUME_ROLE_IDP_ID, TFC_WORKLOAD_IDENTITY_TOKEN)"}},
		"the only one with a tag": {func(w *testEnvironment) {
			w.set("HW_ASSUME_ROLE_IDP_ID=idp", "TFC_WORKLOAD_IDENTITY_TOKEN=", "TFC_WORKLOAD_IDENTITY_TOKEN_A=c0ffee-a", "TFC_WORKLOAD_IDENTITY_TOKEN_B=", "TFC_WORKLOAD_IDENTITY_TOKEN_=c0ffee")
		}, Set{Kind: KindIDToken, IDPID: "idp", idToken: "c0ffee-a", Source: "the environment (HW_ASSUME_ROLE_IDP_ID, TFC_WORKLOAD_IDENTITY_TOKEN_A)"}},
		"the one with the tag that is asked for": {func(w *testEnvironment) {
			w.set("HW_ASSUME_ROLE_IDP_ID=idp", "TFC_WORKLOAD_IDENTITY_TOKEN=c0ffee", "TFC_WORKLOAD_IDENTITY_TOKEN_A=c0ffee-a", "TFC_WORKLOAD_IDENTITY_TOKEN_B=c0ffee-b", "SPARKRTC_TFC_WORKLOAD_IDENTITY_TAG=B")
		}, Set{Kind: KindIDToken, IDPID: "idp", idToken: "c0ffee-b", Source: "the environment (HW_ASSUME_ROLE_IDP_ID, TFC_WORKLOAD_IDENTITY_TOKEN_B)"}},
		"a profile's temporary keys": {func(w *testEnvironment) { w.cliFile(); w.set("HW_PROFILE=sso") },
			Set{Kind: KindAccessKey, AccessKey: "AKSSO", SecretKey: "c0ffee-sso", SecurityToken: "c0ffee-ssost", Source: `profile "sso" of ~/.hcloud/config.json`}},
		"a profile of the environment's file": {func(w *testEnvironment) {
			w.file("other.json", cliFileText)
			w.Profile = "dev"
			w.set("HW_SHARED_CONFIG_FILE=~/other.json", "HW_PROFILE=sso")
		}, Set{Kind: KindAccessKey, AccessKey: "AKDEV", SecretKey: "c0ffee-dev", SecurityToken: "c0ffee-devst", Source: `profile "dev" of ~/other.json`}},
		"the environment's profile of the block's file": {func(w *testEnvironment) {
			w.file("other.json", cliFileText)
			w.SharedConfigFile = "~/other.json"
			w.set("HW_SHARED_CONFIG_FILE=~/nowhere.json", "HW_PROFILE=sso")
		}, Set{Kind: KindAccessKey, AccessKey: "AKSSO", SecretKey: "c0ffee-sso", SecurityToken: "c0ffee-ssost", Source: `profile "sso" of ~/other.json`}},
		"an empty SDK's file is passed over": {func(w *testEnvironment) { w.file(".huaweicloud/credentials", ""); w.cliFile() },
			Set{Kind: KindAccessKey, AccessKey: "AKMAIN", SecretKey: "c0ffee-main", Source: `profile "main" of ~/.hcloud/config.json`}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newTestEnvironment(t)
			tc.put(w)
			sameSet(t, w.must().Set, tc.want)
		})
	}
}

func TestFindErrors(t *testing.T) {
	tests := map[string]struct {
		put       func(*testEnvironment)
		attribute string
		summary   string
		mentions  []string
	}{
		"half a pair in the block, the other half in the environment": {func(w *testEnvironment) { w.AccessKey = "AK"; w.set("HW_SECRET_KEY=c0ffee") },
			"secret_key", "Incomplete credentials", []string{"access_key is set in the provider block, but secret_key is not", "remove access_key."}},
		"the other half": {func(w *testEnvironment) { w.SecretKey = canary },
			"access_key", "Incomplete credentials", []string{"secret_key is set in the provider block, but access_key is not"}},
		"a security token alone": {func(w *testEnvironment) { w.SecurityToken = canary },
			"access_key", "Incomplete credentials", []string{"security_token is set"}},
		"a key without its secret, with a security token": {func(w *testEnvironment) { w.AccessKey, w.SecurityToken = "AK", canary },
			"secret_key", "Incomplete credentials", []string{"access_key and security_token are set in the provider block", "remove access_key and security_token."}},
		"half a pair in the environment": {func(w *testEnvironment) { w.set("HW_ACCESS_KEY=AK") },
			"", "Incomplete credentials", []string{"HW_ACCESS_KEY is set in the environment, but HW_SECRET_KEY is not"}},
		"half a pair for the SDK": {func(w *testEnvironment) { w.set("HUAWEICLOUD_SDK_SK=c0ffee") },
			"", "Incomplete credentials", []string{"HUAWEICLOUD_SDK_SK is set in the environment, but HUAWEICLOUD_SDK_AK is not"}},
		"half an ID token for the SDK": {func(w *testEnvironment) { w.set("HUAWEICLOUD_SDK_IDP_ID=idp") },
			"", "Incomplete credentials", []string{"HUAWEICLOUD_SDK_IDP_ID is set", "HUAWEICLOUD_SDK_ID_TOKEN_FILE is not"}},
		"a user without a password in the block": {func(w *testEnvironment) { w.UserName = "u" },
			"password", "Incomplete credentials", []string{"user_name is set in the provider block, but password is not"}},
		"a password alone in the block": {func(w *testEnvironment) { w.Password = canary },
			"user_name", "Incomplete credentials", []string{"password is set in the provider block, but user_name or user_id is not"}},
		"a user without a domain": {func(w *testEnvironment) { w.UserName, w.Password = "u", canary; w.set("HW_DOMAIN_NAME=d") },
			"domain_name", "Incomplete credentials", []string{"user_name and password are set", "domain_name or domain_id is not"}},
		"a password alone in the environment": {func(w *testEnvironment) { w.set("HW_USER_PASSWORD=c0ffee") },
			"", "Incomplete credentials", []string{"HW_USER_PASSWORD is set in the environment, but HW_USER_NAME or HW_USER_ID is not"}},
		"a user without a domain in the environment": {func(w *testEnvironment) { w.set("HW_USER_PASSWORD=c0ffee", "HW_USER_NAME=u") },
			"", "Incomplete credentials", []string{"HW_USER_PASSWORD is set", "HW_DOMAIN_NAME or HW_DOMAIN_ID is not"}},
		"two users in the block": {func(w *testEnvironment) { w.UserName, w.UserID, w.Password = "u", "uid", canary },
			"user_name", "Conflicting credentials", []string{"Both user_id and user_name", "the provider block"}},
		"two domains in the block": {func(w *testEnvironment) { w.UserName, w.Password, w.DomainName, w.DomainID = "u", canary, "d", "did" },
			"domain_name", "Conflicting credentials", []string{"Both domain_id and domain_name"}},
		"three kinds in the block": {func(w *testEnvironment) { w.AccessKey, w.Token, w.Profile = "AK", canary, "dev" },
			"", "Two kinds of credentials", []string{"The provider block has an access key (access_key) and a token (token) and a profile of the CLI (profile)"}},
		"a token first": {func(w *testEnvironment) { w.Token, w.UserName = canary, "u" },
			"", "Two kinds of credentials", []string{"a token (token) and a user and password (user_name)"}},
		"two kinds in the environment": {func(w *testEnvironment) { w.set("HW_ACCESS_KEY=AK", "HW_SECRET_KEY=c0ffee", "HW_AUTH_TOKEN=c0ffee") },
			"", "Two kinds of credentials", []string{"HW_AUTH_TOKEN", "HW_ACCESS_KEY, HW_SECRET_KEY"}},
		"OIDC next to a key in the block": {func(w *testEnvironment) {
			w.AccessKey = "AK"
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDToken: canary}
		},
			"", "Two kinds of credentials", []string{"an ID token (assume_role_with_oidc)"}},
		"an access key next to an OIDC block, without the key": {func(w *testEnvironment) {
			w.SecretKey = canary
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{AgencyName: "a"}
		},
			"", "Two kinds of credentials", []string{"an access key (secret_key) and an ID token (assume_role_with_oidc)"}},

		"line break after a secret key": {func(w *testEnvironment) { w.AccessKey, w.SecretKey = "AK", canary+"\n" },
			"", "Value contains a stray character", []string{"secret_key, from the provider block"}},
		"blank in a token": {func(w *testEnvironment) { w.set("HW_AUTH_TOKEN=c0ffee x") },
			"", "Value contains a stray character", []string{"HW_AUTH_TOKEN, from the environment"}},
		"line break in a security token": {func(w *testEnvironment) {
			w.set("HW_ACCESS_KEY=AK", "HW_SECRET_KEY=c0ffee", "HW_SECURITY_TOKEN=c0f\nfee")
		},
			"", "Value contains a stray character", []string{"HW_SECURITY_TOKEN"}},
		"typographic character in an access key": {func(w *testEnvironment) { w.AccessKey, w.SecretKey = "AK–", canary },
			"", "Value contains a stray character", []string{"access_key, from the provider block"}},
		"blank after a user": {func(w *testEnvironment) { w.UserName, w.Password, w.DomainName = "u ", canary, "d" },
			"user_name", "Value contains a stray character", []string{"user_name", "ends with a blank"}},
		"line break after a password": {func(w *testEnvironment) { w.UserName, w.Password, w.DomainName = "u", canary+"\r\n", "d" },
			"", "Value contains a stray character", []string{"password", "ends with a line break"}},
		"line break in a domain": {func(w *testEnvironment) { w.UserName, w.Password, w.DomainName = "u", canary, "d\ne" },
			"domain_name", "Value contains a stray character", []string{"domain_name"}},
		"blank in an ID token": {func(w *testEnvironment) {
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: "idp", IDToken: canary + " "}
		},
			"", "Value contains a stray character", []string{"id_token, from assume_role_with_oidc of the provider block"}},

		"an OIDC block with an agency only": {func(w *testEnvironment) { w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{AgencyName: "a"} },
			"assume_role_with_oidc", "Incomplete credentials", []string{"assume_role_with_oidc of the provider block is set, but idp_id is not"}},
		"an OIDC block without an identity provider": {func(w *testEnvironment) { w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDToken: canary} },
			"", "Incomplete credentials", []string{"id_token is set in assume_role_with_oidc of the provider block, but idp_id is not"}},
		"an OIDC block without a token": {func(w *testEnvironment) { w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: "idp"} },
			"assume_role_with_oidc", "Incomplete credentials", []string{"id_token or id_token_file or tfc_workload_identity_tag is not"}},
		"an OIDC block without a token in HCP Terraform": {func(w *testEnvironment) {
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: "idp"}
			w.set("TFC_WORKLOAD_IDENTITY_TOKEN=c0ffee")
		}, "assume_role_with_oidc", "Incomplete credentials", []string{"TFC_WORKLOAD_IDENTITY_TOKEN is set, and counts if", "HW_ASSUME_ROLE_IDP_ID"}},
		"an OIDC block without a token in HCP Terraform, tagged": {func(w *testEnvironment) {
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: "idp"}
			w.set("TFC_WORKLOAD_IDENTITY_TOKEN_A=c0ffee")
		}, "assume_role_with_oidc", "Incomplete credentials", []string{`TFC_WORKLOAD_IDENTITY_TOKEN_A is set: to use it, set tfc_workload_identity_tag = "A".`}},
		"an OIDC block with a tag that isn't there": {func(w *testEnvironment) {
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: "idp", WorkloadTag: "B"}
			w.set("TFC_WORKLOAD_IDENTITY_TOKEN_A=c0ffee")
		}, "assume_role_with_oidc", "No workload identity token with this tag", []string{
			`tfc_workload_identity_tag in assume_role_with_oidc of the provider block asks for the tag "B"`, "TFC_WORKLOAD_IDENTITY_TOKEN_B is not set", "TFC_WORKLOAD_IDENTITY_TOKEN_A"}},
		"an OIDC block with a tag and a file": {func(w *testEnvironment) {
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: "idp", WorkloadTag: "A", IDTokenFile: "x"}
			w.set("TFC_WORKLOAD_IDENTITY_TOKEN_A=c0ffee")
		}, "assume_role_with_oidc", "Conflicting credentials", []string{"Both tfc_workload_identity_tag and id_token_file"}},
		"two tokens in an OIDC block": {func(w *testEnvironment) {
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: "idp", IDToken: canary, IDTokenFile: "x"}
		}, "", "Conflicting credentials", []string{"Both id_token_file and id_token"}},
		"two tokens in the environment": {func(w *testEnvironment) {
			w.set("HW_ASSUME_ROLE_IDP_ID=idp", "HW_ASSUME_ROLE_ID_TOKEN=c0ffee", "HW_ASSUME_ROLE_ID_TOKEN_FILE=x")
		}, "", "Conflicting credentials", []string{"HW_ASSUME_ROLE_ID_TOKEN_FILE and HW_ASSUME_ROLE_ID_TOKEN"}},
		"an identity provider without a token": {func(w *testEnvironment) { w.set("HW_ASSUME_ROLE_IDP_ID=idp") },
			"", "Incomplete credentials", []string{"HW_ASSUME_ROLE_IDP_ID is set", "HW_ASSUME_ROLE_ID_TOKEN or HW_ASSUME_ROLE_ID_TOKEN_FILE or TFC_WORKLOAD_IDENTITY_TOKEN is not"}},
		"a token without an identity provider": {func(w *testEnvironment) { w.set("HW_ASSUME_ROLE_ID_TOKEN=c0ffee") },
			"", "Incomplete credentials", []string{"HW_ASSUME_ROLE_ID_TOKEN is set", "HW_ASSUME_ROLE_IDP_ID is not"}},
		"a token's file that is missing": {func(w *testEnvironment) { w.set("HW_ASSUME_ROLE_IDP_ID=idp", "HW_ASSUME_ROLE_ID_TOKEN_FILE=~/nowhere") },
			"", "ID token can't be read", []string{"HW_ASSUME_ROLE_ID_TOKEN_FILE, from the environment", "~/nowhere (", "no such file"}},
		"a token's file that is missing, in the block": {func(w *testEnvironment) {
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: "idp", IDTokenFile: "/nowhere"}
		}, "assume_role_with_oidc", "ID token can't be read", []string{"id_token_file", "/nowhere", "no such file"}},
		"a token's file without a token": {func(w *testEnvironment) {
			w.file("token", " \r\n")
			w.set("HUAWEICLOUD_SDK_IDP_ID=idp", "HUAWEICLOUD_SDK_ID_TOKEN_FILE=~/token")
		}, "", "ID token can't be read", []string{"it is empty"}},
		"a token's file with two": {func(w *testEnvironment) {
			w.file("token", "c0ffee\nc0ffee\n")
			w.set("HUAWEICLOUD_SDK_IDP_ID=idp", "HUAWEICLOUD_SDK_ID_TOKEN_FILE=~/token")
		}, "", "ID token can't be read", []string{"contains a blank, a line break"}},
		"a token's file below no home": {func(w *testEnvironment) {
			w.home = ""
			w.set("HUAWEICLOUD_SDK_IDP_ID=idp", "HUAWEICLOUD_SDK_ID_TOKEN_FILE=~/token")
		}, "", "ID token can't be read", []string{"home directory is not known"}},
		"several tags": {func(w *testEnvironment) {
			w.set("HW_ASSUME_ROLE_IDP_ID=idp", "TFC_WORKLOAD_IDENTITY_TOKEN_B=c0ffee", "TFC_WORKLOAD_IDENTITY_TOKEN_A=c0ffee")
		}, "", "Several workload identity tokens", []string{"TFC_WORKLOAD_IDENTITY_TOKEN_A, TFC_WORKLOAD_IDENTITY_TOKEN_B", "SPARKRTC_TFC_WORKLOAD_IDENTITY_TAG"}},
		"a tag that isn't there": {func(w *testEnvironment) {
			w.set("HW_ASSUME_ROLE_IDP_ID=idp", "TFC_WORKLOAD_IDENTITY_TOKEN_A=c0ffee", "SPARKRTC_TFC_WORKLOAD_IDENTITY_TAG=X")
		}, "", "No workload identity token with this tag", []string{`"X"`, "Set in the environment: TFC_WORKLOAD_IDENTITY_TOKEN_A."}},
		"a tag, and no token": {func(w *testEnvironment) { w.set("HW_ASSUME_ROLE_IDP_ID=idp", "SPARKRTC_TFC_WORKLOAD_IDENTITY_TAG=X") },
			"", "No workload identity token with this tag", []string{"No token is set"}},
		"a switch that is none": {func(w *testEnvironment) { w.set("SPARKRTC_ECS_METADATA=perhaps") },
			"", "Invalid value of a switch", []string{"SPARKRTC_ECS_METADATA", "perhaps"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newTestEnvironment(t)
			tc.put(w)
			w.fails().check(t, tc.attribute, tc.summary, tc.mentions)
		})
	}
}

func (e *Error) check(t *testing.T, attribute, summary string, mentions []string) {
	t.Helper()
	if e.Attribute != attribute || e.Summary != summary {
		t.Errorf("got %q on %q, want %q on %q", e.Summary, e.Attribute, summary, attribute)
	}
	for _, m := range mentions {
		if !strings.Contains(e.Detail, m) {
			t.Errorf("the detail does not mention %q:\n%s", m, e.Detail)
		}
	}
}

// The account of a user and password is never put together from two places,
// and not passed over either.
func TestFindDomainOfTheBlock(t *testing.T) {
	user := []string{"HW_USER_NAME=u", "HW_USER_PASSWORD=c0ffee"}
	const (
		byName = "the environment (HW_USER_NAME, HW_DOMAIN_NAME)"
		byID   = "the environment (HW_USER_NAME, HW_DOMAIN_ID)"
		detail = "The provider block names an account (domain), and the user and password are from %, with an account of their own. " +
			"A set is taken from one source: set user_name and password in the block too, or remove domain_name and domain_id there."
	)
	tests := map[string]struct {
		name, id string // in the block
		env      []string
		source   string // of the conflict, or else of the set
		conflict bool
	}{
		"the same name":                    {"d", "", append(user, "HW_DOMAIN_NAME=d"), byName, false},
		"the same ID":                      {"", "did", append(user, "HW_DOMAIN_ID=did"), byID, false},
		"the same ID, next to a name":      {"", "did", append(user, "HW_DOMAIN_ID=did", "HW_DOMAIN_NAME=d"), byID, false},
		"none in the block":                {"", "", append(user, "HW_DOMAIN_NAME=d"), byName, false},
		"another name":                     {"other", "", append(user, "HW_DOMAIN_NAME=d"), byName, true},
		"another ID":                       {"", "other", append(user, "HW_DOMAIN_ID=did"), byID, true},
		"an ID for a name":                 {"", "d", append(user, "HW_DOMAIN_NAME=d"), byName, true},
		"a name for an ID":                 {"did", "", append(user, "HW_DOMAIN_ID=did"), byID, true},
		"a user by ID":                     {"d", "", []string{"HW_USER_ID=uid", "HW_USER_PASSWORD=c0ffee"}, "the environment (HW_USER_ID)", false},
		"a user by ID, in another account": {"d", "", []string{"HW_USER_ID=uid", "HW_USER_PASSWORD=c0ffee", "HW_DOMAIN_NAME=other"}, "the environment (HW_USER_ID)", false},
		"another name, for a token":        {"other", "", []string{"HW_AUTH_TOKEN=c0ffee", "HW_DOMAIN_NAME=d", "HW_USER_NAME=u"}, "the environment (HW_AUTH_TOKEN)", false},
		"another name, for an access key":  {"other", "", []string{"HW_ACCESS_KEY=AK", "HW_SECRET_KEY=c0ffee", "HW_DOMAIN_NAME=d"}, "the environment (HW_ACCESS_KEY)", false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newTestEnvironment(t).set(tc.env...)
			w.DomainName, w.DomainID = tc.name, tc.id
			if !tc.conflict {
				if got := w.must().Set.Source; got != tc.source {
					t.Errorf("found %s, want %s", got, tc.source)
				}
				return
			}
			if e := w.fails(); e.Summary != "Conflicting credentials" || e.Attribute != "" || e.Detail != strings.Replace(detail, "%", tc.source, 1) {
				t.Errorf("got %q on %q: %s", e.Summary, e.Attribute, e.Detail)
			}
		})
	}
	for name, put := range map[string]func(*testEnvironment){
		"no account next to a name": func(w *testEnvironment) { w.DomainName = "d" },
		"no account next to an ID":  func(w *testEnvironment) { w.DomainID = "did" },
	} {
		t.Run(name, func(t *testing.T) {
			w := newTestEnvironment(t).set(user...)
			put(w)
			w.fails().check(t, "", "Conflicting credentials", []string{"The provider block names an account (domain), and the user and password are from the environment (HW_USER_NAME)"})
		})
	}
}

// Where nothing is there by half, what most have is recommended.
func TestFindNothingAtAll(t *testing.T) {
	const want = "\n\nMost have an access key: export HW_ACCESS_KEY and HW_SECRET_KEY, or set access_key and secret_key from sensitive variables."
	e := newTestEnvironment(t).fails()
	e.check(t, "", "No credentials found", nil)
	if !strings.HasSuffix(strings.ReplaceAll(e.Detail, "not asked for\n\n", "\n\n"), want) || strings.Contains(e.Detail, "Half of a set") {
		t.Errorf("got\n%s", e.Detail)
	}
}

// The table has every place in its order and what was found there.
func TestFindNothing(t *testing.T) {
	w := newTestEnvironment(t).set("HW_USER_NAME=u", "HW_DOMAIN_NAME=d", "TFC_WORKLOAD_IDENTITY_TOKEN=c0ffee", "HW_ASSUME_ROLE_AGENCY_NAME=a", "HW_PROJECT_ID=p", "HUAWEICLOUD_SDK_PROJECT_ID=p")
	w.file(".hcloud/config.json", `{"current": "x", "profiles": [{"name": "x", "mode": "ecsAgency"}]}`)
	off := false
	w.ECSMetadata = &off
	e := w.fails()
	const want = `No source has a complete set of credentials. Checked, in this order:

  1. provider block
     access_key and secret_key                                 not set
     token                                                     not set
     user_name or user_id, and password                        not set
     shared_config_file or profile                             not set
     assume_role_with_oidc                                     not set
     ecs_metadata                                              false
  2. environment
     HW_ACCESS_KEY and HW_SECRET_KEY                           not set
     HW_AUTH_TOKEN                                             not set
     HW_USER_NAME or HW_USER_ID, and HW_USER_PASSWORD          HW_USER_NAME is set, HW_USER_PASSWORD is not
  3. environment of the vendor's SDKs
     HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK                 not set
     HUAWEICLOUD_SDK_IDP_ID and HUAWEICLOUD_SDK_ID_TOKEN_FILE  not set
  4. file of the vendor's SDKs
     ~/.huaweicloud/credentials                                no such file
  5. file of the vendor's CLI
     ~/.hcloud/config.json                                     has profile "x" in mode "ecsAgency", which can't be used here, as AKSK and SSO can
  6. OIDC, in the environment
     HW_ASSUME_ROLE_IDP_ID and an ID token                     TFC_WORKLOAD_IDENTITY_TOKEN is set, HW_ASSUME_ROLE_IDP_ID is not
  7. ECS metadata
     ecs_metadata = true, or SPARKRTC_ECS_METADATA=true        not asked for

Half of a set is there: HW_USER_NAME is set, HW_USER_PASSWORD is not.

Half of a set is there: TFC_WORKLOAD_IDENTITY_TOKEN is set, HW_ASSUME_ROLE_IDP_ID is not.`
	if squeeze(e.Detail) != squeeze(want) {
		t.Errorf("got\n%s\nwant\n%s", e.Detail, want)
	}
	if e.Summary != "No credentials found" || e.Attribute != "" {
		t.Errorf("got %q on %q", e.Summary, e.Attribute)
	}
	column := -1
	for line := range strings.Lines(e.Detail) {
		i := strings.Index(line, "not set")
		if i < 0 {
			continue
		}
		if column < 0 {
			column = i
		}
		if i != column {
			t.Errorf("not aligned: %q", line)
		}
	}
}

func squeeze(s string) string {
	var lines []string
	for line := range strings.Lines(s) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(lines, "\n")
}

// Neither switch of the two says yes.
func TestFindNoMetadata(t *testing.T) {
	for name, put := range map[string]func(*testEnvironment){
		"switched off in the environment":                  func(w *testEnvironment) { w.set("SPARKRTC_ECS_METADATA=0") },
		"switched off in the block, on in the environment": func(w *testEnvironment) { off := false; w.ECSMetadata = &off; w.set("SPARKRTC_ECS_METADATA=true") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newTestEnvironment(t)
			put(w)
			w.fails().check(t, "", "No credentials found", []string{"not asked for"})
		})
	}
}

func TestFindAgency(t *testing.T) {
	key := func(w *testEnvironment) { w.AccessKey, w.SecretKey = "AK", canary }
	env := func(w *testEnvironment) {
		key(w)
		w.set("HW_ASSUME_ROLE_AGENCY_NAME=env", "HW_ASSUME_ROLE_DOMAIN_NAME=envd", "HW_ASSUME_ROLE_DURATION=900")
	}
	oidc := AssumeRoleWithOIDC{IDPID: "idp", IDToken: canary, AgencyName: "oidc", DomainID: "did", Duration: 86400}
	profile := func(name string) func(*testEnvironment) {
		return func(w *testEnvironment) { w.cliFile(); w.Profile = name }
	}
	tests := map[string]struct {
		put  func(*testEnvironment)
		want *Agency
	}{
		"none": {key, nil},
		"the block's": {func(w *testEnvironment) { env(w); w.AssumeRole = &AssumeRole{AgencyName: "a", DomainName: "d"} },
			&Agency{Name: "a", DomainName: "d", Duration: time.Hour, Source: "assume_role of the provider block"}},
		"the environment's": {env, &Agency{Name: "env", DomainName: "envd", Duration: 15 * time.Minute, Source: "the environment (HW_ASSUME_ROLE_AGENCY_NAME, HW_ASSUME_ROLE_DOMAIN_NAME)"}},
		"a domain's ID comes before its name in the environment": {func(w *testEnvironment) { env(w); w.set("HW_ASSUME_ROLE_DOMAIN_ID=id") },
			&Agency{Name: "env", DomainID: "id", Duration: 15 * time.Minute, Source: "the environment (HW_ASSUME_ROLE_AGENCY_NAME, HW_ASSUME_ROLE_DOMAIN_ID)"}},
		"a duration alone is none":            {func(w *testEnvironment) { key(w); w.set("HW_ASSUME_ROLE_DURATION=never") }, nil},
		"an empty block is none":              {func(w *testEnvironment) { key(w); w.AssumeRole = &AssumeRole{} }, nil},
		"a duration alone in a block is none": {func(w *testEnvironment) { key(w); w.AssumeRole = &AssumeRole{Duration: 900} }, nil},
		"a duration for an ID token is none": {func(w *testEnvironment) {
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: "idp", IDToken: canary, Duration: 900}
		}, nil},
		"an empty block, next to the variables": {func(w *testEnvironment) { env(w); w.AssumeRole = &AssumeRole{Duration: 1000} },
			&Agency{Name: "env", DomainName: "envd", Duration: 15 * time.Minute, Source: "the environment (HW_ASSUME_ROLE_AGENCY_NAME, HW_ASSUME_ROLE_DOMAIN_NAME)"}},
		"an ID token's own": {func(w *testEnvironment) { w.AssumeRoleWithOIDC = &oidc; w.set("HW_ASSUME_ROLE_AGENCY_NAME=env") },
			&Agency{Name: "oidc", DomainID: "did", Duration: 24 * time.Hour, Source: "assume_role_with_oidc of the provider block"}},
		"the environment's, for its own ID token": {func(w *testEnvironment) {
			w.set("HW_ASSUME_ROLE_IDP_ID=idp", "HW_ASSUME_ROLE_ID_TOKEN=c0ffee", "HW_ASSUME_ROLE_AGENCY_NAME=a", "HW_ASSUME_ROLE_DOMAIN_NAME=d")
		}, &Agency{Name: "a", DomainName: "d", Duration: time.Hour, Source: "the environment (HW_ASSUME_ROLE_AGENCY_NAME, HW_ASSUME_ROLE_DOMAIN_NAME)"}},
		"an ID token needs none": {func(w *testEnvironment) { w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: "idp", IDToken: canary} }, nil},
		"an ID token with the block's": {func(w *testEnvironment) {
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: "idp", IDToken: canary}
			w.AssumeRole = &AssumeRole{AgencyName: "a", DomainName: "d", Duration: 1000}
		}, &Agency{Name: "a", DomainName: "d", Duration: 1000 * time.Second, Source: "assume_role of the provider block"}},
		"a profile's":                     {profile("agency"), &Agency{Name: "theirs", DomainName: "dname", Duration: time.Hour, Source: `profile "agency" of ~/.hcloud/config.json`}},
		"a profile's, by the domain's ID": {profile("agencyid"), &Agency{Name: "theirs", DomainID: "did", Duration: time.Hour, Source: `profile "agencyid" of ~/.hcloud/config.json`}},
		"a profile's, in its own domain":  {profile("agencyown"), &Agency{Name: "theirs", DomainID: "own", Duration: time.Hour, Source: `profile "agencyown" of ~/.hcloud/config.json`}},
		"a profile's that the block names, over the environment's": {func(w *testEnvironment) {
			profile("agency")(w)
			w.set("HW_ASSUME_ROLE_AGENCY_NAME=env", "HW_ASSUME_ROLE_DOMAIN_ID=id")
		}, &Agency{Name: "theirs", DomainName: "dname", Duration: time.Hour, Source: `profile "agency" of ~/.hcloud/config.json`}},
		"the environment's over a profile's": {func(w *testEnvironment) {
			w.cliFile()
			w.set("HW_PROFILE=halfagency", "HW_ASSUME_ROLE_AGENCY_NAME=env", "HW_ASSUME_ROLE_DOMAIN_ID=id")
		}, &Agency{Name: "env", DomainID: "id", Duration: time.Hour, Source: "the environment (HW_ASSUME_ROLE_AGENCY_NAME, HW_ASSUME_ROLE_DOMAIN_ID)"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newTestEnvironment(t)
			tc.put(w)
			got := w.must().Agency
			if (got == nil) != (tc.want == nil) || got != nil && *got != *tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestFindAgencyErrors(t *testing.T) {
	tests := map[string]struct {
		role      *AssumeRole
		oidc      *AssumeRoleWithOIDC
		env       []string
		profile   string
		attribute string
		summary   string
		mentions  []string
	}{
		"no domain in the block": {role: &AssumeRole{AgencyName: "a"}, env: []string{"HW_ASSUME_ROLE_DOMAIN_NAME=d"}, attribute: "assume_role", summary: "Incomplete credentials",
			mentions: []string{"agency_name is set in assume_role of the provider block, but domain_name or domain_id is not"}},
		"no agency in the block": {role: &AssumeRole{DomainName: "d"}, env: []string{"HW_ASSUME_ROLE_AGENCY_NAME=d"}, attribute: "assume_role", summary: "Incomplete credentials",
			mentions: []string{"domain_name is set in assume_role of the provider block, but agency_name is not"}},
		"two domains in the block": {role: &AssumeRole{AgencyName: "a", DomainName: "d", DomainID: "did"}, attribute: "assume_role", summary: "Conflicting credentials",
			mentions: []string{"Both domain_id and domain_name are set in assume_role of the provider block"}},
		"too short": {role: &AssumeRole{AgencyName: "a", DomainName: "d", Duration: 899}, attribute: "assume_role", summary: "Invalid duration",
			mentions: []string{"duration, from assume_role of the provider block", "between 900 and 86400", `"899"`}},
		"negative": {role: &AssumeRole{AgencyName: "a", DomainName: "d", Duration: -1}, attribute: "assume_role", summary: "Invalid duration"},
		"stray character": {role: &AssumeRole{AgencyName: "a", DomainID: "d "}, attribute: "assume_role", summary: "Value contains a stray character",
			mentions: []string{"domain_id, from assume_role of the provider block"}},
		"no domain for an ID token": {oidc: &AssumeRoleWithOIDC{IDPID: "idp", IDToken: canary, AgencyName: "a"}, summary: "Incomplete credentials",
			mentions: []string{"agency_name is set in assume_role_with_oidc of the provider block, but domain_name or domain_id is not"}},
		"two agencies": {role: &AssumeRole{AgencyName: "a", DomainName: "d"}, oidc: &AssumeRoleWithOIDC{IDPID: "idp", IDToken: canary, AgencyName: "a"}, attribute: "assume_role", summary: "Two agencies"},
		"no domain in the environment": {env: []string{"HW_ASSUME_ROLE_AGENCY_NAME=a"}, summary: "Incomplete credentials",
			mentions: []string{"HW_ASSUME_ROLE_AGENCY_NAME is set in the environment, but HW_ASSUME_ROLE_DOMAIN_NAME or HW_ASSUME_ROLE_DOMAIN_ID is not"}},
		"no agency in the environment": {env: []string{"HW_ASSUME_ROLE_DOMAIN_ID=a"}, summary: "Incomplete credentials",
			mentions: []string{"HW_ASSUME_ROLE_DOMAIN_ID is set", "HW_ASSUME_ROLE_AGENCY_NAME is not"}},
		"no number in the environment": {env: []string{"HW_ASSUME_ROLE_AGENCY_NAME=a", "HW_ASSUME_ROLE_DOMAIN_NAME=d", "HW_ASSUME_ROLE_DURATION=1h"}, summary: "Invalid duration",
			mentions: []string{"HW_ASSUME_ROLE_DURATION, from the environment", `"1h"`}},
		"no domain in a profile": {profile: "halfagency", summary: "Incomplete credentials",
			mentions: []string{`agencyName is set in profile "halfagency" of ~/.hcloud/config.json, but agencyDomainName or domainId is not`}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newTestEnvironment(t).set(tc.env...)
			w.cliFile()
			w.AssumeRole, w.AssumeRoleWithOIDC, w.Profile = tc.role, tc.oidc, tc.profile
			if tc.oidc == nil && tc.profile == "" {
				w.AccessKey, w.SecretKey = "AK", canary
			}
			w.fails().check(t, tc.attribute, tc.summary, tc.mentions)
		})
	}
}

// Each way to give each value, so that none is left out: a flaw is named with the value's name and source, and
// without the value.
func TestFindFlaws(t *testing.T) {
	keys := func(w *testEnvironment) { w.AccessKey, w.SecretKey = "AK", canary }
	user := func(w *testEnvironment) { w.UserName, w.Password, w.DomainName = "u", canary, "d" }
	userAround := func(w *testEnvironment) { w.set("HW_USER_NAME=u", "HW_USER_PASSWORD=c0ffee", "HW_DOMAIN_NAME=d") }
	keysAround := func(w *testEnvironment) { w.set("HW_ACCESS_KEY=AK", "HW_SECRET_KEY=c0ffee") }
	variable := func(name string, before ...func(*testEnvironment)) func(*testEnvironment, string) {
		return func(w *testEnvironment, s string) { and(before...)(w); w.set(name + "=" + s) }
	}
	cli := func(format string) func(*testEnvironment, string) {
		return func(w *testEnvironment, s string) {
			quoted, _ := json.Marshal(s)
			w.file(".hcloud/config.json", `{"current": "p", "profiles": [{"name": "p", `+strings.ReplaceAll(format, "%", string(quoted))+`}]}`)
		}
	}
	const cliPair = `"accessKeyId": "AK", "secretAccessKey": "c0ffee"`
	places := map[string]struct {
		put   func(*testEnvironment, string)
		named string
	}{
		"access_key":     {func(w *testEnvironment, s string) { keys(w); w.AccessKey = s }, "access_key, from the provider block"},
		"secret_key":     {func(w *testEnvironment, s string) { keys(w); w.SecretKey = s }, "secret_key, from the provider block"},
		"security_token": {func(w *testEnvironment, s string) { keys(w); w.SecurityToken = s }, "security_token, from the provider block"},
		"token":          {func(w *testEnvironment, s string) { w.Token = s }, "token, from the provider block"},
		"user_name":      {func(w *testEnvironment, s string) { user(w); w.UserName = s }, "user_name, from the provider block"},
		"user_id":        {func(w *testEnvironment, s string) { w.UserID, w.Password = s, canary }, "user_id, from the provider block"},
		"password":       {func(w *testEnvironment, s string) { user(w); w.Password = s }, "password, from the provider block"},
		"domain_name":    {func(w *testEnvironment, s string) { user(w); w.DomainName = s }, "domain_name, from the provider block"},
		"domain_id":      {func(w *testEnvironment, s string) { user(w); w.DomainName, w.DomainID = "", s }, "domain_id, from the provider block"},
		"profile":        {func(w *testEnvironment, s string) { w.Profile = s }, "profile"},
		"project_id":     {func(w *testEnvironment, s string) { keys(w); w.ProjectID = s }, "the argument project_id"},
		"project_name":   {func(w *testEnvironment, s string) { keys(w); w.ProjectName = s }, "the argument project_name"},
		"agency_name":    {func(w *testEnvironment, s string) { keys(w); w.AssumeRole = &AssumeRole{AgencyName: s, DomainID: "d"} }, "agency_name, from assume_role of the provider block"},
		"agency's domain_name": {func(w *testEnvironment, s string) {
			keys(w)
			w.AssumeRole = &AssumeRole{AgencyName: "a", DomainName: s}
		},
			"domain_name, from assume_role of the provider block"},
		"agency's domain_id": {func(w *testEnvironment, s string) { keys(w); w.AssumeRole = &AssumeRole{AgencyName: "a", DomainID: s} },
			"domain_id, from assume_role of the provider block"},
		"idp_id": {func(w *testEnvironment, s string) {
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: s, IDToken: canary}
		}, "idp_id, from assume_role_with_oidc of the provider block"},
		"id_token": {func(w *testEnvironment, s string) {
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: "idp", IDToken: s}
		}, "id_token, from assume_role_with_oidc of the provider block"},
		"OIDC's agency_name": {func(w *testEnvironment, s string) {
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: "idp", IDToken: canary, AgencyName: s, DomainID: "d"}
		}, "agency_name, from assume_role_with_oidc of the provider block"},
		"a workload token": {func(w *testEnvironment, s string) {
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: "idp", WorkloadTag: "A"}
			w.set("TFC_WORKLOAD_IDENTITY_TOKEN_A=" + s)
		}, "tfc_workload_identity_tag, from assume_role_with_oidc"},
		"HW_ACCESS_KEY":              {variable("HW_ACCESS_KEY", keysAround), "HW_ACCESS_KEY, from the environment"},
		"HW_SECRET_KEY":              {variable("HW_SECRET_KEY", keysAround), "HW_SECRET_KEY, from the environment"},
		"HW_SECURITY_TOKEN":          {variable("HW_SECURITY_TOKEN", keysAround), "HW_SECURITY_TOKEN, from the environment"},
		"HW_AUTH_TOKEN":              {variable("HW_AUTH_TOKEN"), "HW_AUTH_TOKEN, from the environment"},
		"HW_USER_NAME":               {variable("HW_USER_NAME", userAround), "HW_USER_NAME, from the environment"},
		"HW_USER_ID":                 {variable("HW_USER_ID", userAround), "HW_USER_ID, from the environment"},
		"HW_USER_PASSWORD":           {variable("HW_USER_PASSWORD", userAround), "HW_USER_PASSWORD, from the environment"},
		"HW_DOMAIN_NAME":             {variable("HW_DOMAIN_NAME", userAround), "HW_DOMAIN_NAME, from the environment"},
		"HW_DOMAIN_ID":               {variable("HW_DOMAIN_ID", userAround), "HW_DOMAIN_ID, from the environment"},
		"HW_PROFILE":                 {variable("HW_PROFILE"), "the environment variable HW_PROFILE"},
		"HW_PROJECT_ID":              {variable("HW_PROJECT_ID", keysAround), "the environment variable HW_PROJECT_ID"},
		"HW_PROJECT_NAME":            {variable("HW_PROJECT_NAME", keysAround), "the environment variable HW_PROJECT_NAME"},
		"HW_ASSUME_ROLE_AGENCY_NAME": {variable("HW_ASSUME_ROLE_AGENCY_NAME", keysAround, agencyAround), "HW_ASSUME_ROLE_AGENCY_NAME, from the environment"},
		"HW_ASSUME_ROLE_DOMAIN_NAME": {variable("HW_ASSUME_ROLE_DOMAIN_NAME", keysAround, agencyAround), "HW_ASSUME_ROLE_DOMAIN_NAME, from the environment"},
		"HW_ASSUME_ROLE_DOMAIN_ID":   {variable("HW_ASSUME_ROLE_DOMAIN_ID", keysAround, agencyAround), "HW_ASSUME_ROLE_DOMAIN_ID, from the environment"},
		"HW_ASSUME_ROLE_IDP_ID": {func(w *testEnvironment, s string) {
			w.set("HW_ASSUME_ROLE_IDP_ID="+s, "HW_ASSUME_ROLE_ID_TOKEN=c0ffee")
		}, "HW_ASSUME_ROLE_IDP_ID, from the environment"},
		"HW_ASSUME_ROLE_ID_TOKEN": {func(w *testEnvironment, s string) { w.set("HW_ASSUME_ROLE_IDP_ID=idp", "HW_ASSUME_ROLE_ID_TOKEN="+s) }, "HW_ASSUME_ROLE_ID_TOKEN, from the environment"},
		"TFC_WORKLOAD_IDENTITY_TOKEN": {func(w *testEnvironment, s string) {
			w.set("HW_ASSUME_ROLE_IDP_ID=idp", "TFC_WORKLOAD_IDENTITY_TOKEN="+s)
		}, "TFC_WORKLOAD_IDENTITY_TOKEN, from the environment"},
		"HUAWEICLOUD_SDK_AK":             {variable("HUAWEICLOUD_SDK_AK", sdkKey), "HUAWEICLOUD_SDK_AK, from the environment"},
		"HUAWEICLOUD_SDK_SK":             {variable("HUAWEICLOUD_SDK_SK", sdkKey), "HUAWEICLOUD_SDK_SK, from the environment"},
		"HUAWEICLOUD_SDK_SECURITY_TOKEN": {variable("HUAWEICLOUD_SDK_SECURITY_TOKEN", sdkKey), "HUAWEICLOUD_SDK_SECURITY_TOKEN, from the environment"},
		"HUAWEICLOUD_SDK_PROJECT_ID":     {variable("HUAWEICLOUD_SDK_PROJECT_ID", sdkKey), "the environment variable HUAWEICLOUD_SDK_PROJECT_ID"},
		"accessKeyId":                    {cli(`"accessKeyId": %, "secretAccessKey": "c0ffee"`), `accessKeyId, from profile "p" of ~/.hcloud/config.json`},
		"secretAccessKey":                {cli(`"accessKeyId": "AK", "secretAccessKey": %`), `secretAccessKey, from profile "p" of ~/.hcloud/config.json`},
		"securityToken":                  {cli(cliPair + `, "securityToken": %`), `securityToken, from profile "p" of ~/.hcloud/config.json`},
		"stsToken":                       {cli(`"mode": "SSO", "ssoAuth": {"stsToken": {"accessKeyId": "AK", "secretAccessKey": %, "securityToken": "c0ffee"}}`), "ssoAuth.stsToken.secretAccessKey, from profile"},
		"projectId":                      {cli(cliPair + `, "projectId": %`), `by profile "p" of ~/.hcloud/config.json`},
		"agencyName":                     {cli(cliPair + `, "agencyName": %, "agencyDomainName": "d"`), `agencyName, from profile "p"`},
		"agencyDomainName":               {cli(cliPair + `, "agencyName": "a", "agencyDomainName": %`), `agencyDomainName, from profile "p"`},
		"agencyDomainId":                 {cli(cliPair + `, "agencyName": "a", "agencyDomainId": %`), `agencyDomainId, from profile "p"`},
		"sk":                             {func(w *testEnvironment, s string) { w.ini("ak = AK", "sk = "+s) }, "sk, from section [basic] of ~/.huaweicloud/credentials"},
		"project_id in the SDK's file":   {func(w *testEnvironment, s string) { w.ini("ak = AK", "sk = c0ffee", "project_id = "+s) }, "project_id in section [basic]"},
		"a file with an ID token": {func(w *testEnvironment, s string) {
			w.file("token", s)
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: "idp", IDTokenFile: "~/token"}
		}, "id_token_file, from assume_role_with_oidc"},
	}
	flaws := map[string]struct{ text, title, says string }{
		"line break":       {"c0ffee\n", "stray character", "ends with a line break"},
		"blank":            {" c0ffee", "stray character", "begins with a blank"},
		"no-break space":   {"c0ffee\u00a0", "stray character", "ends with a no-break space (U+00A0)"},
		"byte order mark":  {"\ufeffc0ffee", "stray character", "begins with a byte order mark (U+FEFF)"},
		"zero width":       {"c0ffee\u200b", "stray character", "ends with a zero-width space (U+200B)"},
		"double quotes":    {`"c0ffee"`, "stray character", "is in quotation marks"},
		"single quotes":    {`'c0ffee'`, "stray character", "is in quotation marks"},
		"typographic ones": {`“c0ffee”`, "stray character", "is in quotation marks"},
		"braces":           {"${C0FFEE_c0ffee}", "Variable was not replaced", "is a reference to a variable"},
		"GitHub":           {"${{ secrets.c0ffee }}", "Variable was not replaced", "is a reference to a variable"},
		"no braces":        {"$CI_C0FFEE", "Variable was not replaced", "is a reference to a variable"},
		"Windows":          {"%c0ffee%", "Variable was not replaced", "is a reference to a variable"},
		"a template":       {"{{ c0ffee }}", "Variable was not replaced", "is a reference to a variable"},
		"a command":        {"$(cat c0ffee)", "Variable was not replaced", "is a reference to a variable"},
		"Terraform":        {"var.c0ffee", "Variable was not replaced", "is a reference to a variable"},
	}
	home := t.TempDir()
	for place, where := range places {
		for name, flaw := range flaws {
			inFile := strings.Contains(where.named, "[basic]") || strings.HasPrefix(where.named, "id_token_file")
			trimmed := strings.TrimSpace(flaw.text) != flaw.text || strings.HasPrefix(flaw.text, "\ufeff")
			quoted := strings.Contains(flaw.text, "'") || strings.Contains(flaw.text, `"`)
			if inFile && (trimmed || quoted && place != "a file with an ID token") {
				continue // by the format of the file
			}
			t.Run(place+", "+name, func(t *testing.T) {
				w := &testEnvironment{t: t, home: filepath.Join(home, place, name), env: map[string]string{}, goos: "linux", open: openRegular}
				where.put(w, flaw.text)
				e := w.fails()
				title := flaw.title
				if place == "a file with an ID token" {
					title = "ID token can't be read"
				}
				if !strings.HasSuffix(e.Summary, title) {
					t.Errorf("got %q", e.Summary)
				}
				e.check(t, e.Attribute, e.Summary, []string{where.named, flaw.says})
				if strings.Contains(e.Error(), "C0FFEE") {
					t.Errorf("the value is in the message: %s", e)
				}
			})
		}
	}
}

func TestFindSwappedKeys(t *testing.T) {
	const (
		accessKey = "AKC0FFEEC0FFEEC0FFEE"
		secretKey = "c0ffeec0ffeec0ffeec0ffeec0ffeec0ffeeABCD"
	)
	for name, put := range map[string]func(w *testEnvironment, access, secret string){
		"block": func(w *testEnvironment, access, secret string) { w.AccessKey, w.SecretKey = access, secret },
		"environment": func(w *testEnvironment, access, secret string) {
			w.set("HW_ACCESS_KEY="+access, "HW_SECRET_KEY="+secret)
		},
		"SDK": func(w *testEnvironment, access, secret string) {
			w.set("HUAWEICLOUD_SDK_AK="+access, "HUAWEICLOUD_SDK_SK="+secret)
		},
		"SDK's file": func(w *testEnvironment, access, secret string) { w.ini("ak = "+access, "sk = "+secret) },
		"profile": func(w *testEnvironment, access, secret string) {
			w.file(".hcloud/config.json", `{"current": "p", "profiles": [{"name": "p", "accessKeyId": "`+access+`", "secretAccessKey": "`+secret+`"}]}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTestEnvironment(t)
			put(w, accessKey, secretKey)
			w.must()
			w = newTestEnvironment(t)
			put(w, secretKey, accessKey)
			w.fails().check(t, "", "Access key and secret key are swapped", []string{"20 characters", "40"})
		})
	}
}
