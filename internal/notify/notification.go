// SPDX-License-Identifier: MPL-2.0

// Package notify sends the notification of a recording event as the service does.
package notify

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

// Signature returns X-Rtc-Signature (API Reference, "Recording Event Callback Notification Content").
func Signature(authKey, rand, timestamp, body string) string {
	mac := hmac.New(sha256.New, []byte(authKey))
	mac.Write([]byte(rand + timestamp + body)) // a hash never returns an error
	return hex.EncodeToString(mac.Sum(nil))
}

// EventFileComplete is the event that sets every field of a Notification.
const EventFileComplete = "RECORD_FILE_COMPLETE"

const (
	testDetail         = "A test by terraform-provider-sparkrtc: nothing was recorded."
	testRecordDuration = 60 // seconds
	testOBSLocation    = "cn-north-4"
)

// Notification is the body (source as for Signature).
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

// NewTest returns an event that its names and detail_message mark as a test.
func NewTest(eventType, appID string, now time.Time) Notification {
	n := Notification{
		EventType: eventType, AppID: appID, JobID: "test-" + rand.Text(), StreamName: "test", RoomID: "test", RecordFormat: "MP4",
		DetailMessage: testDetail,
	}
	if eventType == EventFileComplete {
		const layout = "2006-01-02T15:04:05Z"
		n.DownloadURL = "https://test.invalid/test.mp4"
		n.FileSize, n.RecordDuration, n.Width, n.Height = 1, testRecordDuration, 1280, 720
		n.StartTime, n.EndTime = now.Add(-testRecordDuration*time.Second).UTC().Format(layout), now.UTC().Format(layout)
		n.OBSLocation, n.OBSBucket, n.OBSObject = testOBSLocation, "test", "test.mp4"
	}
	return n
}

// Errors of Send for a response that is not a 2xx.
var (
	ErrUnauthorized = errors.New("the receiver refuses the sender or the signature")       // 401, 403
	ErrRedirected   = errors.New("the receiver redirects")                                 // 3xx
	ErrNotServed    = errors.New("the receiver does not accept notifications at this URL") // 404, 405
	ErrRefused      = errors.New("the receiver refuses the notification")                  // any other
)

func statusError(status int) error {
	kind := ErrRefused
	switch {
	case status >= 200 && status <= 299:
		return nil
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		kind = ErrUnauthorized
	case status >= 300 && status <= 399:
		kind = ErrRedirected
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		kind = ErrNotServed
	}
	return fmt.Errorf("%w (HTTP %d %s)", kind, status, http.StatusText(status))
}

// The timeout of the service is not documented.
const sendTimeout = 10 * time.Second

// Send returns the HTTP status, 0 without a response. No error contains the query or user of the URL.
func (n Notification) Send(ctx context.Context, callbackURL, authKey string) (status int, err error) {
	body, err := json.Marshal(n)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, callbackURL, strings.NewReader(string(body)))
	if err != nil {
		return 0, errors.New("the URL is not valid")
	}
	req.Header.Set("Content-Type", "application/json")
	if authKey != "" {
		random, timestamp := rand.Text(), strconv.FormatInt(time.Now().Unix(), 10)
		req.Header.Set("X-Rtc-Rand", random)
		req.Header.Set("X-Rtc-Timestamp", timestamp)
		req.Header.Set("X-Rtc-Signature", Signature(authKey, random, timestamp, string(body)))
	}
	client := &http.Client{
		Timeout:       sendTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, noResponse(ctx, err)
	}
	_ = resp.Body.Close() // not read: only the status counts, and the body may be endless
	return resp.StatusCode, statusError(resp.StatusCode)
}

// Unknown errors are replaced, because they may repeat the URL as sent by the receiver.
func noResponse(ctx context.Context, err error) error {
	var wrapped *url.Error
	var network *net.OpError
	var certificate *tls.CertificateVerificationError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &wrapped) && wrapped.Timeout():
		return fmt.Errorf("no response within %v", sendTimeout)
	case errors.As(err, &certificate):
		return certificate
	case errors.As(err, &network):
		return network
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the connection was closed")
	default:
		return errors.New("the response is not HTTP, or uses an unexpected version of HTTP or TLS")
	}
}
