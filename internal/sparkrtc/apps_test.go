// SPDX-License-Identifier: MPL-2.0

package sparkrtc

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

func TestListApps(t *testing.T) {
	for n, calls := range map[int]int{0: 1, 1: 1, 99: 1, 100: 1, 101: 2, 250: 3} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			server := emulator.New(emulator.Options{})
			for i := range n {
				server.AddApp(fmt.Sprintf("app-%d", i))
			}
			if n > 0 {
				server.SetCallback(fmt.Sprintf("app-%d", n-1), "https://example.com/cb", testKey)
			}
			listener := httptest.NewServer(server)
			t.Cleanup(func() { server.Close(); listener.Close() })
			client := newClient(t, listener.URL, func(c *config) { c.Credentials = emulatorCredentials })
			apps, err := client.ListApps(t.Context())
			if err != nil || len(apps) != n {
				t.Fatalf("%d apps, %v", len(apps), err)
			}
			seen := map[string]bool{}
			for i, app := range apps {
				seen[app.ID] = true
				if callback := app.Callbacks.RecordCallback; (callback != nil) != (i == n-1) || i == n-1 && callback.URL != "https://example.com/cb" {
					t.Errorf("callback of %s: %+v", app.ID, callback)
				}
			}
			if len(seen) != n {
				t.Errorf("%d different apps of %d", len(seen), n)
			}
			if got := len(server.Requests()); got != calls {
				t.Errorf("%d calls, want %d", got, calls)
			}
		})
	}
}

// A listing that never comes to an end, or counts what it doesn't have.
func TestListAppsThatMakesNoSense(t *testing.T) {
	full := `{"count":1000000,"apps":[{}`
	for range appsPage - 1 {
		full += `,{}`
	}
	for body, calls := range map[string]int32{
		full + "]}":                          maxAppsPages,
		`{"count":500,"apps":[]}`:            1,
		`{}`:                                 1,
		`{"count":-1,"apps":null}`:           1,
		`{"apps":[{"callbacks":null},null]}`: 1,
	} {
		s := serve(t, respond(200, body))
		if _, err := newClient(t, s.URL).ListApps(t.Context()); err != nil || s.calls.Load() != calls {
			t.Errorf("%.40s: %d calls, %v", body, s.calls.Load(), err)
		}
	}
	for _, body := range []string{`{"error_code":"APIGW.0101"}`, `{"apps":{}}`, `<html>`} {
		s := serve(t, respond(200, body))
		_, err := newClient(t, s.URL).ListApps(t.Context())
		if e := asError(t, err); e.Reason != ReasonInvalidAnswer || e.Operation != "ListApps" {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestShowApp(t *testing.T) {
	server := emulator.New(emulator.Options{})
	server.SetCallback(testApp, "https://example.com/cb", testKey)
	listener := httptest.NewServer(server)
	t.Cleanup(func() { server.Close(); listener.Close() })
	client := newClient(t, listener.URL, func(c *config) { c.Credentials = emulatorCredentials })

	app, err := client.ShowApp(t.Context(), testApp)
	if err != nil || app.ID != testApp || app.Callbacks.RecordCallback.URL != "https://example.com/cb" {
		t.Errorf("got %+v, %v", app, err)
	}
	_, err = client.ShowApp(t.Context(), "other")
	if e := asError(t, err); e.Reason != ReasonAppNotFound || !errors.Is(err, ErrNotConfigured) {
		t.Errorf("got %v", err)
	}
	_, err = client.ShowApp(t.Context(), "")
	if e := asError(t, err); e.Reason != ReasonInvalidRequest {
		t.Errorf("got %v", err)
	}
}
