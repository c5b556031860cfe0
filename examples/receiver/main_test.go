// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// program is run in a goroutine of its own.
type program struct {
	addr  string
	log   *buffer
	stop  context.CancelFunc
	ended chan error
}

var listening = regexp.MustCompile(`msg=listening addr=(\S+) tls=(true|false) keys=(\d)\n`)

func runProgram(t *testing.T, args ...string) *program {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	p := &program{log: new(buffer), stop: stop, ended: make(chan error, 1)}
	go func() { p.ended <- run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), p.log) }()
	t.Cleanup(stop)
	for range 1000 {
		if m := listening.FindStringSubmatch(p.log.String()); m != nil {
			p.addr = m[1]
			return p
		}
		select {
		case err := <-p.ended:
			t.Fatalf("it ended: %v\n%s", err, p.log)
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Fatalf("it doesn't listen:\n%s", p.log)
	return nil
}

func (p *program) end(t *testing.T) {
	t.Helper()
	p.stop()
	if err := <-p.ended; err != nil {
		t.Errorf("run returned %v", err)
	}
	for _, key := range []string{testKey, oldKey} {
		if strings.Contains(p.log.String(), key) {
			t.Errorf("a key is in the log:\n%s", p.log)
		}
	}
}

func TestRun(t *testing.T) {
	t.Setenv("SPARKRTC_CALLBACK_KEY", testKey)
	t.Setenv("SPARKRTC_CALLBACK_KEY_PREVIOUS", oldKey)
	p := runProgram(t)
	emu := emulator.New(emulator.Options{})
	defer emu.Close()
	notify := func(key string, want int) {
		t.Helper()
		emu.SetCallback(testApp, "http://"+p.addr+"/sparkrtc", key)
		if status, err := emu.Notify(t.Context(), testApp, complete); status != want || err != nil {
			t.Errorf("got %d, %v, want %d\n%s", status, err, want, p.log)
		}
	}
	notify(testKey, 200)
	notify(oldKey, 200)
	notify("", 401)
	notify(" ", 401)
	emu.SetCallback(testApp, "http://"+p.addr, testKey)
	if status, err := emu.Notify(t.Context(), testApp, strings.Repeat("a", maxBody)); status != 413 || err != nil {
		t.Errorf("a huge event: got %d, %v", status, err)
	}
	p.end(t)

	for _, unset := range []string{"", " ", "\n"} {
		t.Setenv("SPARKRTC_CALLBACK_KEY_PREVIOUS", unset)
		p = runProgram(t)
		notify(testKey, 200)
		notify(oldKey, 401)
		if unset != "" {
			notify(unset, 401)
		}
		p.end(t)
	}
}

func TestFlagsReachTheReceiver(t *testing.T) {
	t.Setenv("SPARKRTC_CALLBACK_KEY", testKey)
	post := func(p *program, timestamp string) int {
		t.Helper()
		r := signed("rand", timestamp, "{}")
		r.RequestURI, r.URL.Scheme, r.URL.Host = "", "http", p.addr
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	now := time.Now()
	seconds, millis := fmt.Sprint(now.Unix()), fmt.Sprint(now.UnixMilli())
	old := fmt.Sprint(now.Add(-10 * time.Minute).Unix())
	for _, c := range []struct {
		args []string
		want [3]int // of seconds, milliseconds and old seconds
	}{
		{nil, [3]int{200, 200, 401}},
		{[]string{"-timestamp", "seconds"}, [3]int{200, 401, 401}},
		{[]string{"-timestamp", "milliseconds"}, [3]int{401, 200, 401}},
		{[]string{"-timestamp", "any", "-tolerance", "1h"}, [3]int{200, 200, 200}},
	} {
		p := runProgram(t, c.args...)
		if got := [3]int{post(p, seconds), post(p, millis), post(p, old)}; got != c.want {
			t.Errorf("%q: got %v, want %v\n%s", c.args, got, c.want, p.log)
		}
		p.end(t)
	}
}

func TestRunRefuses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct {
		key, previous string
		args          []string
		want          string
	}{
		{"", "", nil, "SPARKRTC_CALLBACK_KEY is not set"},
		{" \n", "", nil, "SPARKRTC_CALLBACK_KEY is not set"},
		{"", oldKey, nil, "SPARKRTC_CALLBACK_KEY is not set"},
		{testKey, "", []string{"-cert", "a.pem"}, "-cert and -key"},
		{testKey, "", []string{"-key", "a.pem"}, "-cert and -key"},
		{testKey, "", []string{"-cert", "missing.pem", "-key", "missing.pem"}, "missing.pem"},
		{testKey, "", []string{"-tolerance", "0"}, "-tolerance must be positive"},
		{testKey, "", []string{"-tolerance", "-1s"}, "-tolerance must be positive"},
		{testKey, "", []string{"-timestamp", "minutes"}, "-timestamp must be"},
		{testKey, "", []string{"more"}, `unexpected argument "more"`},
		{testKey, "", []string{"-no-such-flag"}, "no-such-flag"},
		{testKey, "", []string{"-addr", taken.Addr().String()}, "listen tcp " + taken.Addr().String()},
	} {
		t.Setenv("SPARKRTC_CALLBACK_KEY", c.key)
		t.Setenv("SPARKRTC_CALLBACK_KEY_PREVIOUS", c.previous)
		err := run(t.Context(), append([]string{"-addr", "127.0.0.1:0"}, c.args...), io.Discard)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), testKey) {
			t.Errorf("%q: got %v, want %q", c.args, err, c.want)
		}
	}
}

