// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// fake is a server without a connection, so that time can be that of a synctest
// bubble. It notes when each request came and how many were under way at once.
type fake struct {
	answer  func(n int, r *http.Request) (*http.Response, error) // n counts from 1
	latency time.Duration

	mu         sync.Mutex
	came       []time.Time
	now, atMax int
}

func (f *fake) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	f.came = append(f.came, time.Now())
	n := len(f.came)
	f.now++
	f.atMax = max(f.atMax, f.now)
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.now--
		f.mu.Unlock()
	}()
	select {
	case <-time.After(f.latency):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	return f.answer(n, r)
}

// calls returns how many requests there were, and how many at a time.
func (f *fake) calls() (n, atMax int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.came), f.atMax
}

func (f *fake) client(change ...func(*Config)) *Client {
	cfg := Config{MaxRetries: 2, RoundTripper: f}
	for _, c := range change {
		c(&cfg)
	}
	return New(cfg)
}

// say is a response whose body testJudge understands.
func say(status int, body string, headers ...string) (*http.Response, error) {
	header := http.Header{}
	for i := 0; i < len(headers); i += 2 {
		header.Set(headers[i], headers[i+1])
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewReader([]byte(body)))}, nil
}

// testJudge is the judgement, without an error, of an API that speaks in single words.
func testJudge(r *Response) (Judgement, error) {
	word, rest, _ := strings.Cut(string(r.Body), " ")
	switch word {
	case "refused":
		return Judgement{Refused: true}, nil
	case "expired":
		at, _ := time.Parse(time.RFC3339, rest)
		return Judgement{Expired: true, ServerTime: at}, nil
	case "throttled":
		limit, err := strconv.Atoi(rest)
		if err != nil {
			return Judgement{Throttled: &Quota{}}, nil //nolint:nilerr // a body without a quota is still throttled
		}
		return Judgement{Throttled: &Quota{Limit: limit, Window: time.Minute}}, nil
	default:
		return Judgement{}, nil
	}
}

func request(a Authenticator) Request {
	return Request{Name: "Test request", Method: http.MethodPut, URL: "https://api.example.com/x", Body: []byte("body"), Authenticator: a, Judge: testJudge}
}

func paced(a Authenticator) Request {
	r := request(a)
	r.Paced = true
	return r
}

var errReset = errors.New("connection reset")
