// SPDX-License-Identifier: MPL-2.0

package main

// This file is the handler: copy it alone into a server that you have, or with
// main.go, which is a server. What you do with an event goes into process.

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

const (
	maxBody = 1 << 20 // bytes; events are far smaller
	maxSeen = 20_000  // deliveries that are remembered, some 2 MB
)

// event is a recording event. All fields are optional, and there may be others
// and other types of events, now or later.
type event struct {
	Type       string `json:"event_type"` // RECORD_NEW_FILE_START, RECORD_FILE_COMPLETE, CLOUD_RECORD_SERVER_OVER
	AppID      string `json:"app_id"`
	RoomID     string `json:"room_id"`
	JobID      string `json:"job_id"`
	StreamName string `json:"stream_name"`
	Format     string `json:"record_format"` // HLS, MP4
	Detail     string `json:"detail_message"`

	// Of a file that is complete.
	DownloadURL string `json:"download_url"` // perhaps with a signature in its query: don't log it as it is
	Size        int64  `json:"file_size"`
	Duration    int64  `json:"record_duration"` // seconds
	Start       string `json:"start_time"`      // UTC, YYYY-MM-DDThh:mm:ssZ
	End         string `json:"end_time"`
	Width       int    `json:"width"`
	Height      int    `json:"height"`
	Location    string `json:"obs_location"`
	Bucket      string `json:"obs_bucket"`
	Object      string `json:"obs_object"`
}

// process is where your work goes. Be quick, and queue what takes long: the
// sender waits. After an error the answer is 500, and the same delivery is
// processed again if it comes again.
//
// A delivery is processed once, but one that is signed again is another
// delivery. So make your work idempotent as well, by JobID, Type and Object.
var process = func(context.Context, event) error { return nil }

type signature [sha256.Size]byte

type callbackKey struct {
	name   string
	secret []byte
}

// delivery is one that was accepted: under way until it is done.
type delivery struct {
	expires time.Time
	done    bool
}

// receiver is an http.Handler; newReceiver makes one.
type receiver struct {
	keys      []callbackKey // any of them may have signed
	tolerance time.Duration
	digits    int              // of a timestamp: 10 for seconds, 13 for milliseconds, 0 for both
	now       func() time.Time // time.Now but in tests
	log       *slog.Logger
	process   func(context.Context, event) error

	mu   sync.Mutex
	seen map[signature]*delivery
}

func newReceiver(log *slog.Logger, keys ...callbackKey) *receiver {
	return &receiver{
		keys: keys, tolerance: 5 * time.Minute, now: time.Now, log: log, process: process,
		seen: make(map[signature]*delivery),
	}
}

func (rc *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, err := rc.receive(w, r)
	if err != nil {
		// The log says why, the answer doesn't: it would help an attacker.
		rc.log.Warn("refused", "status", status, "reason", err, "remote", r.RemoteAddr)
		if status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", http.MethodPost)
		}
		http.Error(w, http.StatusText(status), status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, "{}") // the service wants JSON, whichever
}

// receive returns the status of the answer, and why if it isn't 200.
func (rc *receiver) receive(w http.ResponseWriter, r *http.Request) (int, error) {
	if r.Method != http.MethodPost {
		return http.StatusMethodNotAllowed, fmt.Errorf("method %q", r.Method)
	}
	random, timestamp := r.Header.Get("X-Rtc-Rand"), r.Header.Get("X-Rtc-Timestamp")
	sum, err := hex.DecodeString(r.Header.Get("X-Rtc-Signature"))
	if random == "" || err != nil || len(sum) != sha256.Size {
		return http.StatusUnauthorized, errors.New("not signed, or not in the form of a signature")
	}
	sent, err := parseTimestamp(timestamp, rc.digits)
	if err != nil {
		return http.StatusUnauthorized, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return http.StatusRequestEntityTooLarge, err
	} else if err != nil {
		return http.StatusBadRequest, err
	}
	key := rc.signer(sum, random, timestamp, body)
	if key == "" {
		return http.StatusUnauthorized, errors.New("wrong signature")
	}

	// A delivery is known by its signature, which covers the two headers and
	// the body, and only those with a right one take up memory.
	id := signature(sum)
	duplicate, status, err := rc.claim(id, sent)
	if err != nil {
		return status, err
	}
	if duplicate {
		// Either a replay, which has no effect, or a delivery whose answer was
		// lost, which would go on coming if it were refused.
		rc.log.Info("duplicate", "key", key, "timestamp", timestamp)
		return http.StatusOK, nil
	}
	processed := false
	defer func() { rc.finish(id, processed) }() // also when process panics

	e, err := decode(body)
	if err != nil {
		return http.StatusBadRequest, err
	}
	if err := rc.process(r.Context(), e); err != nil {
		return http.StatusInternalServerError, fmt.Errorf("processing: %w", err)
	}
	processed = true
	rc.log.Info("event", "type", e.Type, "app", e.AppID, "room", e.RoomID, "job", e.JobID, "stream", e.StreamName,
		"format", e.Format, "size", e.Size, "seconds", e.Duration, "bucket", e.Bucket, "object", e.Object,
		"download", withoutQuery(e.DownloadURL), "key", key, "timestamp", timestamp)
	return http.StatusOK, nil
}