func TestHelp(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-h"}, &out); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"-addr", "-cert", "-key", "-tolerance", "-timestamp", ":8080", "5m0s"} {
		if !strings.Contains(out.String(), name) {
			t.Errorf("no %s in %s", name, &out)
		}
	}
}

func TestTLS(t *testing.T) {
	// httptest has a certificate, for example.com.
	web := httptest.NewTLSServer(nil)
	defer web.Close()
	pair := web.TLS.Certificates[0]
	private, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]}, key: {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	t.Setenv("SPARKRTC_CALLBACK_KEY", testKey)
	p := runProgram(t, "-cert", cert, "-key", key)
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "example.com"},
	}}
	r := signed("rand", fmt.Sprint(time.Now().Unix()), "{}")
	r.RequestURI, r.URL.Scheme, r.URL.Host = "", "https", p.addr
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK || !strings.Contains(p.log.String(), "tls=true") {
		t.Errorf("got %d\n%s", resp.StatusCode, p.log)
	}
	if plain, err := http.Get("http://" + p.addr); err == nil {
		plain.Body.Close()
		if plain.StatusCode != http.StatusBadRequest {
			t.Errorf("without TLS: got %d", plain.StatusCode)
		}
	}
	p.end(t)
}

func TestShutdownLetsRequestsEnd(t *testing.T) {
	t.Setenv("SPARKRTC_CALLBACK_KEY", testKey)
	p := runProgram(t)
	conn, err := net.Dial("tcp", p.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	r := signed("rand", fmt.Sprint(time.Now().Unix()), "{}")
	fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n")
	if err := r.Header.Write(conn); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(conn, "\r\n")
	answer := bufio.NewReader(conn)
	if resp, err := http.ReadResponse(answer, nil); err != nil || resp.StatusCode != http.StatusContinue { // it waits for the body
		t.Fatalf("got %+v, %v", resp, err)
	}

	p.stop()
	for other, err := net.Dial("tcp", p.addr); err == nil; other, err = net.Dial("tcp", p.addr) {
		other.Close() // until it accepts no more
	}
	select {
	case err := <-p.ended:
		t.Fatalf("it didn't wait: %v", err)
	default:
	}
	fmt.Fprint(conn, "{}")
	if resp, err := http.ReadResponse(answer, nil); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("got %+v, %v", resp, err)
	}
	p.end(t)
}
