// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// failures is a test that only counts what fails.
type failures struct {
	testing.TB
	n int
}

func (f *failures) Errorf(string, ...any) { f.n++ }

func TestExpectSent(t *testing.T) {
	t.Parallel()
	const path = "/v2/apps/a/record-callback"
	body := map[string]any{"url": "https://example.com/", "auth_key": ""}
	put := Request{http.MethodPut, path, body}
	for name, tc := range map[string]struct {
		want  []Request
		fails bool
	}{
		"the same": {[]Request{put}, false},
		"the same as a struct": {[]Request{{http.MethodPut, path, struct {
			URL string `json:"url"`
			Key string `json:"auth_key"`
		}{"https://example.com/", ""}}}, false},
		"nothing":          {nil, true},
		"twice":            {[]Request{put, put}, true},
		"another method":   {[]Request{{http.MethodPost, path, body}}, true},
		"another path":     {[]Request{{http.MethodPut, "/v2/apps/b/record-callback", body}}, true},
		"a field less":     {[]Request{{http.MethodPut, path, map[string]any{"url": "https://example.com/"}}}, true},
		"without the body": {[]Request{{Method: http.MethodPut, Path: path}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := StartEmulator(t, emulator.Options{}, "a")
			for _, sent := range []struct{ method, body string }{{http.MethodPut, `{"auth_key": "", "url": "https://example.com/"}`}, {http.MethodGet, ""}} {
				request, err := http.NewRequestWithContext(t.Context(), sent.method, e.Endpoint+path, strings.NewReader(sent.body))
				if err != nil {
					t.Fatal(err)
				}
				request.Header.Set("Content-Type", "application/json")
				request.Header.Set("X-Auth-Token", emulator.DefaultToken)
				resp, err := http.DefaultClient.Do(request)
				if err != nil || resp.StatusCode != http.StatusOK {
					t.Fatal(resp, err)
				}
				_ = resp.Body.Close()
			}
			e.ExpectReads(t, map[string]int{path: 1})
			got := &failures{TB: t}
			e.ExpectSent(got, tc.want...)
			if (got.n > 0) != tc.fails {
				t.Errorf("%d failures, want any: %t", got.n, tc.fails)
			}
			if e.CountReads() != 0 {
				t.Error("the log was not reset")
			}
		})
	}
}
