// SPDX-License-Identifier: MPL-2.0

package sparkrtc

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// CallbackSignature returns what the service sends as X-Rtc-Signature with a
// recording event: HMAC-SHA256, in lower-case hex, of the headers X-Rtc-Rand
// and X-Rtc-Timestamp and the body as they arrived, one after another with
// nothing between them (API Reference, "Recording Event Callback Notification
// Content").
func CallbackSignature(authKey, rand, timestamp, body string) string {
	mac := hmac.New(sha256.New, []byte(authKey))
	mac.Write([]byte(rand + timestamp + body)) // a hash never returns an error
	return hex.EncodeToString(mac.Sum(nil))
}

// EventFileComplete is the event that has all that there is to say.
const EventFileComplete = "RECORD_FILE_COMPLETE"

const (
	testDetail         = "A test by terraform-provider-sparkrtc: nothing was recorded."
	testRecordDuration = 60 // seconds
)

// Notification is a recording event as the service sends it (the same page).
type Notification struct {
	EventType      string `json:"event_type"`
	JobID          string `json:"job_id"`
	StreamName     string `json:"stream_name"`
	AppID          string `json:"app_id"`
	RoomID         string `json:"room_id"`
	RecordFormat   string `json:"record_format"`
	DownloadURL    string `json:"download_url,omitempty"`
	FileSize       int64  `json:"file_size,omitempty"`       // bytes
	RecordDuration int64  `json:"record_duration,omitempty"` // seconds
	StartTime      string `json:"start_time,omitempty"`      // UTC, YYYY-MM-DDThh:mm:ssZ
	EndTime        string `json:"end_time,omitempty"`        // likewise
	Width          int    `json:"width,omitempty"`           // pixels
	Height         int    `json:"height,omitempty"`          // likewise
	OBSLocation    string `json:"obs_location,omitempty"`
	OBSBucket      string `json:"obs_bucket,omitempty"`
	OBSObject      string `json:"obs_object,omitempty"`
	DetailMessage  string `json:"detail_message"`
}

// TestNotification returns an event of a recording that never was, and says so
// in its names, and in detail_message. Of a complete file it has all that the
// service would say.
func TestNotification(eventType, appID string, now time.Time) Notification {
	n := Notification{
		EventType: eventType, AppID: appID, JobID: "test-" + rand.Text(), StreamName: "test", RoomID: "test", RecordFormat: "MP4",
		DetailMessage: testDetail,
	}
	if eventType == EventFileComplete {
		const layout = "2006-01-02T15:04:05Z"
		n.DownloadURL = "https://test.invalid/test.mp4"
		n.FileSize, n.RecordDuration, n.Width, n.Height = 1, testRecordDuration, 1280, 720
		n.StartTime, n.EndTime = now.Add(-testRecordDuration*time.Second).UTC().Format(layout), now.UTC().Format(layout)
		n.OBSLocation, n.OBSBucket, n.OBSObject = DefaultRegion, "test", "test.mp4"
	}
	return n
}

// What a receiver answers if not with a 2xx.
var (
	ErrNotifyUnauthorized = errors.New("the receiver refuses the sender or the signature") // 401, 403
	ErrNotifyRedirected   = errors.New("the receiver redirects")                           // 3xx
	ErrNotifyNotServed    = errors.New("nothing takes notifications there")                // 404, 405
	ErrNotifyRefused      = errors.New("the receiver refuses the notification")            // any other
)

func refusal(status int) error {
	kind := ErrNotifyRefused
	switch {
	case status >= 200 && status <= 299:
		return nil
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		kind = ErrNotifyUnauthorized
	case status >= 300 && status <= 399:
		kind = ErrNotifyRedirected
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		kind = ErrNotifyNotServed
	}
	return fmt.Errorf("%w (HTTP %d %s)", kind, status, http.StatusText(status))
}

// notifyTimeout bounds a notification with its answer. How long the service
// waits is not documented.
const notifyTimeout = 10 * time.Second

// Notify posts an event to the callback URL as the service does, signed if there
// is a key, and returns the status that the receiver answered with: 0 for no
// answer. It goes once, follows no redirect, and ends after ten seconds. Any
// answer but a 2xx is one of the errors above, and no answer is another one; none
// has the URL's query or its user in it.
func (n Notification) Notify(ctx context.Context, callbackURL, authKey string) (status int, err error) {
	body, err := json.Marshal(n)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, callbackURL, strings.NewReader(string(body)))
	if err != nil {
		return 0, errors.New("the URL can't be read")
	}
	req.Header.Set("Content-Type", "application/json")
	if authKey != "" {
		random, timestamp := rand.Text(), strconv.FormatInt(time.Now().Unix(), 10)
		req.Header.Set("X-Rtc-Rand", random)
		req.Header.Set("X-Rtc-Timestamp", timestamp)
		req.Header.Set("X-Rtc-Signature", CallbackSignature(authKey, random, timestamp, string(body)))
	}
	client := &http.Client{
		Timeout:       notifyTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, noAnswer(ctx, err)
	}
	_ = resp.Body.Close() // unread: only the status counts, and a body may never end
	return resp.StatusCode, refusal(resp.StatusCode)
}

// noAnswer says why, without the URL. Other errors than these may repeat what the
// receiver sent, and that may be the URL with all that is in it.
func noAnswer(ctx context.Context, err error) error {
	var wrapped *url.Error
	var network *net.OpError
	var certificate *tls.CertificateVerificationError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &wrapped) && wrapped.Timeout():
		return fmt.Errorf("no answer within %v", notifyTimeout)
	case errors.As(err, &certificate):
		return certificate
	case errors.As(err, &network):
		return network
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the connection was closed")
	default:
		return errors.New("the answer is not one of HTTP, or of another version or TLS than expected")
	}
}
