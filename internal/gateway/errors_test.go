// SPDX-License-Identifier: MPL-2.0

package gateway

import (
	"net/http"
	"strings"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

// The shapes that services of the vendor use, and the start of the text for any other.
func TestReadError(t *testing.T) {
	all := Error{Code: "X.1", Message: "m", RequestID: "r"}
	tests := map[string]struct {
		body string
		want Error
		own  bool // in the service's own words
	}{
		"API":                      {`{"error_code":"X.1","error_msg":"m","request_id":"r"}`, all, true},
		"nested":                   {`{"error":{"code":"X.1","message":"m"},"request_id":"r"}`, all, true},
		"nested, with its ID":      {`{"error":{"code":"X.1","message":"m","request_id":"r"}}`, all, true},
		"nested, API's names":      {`{"error":{"error_code":"X.1","error_msg":"m"},"request_id":"r"}`, all, true},
		"camel case":               {`{"errorCode":"X.1","errorMessage":"m","requestId":"r"}`, all, true},
		"short":                    {`{"code":"X.1","message":"m","request_id":"r"}`, all, true},
		"shorter":                  {`{"errCode":"X.1","errMsg":"m","requestId":"r"}`, all, true},
		"message before code":      {`{"error_msg":"m","error_code":"X.1","request-id":"r"}`, all, true},
		"capitals":                 {`{"Code":"X.1","Message":"m","RequestId":"r"}`, all, true},
		"STS":                      {`{"error_code":"X.1","error_msg":"m","request_id":"r","encoded_authorization_message":"c0ffee"}`, all, true},
		"IAM":                      {`{"error":{"code":401,"message":"m","title":"Unauthorized"}}`, Error{Code: "401", Message: "m"}, true},
		"OpenStack":                {`{"badRequest":{"code":400,"message":"m"}}`, Error{Code: "400", Message: "m"}, true},
		"list":                     {`{"errors":[{"code":"X.1","message":"m"},{"code":"X.2"}]}`, Error{Code: "X.1", Message: "m"}, true},
		"OAuth":                    {`{"error":"X.1","error_description":"m"}`, Error{Code: "X.1", Message: "m"}, true},
		"text":                     {`{"error":"m"}`, Error{Message: "m"}, true},
		"code only":                {`{"error_code":"X.1","error_msg":null}`, Error{Code: "X.1"}, true},
		"message of another type":  {`{"error_code":7,"error_msg":{"why":1}}`, Error{Code: "7", Message: `{"why":1}`}, true},
		"both":                     {`{"error_code":"X.2","error_msg":"n","error":{"code":"X.1","message":"m"}}`, Error{Code: "X.1", Message: "m"}, true},
		"neither":                  {`{"status":"down","detail":{"a":1}}`, Error{Message: `{"status":"down","detail":{"a":1}}`}, false},
		"empty members":            {`{"error_code":"","error_msg":""}`, Error{}, false},
		"empty object":             {`{}`, Error{}, false},
		"an ID only":               {`{"request_id":"r"}`, Error{Message: `{"request_id":"r"}`, RequestID: "r"}, false},
		"several objects":          {`{"a":{"code":"X.1"},"b":{"code":"X.2"}}`, Error{Message: `{"a":{"code":"X.1"},"b":{"code":"X.2"}}`}, false},
		"a list of texts":          {`["a"]`, Error{Message: `["a"]`}, false},
		"null":                     {`null`, Error{Message: "null"}, false},
		"plain text":               {`upstream timed out`, Error{Message: "the response (application/json) is not one of this API: it is not JSON: upstream timed out"}, false},
		"HTML":                     {`<html><title>Blocked</title>c0ffee</html>`, Error{Message: `the response (application/json with the title "Blocked") is not one of this API: it is not JSON`}, false},
		"nothing":                  {" \n", Error{Message: "the response is empty"}, false},
		"URL in what is not known": {`{"url":"https://example.com/c0ffee"}`, Error{Message: `{"url":"https://example.com/(masked)"}`}, false},
		"long": {`{"x":"` + strings.Repeat("é", 500) + `"}`,
			Error{Message: `{"x":"` + strings.Repeat("é", 194) + "…"}, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := ReadError(&transport.Response{StatusCode: 400, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(tc.body)})
			if got != tc.want || (err == nil) != tc.own {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
	got, err := ReadError(&transport.Response{Header: http.Header{"X-Request-Id": {"of the header"}}, Body: []byte(`{"code":"X.1","request_id":"r"}`)})
	if got.RequestID != "of the header" || err != nil {
		t.Errorf("got %+v, %v", got, err)
	}
}
