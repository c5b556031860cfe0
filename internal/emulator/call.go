// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
)

const maxBody = 1 << 20 // bytes

var errTooLarge = errors.New("the body is too large")

type call struct {
	r         *http.Request
	id        string // for X-request-Id
	path      string // of the request line, escaped
	query     string // of the request line
	operation *operation
	vars      map[string]string // of the operation's path
	appID     string
	body      []byte
	bodyErr   error
	entry     *Request
	arrived   time.Time    // by the real clock
	now       time.Time    // by the server's clock
	token     *issuedToken // nil if something else authenticates the request
}

func newCall(r *http.Request) *call {
	c := &call{r: r, id: randomHex(16)}
	c.path, c.query = requestLine(r)
	c.operation, c.vars = findOperation(r.Method, c.path)
	c.appID = appIDOf(c.path)
	return c
}

// Requests to a proxy, and those made by tests, have no path on the request line.
func requestLine(r *http.Request) (path, query string) {
	if path, query, _ = strings.Cut(r.RequestURI, "?"); strings.HasPrefix(path, "/") {
		return path, query
	}
	return r.URL.EscapedPath(), r.URL.RawQuery
}

func readBody(r io.Reader) ([]byte, error) {
	if r == nil {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(r, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = errTooLarge
	}
	return body, err
}

func isJSON(r *http.Request) bool {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && mediaType == "application/json"
}

// From a check, a nil response means that the call passes; at the end, that the connection is closed.
type response struct {
	status      int
	code        string // of the error, for the log
	contentType string
	body        []byte
	header      http.Header // canonical names
}

// fail returns an error in the form that the call's API uses.
func (c *call) fail(status int, code, message string) *response {
	if code == "" && c.operation.api.uncodedError != nil {
		return c.operation.api.uncodedError(status, message)
	}
	body := struct {
		Message   string `json:"error_msg"`
		Code      string `json:"error_code"`
		RequestID string `json:"request_id,omitempty"`
	}{Message: message, Code: code}
	if strings.HasPrefix(code, "APIG") || strings.HasPrefix(code, "STS") {
		body.RequestID = c.id
	}
	resp := ok(body)
	resp.status, resp.code = status, code
	return resp
}

func ok(v any) *response {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // not with structs of strings and numbers
	}
	return &response{
		status:      http.StatusOK,
		contentType: "application/json",
		body:        bytes.TrimSuffix(buf.Bytes(), []byte("\n")),
	}
}

func created(v any) *response {
	resp := ok(v)
	resp.status = http.StatusCreated
	return resp
}

func noContent() *response {
	return &response{status: http.StatusNoContent}
}

func plain(status int, text string) *response {
	return &response{status: status, contentType: "text/plain; charset=utf-8", body: []byte(text)}
}
