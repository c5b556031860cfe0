// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

const (
	notifyTimeout = 10 * time.Second

	maxNotifyBody = 1 << 20 // bytes that are read of a response
	maxShownBody  = 1 << 10 // bytes that are kept of it
)

var notifier = &http.Client{
	Timeout:       notifyTimeout,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	// The default transport keeps connections and uses proxies.
	Transport: &http.Transport{DisableKeepAlives: true},
}

// Notify posts an event as JSON to the callback URL of an app, signed if the callback has a key, and returns
// the status of the response. It follows no redirect and times out after ten seconds. An app without a
// callback is an error.
func (s *Server) Notify(ctx context.Context, app string, event any) (status int, err error) {
	n, err := s.Deliver(ctx, app, event)
	return n.Status, err
}

// Notification is the result of Deliver.
type Notification struct {
	Time   time.Time // by the server's clock
	URL    string    // "" if it was not sent
	Signed bool
	Status int    // 0 if there was no response
	Body   []byte // the first KiB of the response
	Took   time.Duration
}

// Deliver does what Notify does and returns more, also with an error.
func (s *Server) Deliver(ctx context.Context, app string, event any) (Notification, error) {
	n := Notification{Time: s.now()}
	body, err := json.Marshal(event)
	if err != nil {
		return n, err
	}
	callback, ok := s.Callback(app)
	if !ok {
		return n, fmt.Errorf("app %q has no callback", app)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, callback.URL, bytes.NewReader(body))
	if err != nil {
		return n, err
	}
	n.URL = callback.URL
	req.Header.Set("Content-Type", "application/json")
	if callback.AuthKey != "" {
		n.Signed = true
		random, timestamp := randomHex(16), strconv.FormatInt(n.Time.Unix(), 10)
		req.Header.Set("X-Rtc-Rand", random)
		req.Header.Set("X-Rtc-Timestamp", timestamp)
		req.Header.Set("X-Rtc-Signature", notificationSignature(callback.AuthKey, random, timestamp, body))
	}
	begun := time.Now()
	resp, err := post(req)
	n.Took = max(time.Since(begun), 1) // clocks may be coarse
	if err != nil {
		return n, err
	}
	n.Status, n.Body = resp.status, resp.body
	return n, nil
}

func post(req *http.Request) (response, error) {
	resp, err := notifier.Do(req)
	if err != nil {
		return response{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxNotifyBody))
	if err != nil {
		return response{}, err
	}
	return response{status: resp.StatusCode, body: bytes.Clone(body[:min(len(body), maxShownBody)])}, nil
}

func notificationSignature(key, random, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(random + timestamp))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

func (s *Server) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opts.Clock()
}
