// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

const apiPath = "/v2/" // begins the paths of the SparkRTC API

// Request is a request to the SparkRTC API that is no read.
type Request struct {
	Method, Path string
	Body         any // nil for none; compared as the JSON that it becomes
}

func (r Request) String() string {
	body, err := json.Marshal(r.Body)
	if err != nil {
		return fmt.Sprintf("%s %s %v", r.Method, r.Path, err)
	}
	return fmt.Sprintf("%s %s %s", r.Method, r.Path, body)
}

// Sent returns the requests to the SparkRTC API since the last reset that are no reads, in the order of arrival.
func (e *Emulator) Sent(tb testing.TB) []Request {
	tb.Helper()
	var sent []Request
	for _, r := range e.Requests(emulator.Path(apiPath)) {
		if r.Method == http.MethodGet {
			continue
		}
		request := Request{Method: r.Method, Path: r.Path}
		if len(r.Body) > 0 {
			if err := json.Unmarshal(r.Body, &request.Body); err != nil {
				tb.Errorf("body of %s %s: %v", r.Method, r.Path, err)
			}
		}
		sent = append(sent, request)
	}
	return sent
}

// ExpectSent compares Sent, and resets the log of requests, reads included.
func (e *Emulator) ExpectSent(tb testing.TB, want ...Request) {
	tb.Helper()
	if got := e.Sent(tb); !sameRequests(tb, got, want) {
		tb.Errorf("sent:\n%s\nwant:\n%s", lines(got), lines(want))
	}
	e.ResetRequests()
}

func sameRequests(tb testing.TB, got, want []Request) bool {
	tb.Helper()
	if len(got) != len(want) {
		return false
	}
	for i, w := range want {
		if got[i].Method != w.Method || got[i].Path != w.Path || !reflect.DeepEqual(got[i].Body, decodedJSON(tb, w.Body)) {
			return false
		}
	}
	return true
}

func decodedJSON(tb testing.TB, value any) any {
	tb.Helper()
	content, err := json.Marshal(value)
	if err != nil {
		tb.Fatal(err)
	}
	var decoded any
	if err := json.Unmarshal(content, &decoded); err != nil {
		tb.Fatal(err)
	}
	return decoded
}

func lines(requests []Request) string {
	if len(requests) == 0 {
		return "  nothing"
	}
	var b strings.Builder
	for _, r := range requests {
		fmt.Fprintf(&b, "  %s\n", r)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Reads counts the GET requests to the SparkRTC API since the last reset, each page of a list included, by path.
func (e *Emulator) Reads() map[string]int {
	reads := map[string]int{}
	for _, r := range e.Requests(emulator.Path(apiPath), emulator.Method(http.MethodGet)) {
		reads[r.Path]++
	}
	return reads
}

// CountReads returns the number of all Reads.
func (e *Emulator) CountReads() int {
	return len(e.Requests(emulator.Path(apiPath), emulator.Method(http.MethodGet)))
}

// ExpectReads compares Reads. It resets nothing.
func (e *Emulator) ExpectReads(tb testing.TB, want map[string]int) {
	tb.Helper()
	if got := e.Reads(); !maps.Equal(got, want) {
		tb.Errorf("reads: %v, want %v", got, want)
	}
}
