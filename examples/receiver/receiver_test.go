// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

const (
	testApp = "5ff9701f2346968bb306cb43"
	testKey = "8923ab8c2dcef4538923ab8c2dcef453"
	oldKey  = "old-key-45538923ab8c2dcef4538923a"
)

// testTime is 1767225600 in Unix seconds.
var testTime = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// buffer is a bytes.Buffer for more than one goroutine.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// fixture is a receiver behind a real connection, and the emulator that
// notifies it. Both clocks stand still at testTime until they are moved.
type fixture struct {
	*receiver
	t    *testing.T
	emu  *emulator.Server
	url  string
	log  buffer
	sent *http.Request // the last request before tampering, with its body still to be read

	mu            sync.Mutex
	clock, sender time.Time
	tamper        func(*http.Request) // what happens on the way
	processed     []event
}

// start serves a receiver that knows testKey, and an app whose callback has it.
func start(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, clock: testTime, sender: testTime}
	f.receiver = newReceiver(slog.New(slog.NewTextHandler(&f.log, nil)), callbackKey{"current", []byte(testKey)})
	f.now = func() time.Time {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.clock
	}
	f.process = func(_ context.Context, e event) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.processed = append(f.processed, e)
		return nil
	}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		f.sent = r.Clone(context.Background())
		f.sent.Body = io.NopCloser(bytes.NewReader(body))
		r.Body = io.NopCloser(bytes.NewReader(body))
		if f.tamper != nil {
			f.tamper(r)
		}
		f.ServeHTTP(w, r)
	}))
	f.url = web.URL
	f.emu = emulator.New(emulator.Options{Clock: func() time.Time {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.sender
	}})
	f.emu.SetCallback(testApp, web.URL, testKey)
	t.Cleanup(func() {
		f.emu.Close()
		web.Close()
		for _, secret := range []string{testKey, oldKey, "secret"} {
			if strings.Contains(f.log.String(), secret) {
				t.Errorf("%q is in the log:\n%s", secret, &f.log)
			}
		}
	})
	return f
}

// move moves both clocks.
func (f *fixture) move(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.clock, f.sender = f.clock.Add(d), f.sender.Add(d)
}

var complete = map[string]any{
	"event_type": "RECORD_FILE_COMPLETE", "job_id": "608196a2", "app_id": testApp, "room_id": "room", "stream_name": "a\nb",
	"record_format": "HLS", "download_url": "https://me:secret-1@bucket.example.com/a/b.m3u8?Signature=secret-2#secret-3",
	"file_size": 26254952, "record_duration": 65, "start_time": "2026-01-01T08:56:57Z", "end_time": "2026-01-01T08:58:02Z",
	"width": 1280, "height": 720, "obs_location": "https://obs.example.com", "obs_bucket": "bucket", "obs_object": "a/b.m3u8",
	"detail_message": "secret-4", "not_documented": map[string]any{"a": []int{1}},
}

// notify has the emulator send an event, and checks what became of it.
func (f *fixture) notify(e any, status, processed int) {
	f.t.Helper()
	before := len(f.processed)
	got, err := f.emu.Notify(f.t.Context(), testApp, e)
	if err != nil || got != status || len(f.processed)-before != processed {
		f.t.Errorf("got %d, %v, %d events processed; want %d, %d\n%s", got, err, len(f.processed)-before, status, processed, &f.log)
	}
}

