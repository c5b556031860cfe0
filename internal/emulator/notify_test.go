// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"
)

// received is what a callback URL got.
type received struct {
	*http.Request
	body string
}

// receiver is a callback URL that answers as answer does.
func receiver(t *testing.T, answer http.HandlerFunc) (url string, got chan received) {
	t.Helper()
	got = make(chan received, 10)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got <- received{r, string(body)}
		answer(w, r)
	}))
	t.Cleanup(web.Close)
	return web.URL, got
}

func TestNotify(t *testing.T) {
	url, got := receiver(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") })
	f := start(t, Options{KeyEcho: EchoMasked, URLEcho: URLOrigin})
	f.clock.move(1500 * time.Millisecond)
	f.SetCallback(testApp, url+"/callback?a=1", testKey)
	event := map[string]any{"event_type": "RECORD_FILE_COMPLETE", "app_id": testApp}

	var rands []string
	for range 2 {
		status, err := f.Notify(t.Context(), testApp, event)
		if status != 200 || err != nil {
			t.Fatalf("got %d, %v", status, err)
		}
		r := <-got
		if r.Method != http.MethodPost || r.RequestURI != "/callback?a=1" || r.Header.Get("Content-Type") != "application/json" ||
			r.body != `{"app_id":"`+testApp+`","event_type":"RECORD_FILE_COMPLETE"}` {
			t.Errorf("received %s %s %v %s", r.Method, r.RequestURI, r.Header, r.body)
		}
		random, timestamp := r.Header.Get("X-Rtc-Rand"), r.Header.Get("X-Rtc-Timestamp")
		if timestamp != "1767225601" {
			t.Errorf("X-Rtc-Timestamp %q", timestamp)
		}
		if want := fmt.Sprintf("%x", hmacSHA256(testKey, random+timestamp+r.body)); r.Header.Get("X-Rtc-Signature") != want {
			t.Errorf("X-Rtc-Signature %q, want %q", r.Header.Get("X-Rtc-Signature"), want)
		}
		rands = append(rands, random)
	}
	if rands[0] == "" || rands[0] == rands[1] {
		t.Errorf("X-Rtc-Rand %q", rands)
	}

	f.SetCallback(testApp, url, "")
	if status, err := f.Notify(t.Context(), testApp, event); status != 200 || err != nil {
		t.Fatalf("got %d, %v", status, err)
	}
	for name := range (<-got).Header {
		if strings.HasPrefix(name, "X-Rtc-") {
			t.Errorf("%s was sent without a key", name)
		}
	}
}

// Computed with openssl dgst -sha256 -hmac.
func TestNotificationSignatureVector(t *testing.T) {
	got := notificationSignature(testKey, "rand", "1767225600", []byte(`{"event_type":"RECORD_NEW_FILE_START"}`))
	if want := "45d959b78888f9435b5a54c47513e94dc17515defd34c024d5a1d84aa01e6604"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNotifyDoesNotFollow(t *testing.T) {
	url, got := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	f := start(t, Options{})
	f.SetCallback(testApp, url, testKey)
	status, err := f.Notify(t.Context(), testApp, nil)
	if status != 307 || err != nil {
		t.Errorf("got %d, %v", status, err)
	}
	if len(got) != 1 {
		t.Errorf("%d requests were made", len(got))
	}
}

func TestNotifyFailures(t *testing.T) {
	f := start(t, Options{})
	for name, id := range map[string]string{"no callback": testApp, "no app": "missing"} {
		if status, err := f.Notify(t.Context(), id, nil); status != 0 || err == nil {
			t.Errorf("%s: got %d, %v", name, status, err)
		}
	}

	hang, _ := receiver(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	f.SetCallback(testApp, hang, "")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if status, err := f.Notify(ctx, testApp, nil); status != 0 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %d, %v", status, err)
	}
	if notifier.Timeout != 10*time.Second {
		t.Errorf("the timeout is %v", notifier.Timeout)
	}

	if status, err := f.Notify(t.Context(), testApp, make(chan int)); status != 0 || err == nil {
		t.Errorf("an event that is no JSON: got %d, %v", status, err)
	}
	f.SetCallback(testApp, "http://%zz", "")
	if status, err := f.Notify(t.Context(), testApp, nil); status != 0 || err == nil {
		t.Errorf("a URL that is none: got %d, %v", status, err)
	}
}

func TestDeliver(t *testing.T) {
	long := strings.Repeat("x", 5000)
	url, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, long, http.StatusTeapot) })
	silent, _ := receiver(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	f := start(t, Options{})
	for name, test := range map[string]struct {
		url, key string
		want     Notification
		err      bool
	}{
		"signed":      {url: url, key: testKey, want: Notification{URL: url, Signed: true, Status: 418, Body: []byte(long[:1024])}},
		"not signed":  {url: url, want: Notification{URL: url, Status: 418, Body: []byte(long[:1024])}},
		"no response": {url: silent, key: testKey, want: Notification{URL: silent, Signed: true}, err: true},
		"no callback": {err: true},
	} {
		t.Run(name, func(t *testing.T) {
			f.ClearCallback(testApp)
			if test.url != "" {
				f.SetCallback(testApp, test.url, test.key)
			}
			got, err := f.Deliver(t.Context(), testApp, nil)
			if sent := got.Took > 0; sent != (test.url != "") {
				t.Errorf("it took %v", got.Took)
			}
			got.Took, test.want.Time = 0, testTime
			if !reflect.DeepEqual(got, test.want) || (err != nil) != test.err {
				t.Errorf("got %+v, %v\nwant %+v", got, err, test.want)
			}
		})
	}
}

func TestNothingIsNotifiedUnasked(t *testing.T) {
	url, got := receiver(t, func(http.ResponseWriter, *http.Request) {})
	f := start(t, Options{})
	f.put(`{"url":"` + url + `"}`).callback(t)
	f.get(testPath).callback(t)
	f.Touch(testApp)
	if len(got) != 0 {
		t.Errorf("%d requests were made", len(got))
	}
}
