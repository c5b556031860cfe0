// SPDX-License-Identifier: MPL-2.0

package credentials

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Each source's set names itself, and has its secrets in no form but Secrets.
func TestSetsShowNoSecret(t *testing.T) {
	hints := map[string]string{
		"key in the environment":      "temporary access key **** from the environment (HW_ACCESS_KEY)",
		"key in the SDK's file":       "temporary access key **** from section [basic] of ~/.huaweicloud/credentials",
		"token in the block":          "a token from the provider block",
		"password in the block":       "the password of user block user from the provider block",
		"OIDC for the SDK":            "an ID token of identity provider sidp from the environment (HUAWEICLOUD_SDK_IDP_ID, HUAWEICLOUD_SDK_ID_TOKEN_FILE)",
		"metadata by the environment": "the keys of this ECS, asked for by the environment (SPARKRTC_ECS_METADATA)",
	}
	for _, source := range sources {
		t.Run(source.name, func(t *testing.T) {
			w := newTestEnvironment(t)
			source.put(w)
			found := w.must()
			if want, ok := hints[source.name]; ok && found.Set.Hint() != want {
				t.Errorf("Hint() = %q", found.Set.Hint())
			}
			var log bytes.Buffer
			slog.New(slog.NewJSONHandler(&log, nil)).Info("found", "set", found.Set, "settings", w.Settings)
			slog.New(slog.NewTextHandler(&log, nil)).Info("found", "set", found.Set, "settings", w.Settings)
			if w.AssumeRoleWithOIDC != nil {
				slog.New(slog.NewJSONHandler(&log, nil)).Info("found", "oidc", *w.AssumeRoleWithOIDC)
				fmt.Fprintf(&log, "%v %+v %#v", w.AssumeRoleWithOIDC, w.AssumeRoleWithOIDC, *w.AssumeRoleWithOIDC)
			}
			fmt.Fprintf(&log, "%v %+v %#v %s %v %#v %+v", found.Set, found.Set, found.Set, found.Set, w.Settings, w.Settings, *found)
			if strings.Contains(log.String(), canary) {
				t.Errorf("a secret is shown in %s", log.String())
			}
			want := []string{}
			for _, secret := range []string{source.want.SecretKey, source.want.SecurityToken, source.want.Token, source.want.Password, source.want.idToken} {
				if secret != "" {
					want = append(want, secret)
				}
			}
			if got := found.Set.Secrets(); !slices.Equal(got, want) && len(got)+len(want) > 0 {
				t.Errorf("Secrets() = %q, want %q", got, want)
			}
		})
	}
	if got := (Set{}).Hint(); got != "no credentials" {
		t.Errorf("Hint() of no set = %q", got)
	}
}

func TestIDToken(t *testing.T) {
	w := newTestEnvironment(t).set("HW_ASSUME_ROLE_IDP_ID=idp", "HW_ASSUME_ROLE_ID_TOKEN_FILE=~/token")
	path := w.file("token", "c0ffee-1\n")
	set := w.must().Set
	if got, err := set.IDToken(); err != nil || got != "c0ffee-1" {
		t.Errorf("got %q, %v", got, err)
	}
	w.file("token", "c0ffee-2")
	if got, err := set.IDToken(); err != nil || got != "c0ffee-2" {
		t.Errorf("after a rotation: got %q, %v", got, err)
	}
	must(t, os.Remove(path))
	if _, err := set.IDToken(); err == nil || !strings.Contains(err.Error(), filepath.Join(w.home, "token")) {
		t.Errorf("got %v", err)
	}
	if got, err := (Set{Kind: KindIDToken, idToken: canary}).IDToken(); err != nil || got != canary {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := (Set{Kind: KindToken, Token: canary, Source: "here"}).IDToken(); err == nil || strings.Contains(err.Error(), canary) {
		t.Errorf("got %v", err)
	}
}

func TestOS(t *testing.T) {
	t.Setenv("SPARKRTC_TEST_OS", "x")
	t.Setenv("HOME", "/home/x")
	t.Setenv("USERPROFILE", "/home/x")
	env := OS()
	if home, err := env.HomeDir(); err != nil || home != "/home/x" || env.Getenv("SPARKRTC_TEST_OS") != "x" || !slices.Contains(env.Environ(), "SPARKRTC_TEST_OS=x") || env.GOOS == "" {
		t.Errorf("home is %q (%v)", home, err)
	}
	file, err := env.Open("set_test.go")
	must(t, err)
	must(t, file.Close())
}
