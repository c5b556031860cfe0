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
	// notifyTimeout bounds one notification, from the connection to the last
	// byte of the answer.
	notifyTimeout = 10 * time.Second

	// maxNotifyAnswer bounds what is read of an answer, in bytes.
	maxNotifyAnswer = 1 << 20
)

var notifier = &http.Client{
	Timeout:       notifyTimeout,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	// Not the default one, which keeps connections and goes through proxies.
	Transport: &http.Transport{DisableKeepAlives: true},
}

// Notify posts an event, as JSON, to the callback URL of an app and returns
// the status of the answer. When the callback has a key, the notification is
// signed with it. Notify follows no redirect, and ends after ten seconds or
// with ctx. It is an error if the app has no callback or there is no answer.
func (s *Server) Notify(ctx context.Context, app string, event any) (status int, err error) {
	body, err := json.Marshal(event)
	if err != nil {
		return 0, err
	}
	callback, ok := s.Callback(app)
	if !ok {
		return 0, fmt.Errorf("app %q has no callback", app)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, callback.URL, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	if callback.AuthKey != "" {
		random, timestamp := randomHex(16), strconv.FormatInt(s.now().Unix(), 10)
		req.Header.Set("X-Rtc-Rand", random)
		req.Header.Set("X-Rtc-Timestamp", timestamp)
		req.Header.Set("X-Rtc-Signature", notificationSignature(callback.AuthKey, random, timestamp, body))
	}
	resp, err := notifier.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }() // only the status counts
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, maxNotifyAnswer)); err != nil {
		return 0, err
	}
	return resp.StatusCode, nil
}

func notificationSignature(key, random, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(random + timestamp))
	mac.Write(body) // a hash never returns an error
	return hex.EncodeToString(mac.Sum(nil))
}

func (s *Server) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opts.Clock()
}
