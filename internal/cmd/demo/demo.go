// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/cmd/cli"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

const (
	appID = "5ff9701f2346968bb306cb43"

	callbackURL = "https://recordings.example.com/sparkrtc"
	foreignURL  = "https://elsewhere.example.net/hook"
)

// demo is one run.
type demo struct {
	out io.Writer
	api *emulator.Server
	cli *terraform

	state      string // the file
	key        string // of the configuration
	foreignKey string // of whoever changes the callback in between
}

// play returns the number of requests, in words.
func play(ctx context.Context, cfg config, dir string, stdout, stderr io.Writer) (string, error) {
	d := &demo{out: stdout, api: emulator.New(emulator.Options{}), key: newKey(), foreignKey: newKey()}
	d.api.AddApp(appID)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	web := &http.Server{Handler: d.api, ReadHeaderTimeout: 10 * time.Second}
	defer web.Close()
	defer d.api.Close()
	go func() { _ = web.Serve(listener) }() // ends with Close
	endpoint := "http://" + listener.Addr().String()

	files := folder(dir)
	if err := files.write(); err != nil {
		return "", err
	}
	d.cli = &terraform{path: cfg.cli, dir: files.work(), stdout: stdout, stderr: stderr}
	d.cli.env = cli.Environment(os.Environ(), d.variables(endpoint, files, cfg.color))
	d.state = files.state()
	platform, err := d.cli.platform(ctx)
	if err != nil {
		return "", err
	}
	if err := files.fillMirror(cfg.provider, platform); err != nil {
		return "", err
	}

	fmt.Fprintf(d.out, `An emulator of the SparkRTC API runs at %s. It has one app,
whose recording callback is not set yet. This is main.tf:

%s
The environment has SPARKRTC_ENDPOINT, HW_ACCESS_KEY, HW_SECRET_KEY and HW_PROJECT_ID
for the provider, and TF_VAR_callback_key for the variable. The secrets are made up.

Lines with "->" tell what was checked after a step: which callback the emulator
really has, and how many requests it has had since the start. No secret may be in
what the CLI prints, nor in the state.
`, endpoint, indent(configuration))
	for i, s := range d.steps() {
		fmt.Fprintf(d.out, "\n== %d. %s\n", i+1, s.title)
		if err := d.take(ctx, s); err != nil {
			return "", fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return d.asked().String(), nil
}

// variables are what the CLI and the provider are given in the environment.
func (d *demo) variables(endpoint string, files folder, color bool) map[string]string {
	variables := map[string]string{
		"TF_CLI_CONFIG_FILE":  files.cliConfig(),
		"TF_VAR_callback_key": d.key,
		"CHECKPOINT_DISABLE":  "1",
		"SPARKRTC_ENDPOINT":   endpoint,
		"HW_ACCESS_KEY":       emulator.DefaultAccessKey,
		"HW_SECRET_KEY":       emulator.DefaultSecretKey,
		"HW_PROJECT_ID":       emulator.DefaultProjectID,
		"NO_PROXY":            "127.0.0.1",
	}
	if !color {
		variables["TF_CLI_ARGS"] = "-no-color"
	}
	return variables
}

// step is one command, or one change by somebody else.
type step struct {
	title   string
	note    string // printed below it
	command []string
	exit    int    // of the command
	prints  string // among other things
	change  func()

	// What the API has, and was asked from the start, afterwards.
	callback emulator.Callback
	requests requests
}

func (d *demo) steps() []step {
	ours := emulator.Callback{URL: callbackURL, AuthKey: d.key}
	theirs := emulator.Callback{URL: foreignURL, AuthKey: d.foreignKey}
	return []step{
		{
			title:   "Init: install the provider from a folder on this machine",
			note:    "(A warning about the lock file is due to that folder, not to the provider.)",
			command: []string{"init"},
		},
		{
			title:    "Plan",
			note:     "(The plan of a new callback looks whether its app has one already: one GET, and one more in the apply.)",
			command:  []string{"plan", "-out=first.tfplan"},
			requests: requests{gets: 1},
		},
		{
			title:    "Apply: set the callback",
			command:  []string{"apply", "first.tfplan"},
			callback: ours,
			requests: requests{puts: 1, gets: 2},
		},
		{
			title:    "Plan again: there must be nothing to do (exit code 0)",
			command:  []string{"plan", "-detailed-exitcode"},
			callback: ours,
			requests: requests{puts: 1, gets: 3},
		},
		{
			title:    "Meanwhile, somebody else sets another URL and another key",
			note:     "(This is done in the emulator, and is not among the requests.)",
			change:   func() { d.api.SetCallback(appID, theirs.URL, theirs.AuthKey) },
			callback: theirs,
			requests: requests{puts: 1, gets: 3},
		},
		{
			title:    "Plan: it must show what has changed (exit code 2)",
			command:  []string{"plan", "-detailed-exitcode", "-out=repair.tfplan"},
			exit:     2,
			prints:   foreignURL,
			callback: theirs,
			requests: requests{puts: 1, gets: 4},
		},
		{
			title:    "Apply: set the callback back",
			command:  []string{"apply", "repair.tfplan"},
			callback: ours,
			requests: requests{puts: 2, gets: 4},
		},
		{
			title:    "Plan again: there must be nothing to do (exit code 0)",
			command:  []string{"plan", "-detailed-exitcode"},
			callback: ours,
			requests: requests{puts: 2, gets: 5},
		},
		{
			title:    "Destroy: it must warn that the callback stays, since the API can't remove one",
			command:  []string{"destroy", "-auto-approve"},
			prints:   "left in place",
			callback: ours,
			requests: requests{puts: 2, gets: 6},
		},
	}
}

func (d *demo) take(ctx context.Context, s step) error {
	if s.note != "" {
		fmt.Fprintln(d.out, s.note)
	}
	if s.change != nil {
		s.change()
	}
	if s.command != nil {
		fmt.Fprintf(d.out, "$ %s %s\n", d.cli.name(), strings.Join(s.command, " "))
		printed, exit, err := d.cli.run(ctx, s.command...)
		if err != nil {
			return err
		}
		if d.hasSecret(printed) {
			return fmt.Errorf("the output of %s shows a secret", d.cli.name())
		}
		state, err := os.ReadFile(d.state)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if d.hasSecret(string(state)) {
			return errors.New("the state has a secret in it")
		}
		if exit != s.exit {
			return fmt.Errorf("%s ended with exit code %d instead of %d", d.cli.name(), exit, s.exit)
		}
		if !strings.Contains(printed, s.prints) {
			return fmt.Errorf("%s did not print %q", d.cli.name(), s.prints)
		}
	}
	return d.check(s)
}

func (d *demo) hasSecret(text string) bool {
	for _, secret := range []string{d.key, d.foreignKey, emulator.DefaultSecretKey} {
		if strings.Contains(text, secret) {
			return true
		}
	}
	return false
}

// check compares what the API has, and was asked, with what it should.
func (d *demo) check(s step) error {
	callback, _ := d.api.Callback(appID)
	if callback.URL != s.callback.URL || callback.AuthKey != s.callback.AuthKey {
		return fmt.Errorf("the emulator has %s instead of %s", d.describe(callback), d.describe(s.callback))
	}
	for _, r := range d.api.Requests() {
		if !r.Authenticated || r.Status != http.StatusOK {
			return fmt.Errorf("the emulator answered %s %s with status %d %s", r.Method, r.Path, r.Status, r.Code)
		}
	}
	asked := d.asked()
	if asked != s.requests {
		return fmt.Errorf("the emulator has had %s so far instead of %s", asked, s.requests)
	}
	fmt.Fprintf(d.out, "\n-> checked: %s; %s so far\n", d.describe(callback), asked)
	return nil
}

// describe tells keys apart without showing them.
func (d *demo) describe(callback emulator.Callback) string {
	if callback.URL == "" {
		return "no callback"
	}
	key := "an unknown key"
	switch callback.AuthKey {
	case "":
		key = "no key"
	case d.key:
		key = "the configured key"
	case d.foreignKey:
		key = "the other key"
	}
	return fmt.Sprintf("callback %s with %s", callback.URL, key)
}

// requests are how many the API had.
type requests struct{ puts, gets, others int }

func (d *demo) asked() requests {
	var n requests
	for _, r := range d.api.Requests() {
		switch r.Method {
		case http.MethodPut:
			n.puts++
		case http.MethodGet:
			n.gets++
		default:
			n.others++
		}
	}
	return n
}

func (n requests) String() string {
	text := count(n.puts, "PUT") + ", " + count(n.gets, "GET")
	if n.others > 0 {
		text += ", " + count(n.others, "other request")
	}
	return text
}

func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// newKey returns 32 characters, the fewest that the console takes.
func newKey() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails, says its documentation
	return hex.EncodeToString(b)
}