// signer returns the name of the key that signed, "" for none. What is signed
// is the body as it arrived, not what a JSON encoder would make of it.
func (rc *receiver) signer(sum []byte, random, timestamp string, body []byte) string {
	for _, key := range rc.keys {
		mac := hmac.New(sha256.New, key.secret)
		mac.Write([]byte(random + timestamp))
		mac.Write(body)
		if hmac.Equal(mac.Sum(nil), sum) { // in constant time
			return key.name
		}
	}
	return ""
}

// parseTimestamp takes Unix seconds (10 digits) or milliseconds (13 digits):
// SparkRTC's documentation doesn't say which. Name the one that you see in the
// log with -timestamp: the signature doesn't cover where X-Rtc-Rand ends and
// X-Rtc-Timestamp begins, so that while both are accepted, a delivery whose
// digits happen to fit can be replayed once more at another time.
func parseTimestamp(s string, digits int) (time.Time, error) {
	n, err := strconv.ParseUint(s, 10, 63) // no sign, unlike ParseInt
	if err == nil && (digits == 0 || len(s) == digits) {
		switch len(s) {
		case 10:
			return time.Unix(int64(n), 0), nil
		case 13:
			return time.UnixMilli(int64(n)), nil
		}
	}
	return time.Time{}, errors.New("no timestamp, or not in the form of one")
}

// claim lets a delivery through once, and says so if it is a duplicate. One
// lock and one reading of the clock for the age and the memory: a delivery
// can't become forgotten while it is still young enough.
func (rc *receiver) claim(id signature, sent time.Time) (duplicate bool, status int, err error) {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	now := rc.now()
	if off := now.Sub(sent); off.Abs() > rc.tolerance { // by then it may have been forgotten
		return false, http.StatusUnauthorized, fmt.Errorf("timestamp is off by %v: a replay, or a clock that is wrong", off)
	}
	for id, d := range rc.seen {
		if now.After(d.expires) {
			delete(rc.seen, id)
		}
	}
	if d := rc.seen[id]; d != nil {
		if !d.done { // it may still fail, so that 200 would be too early
			return false, http.StatusServiceUnavailable, errors.New("the same delivery is under way")
		}
		return true, http.StatusOK, nil
	}
	if len(rc.seen) >= maxSeen {
		return false, http.StatusServiceUnavailable, errors.New("too many deliveries at once")
	}
	rc.seen[id] = &delivery{expires: sent.Add(rc.tolerance)}
	return false, http.StatusOK, nil
}

// finish remembers a delivery that was processed, and forgets one that wasn't.
func (rc *receiver) finish(id signature, processed bool) {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	if d := rc.seen[id]; d != nil && processed {
		d.done = true
	} else {
		delete(rc.seen, id)
	}
}

// decode takes any JSON object. A field of another type than expected stays
// empty: that is better than to lose the event.
func decode(body []byte) (e event, err error) {
	var mismatch *json.UnmarshalTypeError
	if err := json.Unmarshal(body, &e); err != nil && !errors.As(err, &mismatch) {
		return event{}, errors.New("not JSON") // the error may quote the body
	}
	if !bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{")) {
		return event{}, errors.New("not a JSON object")
	}
	return e, nil
}

// withoutQuery leaves out the query, which may be all that a download needs.
func withoutQuery(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return "(not a URL)"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}
