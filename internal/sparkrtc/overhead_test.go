// SPDX-License-Identifier: MPL-2.0

package sparkrtc

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

// canned responses without a network.
type canned string

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	_, err := io.Copy(io.Discard, r.Body)
	return &http.Response{
		StatusCode: http.StatusOK, Request: r, Body: io.NopCloser(strings.NewReader(string(c))),
		Header: http.Header{"Content-Type": {"application/json"}, "X-Request-Id": {"0123456789abcdef0123456789abcdef"}},
	}, err
}

// What a call costs here, without what net/http and the service do with it.
func BenchmarkUpdateRecordCallback(b *testing.B) {
	answer := canned(`{"app_id":"app","record_callback":{"url":"https://recordings.example.com/sparkrtc","auth_key":"callback-key-of-the-tests-0123456789","notify_event_subscription":["RECORD_NEW_FILE_START","RECORD_FILE_COMPLETE"],"update_time":"2006-01-02T15:04:05.075Z"}}`)
	client, err := New(Config{
		Endpoint:    "https://rtc-api.example.com",
		Credentials: transport.Credentials{Token: "token-of-the-tests-0123456789"},
		Transport:   transport.New(transport.Config{MaxRetries: 5, RoundTripper: answer}),
	})
	if err != nil {
		b.Fatal(err)
	}
	key := "callback-key-of-the-tests-0123456789"
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.UpdateRecordCallback(b.Context(), "app", RecordCallbackRequest{URL: "https://recordings.example.com/sparkrtc", AuthKey: &key}); err != nil {
			b.Fatal(err)
		}
	}
}
