// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

const actionType = "sparkrtc_send_test_notification"

// delivery is what a receiver got, and whether it is signed with testKey.
type delivery struct {
	path, contentType string
	headers           bool // of a signature
	signed            bool
	event             map[string]any
}

// testReceiver answers with a status.
func testReceiver(t *testing.T, status int) (url string, got func() []delivery) {
	t.Helper()
	var mu sync.Mutex
	var list []delivery
	listener := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		mac := hmac.New(sha256.New, []byte(testKey))
		mac.Write([]byte(r.Header.Get("X-Rtc-Rand") + r.Header.Get("X-Rtc-Timestamp") + string(body)))
		d := delivery{
			path: r.Method + " " + r.RequestURI, contentType: r.Header.Get("Content-Type"),
			headers: r.Header.Get("X-Rtc-Rand") != "" && r.Header.Get("X-Rtc-Timestamp") != "" && r.Header.Get("X-Rtc-Signature") != "",
			signed:  r.Header.Get("X-Rtc-Signature") == hex.EncodeToString(mac.Sum(nil)),
		}
		if err := json.Unmarshal(body, &d.event); err != nil {
			t.Error(err)
		}
		mu.Lock()
		list = append(list, d)
		mu.Unlock()
		if status >= 300 && status < 400 {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(listener.Close)
	return listener.URL, func() []delivery {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(list)
	}
}

func TestSendTestNotification(t *testing.T) {
	const variable = "SPARKRTC_TEST_NOTIFICATION_KEY"
	t.Setenv(variable, testKey)
	t.Setenv(variable+"_OF_A_FILE", testKey+"\n")
	tests := map[string]struct {
		options emulator.Options
		key     string // of the callback
		none    bool   // there is no callback
		given   map[string]any
		status  int  // of the receiver's response; 0 for none
		sent    bool // anything at all
		signed  bool
		event   string
		gets    int
		want    string // in the error; "" for none
	}{
		"with the key that is shown":       {key: testKey, status: 200, sent: true, signed: true, gets: 1},
		"without a key":                    {status: 200, sent: true, gets: 1},
		"to one that answers 204":          {key: testKey, status: 204, sent: true, signed: true, gets: 1},
		"another event":                    {key: testKey, given: map[string]any{"event_type": "RECORD_NEW_FILE_START"}, status: 200, sent: true, signed: true, event: "RECORD_NEW_FILE_START", gets: 1},
		"with a key of the environment":    {options: emulator.Options{KeyEcho: emulator.EchoMasked}, key: testKey, given: map[string]any{"auth_key_env": variable}, status: 200, sent: true, signed: true, gets: 1},
		"where only a part is shown":       {options: emulator.Options{URLEcho: emulator.URLOrigin}, key: testKey, given: map[string]any{"url": "URL/callback?secret=hunter2"}, status: 200, sent: true, signed: true, gets: 1},
		"all is given":                     {none: true, given: map[string]any{"url": "URL/callback?secret=hunter2", "auth_key_env": variable}, status: 200, sent: true, signed: true},
		"to one that is not set yet":       {none: true, given: map[string]any{"url": "URL/callback?secret=hunter2"}, status: 200, sent: true, gets: 1},
		"no callback":                      {none: true, status: 200, gets: 1, want: "No recording callback to test"},
		"a key that is masked":             {options: emulator.Options{KeyEcho: emulator.EchoMasked}, key: testKey, status: 200, gets: 1, want: "Key to sign with is not known"},
		"a variable that is not set":       {key: testKey, given: map[string]any{"auth_key_env": variable + "_2"}, status: 200, want: variable + "_2"},
		"a key with a line break":          {key: testKey, given: map[string]any{"auth_key_env": variable + "_OF_A_FILE"}, status: 200, want: variable + "_OF_A_FILE (auth_key_env) ends with a line break"},
		"the key in place of its variable": {key: testKey, given: map[string]any{"auth_key_env": testKey}, status: 200, want: "The environment variable that auth_key_env names is not set"},
		"an app ID with a blank":           {given: map[string]any{"app_id": "a b"}, status: 200, want: "Invalid app ID"},
		"a URL that is none":               {given: map[string]any{"url": "ftp://example.com"}, status: 200, want: "Invalid callback URL"},
		"to one that refuses":              {key: testKey, status: 401, sent: true, signed: true, gets: 1, want: "another key"},
		"to one that has moved":            {key: testKey, status: 302, sent: true, signed: true, gets: 1, want: "Redirects are not followed"},
		"to one with nothing at that path": {key: testKey, status: 404, sent: true, signed: true, gets: 1, want: "path of the URL"},
		"to one that fails":                {key: testKey, status: 500, sent: true, signed: true, gets: 1, want: "HTTP 500"},
		"to a port where nothing listens":  {key: testKey, gets: 1, want: "No response from the receiver"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			c := acctest.StartEmulator(t, tc.options, testApp)
			url, got := "http://127.0.0.1:1", func() []delivery { return nil }
			if tc.status != 0 {
				url, got = testReceiver(t, tc.status)
			}
			if !tc.none {
				c.SetCallback(testApp, url+"/callback?secret=hunter2", tc.key)
			}
			core, err := newCallbacks(t, c)
			if err != nil {
				t.Fatal(err)
			}
			given := map[string]any{"app_id": testApp}
			for name, value := range tc.given {
				given[name] = strings.Replace(value.(string), "URL/", url+"/", 1)
			}
			progress, err := core.Invoke(actionType, given)
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("the error is %v, want %q", err, tc.want)
			}
			said := strings.Join(progress, "\n")
			if err != nil {
				said += err.Error()
			}
			for _, secret := range []string{testKey, "hunter2"} {
				if strings.Contains(said, secret) {
					t.Errorf("%q is said: %s", secret, said)
				}
			}
			if done := strings.Contains(said, "The receiver responded"); done != (tc.want == "") {
				t.Errorf("said: %s", said)
			}
			expectCalls(t, c, tc.gets)
			if !tc.sent {
				if deliveries := got(); len(deliveries) > 0 {
					t.Errorf("sent: %+v", deliveries)
				}
				return
			}
			deliveries := got()
			if len(deliveries) != 1 {
				t.Fatalf("%d deliveries", len(deliveries))
			}
			d := deliveries[0]
			event := tc.event
			if event == "" {
				event = "RECORD_FILE_COMPLETE"
			}
			if d.path != "POST /callback?secret=hunter2" || d.contentType != "application/json" || d.signed != tc.signed || d.headers != tc.signed {
				t.Errorf("sent: %+v", d)
			}
			if d.event["event_type"] != event || d.event["app_id"] != testApp || !strings.Contains(d.event["detail_message"].(string), "test") {
				t.Errorf("the event: %v", d.event)
			}
			if _, complete := d.event["download_url"]; complete != (event == "RECORD_FILE_COMPLETE") {
				t.Errorf("the event: %v", d.event)
			}
		})
	}
}

