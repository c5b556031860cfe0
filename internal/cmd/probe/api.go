// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/gateway"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

// The quota is 60 calls a minute. The rest is for retries.
const (
	callsPerWindow = 50
	window         = time.Minute
)

type object = map[string]any

// api makes calls whose responses are not interpreted, as the client of the provider would.
type api struct {
	endpoint    string
	wire        *transport.Client
	credentials transport.Authenticator
	secrets     []string
	urls        []string // of which messages show scheme and host only

	now      func() time.Time
	sleep    func(context.Context, time.Duration) error
	announce func(time.Duration) // a wait for the quota

	sent       []time.Time // in the last window
	inDoubt    bool        // something may have been made by a request without a response
	refused    error       // of the credentials: no call follows
	retryAfter string      // of a 429: "yes" or "no"
}

// call returns a reply in the service's own words, which may be a refusal of what was asked. Anything else is an error.
func (a *api) call(ctx context.Context, method, path, body string) (*reply, error) {
	if a.refused != nil {
		return nil, a.refused
	}
	if err := a.pace(ctx); err != nil {
		return nil, err
	}
	request := transport.Request{
		Name:          "SparkRTC API request",
		Method:        method,
		URL:           a.endpoint + path,
		Header:        http.Header{"Content-Type": {"application/json"}},
		Authenticator: a.credentials,
		Judge:         a.judge,
		Paced:         true,
		Secrets:       a.secrets,
		PrivateURLs:   a.urls,
	}
	if body != "" {
		request.Body = []byte(body)
	}
	if method != http.MethodGet {
		ctx = context.WithoutCancel(ctx) // or it would not be known whether it took effect
	}
	resp, exchange, err := a.wire.Do(ctx, request)
	a.inDoubt = a.inDoubt || method == http.MethodPost && err != nil && exchange.InDoubt
	for range exchange.Attempts {
		a.sent = append(a.sent, a.now())
	}
	var said gateway.Error
	r := new(reply)
	var unauthenticated *transport.AuthenticationError
	refused := errors.As(err, &unauthenticated)
	if err == nil {
		if resp.StatusCode >= 300 {
			said, _ = gateway.ReadError(resp)
		}
		r.status, r.code = resp.StatusCode, codeForm.FindString(said.Code)
		err = r.read(resp, said.Message)
		a.inDoubt = a.inDoubt || method == http.MethodPost && r.status >= 500
		refused = r.status == http.StatusUnauthorized || r.code == "RTC.00001001"
	}
	if err != nil {
		err = errors.New(exchange.Printable(err.Error()))
	}
	if refused {
		a.refused = err
	}
	return r, err
}

// read returns an error for a response that is about something else than what was asked.
func (r *reply) read(resp *transport.Response, message string) error {
	isRefusal := r.status == http.StatusBadRequest || r.status == http.StatusNotFound
	switch {
	case r.status == http.StatusNoContent:
		return nil
	case r.ok():
		return resp.Decode(&r.body)
	case !isRefusal || r.code == "RTC.00001001" || r.code == "RTC.00001021" || !strings.HasPrefix(r.code, "RTC."):
		return fmt.Errorf("%s: %s", r.said(), message)
	default:
		return nil
	}
}

func (a *api) judge(resp *transport.Response) (transport.Judgement, error) {
	if resp.StatusCode < 300 {
		return transport.Judgement{}, nil
	}
	said, _ := gateway.ReadError(resp)
	if resp.StatusCode == http.StatusTooManyRequests {
		a.retryAfter = map[bool]string{true: "yes", false: "no"}[resp.Header.Get("Retry-After") != ""]
		quota := gateway.Quota(said.Message)
		return transport.Judgement{Throttled: &quota}, nil
	}
	judged := gateway.RefusalOf(resp.StatusCode, said.Message).Judge(said.Message, resp.Header)
	judged.Unproven = resp.StatusCode != http.StatusUnauthorized && !strings.HasPrefix(said.Code, "RTC.")
	return judged, nil
}

func (a *api) pace(ctx context.Context) error {
	for {
		for len(a.sent) > 0 && a.now().Sub(a.sent[0]) > window {
			a.sent = a.sent[1:]
		}
		if len(a.sent) < callsPerWindow {
			return ctx.Err()
		}
		wait := a.sent[0].Add(window + time.Second).Sub(a.now())
		a.announce(wait)
		if err := a.sleep(ctx, wait); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reply is a response. A nil one is that of a call that was not made.
type reply struct {
	status int
	code   string
	body   object
}

func (r *reply) ok() bool { return r != nil && r.status >= 200 && r.status < 300 }

// said returns status and code, in which nothing is secret.
func (r *reply) said() string {
	if r == nil {
		return ""
	}
	return strings.TrimSpace(fmt.Sprintf("HTTP %d %s", r.status, r.code))
}

// at returns a member of members, such as "state.state", or nil.
func (r *reply) at(path string) any {
	if r == nil {
		return nil
	}
	var value any = r.body
	for name := range strings.SplitSeq(path, ".") {
		members, _ := value.(object)
		value = members[name]
	}
	return value
}

func (r *reply) text(path string) string {
	text, _ := r.at(path).(string)
	return text
}

func (r *reply) list(path string) []any {
	values, _ := r.at(path).([]any)
	return values
}

// codeForm is of what is printed.
var codeForm = regexp.MustCompile(`^[A-Z]{2,8}\.[0-9]{1,10}$`)
