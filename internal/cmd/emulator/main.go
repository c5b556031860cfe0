// SPDX-License-Identifier: MPL-2.0

// Command emulator serves the emulated SparkRTC API on a loopback address, with
// IAM, STS and the metadata service, to try the provider without an account. It
// prints how to use it, and then a line for each request. A web page shows
// requests and apps, and changes them.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/cmd/emulator/page"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

const (
	defaultAddr = "127.0.0.1:8089"

	// shutdownTime bounds how long the program waits for requests when it ends.
	shutdownTime = 3 * time.Second
)

const otherAddr = `To use a free port, set -addr 127.0.0.1:0
(make emulator EMULATOR_FLAGS="-addr 127.0.0.1:0").`

type app struct{ id, name string }

// Two, to show what a configuration with the wrong app ID does.
var defaultApps = []app{
	{"5ff9701f2346968bb306cb43", "classroom"},
	{"60a1b2c3d4e5f60718293a4b", "conference"},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "emulator:", err)
		os.Exit(1)
	}
}

// run serves until ctx is canceled, which is no error.
func run(ctx context.Context, args []string, stdout io.Writer) error {
	cfg, err := parse(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if cfg.env {
		return printEnvironment(cfg.addr, stdout)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.addr)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, otherAddr)
	}

	// The log is cleared after each request, so that it does not grow.
	var printing sync.Mutex
	var server *emulator.Server
	var ui *page.Page
	cfg.options.Observe = func(r emulator.Request) {
		printing.Lock()
		defer printing.Unlock()
		fmt.Fprintln(stdout, line(r))
		if ui != nil {
			ui.Observe(r)
		}
		server.ResetRequests()
	}
	server = emulator.New(cfg.options)
	for _, a := range cfg.apps {
		server.AddApp(a.id)
		server.NameApp(a.id, a.name)
	}
	web := &http.Server{Handler: server, ReadHeaderTimeout: 10 * time.Second}
	endpoint := endpointOf(listener.Addr())
	if !cfg.noPage {
		ui = page.New(server, cfg.page)
		web.Handler = ui
		web.RegisterOnShutdown(ui.Close)
		fmt.Fprintf(stdout, "# Web page: %s%s\n", endpoint, page.Path)
	}
	fmt.Fprint(stdout, usage(endpoint, cfg.apps, server.IDToken()))

	done := make(chan error, 1)
	go func() { done <- web.Serve(listener) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	server.Close()
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	return web.Shutdown(deadline)
}

// printEnvironment prints what a shell can eval to use the emulator at addr.
func printEnvironment(addr string, stdout io.Writer) error {
	tcp, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return fmt.Errorf("-addr: %w", err)
	}
	if tcp.Port == 0 {
		return errors.New("-env needs the port of a running emulator in -addr")
	}
	fmt.Fprint(stdout, environment(endpointOf(tcp)))
	return nil
}

// endpointOf returns the URL for clients on this machine.
func endpointOf(addr net.Addr) string {
	text := addr.String()
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		text = net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
	}
	return "http://" + text
}

type config struct {
	addr    string
	env     bool
	apps    []app
	noPage  bool
	page    page.Options
	options emulator.Options
}

const help = `Usage: emulator [flags]

Serves the emulated SparkRTC API, with IAM, STS and the ECS metadata service,
until you press Ctrl-C. It prints the provider's environment variables, and a
line for each request.

The web page at ` + page.Path + ` shows apps with their recording rules and callbacks,
requests and notifications. There you can change apps outside of Terraform, send
notifications, and make requests fail.

Flags:
`

