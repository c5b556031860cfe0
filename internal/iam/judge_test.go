// SPDX-License-Identifier: MPL-2.0

package iam

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

// anything takes any response for a success.
type anything struct{}

func (anything) read(*transport.Response) error { return nil }

func TestJudge(t *testing.T) {
	const incorrect = "Incorrect IAM authentication information: "
	tests := map[string]struct {
		status int
		body   string
		want   transport.Judgement
	}{
		"success":                      {200, `{"error_msg":"verify aksk signature fail"}`, transport.Judgement{}},
		"wrong secret key":             {401, `{"error":{"code":401,"message":"` + incorrect + `verify aksk signature fail"}}`, transport.Judgement{Refused: true}},
		"wrong secret key, STS":        {401, `{"error_code":"APIGW.0301","error_msg":"` + incorrect + `verify aksk signature fail"}`, transport.Judgement{Refused: true}},
		"unknown access key":           {401, `{"error_msg":"Get secretKey failed,ak:AK,err:ak not exist"}`, transport.Judgement{Refused: true, Renewable: true}},
		"locked access key":            {401, `{"error_msg":"AK access failed to reach the limit,forbidden"}`, transport.Judgement{Refused: true}},
		"security token":               {401, `{"error_msg":"decrypt token fail"}`, transport.Judgement{Refused: true, Renewable: true}},
		"expired token":                {401, `{"error_msg":"token expires, expires_at: 2026-01-01"}`, transport.Judgement{Refused: true, Renewable: true}},
		"another 401":                  {401, `{"error":{"message":"The request you have made requires authentication."}}`, transport.Judgement{Renewable: true}},
		"a 401 that is HTML":           {401, `<html>verify aksk signature fail`, transport.Judgement{Renewable: true}},
		"the same text as a 403":       {403, `{"error_msg":"verify aksk signature fail"}`, transport.Judgement{}},
		"clock":                        {401, `{"error_msg":"signature expired, signature time:20230527T000431Z,server time:20230527T020608Z"}`, transport.Judgement{Expired: true, ServerTime: time.Date(2023, 5, 27, 2, 6, 8, 0, time.UTC)}},
		"clock, with the Date only":    {401, `{"error_msg":"signature expired"}`, transport.Judgement{Expired: true, ServerTime: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)}},
		"throttled, which has no pace": {429, `{"error_msg":"limit:200,time:5 minute"}`, transport.Judgement{}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			header := http.Header{"Date": {"Tue, 02 Jan 2024 03:04:05 GMT"}, "Content-Type": {"application/json"}}
			got, err := service{}.judge(&transport.Response{StatusCode: tc.status, Header: header, Body: []byte(tc.body)}, anything{})
			if got != tc.want || (err == nil) != (tc.status == http.StatusOK) {
				t.Errorf("got %+v, %v, want %+v", got, err, tc.want)
			}
		})
	}
}

// judged is a client of the emulator, which need not be asked for each call.
func judged(t *testing.T, opts emulator.Options) (*emulator.Server, *Client, *transport.Client) {
	t.Helper()
	server := emulator.New(opts)
	web := httptest.NewServer(server)
	t.Cleanup(func() { server.Close(); web.Close() })
	send := transport.New(transport.Config{MaxRetries: 2, Logger: slog.New(slog.DiscardHandler)})
	client, err := New(Config{Transport: send, Endpoint: web.URL, STSEndpoint: web.URL, MetadataEndpoint: web.URL})
	if err != nil {
		t.Fatal(err)
	}
	return server, client, send
}

// More than five failures in a row lock an access key, IAM's among them.
func TestWrongKeyIsSentOnce(t *testing.T) {
	server, client, _ := judged(t, emulator.Options{})
	wrong := testKeys
	wrong.SecretKey += "x"
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			if _, err := client.Projects(t.Context(), wrong, ""); !Unauthenticated(err) || !Refused(err) {
				t.Errorf("got %v", err)
			}
			if _, err := client.AssumeAgencySTS(t.Context(), wrong, Agency{Name: "a", DomainID: "d"}); !Unauthenticated(err) {
				t.Errorf("got %v", err)
			}
		})
	}
	group.Wait()
	if got := len(server.Requests()); got != 1 {
		t.Errorf("%d requests", got)
	}
}

// What IAM says of the time counts for the other APIs, too.
func TestWrongClockIsCorrected(t *testing.T) {
	server, client, send := judged(t, emulator.Options{Clock: func() time.Time { return time.Now().Add(3 * time.Hour) }})
	for range 2 {
		if _, err := client.Projects(t.Context(), testKeys, ""); err != nil {
			t.Error(err)
		}
	}
	if _, err := client.AssumeAgencySTS(t.Context(), testKeys, Agency{Name: emulator.DefaultAgencyName, DomainID: emulator.DefaultDomainID}); err != nil {
		t.Error(err)
	}
	if got, offset := len(server.Requests()), send.ClockOffset(); got != 4 || (offset-3*time.Hour).Abs() > 2*time.Second {
		t.Errorf("%d requests, offset %v", got, offset)
	}
}
