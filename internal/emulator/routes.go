// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"net/http"
	"net/url"
	"strings"
)

// operation has a path with variables in braces, which are in call.vars.
type operation struct {
	method, path   string
	name           string
	api            *api
	authentication authentication
	handle         func(*Server, *call) *response
}

var operations = []*operation{
	{http.MethodPost, "/v2/apps", "CreateApp", sparkRTC, tokenOrSignature, (*Server).createApp},
	{http.MethodGet, "/v2/apps", "ListApps", sparkRTC, tokenOrSignature, (*Server).listApps},
	{http.MethodGet, "/v2/apps/{app_id}", "ShowApp", sparkRTC, tokenOrSignature, (*Server).showApp},
	{http.MethodDelete, "/v2/apps/{app_id}", "DeleteApp", sparkRTC, tokenOrSignature, (*Server).deleteApp},
	{http.MethodPost, "/v2/apps/{app_id}/enable", "StartApp", sparkRTC, tokenOrSignature, (*Server).startApp},
	{http.MethodPost, "/v2/apps/{app_id}/disable", "StopApp", sparkRTC, tokenOrSignature, (*Server).stopApp},
	{http.MethodGet, "/v2/apps/{app_id}/record-callback", "ShowRecordCallback", sparkRTC, tokenOrSignature, (*Server).showRecordCallback},
	{http.MethodPut, "/v2/apps/{app_id}/record-callback", "UpdateRecordCallback", sparkRTC, tokenOrSignature, (*Server).updateRecordCallback},
	{http.MethodPost, "/v2/apps/{app_id}/record-rules", "CreateRecordRule", sparkRTC, tokenOrSignature, (*Server).createRecordRule},
	{http.MethodGet, "/v2/apps/{app_id}/record-rules", "ListRecordRules", sparkRTC, tokenOrSignature, (*Server).listRecordRules},
	{http.MethodGet, "/v2/apps/{app_id}/record-rules/{rule_id}", "ShowRecordRule", sparkRTC, tokenOrSignature, (*Server).showRecordRule},
	{http.MethodPut, "/v2/apps/{app_id}/record-rules/{rule_id}", "UpdateRecordRule", sparkRTC, tokenOrSignature, (*Server).updateRecordRule},
	{http.MethodDelete, "/v2/apps/{app_id}/record-rules/{rule_id}", "DeleteRecordRule", sparkRTC, tokenOrSignature, (*Server).deleteRecordRule},
	{http.MethodGet, "/v2/apps/{app_id}/auto-record-mode", "ShowAutoRecord", sparkRTC, tokenOrSignature, (*Server).showAutoRecord},
	{http.MethodPut, "/v2/apps/{app_id}/auto-record-mode", "UpdateAutoRecord", sparkRTC, tokenOrSignature, (*Server).updateAutoRecord},

	{http.MethodGet, "/v3/projects", "ListProjects", iam, tokenOrSignature, (*Server).listProjects},
	{http.MethodPost, "/v3/auth/tokens", "CreateToken", iam, byHandler, (*Server).createToken},
	{http.MethodPost, "/v3.0/OS-AUTH/id-token/tokens", "CreateTokenWithIDToken", iam, byHandler, (*Server).createTokenWithIDToken},
	{http.MethodPost, "/v3.0/OS-CREDENTIAL/securitytokens", "CreateTemporaryAccessKey", iam, bodyTokenToo, (*Server).createTemporaryAccessKey},

	{http.MethodPost, "/v5/agencies/assume", "AssumeAgency", sts, signatureOnly, (*Server).assumeAgency},

	{http.MethodPut, "/meta-data/latest/api/token", "CreateSessionToken", metadata, byHandler, (*Server).createSessionToken},
	{http.MethodGet, "/openstack/latest/securitykey", "ShowSecurityKey", metadata, byHandler, (*Server).showSecurityKey},
}

// unknownOperation stands for all that are not in the table.
var unknownOperation = &operation{api: sparkRTC}

type authentication int

const (
	tokenOrSignature authentication = iota
	signatureOnly
	bodyTokenToo // a token in the body, if the headers have no credentials
	byHandler    // not at all: the handler does
)

type api struct {
	check        func(*Server, *call) *response             // before each handler; may be nil
	uncodedError func(status int, message string) *response // nil if errors have codes
}

var (
	sparkRTC = &api{check: (*Server).checkSparkRTC}
	iam      = &api{uncodedError: iamError}
	sts      = &api{}
	metadata = &api{uncodedError: plain}
)

func findOperation(method, path string) (*operation, map[string]string) {
	for _, op := range operations {
		if vars, matches := matchPath(op.path, path); matches && method == op.method {
			return op, vars
		}
	}
	return unknownOperation, nil
}

// matchPath matches the escaped path, since an ID can have an escaped slash, and returns the decoded
// variables. Dot segments match no variable: clients and proxies resolve them.
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

// appIDOf returns the app ID of a path, also if no operation matches.
func appIDOf(path string) string {
	segments := strings.SplitN(path, "/", 5)
	vars, _ := matchPath("/v2/apps/{app_id}", strings.Join(segments[:min(len(segments), 4)], "/"))
	return vars["app_id"]
}
