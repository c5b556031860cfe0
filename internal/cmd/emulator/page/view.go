// SPDX-License-Identifier: MPL-2.0

package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// The JSON of the updates. It has no secrets.
type (
	app struct {
		ID       string    `json:"id"`
		Name     string    `json:"name"`
		State    string    `json:"state"`
		Updated  time.Time `json:"updated"`
		Callback *callback `json:"callback"`
		Rules    []rule    `json:"rules"`
		AutoRule string    `json:"auto_rule"` // "" if automatic recording is off
	}

	rule struct {
		ID      string `json:"id"`
		Formats string `json:"formats"`
		Target  string `json:"target"` // bucket and object
	}

	callback struct {
		URL    string `json:"url"`
		HasKey bool   `json:"has_key"`
	}

	request struct {
		Seq     int       `json:"seq"`
		Time    time.Time `json:"time"`
		Method  string    `json:"method"`
		Path    string    `json:"path"`
		Status  int       `json:"status"` // 0: no response
		Code    string    `json:"code"`
		By      string    `json:"by"`      // the kind of credentials
		Refused bool      `json:"refused"` // the credentials are wrong
		Millis  float64   `json:"millis"`
		Body    string    `json:"body"`
	}

	notification struct {
		Seq      int       `json:"seq"`
		Time     time.Time `json:"time"`
		App      string    `json:"app"`
		Event    string    `json:"event"`
		URL      string    `json:"url"`
		Signed   bool      `json:"signed"`
		Status   int       `json:"status"` // 0: no response
		Response string    `json:"response"`
		Error    string    `json:"error"`
		Millis   float64   `json:"millis"`
	}

	fault struct {
		Text   string `json:"text"`
		Method string `json:"method"`
		App    string `json:"app"`
		Times  int    `json:"times"`
	}
)

const (
	mask = "••••••"

	// maxBody is how much of a body is shown, in bytes.
	maxBody = 4 << 10

	// maxText is how much of other texts from clients is shown.
	maxText = 500
)

func showApps(apps []emulator.AppState) []app {
	shown := make([]app, 0, len(apps))
	for _, a := range apps {
		s := app{ID: a.ID, Name: a.Name, State: a.State, Updated: a.UpdateTime, Rules: []rule{}}
		for _, r := range a.RecordRules {
			s.Rules = append(s.Rules, rule{ID: r.ID, Formats: formatsOf(r), Target: r.Bucket + "/" + strings.TrimPrefix(r.Object, "/")})
		}
		if a.AutoRecord != nil && a.AutoRecord.Mode != emulator.AutoRecordOff {
			s.AutoRule = a.AutoRecord.RuleID
		}
		if a.Callback != nil {
			s.Callback = &callback{URL: a.Callback.URL, HasKey: a.Callback.AuthKey != ""}
		}
		shown = append(shown, s)
	}
	return shown
}

func formatsOf(r emulator.RecordRule) string {
	switch {
	case r.HLS != nil && r.MP4 != nil:
		return formats[2]
	case r.MP4 != nil:
		return formats[1]
	default:
		return formats[0]
	}
}

func showFaults(faults []emulator.Fault) []fault {
	shown := make([]fault, 0, len(faults))
	for _, f := range faults {
		shown = append(shown, fault{Text: faultText(f), Method: f.Method, App: f.AppID, Times: f.Times})
	}
	return shown
}

func showRequest(r emulator.Request) request {
	path := r.Path
	if r.Operation == "ListApps" && r.Query != "" {
		path += "?" + r.Query // an unknown query can have secrets
	}
	return request{
		Time:    r.Time,
		Method:  cut(r.Method, maxText),
		Path:    cut(path, maxText),
		Status:  r.Status,
		Code:    r.Code,
		By:      credentials(r),
		Refused: !r.Authenticated && r.Status == http.StatusUnauthorized,
		Millis:  millis(r.Took),
		Body:    showBody(r.Body),
	}
}

func millis(d time.Duration) float64 {
	return float64(d.Round(10*time.Microsecond)) / float64(time.Millisecond)
}

var accessKey = regexp.MustCompile(`\bAccess=([^\s,]{1,64})`)

// credentials names the kind of credentials of a request.
func credentials(r emulator.Request) string {
	switch {
	case r.Header.Get("X-Auth-Token") != "" && r.Operation != "AssumeAgency":
		return "token"
	case r.Header.Get("Authorization") != "":
		if key := accessKey.FindStringSubmatch(r.Header.Get("Authorization")); key != nil {
			return "access key " + key[1]
		}
		return "malformed"
	case r.Header.Get("X-Metadata-Token") != "":
		return "session token"
	case len(r.Body) == 0:
		return ""
	case r.Operation == "CreateToken":
		return "password"
	case r.Operation == "CreateTokenWithIDToken":
		return "ID token"
	case r.Operation == "CreateTemporaryAccessKey":
		return "token"
	default:
		return ""
	}
}

// showBody returns a JSON body with masked secrets. Of other bodies it returns
// only the length, since any part can be secret.
func showBody(body []byte) string {
	if len(body) == 0 {
		return ""
	}
	var v any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&v); err != nil || decoder.More() {
		return fmt.Sprintf("(%d bytes that are not JSON)", len(body))
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(masked(v)); err != nil {
		return fmt.Sprintf("(%d bytes)", len(body))
	}
	return cut(strings.TrimSpace(b.String()), maxBody)
}

// secretNames are in lower case.
var secretNames = map[string]bool{
	"auth_key": true, "password": true, "secret": true, "secret_key": true, "passcode": true,
}

// masked masks the secrets in v that are not empty.
func masked(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			v[name] = maskedField(strings.ToLower(name), value)
		}
	case []any:
		for i := range v {
			v[i] = masked(v[i])
		}
	}
	return v
}

func maskedField(name string, value any) any {
	object, isObject := value.(map[string]any)
	isToken := name == "token" || name == "id_token"
	switch {
	case value == "" || value == nil:
		return value
	case (isToken || secretNames[name]) && !isObject:
		return mask
	case isToken:
		for inner := range object {
			if strings.EqualFold(inner, "id") {
				object[inner] = mask
			}
		}
	}
	return masked(value)
}

// cut shortens a text without breaking a character.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
