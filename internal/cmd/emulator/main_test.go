// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/cmd/emulator/page"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

func TestParse(t *testing.T) {
	tests := map[string]struct {
		args []string
		want config
	}{
		"none": {nil, config{addr: "127.0.0.1:8089", apps: defaultApps}},
		"all": {
			[]string{
				"-addr", "[::1]:80", "-app", "one", "-app", "two/2=Two=2", "-no-page", "-page-host", "a.test", "-page-host", "b", "-switch", "key-echo=masked", "-switch", "keep-key=yes",
				"-switch", "used-rule=refused", "-switch", "used-rule=off", "-app-quota", "20", "-quota", "60",
			},
			config{addr: "[::1]:80", apps: []app{{"one", "one"}, {"two/2", "Two=2"}}, noPage: true, page: page.Options{Hosts: []string{"a.test", "b"}}, options: emulator.Options{
				KeyEcho: emulator.EchoMasked, KeepKey: true, UsedRule: emulator.UsedTurnsOff, AppQuota: 20, Quota: 60,
			}},
		},
		"env":       {[]string{"-env"}, config{addr: "127.0.0.1:8089", env: true, apps: defaultApps}},
		"localhost": {[]string{"-addr", "localhost:1", "-app", "a"}, config{addr: "localhost:1", apps: []app{{"a", "a"}}}},
		"remote": {
			[]string{"-addr", ":8089", "-allow-remote", "-app", "a"},
			config{addr: ":8089", apps: []app{{"a", "a"}}, page: page.Options{Remote: true}},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parse(tc.args, io.Discard)
			if err != nil || !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, tc.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for want, args := range map[string][]string{
		`"key-echo=x" for flag -switch: key-echo must be one of exact, `: {"-switch", "key-echo=x"},
		`"unset" for flag -switch: unset must be one of 404, `:           {"-switch", "unset"},
		`"x=404" for flag -switch: there is no switch "x"`:               {"-switch", "x=404"},
		`"" for flag -app: the app ID is empty`:                          {"-app", ""},
		`"=name" for flag -app: the app ID is empty`:                     {"-app", "=name"},
		"-quota":                       {"-quota", "-1"},
		"-app-quota":                   {"-app-quota", "-1"},
		`unexpected argument "more"`:   {"more"},
		"not defined":                  {"-no-such-flag"},
		"missing port":                 {"-addr", "127.0.0.1"},
		"can reach -addr :80; ":        {"-addr", ":80"},
		"can reach -addr 0.0.0.0:80;":  {"-addr", "0.0.0.0:80"},
		"can reach -addr [::]:80;":     {"-addr", "[::]:80"},
		"can reach -addr 192.0.2.1:80": {"-addr", "192.0.2.1:80"},
		"-addr example.com:80":         {"-addr", "example.com:80"},
	} {
		var out bytes.Buffer
		if _, err := parse(args, &out); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", args, err, want)
		}
		if err := run(t.Context(), args, &out); err == nil {
			t.Errorf("%q: run returned no error", args)
		}
		if out.Len() > 0 {
			t.Errorf("%q: printed %q", args, &out)
		}
	}
}

func TestHelp(t *testing.T) {
	var out bytes.Buffer
	if _, err := parse([]string{"-h"}, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("got %v", err)
	}
	if err := run(t.Context(), []string{"-h"}, &out); err != nil {
		t.Error(err)
	}
	names := []string{
		"-addr", "-allow-remote", "-app", "-app-quota", "-quota", "-switch",
		"-env", "-no-page", "-page-host", "/ui/", "60a1b2c3d4e5f60718293a4b=conference",
	}
	for _, sw := range emulator.Switches() {
		names = append(names, "  "+sw.Name+" ", sw.About+": "+strings.Join(sw.Values, ", ")+"\n")
	}
	for _, name := range names {
		if !strings.Contains(out.String(), name) {
			t.Errorf("no %s in %s", name, &out)
		}
	}
}

func TestUsage(t *testing.T) {
	const want = `# SparkRTC API: http://127.0.0.1:8089. Run this in another shell, or: eval "$(make -s emulator-env)"
unset ` + "HW_SECURITY_TOKEN HW_AUTH_TOKEN HW_USER_NAME HW_USER_ID HW_USER_PASSWORD HW_DOMAIN_NAME HW_DOMAIN_ID " +
		"HW_PROJECT_NAME HW_REGION_NAME HW_CLOUD HW_CACERT HW_INSECURE HW_PROFILE HW_SHARED_CONFIG_FILE " +
		"HW_ASSUME_ROLE_AGENCY_NAME HW_ASSUME_ROLE_DOMAIN_NAME HW_ASSUME_ROLE_DOMAIN_ID HW_ASSUME_ROLE_DURATION " +
		"HW_ASSUME_ROLE_IDP_ID HW_ASSUME_ROLE_ID_TOKEN HW_ASSUME_ROLE_ID_TOKEN_FILE " +
		"SPARKRTC_ECS_METADATA SPARKRTC_TFC_WORKLOAD_IDENTITY_TAG" + `
export SPARKRTC_ENDPOINT=http://127.0.0.1:8089
export HW_ACCESS_KEY=AKEMULATOR0000000001
export HW_SECRET_KEY=SKEMULATOR0000000000000000000000000000001
export HW_PROJECT_ID=0123456789abcdef0123456789abcdef

# IAM, STS and the ECS metadata service have the same address:
export HW_AUTH_URL=http://127.0.0.1:8089 SPARKRTC_STS_ENDPOINT=http://127.0.0.1:8089 SPARKRTC_METADATA_ENDPOINT=http://127.0.0.1:8089
# You can unset HW_PROJECT_ID: the provider looks it up. Instead of the access key (unset HW_ACCESS_KEY HW_SECRET_KEY), you can use one of:
#   export HW_USER_NAME=emulator-user HW_USER_PASSWORD=Emulator-Password-1 HW_DOMAIN_NAME=emulator-domain
#   export SPARKRTC_ECS_METADATA=true
#   export HW_ASSUME_ROLE_IDP_ID=emulator-idp HW_ASSUME_ROLE_ID_TOKEN=header.claims.signature   # valid for an hour
# To assume an agency with any of them (through STS if you replace the name by HW_ASSUME_ROLE_DOMAIN_ID=d0000000000000000000000000000001):
#   export HW_ASSUME_ROLE_AGENCY_NAME=emulator-agency HW_ASSUME_ROLE_DOMAIN_NAME=emulator-domain

# Apps:
#   "it's/1"
#   "two\nlines", named "two \"2\""

# To change a callback outside of Terraform, and to read it:
curl -X PUT -H 'X-Auth-Token: emulator-token-0000000000000000' -H 'Content-Type: application/json' ` +
		`-d '{"url":"https://example.com/changed"}' http://127.0.0.1:8089/v2/apps/it%27s%2F1/record-callback
curl -H 'X-Auth-Token: emulator-token-0000000000000000' -H 'Content-Type: application/json' ` +
		`http://127.0.0.1:8089/v2/apps/it%27s%2F1/record-callback

# Requests (time, method, path, status or - without a response, error code). Press Ctrl-C to stop:
`
	if got := usage("http://127.0.0.1:8089", []app{{"it's/1", "it's/1"}, {"two\nlines", `two "2"`}}, "header.claims.signature"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Each variable of the provider is exported, unset, or has no influence on where
// requests go.
// What -env prints is a part of what the running emulator prints.
func TestEnvironment(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-env", "-addr", "localhost:8090"}, &out); err != nil {
		t.Fatal(err)
	}
	printed := out.String()
	if !strings.Contains(usage("http://127.0.0.1:8090", defaultApps, "token"), printed) || !strings.Contains(printed, "export HW_SECRET_KEY=") {
		t.Errorf("got %s", printed)
	}
	if err := run(t.Context(), []string{"-env", "-addr", "localhost:0"}, &out); err == nil {
		t.Error("no error for port 0")
	}
}

func TestUnsetVariables(t *testing.T) {
	harmless := []string{"HW_MAX_RETRIES", "SPARKRTC_CLEAR_TEXT_KEY_WARNING", "SPARKRTC_SHARED_READS"}
	printed := usage("http://127.0.0.1:8089", defaultApps, "token")
	known := 0
	for _, path := range []string{"../../credentials/settings.go", "../../provider/provider.go"} {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile(`"((?:HW|SPARKRTC)_[A-Z_]+)"`).FindAllStringSubmatch(string(source), -1) {
			known++
			name := match[1]
			exported := regexp.MustCompile(`(?m)^export (.* )?` + name + "=").MatchString(printed)
			n := 0
			for _, so := range []bool{exported, slices.Contains(unsetVariables, name), slices.Contains(harmless, name)} {
				if so {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%s: exported %v, unset %v", name, exported, slices.Contains(unsetVariables, name))
			}
		}
	}
	if known < 30 {
		t.Errorf("found %d variables", known)
	}
}

func TestEndpoint(t *testing.T) {
	for addr, want := range map[string]string{
		"127.0.0.1:80":    "http://127.0.0.1:80",
		"[::1]:80":        "http://[::1]:80",
		"192.0.2.1:80":    "http://192.0.2.1:80",
		"0.0.0.0:80":      "http://127.0.0.1:80",
		"[::]:80":         "http://127.0.0.1:80",
		"[2001:db8::1]:1": "http://[2001:db8::1]:1",
	} {
		if got := endpointOf(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(addr))); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}

func TestLine(t *testing.T) {
	at := time.Date(2026, 1, 1, 2, 3, 4, 5e6, time.UTC)
	for want, r := range map[string]emulator.Request{
		"02:03:04.005 GET /v2/apps 200": {
			Time: at, Method: "GET", Path: "/v2/apps", Query: "secret", Status: 200,
			Header: http.Header{"X-Auth-Token": {"secret"}}, Body: []byte("secret"),
		},
		"02:03:04.005 PUT /x 404 APIGW.0101": {Time: at, Method: "PUT", Path: "/x", Status: 404, Code: "APIGW.0101"},
		"02:03:04.005 PUT /x -":              {Time: at, Method: "PUT", Path: "/x"},
	} {
		if got := line(r); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, []string{"-addr", "127.0.0.1:0", "-app", "one", "-app", "two", "-switch", "key-echo=masked"}, in)
		in.Close()
		ended <- err
	}()

	lines := bufio.NewScanner(out)
	next := func() string {
		t.Helper()
		if !lines.Scan() {
			t.Fatalf("the output ended: %v, %v", lines.Err(), <-ended)
		}
		return lines.Text()
	}
	ui := strings.TrimPrefix(next(), "# Web page: ")
	endpoint, idToken := "", ""
	for l := next(); !strings.HasPrefix(l, "# Requests"); l = next() {
		if _, after, ok := strings.Cut(l, "HW_ASSUME_ROLE_ID_TOKEN="); ok {
			idToken, _, _ = strings.Cut(after, " ")
		}
		if after, ok := strings.CutPrefix(l, "export SPARKRTC_ENDPOINT="); ok {
			endpoint = after
		}
	}

	if ui != endpoint+"/ui/" {
		t.Errorf("the page is at %q, the API at %q", ui, endpoint)
	}
	events, err := http.Get(ui + "events")
	if err != nil || events.StatusCode != http.StatusOK {
		t.Fatalf("the page's updates: %v, %v", events, err)
	}
	defer events.Body.Close() // it is open until the end, which it must not hold up
	updates := bufio.NewReader(events.Body)
	if text, err := updates.ReadString('}'); err != nil || !strings.Contains(text, `"one"`) {
		t.Errorf("the first update begins with %s, %v", text, err)
	}

	type result struct {
		status int
		body   string
		err    error
	}
	send := func(req *http.Request) (r result) {
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return result{err: err}
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		return result{resp.StatusCode, string(body), err}
	}
	steps := []struct {
		method, path, body, token string
		status                    int
		want, line                string
	}{
		{
			"PUT", "/v2/apps/two/record-callback", `{"url":"https://example.com","auth_key":"secret-key"}`, emulator.DefaultToken,
			200, `"auth_key":"******"`, `PUT /v2/apps/two/record-callback 200`,
		},
		{
			"GET", "/v2/apps/one/record-callback?q=secret-query", "", emulator.DefaultToken,
			404, "RTC.00001003", `GET /v2/apps/one/record-callback 404 RTC.00001003`,
		},
		{"GET", "/", "", "", 404, "APIGW.0101", `GET / 404 APIGW.0101`},
		{"GET", "/ui/x", "", "", 404, "APIGW.0101", `GET /ui/x 404 APIGW.0101`},
		{
			"GET", "/v2/apps/three", "", "secret-token",
			401, "APIGW.0301", `GET /v2/apps/three 401 APIGW.0301`,
		},
		{
			"POST", "/v3.0/OS-AUTH/id-token/tokens", `{"auth":{"id_token":{"id":"` + idToken + `"}}}`, "",
			201, `"expires_at"`, `POST /v3.0/OS-AUTH/id-token/tokens 201`,
		},
	}
	for _, step := range steps {
		req, err := http.NewRequest(step.method, endpoint+step.path, strings.NewReader(step.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Auth-Token", step.token)
		req.Header.Set("X-Idp-Id", emulator.DefaultIDPID)
		// The line comes before the response.
		done := make(chan result, 1)
		go func() { done <- send(req) }()
		got := next()
		if !regexp.MustCompile(`^\d\d:\d\d:\d\d\.\d{3} ` + regexp.QuoteMeta(step.line) + `$`).MatchString(got) {
			t.Errorf("printed %q, want %q", got, step.line)
		}
		if r := <-done; r.err != nil || r.status != step.status || !strings.Contains(r.body, step.want) {
			t.Errorf("%s %s: got %+v", step.method, step.path, r)
		}
	}

	cancel()
	if lines.Scan() {
		t.Errorf("printed %q at the end", lines.Text())
	}
	if err := <-ended; err != nil {
		t.Errorf("run returned %v", err)
	}
	if resp, err := http.Get(endpoint); err == nil {
		resp.Body.Close()
		t.Error("it still serves")
	}
}

func TestRunWithoutPage(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, []string{"-addr", "127.0.0.1:0", "-no-page"}, in)
		in.Close()
		ended <- err
	}()
	lines := bufio.NewScanner(out)
	lines.Scan()
	_, rest, _ := strings.Cut(lines.Text(), ": ")
	endpoint, _, _ := strings.Cut(rest, ". ")
	go func() { _, _ = io.Copy(io.Discard, out) }()
	resp, err := http.Get(endpoint + "/ui/")
	if err != nil || resp.StatusCode != http.StatusNotFound {
		t.Errorf("%v, %v", resp, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestRunReportsAPortThatIsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	var out bytes.Buffer
	err = run(t.Context(), []string{"-addr", taken.Addr().String()}, &out)
	if err == nil || out.Len() > 0 {
		t.Fatalf("got %v, %q", err, &out)
	}
	for _, want := range []string{taken.Addr().String(), "set -addr 127.0.0.1:0", `EMULATOR_FLAGS="-addr 127.0.0.1:0"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %q", want, err)
		}
	}
}
