// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	vendor "github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/signer"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/request"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/signer"
)

const (
	testAppID = "5ff9701f2346968bb306cb43"
	testPath  = "/v2/apps/" + testAppID + "/record-callback"
	testKey   = "0123456789abcdef0123456789abcdef"
)

var testTime = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// vendorSign lets the vendor's signer sign a request, and returns that as the
// vendor's SDK sends it.
func vendorSign(tb testing.TB, r *request.DefaultHttpRequest, accessKey, secretKey string) *http.Request {
	tb.Helper()
	headers, err := vendor.Sign(r, accessKey, secretKey)
	if err != nil {
		tb.Fatal(err)
	}
	for name, value := range headers {
		r.AddHeaderParam(name, value)
	}
	sent, err := r.ConvertRequest()
	if err != nil {
		tb.Fatal(err)
	}
	return sent
}

// ours makes a request for our signer of one that is sent: all of it that the
// vendor's signer would sign.
func ours(tb testing.TB, sent *http.Request) signer.Request {
	tb.Helper()
	body, err := io.ReadAll(sent.Body)
	if err != nil {
		tb.Fatal(err)
	}
	sent.Body = io.NopCloser(strings.NewReader(string(body)))
	r := signer.Request{Method: sent.Method, Path: sent.URL.EscapedPath(), Query: sent.URL.RawQuery, Body: body}
	for name, values := range sent.Header {
		switch {
		case name == "Authorization", name == "X-Sdk-Date", strings.HasPrefix(name, "Content-Type"), strings.Contains(name, "_"):
		default:
			for _, value := range values {
				r.Headers = append(r.Headers, signer.Header{Name: name, Value: value})
			}
		}
	}
	return r
}

// seed is CONFORMANCE_SEED, or else another one in each run.
func seed(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv("CONFORMANCE_SEED")
	if text == "" {
		return rand.Uint64()
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("CONFORMANCE_SEED: %v", err)
	}
	return n
}

// Whatever the vendor's SDK sends, our signer signs it as the vendor's does,
// and the emulator takes it.
func TestSignersAgree(t *testing.T) {
	const requests = 5000
	seed := seed(t)
	checked := 0 // by the emulator
	for i := range requests {
		g := generator{rand.New(rand.NewPCG(seed, uint64(i)))}
		accessKey, secretKey, token := g.text(1, 40, tokenCharacters), g.text(1, 60, anyCharacters), ""
		if g.IntN(3) == 0 {
			token = g.text(1, 3000, tokenCharacters)
		}
		at := testTime.Add(time.Duration(g.Int64N(int64(100 * 365 * 24 * time.Hour))))
		sent := vendorSign(t, g.request(at, token), accessKey, secretKey)
		signed := ours(t, sent)

		want := signer.Signature{Date: sent.Header.Get("X-Sdk-Date"), Authorization: sent.Header.Get("Authorization")}
		if got := signer.Sign(accessKey, secretKey, at, signed); got != want {
			t.Fatalf("request %d with CONFORMANCE_SEED=%d: %s %s\n%+v\nours   %+v\nvendor %+v",
				i, seed, sent.Method, sent.URL, signed, got, want)
		}
		switch status, answer := emulated(sent, accessKey, secretKey, token, at); {
		case status == http.StatusNotFound && strings.Contains(answer, "APIGW.0101"):
			// It knows no such path, and says so before it looks at signatures.
		case status == http.StatusNotFound && strings.Contains(answer, "RTC."):
			checked++
		default:
			t.Fatalf("request %d with CONFORMANCE_SEED=%d: %s %s\n%+v\nthe emulator answers %d %s",
				i, seed, sent.Method, sent.URL, signed, status, answer)
		}
	}
	if checked < requests/10 {
		t.Errorf("the emulator has seen no more than %d signatures", checked)
	}
	t.Logf("%d requests with CONFORMANCE_SEED=%d, %d of them checked by the emulator too", requests, seed, checked)
}

// emulated is what the emulator answers.
func emulated(sent *http.Request, accessKey, secretKey, token string, at time.Time) (status int, answer string) {
	server := emulator.New(emulator.Options{
		AccessKey: accessKey, SecretKey: secretKey, SecurityToken: token, Clock: func() time.Time { return at },
	})
	w := httptest.NewRecorder()
	server.ServeHTTP(w, sent)
	return w.Code, w.Body.String()
}

// Texts that requests are generated from.
const (
	tokenCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_."
	pathCharacters  = "aZ09-_.~ !\"#$%&'()*+,:;<=>?@[\\]^`{|}é日\x7f\x01\xff"
	anyCharacters   = pathCharacters + "/\n\t😀"
	lineCharacters  = "aZ09-_.~ !\"#$%&'()*+,/:;<=>?@[\\]^`{|}é日\t"
	nameCharacters  = "abcXYZ019-!#$&'*+.^`|~"
)

// generator makes up requests that the vendor's signer can express, and that
// can be sent.
type generator struct{ *rand.Rand }