// Receivers that respond with no HTTP, or never come to an end. What they repeat
// of the request is not repeated.
func TestSendTestNotificationToStrangers(t *testing.T) {
	for name, tc := range map[string]struct {
		answer string // to the request line
		want   string // in the error; "" for none
	}{
		"another status line":       {"LINE\r\n\r\n", "is not HTTP"},
		"the request as a header":   {"HTTP/1.1 200 OK\r\nLINE\r\n\r\n", "is not HTTP"},
		"nothing":                   {"", "connection was closed"},
		"a body that never ends":    {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx", ""},
		"another protocol":          {"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", "HTTP 101"},
		"a redirect to a secret":    {"HTTP/1.1 302 Found\r\nLocation: LINE\r\n\r\n", "Redirects are not followed"},
		"a redirect that is broken": {"HTTP/1.1 302 Found\r\nLocation: http://[::1/hunter2\r\n\r\n", "is not HTTP"},
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			end := make(chan struct{})
			t.Cleanup(func() { close(end); _ = listener.Close() })
			go func() {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				request, err := http.ReadRequest(bufio.NewReader(conn))
				if err != nil {
					return
				}
				_, _ = io.WriteString(conn, strings.ReplaceAll(tc.answer, "LINE", request.RequestURI))
				if tc.answer != "" {
					<-end
				}
				_ = conn.Close()
			}()
			c := acctest.StartEmulator(t, emulator.Options{}, testApp)
			c.SetCallback(testApp, "http://"+listener.Addr().String()+"/callback?secret=hunter2", testKey)
			core, err := newCallbacks(t, c)
			if err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			progress, err := core.Invoke(actionType, map[string]any{"app_id": testApp})
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("after %v: %v, want %q", time.Since(begun), err, tc.want)
			}
			if said := fmt.Sprint(progress, err); strings.Contains(said, "hunter2") || strings.Contains(said, testKey) {
				t.Errorf("a secret is said: %s", said)
			}
		})
	}
}

// The whole way with a CLI that has it: after each change of the callback, and
// by hand.
func TestAccCLI_sendTestNotification(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.Actions)
	url, got := testReceiver(t, 200)
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	r := newCLI(t, c, `
resource "sparkrtc_record_callback" "test" {
  app_id              = "`+testApp+`"
  url                 = "`+url+`/callback"
  auth_key_wo         = "`+testKey+`"
  auth_key_wo_version = 1

  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.sparkrtc_send_test_notification.test]
    }
  }
}

action "sparkrtc_send_test_notification" "test" {
  config {
    app_id = sparkrtc_record_callback.test.app_id
  }
}
`)
	r.Apply(t)
	r.Plan(t, acctest.NoChanges)
	out := r.Must(t, 0, "apply", "-auto-approve", "-invoke=action.sparkrtc_send_test_notification.test").Out()
	if !strings.Contains(out, "The receiver responded with HTTP 200") || strings.Contains(out, testKey) {
		t.Errorf("said: %s", out)
	}
	deliveries := got()
	if len(deliveries) != 2 {
		t.Fatalf("%d deliveries", len(deliveries))
	}
	for _, d := range deliveries {
		if !d.signed || d.event["app_id"] != testApp {
			t.Errorf("sent: %+v", d)
		}
	}
}