// parse reads the command line. With -h it prints the help and returns
// flag.ErrHelp.
func parse(args []string, out io.Writer) (config, error) {
	cfg := config{addr: defaultAddr}
	flags := flag.NewFlagSet("emulator", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // main prints the error
	flags.Usage = func() {}
	flags.StringVar(&cfg.addr, "addr", cfg.addr, "`host:port` to listen on; port 0 selects a free port")
	flags.BoolVar(&cfg.page.Remote, "allow-remote", false, "allow an -addr that other machines can reach. Credentials are sent unencrypted, and users of the page can make this machine send notifications")
	var defaults []string
	for _, a := range defaultApps {
		defaults = append(defaults, a.id+"="+a.name)
	}
	flags.Func("app", "`id[=name]` of an app; can be repeated (default "+strings.Join(defaults, " and ")+")", func(s string) error {
		id, name, _ := strings.Cut(s, "=")
		if id == "" {
			return errors.New("the app ID is empty")
		}
		cfg.apps = append(cfg.apps, app{id, cmp.Or(name, id)})
		return nil
	})
	flags.BoolVar(&cfg.env, "env", false, "print the provider's environment variables for the emulator at -addr, and exit")
	flags.BoolVar(&cfg.noPage, "no-page", false, "do not serve the page at "+page.Path)
	flags.Func("page-host", "additional host `name` of the page; can be repeated. localhost and loopback addresses always work", func(name string) error {
		cfg.page.Hosts = append(cfg.page.Hosts, name)
		return nil
	})
	flags.Func("switch", "`name=value` of a switch below; can be repeated", func(s string) error {
		name, value, _ := strings.Cut(s, "=")
		return cfg.options.Set(name, value)
	})
	flags.IntVar(&cfg.options.AppQuota, "app-quota", 0, "maximum `number` of apps; 0 means no limit")
	flags.IntVar(&cfg.options.Quota, "quota", 0, "`calls` per minute; 0 means no limit")

	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(out, help)
			flags.SetOutput(out)
			flags.PrintDefaults()
			fmt.Fprint(out, switches())
		}
		return cfg, err
	}
	if flags.NArg() > 0 {
		return cfg, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if cfg.options.Quota < 0 || cfg.options.AppQuota < 0 {
		return cfg, errors.New("-quota and -app-quota must not be negative")
	}
	if len(cfg.apps) == 0 {
		cfg.apps = slices.Clone(defaultApps)
	}
	host, _, err := net.SplitHostPort(cfg.addr)
	if err != nil {
		return cfg, fmt.Errorf("-addr: %w", err)
	}
	if ip := net.ParseIP(host); !cfg.page.Remote && host != "localhost" && !ip.IsLoopback() {
		return cfg, fmt.Errorf("other machines can reach -addr %s; to allow that, add -allow-remote", cfg.addr)
	}
	return cfg, nil
}

// switches lists the emulator's switches for the help.
func switches() string {
	var b strings.Builder
	b.WriteString("\nSwitches are for what the API's documentation leaves open. The first value is the default:\n")
	for _, sw := range emulator.Switches() {
		fmt.Fprintf(&b, "  %-18s %s: %s\n", sw.Name, sw.About, strings.Join(sw.Values, ", "))
	}
	return b.String()
}

// unsetVariables could make the provider use other credentials or endpoints than
// the printed ones.
var unsetVariables = []string{
	"HW_SECURITY_TOKEN", "HW_AUTH_TOKEN", "HW_USER_NAME", "HW_USER_ID", "HW_USER_PASSWORD", "HW_DOMAIN_NAME", "HW_DOMAIN_ID",
	"HW_PROJECT_NAME", "HW_REGION_NAME", "HW_CLOUD", "HW_CACERT", "HW_INSECURE", "HW_PROFILE", "HW_SHARED_CONFIG_FILE",
	"HW_ASSUME_ROLE_AGENCY_NAME", "HW_ASSUME_ROLE_DOMAIN_NAME", "HW_ASSUME_ROLE_DOMAIN_ID", "HW_ASSUME_ROLE_DURATION",
	"HW_ASSUME_ROLE_IDP_ID", "HW_ASSUME_ROLE_ID_TOKEN", "HW_ASSUME_ROLE_ID_TOKEN_FILE",
	"SPARKRTC_ECS_METADATA", "SPARKRTC_TFC_WORKLOAD_IDENTITY_TAG",
}