// handle passes a request to the receiver, without a connection.
func handle(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// signed is a request that is signed with testKey, by a rule of its own.
func signed(random, timestamp, body string) *http.Request {
	mac := hmac.New(sha256.New, []byte(testKey))
	mac.Write([]byte(random + timestamp + body))
	return withSignature(random, timestamp, body, hex.EncodeToString(mac.Sum(nil)))
}

func withSignature(random, timestamp, body, sum string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("X-Rtc-Rand", random)
	r.Header.Set("X-Rtc-Timestamp", timestamp)
	r.Header.Set("X-Rtc-Signature", sum)
	return r
}

func TestAccepts(t *testing.T) {
	f := start(t)
	f.notify(complete, 200, 1)
	want := event{
		Type: "RECORD_FILE_COMPLETE", AppID: testApp, RoomID: "room", JobID: "608196a2", StreamName: "a\nb", Format: "HLS",
		Detail:      "secret-4",
		DownloadURL: "https://me:secret-1@bucket.example.com/a/b.m3u8?Signature=secret-2#secret-3",
		Size:        26254952, Duration: 65, Start: "2026-01-01T08:56:57Z", End: "2026-01-01T08:58:02Z", Width: 1280, Height: 720,
		Location: "https://obs.example.com", Bucket: "bucket", Object: "a/b.m3u8",
	}
	if len(f.processed) != 1 || f.processed[0] != want {
		t.Errorf("got  %+v\nwant %+v", f.processed, want)
	}
	line := f.log.String()
	if strings.Count(line, "\n") != 1 {
		t.Errorf("not one line:\n%s", line)
	}
	for _, want := range []string{
		"level=INFO msg=event type=RECORD_FILE_COMPLETE app=" + testApp + ` room=room job=608196a2 stream="a\nb" format=HLS `,
		" size=26254952 seconds=65 bucket=bucket object=a/b.m3u8 download=https://bucket.example.com/a/b.m3u8 key=current timestamp=1767225600\n",
	} {
		if !strings.Contains(line, want) {
			t.Errorf("no %q in %s", want, line)
		}
	}
	// Other deliveries of the same event are none of this one's repeats.
	f.notify(complete, 200, 1)
	f.notify(map[string]any{"event_type": "ONE_OF_TOMORROW"}, 200, 1)
	f.notify(map[string]any{}, 200, 1)
}

func TestAnswer(t *testing.T) {
	f := start(t)
	w := handle(f, signed("r", "1767225600", "{}"))
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/json" || w.Body.String() != "{}" {
		t.Errorf("got %d, %v, %q", w.Code, w.Header(), w.Body)
	}
	for _, r := range []*http.Request{withSignature("r", "1767225600", "{}", ""), signed("", "1767225600", "{}"), signed("r", "1", "{}"), signed("r", "1767220000", "{}")} {
		if w := handle(f, r); w.Code != 401 || w.Body.String() != "Unauthorized\n" {
			t.Errorf("got %d, %q: the response tells more than it should", w.Code, w.Body)
		}
	}
}

// Computed with openssl dgst -sha256 -hmac, so that not all that is known of
// the rule comes from the same hands.
func TestSignatureVector(t *testing.T) {
	const sum = "45d959b78888f9435b5a54c47513e94dc17515defd34c024d5a1d84aa01e6604"
	f := start(t)
	if w := handle(f, withSignature("rand", "1767225600", `{"event_type":"RECORD_NEW_FILE_START"}`, sum)); w.Code != 200 {
		t.Errorf("got %d\n%s", w.Code, &f.log)
	}
}

