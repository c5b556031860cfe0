// SPDX-License-Identifier: MPL-2.0

package credentials

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func environment(pairs ...string) func(string) string {
	env := map[string]string{}
	for _, pair := range pairs {
		name, text, _ := strings.Cut(pair, "=")
		env[name] = text
	}
	return func(name string) string { return env[name] }
}

func TestFind(t *testing.T) {
	fullEnv := []string{"HW_ACCESS_KEY=envak", "HW_SECRET_KEY=envsk", "HW_SECURITY_TOKEN=envst", "HW_PROJECT_ID=envproject"}
	tests := map[string]struct {
		args Arguments
		env  []string
		want Credentials
	}{
		"pair in the block": {
			args: Arguments{AccessKey: "ak", SecretKey: "sk", ProjectID: "p"},
			want: Credentials{AccessKey: "ak", SecretKey: "sk", ProjectID: "p", Source: "the provider block"},
		},
		"temporary keys in the block": {
			args: Arguments{AccessKey: "ak", SecretKey: "sk", SecurityToken: "st", ProjectID: "p"},
			want: Credentials{AccessKey: "ak", SecretKey: "sk", SecurityToken: "st", ProjectID: "p", Source: "the provider block"},
		},
		"the block's pair never takes the environment's security token": {
			args: Arguments{AccessKey: "ak", SecretKey: "sk"},
			env:  fullEnv,
			want: Credentials{AccessKey: "ak", SecretKey: "sk", ProjectID: "envproject", Source: "the provider block"},
		},
		"the block's token comes before the environment's pair": {
			args: Arguments{Token: "t"},
			env:  fullEnv,
			want: Credentials{Token: "t", ProjectID: "envproject", Source: "the provider block"},
		},
		"environment": {
			env:  fullEnv,
			want: Credentials{AccessKey: "envak", SecretKey: "envsk", SecurityToken: "envst", ProjectID: "envproject", Source: "the environment"},
		},
		"the block's project with the environment's pair": {
			args: Arguments{ProjectID: "p"},
			env:  fullEnv,
			want: Credentials{AccessKey: "envak", SecretKey: "envsk", SecurityToken: "envst", ProjectID: "p", Source: "the environment"},
		},
		"a token needs no project": {
			env:  []string{"HW_AUTH_TOKEN=t"},
			want: Credentials{Token: "t", Source: "the environment"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Find(tc.args, environment(tc.env...))
			if err != nil {
				t.Fatal(err)
			}
			if got != tc.want {
				t.Errorf("found another set than expected: %s, project %q", got, got.ProjectID)
			}
		})
	}
}

