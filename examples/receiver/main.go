// SPDX-License-Identifier: MPL-2.0

// Command receiver receives the recording events of SparkRTC apps. It needs
// the standard library only, and is there to be copied.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// shutdownTime is for requests that are under way at the end.
const shutdownTime = 20 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it at once
	if err := run(ctx, os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "receiver:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends, which is no error.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("receiver", flag.ContinueOnError)
	addr := flags.String("addr", ":8080", "`host:port` to listen on; 127.0.0.1:8080 behind a proxy on this machine")
	cert := flags.String("cert", "", "`file` with the TLS certificate and its chain, PEM; needs -key")
	certKey := flags.String("key", "", "`file` with the private key of -cert, PEM")
	tolerance := flags.Duration("tolerance", 5*time.Minute, "how far off a timestamp may be")
	form := flags.String("timestamp", "any", "`form` of X-Rtc-Timestamp: seconds, milliseconds or any")
	flags.SetOutput(io.Discard) // main prints the error
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		flags.SetOutput(out)
		flags.PrintDefaults()
		return nil
	} else if err != nil {
		return err
	}
	digits, ok := map[string]int{"any": 0, "seconds": 10, "milliseconds": 13}[*form]
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case (*cert == "") != (*certKey == ""):
		return errors.New("-cert and -key need one another")
	case *tolerance <= 0:
		return errors.New("-tolerance must be positive")
	case !ok:
		return errors.New("-timestamp must be seconds, milliseconds or any")
	}

	// From the environment, since other users of the machine see arguments.
	current, previous := os.Getenv("SPARKRTC_CALLBACK_KEY"), os.Getenv("SPARKRTC_CALLBACK_KEY_PREVIOUS")
	if strings.TrimSpace(current) == "" {
		return errors.New("SPARKRTC_CALLBACK_KEY is not set: without a key anyone could send events")
	}
	keys := []callbackKey{{"current", []byte(current)}}
	if strings.TrimSpace(previous) != "" { // everyone has the empty key
		keys = append(keys, callbackKey{"previous", []byte(previous)})
	}

	log := slog.New(slog.NewTextHandler(out, nil)) // it quotes, so that an event can't forge a line
	handler := newReceiver(log, keys...)
	handler.tolerance, handler.digits = *tolerance, digits
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second, // includes process
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", *addr)
	if err != nil {
		return err
	}
	log.Info("listening", "addr", listener.Addr(), "tls", *cert != "", "keys", len(keys))
	served := make(chan error, 1)
	go func() {
		if *cert != "" {
			served <- server.ServeTLS(listener, *cert, *certKey)
		} else {
			served <- server.Serve(listener)
		}
	}()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	return server.Shutdown(deadline) // lets requests that are under way end
}