// environment returns the lines that make the provider use the emulator.
func environment(endpoint string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "unset %s\n", strings.Join(unsetVariables, " "))
	fmt.Fprintf(&b, "export SPARKRTC_ENDPOINT=%s\n", endpoint)
	fmt.Fprintf(&b, "export HW_ACCESS_KEY=%s\n", emulator.DefaultAccessKey)
	fmt.Fprintf(&b, "export HW_SECRET_KEY=%s\n", emulator.DefaultSecretKey)
	fmt.Fprintf(&b, "export HW_PROJECT_ID=%s\n\n", emulator.DefaultProjectID)
	b.WriteString("# IAM, STS and the ECS metadata service have the same address:\n")
	fmt.Fprintf(&b, "export HW_AUTH_URL=%s SPARKRTC_STS_ENDPOINT=%s SPARKRTC_METADATA_ENDPOINT=%s\n", endpoint, endpoint, endpoint)
	return b.String()
}

// usage returns instructions that a shell can run: all but commands are comments.
func usage(endpoint string, apps []app, idToken string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# SparkRTC API: %s. Run this in another shell, or: eval \"$(make -s emulator-env)\"\n", endpoint)
	b.WriteString(environment(endpoint))
	b.WriteString("# You can unset HW_PROJECT_ID: the provider looks it up. Instead of the access key (unset HW_ACCESS_KEY HW_SECRET_KEY), you can use one of:\n")
	fmt.Fprintf(&b, "#   export HW_USER_NAME=%s HW_USER_PASSWORD=%s HW_DOMAIN_NAME=%s\n", emulator.DefaultUserName, emulator.DefaultPassword, emulator.DefaultDomainName)
	b.WriteString("#   export SPARKRTC_ECS_METADATA=true\n")
	fmt.Fprintf(&b, "#   export HW_ASSUME_ROLE_IDP_ID=%s HW_ASSUME_ROLE_ID_TOKEN=%s   # valid for an hour\n", emulator.DefaultIDPID, idToken)
	fmt.Fprintf(&b, "# To assume an agency with any of them (through STS if you replace the name by HW_ASSUME_ROLE_DOMAIN_ID=%s):\n", emulator.DefaultDomainID)
	fmt.Fprintf(&b, "#   export HW_ASSUME_ROLE_AGENCY_NAME=%s HW_ASSUME_ROLE_DOMAIN_NAME=%s\n\n", emulator.DefaultAgencyName, emulator.DefaultDomainName)
	b.WriteString("# Apps:\n")
	for _, a := range apps {
		fmt.Fprintf(&b, "#   %q", a.id)
		if a.name != a.id {
			fmt.Fprintf(&b, ", named %q", a.name)
		}
		b.WriteString("\n")
	}
	headers := fmt.Sprintf("-H 'X-Auth-Token: %s' -H 'Content-Type: application/json'", emulator.DefaultToken)
	callback := fmt.Sprintf("%s/v2/apps/%s/record-callback", endpoint, url.PathEscape(apps[0].id))
	b.WriteString("\n# To change a callback outside of Terraform, and to read it:\n")
	fmt.Fprintf(&b, "curl -X PUT %s -d '%s' %s\n", headers, `{"url":"https://example.com/changed"}`, callback)
	fmt.Fprintf(&b, "curl %s %s\n\n", headers, callback)
	b.WriteString("# Requests (time, method, path, status or - without a response, error code). Press Ctrl-C to stop:\n")
	return b.String()
}

// line describes a request without query, headers and body, which can have secrets.
func line(r emulator.Request) string {
	status := "-"
	if r.Status != 0 {
		status = fmt.Sprint(r.Status)
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s %s %s", r.Time.Format("15:04:05.000"), r.Method, r.Path, status, r.Code))
}