func TestRefusesWhatWasNotSent(t *testing.T) {
	for name, tamper := range map[string]func(*http.Request){
		"body": func(r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(bytes.Replace(body, []byte("room"), []byte("moor"), 1)))
		},
		"blank at the end": func(r *http.Request) { r.Body = io.NopCloser(io.MultiReader(r.Body, strings.NewReader(" "))) },
		"no body":          func(r *http.Request) { r.Body = http.NoBody },
		"rand":             func(r *http.Request) { r.Header.Set("X-Rtc-Rand", r.Header.Get("X-Rtc-Rand")+"0") },
		"no rand":          func(r *http.Request) { r.Header.Del("X-Rtc-Rand") },
		"timestamp":        func(r *http.Request) { r.Header.Set("X-Rtc-Timestamp", "1767225601") },
		"no timestamp":     func(r *http.Request) { r.Header.Del("X-Rtc-Timestamp") },
		"signature":        func(r *http.Request) { r.Header.Set("X-Rtc-Signature", strings.Repeat("0a", 32)) },
		"short signature": func(r *http.Request) {
			r.Header.Set("X-Rtc-Signature", r.Header.Get("X-Rtc-Signature")[:62])
		},
		"long signature": func(r *http.Request) {
			r.Header.Set("X-Rtc-Signature", r.Header.Get("X-Rtc-Signature")+"00")
		},
		"signature and more": func(r *http.Request) {
			r.Header.Set("X-Rtc-Signature", r.Header.Get("X-Rtc-Signature")+"xy")
		},
		"garbled signature": func(r *http.Request) { r.Header.Set("X-Rtc-Signature", strings.Repeat("xy", 32)) },
		"empty signature":   func(r *http.Request) { r.Header.Set("X-Rtc-Signature", "") },
		"no signature":      func(r *http.Request) { r.Header.Del("X-Rtc-Signature") },
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t)
			f.tamper = tamper
			f.notify(complete, 401, 0)
			if log := f.log.String(); strings.Count(log, "\n") != 1 || !strings.Contains(log, "level=WARN msg=refused status=401 reason=") {
				t.Errorf("logged:\n%s", log)
			}
			f.tamper = nil
			f.notify(complete, 200, 1) // it was that, and nothing else
		})
	}
}

func TestKeys(t *testing.T) {
	f := start(t)
	for _, key := range []string{oldKey, "", testKey[:31], strings.ToUpper(testKey)} {
		f.emu.SetCallback(testApp, f.url, key)
		f.notify(complete, 401, 0)
	}
	// While a key is rotated, both count.
	f.keys = append(f.keys, callbackKey{"previous", []byte(oldKey)})
	for _, c := range []struct{ key, name string }{{oldKey, "previous"}, {testKey, "current"}, {oldKey, "previous"}} {
		f.emu.SetCallback(testApp, f.url, c.key)
		f.notify(complete, 200, 1)
		if !strings.HasSuffix(f.log.String(), " key="+c.name+" timestamp=1767225600\n") {
			t.Errorf("the log doesn't end with key=%s:\n%s", c.name, &f.log)
		}
	}
	f.emu.SetCallback(testApp, f.url, "neither-4553892")
	f.notify(complete, 401, 0)
	// The old one ends.
	f.keys = f.keys[:1]
	f.emu.SetCallback(testApp, f.url, oldKey)
	f.notify(complete, 401, 0)
}

func TestClocks(t *testing.T) {
	for _, c := range []struct {
		off, tolerance time.Duration
		status         int
	}{
		{0, 0, 200},
		{-5 * time.Minute, 0, 200},
		{5 * time.Minute, 0, 200},
		{-5*time.Minute - time.Second, 0, 401},
		{5*time.Minute + time.Second, 0, 401},
		{-365 * 24 * time.Hour, 0, 401},
		{365 * 24 * time.Hour, 0, 401},
		{-time.Minute, 30 * time.Second, 401},
		{-20 * time.Second, 30 * time.Second, 200},
	} {
		t.Run(fmt.Sprint(c.off, c.tolerance), func(t *testing.T) {
			f := start(t)
			f.sender = f.sender.Add(c.off)
			if c.tolerance > 0 {
				f.tolerance = c.tolerance
			}
			f.notify(complete, c.status, map[int]int{200: 1, 401: 0}[c.status])
		})
	}
}

func TestTimestampForms(t *testing.T) {
	const seconds, millis = 10, 13
	for _, c := range []struct {
		timestamp string
		digits    int
		ok        bool
	}{
		{"1767225600", 0, true},
		{"1767225600123", 0, true},
		{"1767225600", seconds, true},
		{"1767225600123", seconds, false},
		{"1767225600", millis, false},
		{"1767225600123", millis, true},
		{"", 0, false},
		{"0", 0, false},
		{"176722560", 0, false},
		{"17672256001", 0, false},
		{"01767225600", 0, false},
		{"1767225600123456", 0, false},
		{"1767225600123456789", 0, false},
		{"99999999999999999999", 0, false},
		{"9999999999", 0, false},
		{"9999999999999", 0, false},
		{"+176722560", 0, false},
		{"-176722560", 0, false},
		{"0x6955b900", 0, false}, // the right time, in another form
		{"01767225600123", 0, false},
		{"1767225.60", 0, false},
		{"17672_5600", 0, false},
		{"2026-01-01", 0, false},
		{"1767225600, 1767225600", 0, false},
	} {
		f := start(t)
		f.digits = c.digits
		want := map[bool]int{true: 200, false: 401}[c.ok]
		if w := handle(f, signed("rand", c.timestamp, "{}")); w.Code != want {
			t.Errorf("%q, %d digits: got %d, want %d", c.timestamp, c.digits, w.Code, want)
		}
	}
}

