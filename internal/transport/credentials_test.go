// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
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
	// It may be the secret key.
	if got := Tail("s3cr3tABCDEFGHIJKLMNOPQRSTUVWXYZ01234567"); got != "****" {
		t.Errorf("a long access key is shown as %q", got)
	}
	all := Credentials{SecretKey: "a", SecurityToken: "b", Token: "c"}
	if got := fmt.Sprint(all.Secrets()); got != "[a b c]" {
		t.Errorf("secrets %s", got)
	}
	if got := len(Credentials{AccessKey: "a"}.Secrets()); got != 0 {
		t.Errorf("%d secrets of an access key alone", got)
	}
}

// renewing gives another token after each refusal, as often as there are some.
type renewing struct {
	tokens []string
	asked  []Credentials
}

func (r *renewing) Credentials(context.Context) (Credentials, error) {
	return Credentials{Token: r.tokens[0]}, nil
}

func (r *renewing) Renew(_ context.Context, refused Credentials) bool {
	r.asked = append(r.asked, refused)
	if len(r.tokens) == 1 {
		return false
	}
	r.tokens = r.tokens[1:]
	return true
}

// Renewal is up to Do, for any API: once, and with the error of the last response.
func TestRenewal(t *testing.T) {
	errRefused := errors.New("refused")
	judge := func(r *Response) (Judgement, error) {
		if r.StatusCode == http.StatusUnauthorized {
			return Judgement{Refused: true, Renewable: true}, errRefused
		}
		return Judgement{}, nil
	}
	for name, tc := range map[string]struct {
		tokens   []string
		accepted string
		asked    int
		attempts int
		want     error
	}{
		"accepted":        {[]string{"first"}, "first", 0, 1, nil},
		"renewed":         {[]string{"first", "second"}, "second", 1, 2, nil},
		"renewed once":    {[]string{"first", "second", "third"}, "third", 1, 2, errRefused},
		"nothing to take": {[]string{"first"}, "another", 1, 1, errRefused},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answer: func(_ int, r *http.Request) (*http.Response, error) {
					if r.Header.Get("X-Auth-Token") == tc.accepted {
						return say(200, "")
					}
					return say(401, "")
				}}
				a := &renewing{tokens: tc.tokens}
				r := request(a)
				r.Judge = judge
				_, x, err := f.client().Do(t.Context(), r)
				if !errors.Is(err, tc.want) || x.Attempts != tc.attempts || len(a.asked) != tc.asked {
					t.Errorf("got %v after %d attempts, asked %d times", err, x.Attempts, len(a.asked))
				}
			})
		})
	}
}
