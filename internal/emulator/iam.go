// SPDX-License-Identifier: MPL-2.0

package emulator

import "net/http"

const (
	iamTimeLayout = "2006-01-02T15:04:05.000000Z"

	invalidBody = "Request body is invalid."
)

// readAuth returns the object "auth" of the body, or an error.
func readAuth(c *call, mayBeUntyped bool) (fields, *response) {
	untyped := mayBeUntyped && c.r.Header.Get("Content-Type") == ""
	if !untyped && !isJSON(c.r) {
		return nil, iamError(http.StatusBadRequest, "Expecting to find application/json in Content-Type header.")
	}
	auth := parseFields(c.body).at("auth")
	if auth == nil {
		return nil, iamError(http.StatusBadRequest, invalidBody)
	}
	return auth, nil
}

func iamError(status int, message string) *response {
	var body struct {
		Error struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
			Title   string `json:"title"`
		} `json:"error"`
	}
	body.Error.Code, body.Error.Message, body.Error.Title = status, message, http.StatusText(status)
	resp := ok(body)
	resp.status = status
	return resp
}

// isDomain compares the ID, the name or both with the one account.
func (s *Server) isDomain(domain fields) bool {
	id, name := domain.text("id"), domain.text("name")
	return (id != "" || name != "") && (id == "" || id == s.opts.DomainID) && (name == "" || name == s.opts.DomainName)
}

// method reports whether an identity has this method only.
func (f fields) method(name string) bool {
	methods, isList := f["methods"].([]any)
	return isList && len(methods) == 1 && methods[0] == name
}