// Digits move between the headers, which leaves the signature right.
func TestDigitsThatMoveAreNoNewTimestamp(t *testing.T) {
	later := time.UnixMilli(1771767225600) // when 177|1767225600 is milliseconds of now
	for name, c := range map[string]struct {
		digits  int
		request *http.Request
	}{
		"to the timestamp": {10, signed("r", "1771767225600", "{}")},
		"to rand":          {13, signed("r177", "1771767225", "{}")},
		"from the body":    {0, signed("r", "1771767225", "00{}")},
		"more of the body": {0, signed("r", "1771767225", " 1")},
		"to the body":      {0, signed("r177", "176722", "5600{}")},
	} {
		f := start(t)
		f.digits, f.clock = c.digits, later
		if w := handle(f, c.request); w.Code == 200 || len(f.processed) > 0 {
			t.Errorf("%s: got %d", name, w.Code)
		}
	}
}

func TestRepeatsAreProcessedOnce(t *testing.T) {
	f := start(t)
	f.notify(complete, 200, 1)
	request, body := f.sent, mustRead(t, f.sent)
	again := func(change func(*http.Request)) int {
		r := request.Clone(t.Context())
		r.Body = io.NopCloser(strings.NewReader(body))
		change(r)
		return handle(f, r).Code
	}
	same := func(*http.Request) {}
	upper := func(r *http.Request) {
		r.Header.Set("X-Rtc-Signature", strings.ToUpper(r.Header.Get("X-Rtc-Signature")))
	}

	for _, change := range []func(*http.Request){same, upper, same} {
		if status := again(change); status != 200 {
			t.Errorf("a repeat: got %d", status)
		}
	}
	f.move(5 * time.Minute)
	f.notify(complete, 200, 1) // makes it forget what is too old
	if status := again(same); status != 200 {
		t.Errorf("a repeat at the end of the window: got %d", status)
	}
	f.move(time.Nanosecond)
	if status := again(same); status != 401 {
		t.Errorf("a repeat after the window: got %d", status)
	}
	if len(f.processed) != 2 {
		t.Errorf("%d events were processed, want 2", len(f.processed))
	}
	if n := strings.Count(f.log.String(), "msg=duplicate key=current"); n != 4 {
		t.Errorf("%d duplicates in the log:\n%s", n, &f.log)
	}

	// Another body under the same headers is another delivery, if the key says so.
	for i, body := range []string{`{"a":1}`, `{"a":2}`, `{"a":1}`} {
		if w := handle(f, signed("rand", "1767225900", body)); w.Code != 200 || len(f.processed) != min(3+i, 4) {
			t.Errorf("got %d, %d processed", w.Code, len(f.processed))
		}
	}
}