func (g generator) text(shortest, longest int, characters string) string {
	// Bytes and not runes, so that there is broken UTF-8 too.
	b := make([]byte, shortest+g.IntN(longest-shortest+1))
	for i := range b {
		b[i] = characters[g.IntN(len(characters))]
	}
	return string(b)
}

func (g generator) request(at time.Time, token string) *request.DefaultHttpRequest {
	methods := []string{"GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS"}
	b := request.NewHttpRequestBuilder().
		WithEndpoint("https://rtc-api.myhuaweicloud.com").
		WithMethod(methods[g.IntN(len(methods))]).
		WithPath(g.path()).
		AddHeaderParam("X-Sdk-Date", at.UTC().Format(signer.DateFormat)).
		AddHeaderParam("X-Project-Id", emulator.DefaultProjectID)
	if g.IntN(2) == 0 {
		// The emulator looks at signatures only if it knows the path.
		b.WithMethod("GET").AddHeaderParam("Content-Type", "application/json").WithPath("/v2/apps/" + g.text(1, 20, pathCharacters) + "x") // x: it is no dot segment
	}
	for range g.IntN(4) {
		// A query parameter without a name is among the differences.
		b.AddQueryParam(g.text(1, 8, anyCharacters), g.value())
	}
	for i := range g.IntN(5) {
		b.AddHeaderParam(fmt.Sprint(g.text(1, 12, nameCharacters), i), g.text(0, 30, lineCharacters))
	}
	if token != "" {
		b.AddHeaderParam("X-Security-Token", token)
	}
	if g.IntN(3) > 0 {
		types := []string{"application/json", "application/json;charset=UTF-8", "application/json; charset=utf-8"}
		b.AddHeaderParam("Content-Type", types[g.IntN(len(types))])
	}
	switch g.IntN(3) {
	case 0:
		b.WithBody("", g.text(0, 2000, anyCharacters))
	case 1:
		b.WithBody("", map[string]any{"url": g.text(0, 40, anyCharacters), "list": []any{g.IntN(10), nil, "<&>"}})
	}
	return b.Build()
}

func (g generator) path() string {
	var path strings.Builder
	for range 1 + g.IntN(6) {
		path.WriteString("/" + g.text(0, 12, pathCharacters))
	}
	return path.String()
}

// value is that of a query parameter: one, several, or some with names.
func (g generator) value() reflect.Value {
	switch g.IntN(4) {
	case 0:
		values := make([]string, g.IntN(4))
		for i := range values {
			values[i] = g.text(0, 6, anyCharacters)
		}
		return reflect.ValueOf(values)
	case 1:
		return reflect.ValueOf(g.IntN(1000))
	case 2:
		return reflect.ValueOf(map[string]string{g.text(1, 4, anyCharacters): g.text(0, 6, anyCharacters)})
	default:
		return reflect.ValueOf(g.text(0, 12, anyCharacters))
	}
}

// benchmarked are the same request for both signers: the PUT of a callback.
func benchmarked() (ours signer.Request, theirs *request.DefaultHttpRequest) {
	const body = `{"url":"https://example.com/cb","auth_key":"` + testKey + `"}`
	ours = signer.Request{
		Method: "PUT", Path: testPath, Body: []byte(body),
		Headers: []signer.Header{{Name: "Host", Value: "rtc-api.myhuaweicloud.com"}, {Name: "X-Project-Id", Value: emulator.DefaultProjectID}},
	}
	theirs = request.NewHttpRequestBuilder().WithMethod("PUT").WithPath(testPath).WithBody("", body).
		AddHeaderParam("Host", "rtc-api.myhuaweicloud.com").
		AddHeaderParam("X-Project-Id", emulator.DefaultProjectID).
		AddHeaderParam("Content-Type", "application/json").
		AddHeaderParam("X-Sdk-Date", testTime.Format(signer.DateFormat)).
		Build()
	return ours, theirs
}

// How long a signature takes depends on what else the machine does, and is left
// to BenchmarkSign; how often it allocates doesn't.
func TestAllocations(t *testing.T) {
	ours, theirs := benchmarked()
	own := testing.AllocsPerRun(100, func() { signer.Sign("AK", "SK", testTime, ours) })
	other := testing.AllocsPerRun(100, func() {
		if _, err := vendor.Sign(theirs, "AK", "SK"); err != nil {
			t.Error(err)
		}
	})
	if 5*own > other {
		t.Errorf("ours allocates %v times, the vendor's %v times; a fifth of that was the aim", own, other)
	}
}

func BenchmarkSign(b *testing.B) {
	ours, theirs := benchmarked()
	headers, err := vendor.Sign(theirs, "AK", "SK")
	if got := signer.Sign("AK", "SK", testTime, ours); err != nil || got.Authorization != headers["Authorization"] {
		b.Fatalf("the requests are not the same: %+v, %v, %v", got, headers, err)
	}
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			signer.Sign("AK", "SK", testTime, ours)
		}
	})
	b.Run("vendor", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := vendor.Sign(theirs, "AK", "SK"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
