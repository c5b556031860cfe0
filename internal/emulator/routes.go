// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"net/http"
	"net/url"
	"strings"
)

// operation is one operation of an API. Segments of its path in braces are
// variables, which its handler finds in call.vars.
type operation struct {
	method, path   string
	name           string
	api            *api
	authentication authentication
	handle         func(*Server, *call) *response
}

var operations = []*operation{
	{http.MethodGet, "/v2/apps", "ListApps", sparkRTC, tokenOrSignature, (*Server).listApps},
	{http.MethodGet, "/v2/apps/{app_id}", "ShowApp", sparkRTC, tokenOrSignature, (*Server).showApp},
	{http.MethodGet, "/v2/apps/{app_id}/record-callback", "ShowRecordCallback", sparkRTC, tokenOrSignature, (*Server).showRecordCallback},
	{http.MethodPut, "/v2/apps/{app_id}/record-callback", "UpdateRecordCallback", sparkRTC, tokenOrSignature, (*Server).updateRecordCallback},

	{http.MethodGet, "/v3/projects", "ListProjects", iam, tokenOrSignature, (*Server).listProjects},
	{http.MethodPost, "/v3/auth/tokens", "CreateToken", iam, byHandler, (*Server).createToken},
	{http.MethodPost, "/v3.0/OS-AUTH/id-token/tokens", "CreateTokenWithIDToken", iam, byHandler, (*Server).createTokenWithIDToken},
	{http.MethodPost, "/v3.0/OS-CREDENTIAL/securitytokens", "CreateTemporaryAccessKey", iam, bodyTokenToo, (*Server).createTemporaryAccessKey},

	{http.MethodPost, "/v5/agencies/assume", "AssumeAgency", sts, signatureOnly, (*Server).assumeAgency},

	{http.MethodPut, "/meta-data/latest/api/token", "CreateSessionToken", metadata, byHandler, (*Server).createSessionToken},
	{http.MethodGet, "/openstack/latest/securitykey", "ShowSecurityKey", metadata, byHandler, (*Server).showSecurityKey},
}

// unknownOperation is that of a request for which there is no other.
var unknownOperation = &operation{api: sparkRTC}

// authentication is how the gateway authenticates the requests of an operation.
type authentication int

const (
	tokenOrSignature authentication = iota
	signatureOnly
	bodyTokenToo // a token in the body, if the headers have no credentials
	byHandler    // not at all: the handler does
)

// api is one of the APIs that share the server's address.
type api struct {
	// check runs before each handler; it may be nil.
	check func(*Server, *call) *response

	// uncodedError makes an error without a code; nil if errors have codes.
	uncodedError func(status int, message string) *response
}

var (
	sparkRTC = &api{check: (*Server).checkSparkRTC}
	iam      = &api{uncodedError: iamError}
	sts      = &api{}
	metadata = &api{uncodedError: plain}
)

// findOperation returns the operation of a request and the variables of its
// path.
func findOperation(method, path string) (*operation, map[string]string) {
	for _, op := range operations {
		if vars, matches := matchPath(op.path, path); matches && method == op.method {
			return op, vars
		}
	}
	return unknownOperation, nil
}

// matchPath matches the escaped path, where an ID with an escaped slash is one
// segment, and returns the decoded variables. A dot segment is no value: on the
// way here it would have been resolved.
func matchPath(pattern, path string) (vars map[string]string, matches bool) {
	names, segments := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(names) != len(segments) {
		return nil, false
	}
	vars = make(map[string]string)
	for i, segment := range segments {
		if !strings.HasPrefix(names[i], "{") {
			if segment != names[i] {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(segment)
		if err != nil || value == "" || segment == "." || segment == ".." {
			return nil, false
		}
		vars[strings.Trim(names[i], "{}")] = value
	}
	return vars, true
}

// appIDOf returns the app that a path names, also if no operation has the path.
func appIDOf(path string) string {
	segments := strings.SplitN(path, "/", 5)
	vars, _ := matchPath("/v2/apps/{app_id}", strings.Join(segments[:min(len(segments), 4)], "/"))
	return vars["app_id"]
}
