// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// Response is a complete response. Header and body may contain secrets.
type Response struct {
	StatusCode int
	Header     http.Header
	Body       []byte

	redact redactor
}

// RequestID returns the id that the service's support asks for, or "".
func (r *Response) RequestID() string { return requestID(r.Header) }

func requestID(header http.Header) string {
	return strings.TrimSpace(header.Get("X-Request-Id"))
}

// Decode reads JSON. Pass the text of its error, which has the title of an HTML page, through Exchange.Printable.
func (r *Response) Decode(v any) error {
	err := json.Unmarshal(r.Body, v)
	if err == nil {
		return nil
	}
	what := "it is not JSON"
	var mistyped *json.UnmarshalTypeError
	if errors.As(err, &mistyped) {
		what = fmt.Sprintf("%s can't be a %s", cmp.Or(mistyped.Field, "the whole"), mistyped.Value)
	}
	return &decodeError{
		text:  fmt.Sprintf("the response (%s) is not one of this API: %s", cmp.Or(r.Header.Get("Content-Type"), "unknown type")+r.title(), what),
		cause: err,
	}
}

var titleElement = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)

func (r *Response) title() string {
	const bound = 80
	found := titleElement.FindSubmatch(r.Body)
	if found == nil {
		return ""
	}
	words := strings.Join(strings.Fields(r.redact.printable(strings.TrimSpace(html.UnescapeString(string(found[1]))), bound)), " ")
	if words == "" {
		return ""
	}
	return fmt.Sprintf(" with the title %q", words)
}

// Excerpt returns the start of the body without secrets, as one line; "" for an empty body and for HTML.
func (r *Response) Excerpt() string {
	const bound = 200
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && strings.Contains(kind, "html") || bytes.HasPrefix(bytes.TrimSpace(r.Body), []byte("<")) {
		return ""
	}
	return r.redact.printable(strings.TrimSpace(string(r.Body)), bound)
}

type decodeError struct {
	text  string
	cause error
}

func (e *decodeError) Error() string { return e.text }

func (e *decodeError) Unwrap() error { return e.cause }

// Redirected describes the target of a redirect, as scheme and host.
func (r *Response) Redirected() (text string, redirected bool) {
	if r.StatusCode < 300 || r.StatusCode >= 400 {
		return "", false
	}
	if to, err := url.Parse(r.Header.Get("Location")); err == nil && to.Host != "" {
		return fmt.Sprintf("the server sent the request to %s://%s", to.Scheme, to.Host), true
	}
	return "the server sent the request elsewhere", true
}

func received(resp *http.Response) *Response {
	content, _ := io.ReadAll(resp.Body) // in memory
	resp.Body = io.NopCloser(bytes.NewReader(content))
	return &Response{StatusCode: resp.StatusCode, Header: resp.Header, Body: content}
}

func (r *Response) asReceived(req *http.Request) *http.Response {
	return &http.Response{
		Status:        http.StatusText(r.StatusCode),
		StatusCode:    r.StatusCode,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        r.Header.Clone(),
		Body:          io.NopCloser(bytes.NewReader(r.Body)),
		ContentLength: int64(len(r.Body)),
		Request:       req,
	}
}