func mustRead(t *testing.T, r *http.Request) string {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// A timestamp of the future is young for longer.
func TestARepeatFromTheFuture(t *testing.T) {
	f := start(t)
	const timestamp = "1767225900" // five minutes on
	for _, d := range []time.Duration{0, 5 * time.Minute, 5 * time.Minute} {
		f.move(d)
		if w := handle(f, signed("rand", timestamp, "{}")); w.Code != 200 || len(f.processed) != 1 {
			t.Errorf("got %d, %d processed", w.Code, len(f.processed))
		}
		f.notify(complete, 200, 1)
		f.processed = f.processed[:1]
	}
}

func TestRepeatsAtTheSameTime(t *testing.T) {
	f := start(t)
	var wg sync.WaitGroup
	statuses := make(chan int, 50)
	for range cap(statuses) {
		wg.Go(func() { statuses <- handle(f, signed("rand", "1767225600", "{}")).Code })
	}
	wg.Wait()
	close(statuses)
	for status := range statuses {
		if status != 200 && status != 503 {
			t.Errorf("got %d", status)
		}
	}
	if len(f.processed) != 1 {
		t.Errorf("%d events were processed", len(f.processed))
	}
}

func TestARepeatWhileTheFirstIsUnderWay(t *testing.T) {
	f := start(t)
	reached, release := make(chan struct{}), make(chan struct{})
	f.process = func(context.Context, event) error {
		close(reached)
		<-release
		return nil
	}
	first := make(chan int)
	go func() { first <- handle(f, signed("rand", "1767225600", "{}")).Code }()
	<-reached
	if w := handle(f, signed("rand", "1767225600", "{}")); w.Code != 503 {
		t.Errorf("meanwhile: got %d", w.Code)
	}
	close(release)
	if status := <-first; status != 200 {
		t.Errorf("the first: got %d", status)
	}
	if w := handle(f, signed("rand", "1767225600", "{}")); w.Code != 200 {
		t.Errorf("afterwards: got %d", w.Code)
	}
}

func TestWhatFailedIsProcessedAgain(t *testing.T) {
	for name, fails := range map[string]func() error{
		"error": func() error { return errors.New("the disk is full") },
		"panic": func() error { panic("a bug") },
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t)
			works := f.process
			f.process = func(context.Context, event) error { return fails() }
			func() {
				defer func() { // as net/http does
					if p := recover(); (p != nil) != (name == "panic") {
						t.Errorf("panic: %v", p)
					}
				}()
				f.notifyHere(500)
				if want := `status=500 reason="processing: the disk is full"`; !strings.Contains(f.log.String(), want) {
					t.Errorf("no %s in %s", want, &f.log)
				}
			}()
			f.process = works
			for range 2 {
				f.notifyHere(200)
				if len(f.processed) != 1 {
					t.Errorf("%d processed", len(f.processed))
				}
			}
		})
	}
}

// notifyHere passes on the same delivery each time, without a connection.
func (f *fixture) notifyHere(status int) {
	f.t.Helper()
	if w := handle(f, signed("rand", "1767225600", "{}")); w.Code != status {
		f.t.Errorf("got %d, want %d", w.Code, status)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	f := start(t)
	for i := range uint64(maxSeen) {
		// Not through claim, which looks through all of them.
		var id signature
		binary.BigEndian.PutUint64(id[:], i)
		f.seen[id] = &delivery{expires: testTime.Add(time.Duration(i%2) * time.Minute), done: true}
	}
	f.notify(complete, 503, 0)
	if duplicate, status, err := f.claim(signature{}, testTime); !duplicate || status != 200 || err != nil {
		t.Errorf("a repeat: got %v, %d, %v", duplicate, status, err)
	}
	if len(f.seen) != maxSeen {
		t.Errorf("%d are remembered", len(f.seen))
	}
	f.move(time.Second)
	f.notify(complete, 200, 1)
	if len(f.seen) != maxSeen/2+1 {
		t.Errorf("%d are remembered after half of them became too old", len(f.seen))
	}
	f.move(time.Hour)
	f.notify(complete, 200, 1)
	if len(f.seen) != 1 {
		t.Errorf("%d are remembered after all became too old", len(f.seen))
	}
	// What isn't signed is not remembered.
	f.emu.SetCallback(testApp, f.url, oldKey)
	f.notify(complete, 401, 0)
	if len(f.seen) != 1 {
		t.Errorf("%d are remembered", len(f.seen))
	}
}

func TestMethods(t *testing.T) {
	f := start(t)
	for _, method := range []string{"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "ODD"} {
		r := signed("rand", "1767225600", "{}")
		r.Method = method
		if w := handle(f, r); w.Code != 405 || w.Header().Get("Allow") != "POST" || len(f.processed) > 0 {
			t.Errorf("%s: got %d, %v", method, w.Code, w.Header())
		}
	}
	resp, err := http.Get(f.url)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("got %d", resp.StatusCode)
	}
}

