// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestCredentialsShowNoSecret(t *testing.T) {
	tests := map[string]Credentials{
		"token":                         {Token: "s3cr3t-iam", AccessKey: "AKABCDEFGHIJKL", SecretKey: "s3cr3t-key"},
		"temporary access key ****IJKL": {AccessKey: "AKABCDEFGHIJKL", SecretKey: "s3cr3t-key", SecurityToken: "s3cr3t-token"},
		"access key ****IJKL":           {AccessKey: "AKABCDEFGHIJKL", SecretKey: "s3cr3t-key"},
		"access key ****":               {AccessKey: "AKEXAMPLE", SecretKey: "s3cr3t-key"},
	}
	for want, c := range tests {
		var log strings.Builder
		slog.New(slog.NewTextHandler(&log, nil)).Info("sent", "credentials", c)
		for _, shown := range []string{fmt.Sprint(c), fmt.Sprintf("%v %+v %#v %s", c, c, c, c), log.String()} {
			if !strings.Contains(shown, want) || strings.Contains(shown, "s3cr3t") || strings.Contains(shown, c.AccessKey) {
				t.Errorf("shown as %q, want %q", shown, want)
			}
		}
	}
	all := Credentials{SecretKey: "a", SecurityToken: "b", Token: "c"}
	if got := fmt.Sprint(all.Secrets()); got != "[a b c]" {
		t.Errorf("secrets %s", got)
	}
	if got := len(Credentials{AccessKey: "a"}.Secrets()); got != 0 {
		t.Errorf("%d secrets of an access key alone", got)
	}
}