func TestFindErrors(t *testing.T) {
	const secret = "c0ffee-secret"
	tests := map[string]struct {
		args      Arguments
		env       []string
		attribute string
		summary   string
		mentions  []string
	}{
		"nothing": {
			summary:  "No credentials found",
			mentions: []string{"access_key", "secret_key", "token", "HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_AUTH_TOKEN"},
		},
		"half a pair in the block, the other half in the environment": {
			args:      Arguments{AccessKey: "ak"},
			env:       []string{"HW_SECRET_KEY=" + secret},
			attribute: "secret_key",
			summary:   "Incomplete credentials",
			mentions:  []string{"access_key is set in the provider block", "secret_key is not"},
		},
		"the other half": {
			args:      Arguments{SecretKey: secret},
			attribute: "access_key",
			summary:   "Incomplete credentials",
			mentions:  []string{"secret_key is set in the provider block", "access_key is not"},
		},
		"a security token alone": {
			args:      Arguments{SecurityToken: secret},
			attribute: "access_key",
			summary:   "Incomplete credentials",
			mentions:  []string{"security_token is set"},
		},
		"half a pair in the environment": {
			env:      []string{"HW_ACCESS_KEY=ak"},
			summary:  "Incomplete credentials",
			mentions: []string{"HW_ACCESS_KEY is set in the environment", "HW_SECRET_KEY is not"},
		},
		"two kinds in the block": {
			args:     Arguments{AccessKey: "ak", SecretKey: secret, Token: secret},
			summary:  "Two kinds of credentials",
			mentions: []string{"token and access_key and secret_key", "the provider block"},
		},
		"two kinds in the environment": {
			env:      []string{"HW_ACCESS_KEY=ak", "HW_SECRET_KEY=" + secret, "HW_AUTH_TOKEN=" + secret},
			summary:  "Two kinds of credentials",
			mentions: []string{"HW_AUTH_TOKEN and HW_ACCESS_KEY and HW_SECRET_KEY", "the environment"},
		},
		"no project": {
			args:      Arguments{AccessKey: "ak", SecretKey: secret},
			attribute: "project_id",
			summary:   "No project ID found",
			mentions:  []string{"project_id in the provider block", "HW_PROJECT_ID"},
		},
		"line break behind a secret key": {
			args:     Arguments{AccessKey: "ak", SecretKey: secret + "\n", ProjectID: "p"},
			summary:  "Credentials contain a stray character",
			mentions: []string{"secret_key"},
		},
		"blank in a token": {
			env:      []string{"HW_AUTH_TOKEN=" + secret + " x"},
			summary:  "Credentials contain a stray character",
			mentions: []string{"HW_AUTH_TOKEN", "the environment"},
		},
		"typographic character in an access key": {
			args:      Arguments{AccessKey: "ak–", SecretKey: secret, ProjectID: "p"},
			attribute: "access_key",
			summary:   "Credentials contain a stray character",
			mentions:  []string{"access_key"},
		},
		"blank in a project of the environment": {
			args:     Arguments{AccessKey: "ak", SecretKey: secret},
			env:      []string{"HW_PROJECT_ID=p "},
			summary:  "Project ID contains a stray character",
			mentions: []string{"HW_PROJECT_ID"},
		},
		"blank in a project of the block": {
			args:      Arguments{AccessKey: "ak", SecretKey: secret, ProjectID: " p"},
			attribute: "project_id",
			summary:   "Project ID contains a stray character",
			mentions:  []string{"project_id"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Find(tc.args, environment(tc.env...))
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error is %T (%v), want *Error", err, err)
			}
			if got != (Credentials{}) {
				t.Error("credentials came with the error")
			}
			if e.Attribute != tc.attribute || e.Summary != tc.summary {
				t.Errorf("got %q on %q, want %q on %q", e.Summary, e.Attribute, tc.summary, tc.attribute)
			}
			for _, m := range tc.mentions {
				if !strings.Contains(e.Detail, m) {
					t.Errorf("the detail does not mention %q:\n%s", m, e.Detail)
				}
			}
			if strings.Contains(err.Error(), secret) {
				t.Error("the error holds a secret")
			}
		})
	}
}

func TestCredentialsShowNoSecret(t *testing.T) {
	c := Credentials{AccessKey: "AKABCDEFGHIJKL", SecretKey: "s3cr3t-key", SecurityToken: "s3cr3t-token", Token: "s3cr3t-iam", Source: "the environment"}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("found", "credentials", c)
	pair := c
	pair.Token = ""
	for _, shown := range []string{
		fmt.Sprint(c), fmt.Sprintf("%v %+v %#v %s", c, c, c, c), fmt.Sprintf("%#v", pair), pair.Hint(), log.String(),
	} {
		if strings.Contains(shown, "s3cr3t") || strings.Contains(shown, "AKABCDEFGHIJKL") {
			t.Errorf("a secret is shown in %q", shown)
		}
		if !strings.Contains(shown, "the environment") {
			t.Errorf("the source is missing in %q", shown)
		}
	}
	if got := pair.Hint(); !strings.Contains(got, "temporary access key ****IJKL") {
		t.Errorf("Hint() = %q", got)
	}
	if got := len(c.Transport().Secrets()); got != 3 {
		t.Errorf("%d secrets, want 3", got)
	}
}