func TestBodies(t *testing.T) {
	const frame = len(`{"a":""}`)
	for name, c := range map[string]struct {
		body   string
		status int
		want   event
	}{
		"as large as allowed": {`{"a":"` + strings.Repeat("a", maxBody-frame) + `"}`, 200, event{}},
		"a byte too large":    {`{"a":"` + strings.Repeat("a", maxBody-frame+1) + `"}`, 413, event{}},
		"huge":                {`{"a":"` + strings.Repeat("a", 10*maxBody) + `"}`, 413, event{}},
		"blanks":              {" \r\n\t{ } \n", 200, event{}},
		"other types": {
			`{"event_type":5,"file_size":"12","width":1.5,"record_duration":1e99,"app_id":null,"room_id":["a"],"job_id":"j"}`,
			200, event{JobID: "j"},
		},
		"empty":        {"", 400, event{}},
		"not JSON":     {"event_type=secret", 400, event{}},
		"cut off":      {`{"event_type":"secret"`, 400, event{}},
		"two":          {`{}{}`, 400, event{}},
		"null":         {"null", 400, event{}},
		"an array":     {`[{"event_type":"a"}]`, 400, event{}},
		"a string":     {`"{"`, 400, event{}},
		"a number":     {"1", 400, event{}},
		"another form": {"\xef\xbb\xbf{}", 400, event{}},
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t)
			for range 2 { // what was refused is refused again, not a duplicate
				if w := handle(f, signed("rand", "1767225600", c.body)); w.Code != c.status {
					t.Errorf("got %d, want %d\n%s", w.Code, c.status, &f.log)
				}
			}
			if c.status == 200 && (len(f.processed) != 1 || f.processed[0] != c.want) || c.status != 200 && len(f.processed) > 0 {
				t.Errorf("processed %+v, want %+v", f.processed, c.want)
			}
		})
	}
	f := start(t)
	f.notify(strings.Repeat("a", maxBody), 413, 0)
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestABodyThatBreaksOff(t *testing.T) {
	f := start(t)
	r := signed("rand", "1767225600", "{}")
	r.Body = io.NopCloser(failing{})
	if w := handle(f, r); w.Code != 400 || len(f.processed) > 0 {
		t.Errorf("got %d", w.Code)
	}
}

// The body of a request that isn't signed is not even read.
func TestReadsNoBodyInVain(t *testing.T) {
	f := start(t)
	r := signed("rand", "1767225600", "")
	r.Header.Del("X-Rtc-Signature")
	r.Body = io.NopCloser(failing{})
	if w := handle(f, r); w.Code != 401 {
		t.Errorf("got %d", w.Code)
	}
}

func TestWithoutQuery(t *testing.T) {
	for s, want := range map[string]string{
		"":                                     "",
		"https://a.example.com/b/c.mp4":        "https://a.example.com/b/c.mp4",
		"https://a.example.com/b%20c?x=secret": "https://a.example.com/b%20c",
		"https://u:secret@a.example.com/b?":    "https://a.example.com/b",
		"https://a.example.com/b#secret":       "https://a.example.com/b",
		"mailto:secret?secret":                 "mailto:",
		"https://a b/?secret":                  "(not a URL)",
		"a\nb?secret":                          "(not a URL)",
	} {
		if got := withoutQuery(s); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
}

// The files are to be copied.
func TestImportsTheStandardLibraryOnly(t *testing.T) {
	for _, name := range []string{"receiver.go", "main.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		if len(file.Imports) < 10 {
			t.Errorf("%s: only %d imports were seen", name, len(file.Imports))
		}
		for _, i := range file.Imports {
			if first, _, _ := strings.Cut(i.Path.Value, "/"); strings.Contains(first, ".") {
				t.Errorf("%s imports %s", name, i.Path.Value)
			}
		}
	}
}
