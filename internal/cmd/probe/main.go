// SPDX-License-Identifier: MPL-2.0

// Command probe finds out on the real service what the documentation of the SparkRTC API leaves open, and prints a
// table for a bug report. It takes credentials from the environment, as the provider does. It says what it will change,
// asks, and puts back what was there.
package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/credentials"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/iam"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

const (
	envEndpoint = "SPARKRTC_ENDPOINT"
	envAuthKey  = "SPARKRTC_PROBE_AUTH_KEY"
)

var bucketForm = regexp.MustCompile(`^[0-9a-z.-]*$`)

type options struct {
	app, url, callbackURL, authKey string
	bucket, unauthorizedBucket     string
	project                        string // of the buckets
	createApp, restore, yes        bool
}

func main() {
	err := run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, func(*transport.Config, *api) {})
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

func parse(args []string, out io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("probe", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&o.app, "app", "", "`ID` of an app made for the probe")
	flags.BoolVar(&o.createApp, "create-app", false, "create temporary apps too, to see what can be seen only there")
	flags.BoolVar(&o.restore, "restore", false, "use an app that has a callback, a rule or automatic recording; what can't be put back for certain is left alone")
	flags.StringVar(&o.callbackURL, "callback-url", "", "`URL` of the present callback, to put it back; its key is in "+envAuthKey)
	flags.StringVar(&o.url, "url", "https://example.com/sparkrtc-probe", "callback `URL` to set; the service may try it")
	flags.StringVar(&o.bucket, "bucket", "", "OBS `bucket` that SparkRTC may write to, if it checks buckets")
	flags.StringVar(&o.unauthorizedBucket, "unauthorized-bucket", "", "OBS `bucket` that it may not write to")
	flags.BoolVar(&o.yes, "yes", false, "do not ask")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	u, err := url.Parse(o.url)
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unknown argument %q", flags.Arg(0))
	case o.app == "" && !o.createApp:
		return o, errors.New("set -app to the ID of an app made for the probe, or -create-app")
	case !bucketForm.MatchString(o.bucket + o.unauthorizedBucket):
		return o, errors.New("-bucket and -unauthorized-bucket are names of buckets")
	case err != nil || u.Host == "" || u.Path == "" || u.RawQuery != "" || u.User != nil:
		return o, errors.New("-url must have a scheme, a host and a path, and nothing else")
	}
	return o, nil
}

// run lets tests change how requests are sent.
func run(ctx context.Context, args []string, in io.Reader, out io.Writer, configure func(*transport.Config, *api)) error {
	o, err := parse(args, out)
	if err != nil {
		return err
	}
	o.authKey = os.Getenv(envAuthKey)
	a, project, err := connect(configure, out)
	if err != nil {
		return err
	}
	o.project = project
	p := newProbe(a, o)
	if o.app != "" {
		if err := p.read(ctx); err != nil {
			return err
		}
	}
	plan, err := p.plan()
	if err != nil {
		return err
	}
	fmt.Fprintln(out, plan)
	if !o.yes {
		fmt.Fprint(out, "Go on? [y/N] ")
		if line, _ := bufio.NewReader(in).ReadString('\n'); strings.ToLower(strings.TrimSpace(line)) != "y" {
			return errors.New("nothing was changed (in a script, set -yes)")
		}
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer context.AfterFunc(ctx, func() {
		stop() // a second signal ends the program
		fmt.Fprintln(os.Stderr, "\nInterrupted: putting back what was there. Once more, and nothing is put back.")
	})()
	p.run(ctx)
	fmt.Fprintln(out)
	p.report(out)
	if len(p.lost) > 0 {
		return fmt.Errorf("put this back by hand: %s", strings.Join(p.lost, "; "))
	}
	return ctx.Err()
}

func connect(configure func(*transport.Config, *api), out io.Writer) (*api, string, error) {
	if err := transport.CheckProxies(os.Getenv); err != nil {
		return nil, "", err
	}
	found, err := credentials.Find(credentials.Settings{}, credentials.OS())
	if err != nil {
		return nil, "", err
	}
	endpoint, err := transport.ParseEndpoint(cmp.Or(os.Getenv(envEndpoint), sparkrtc.DefaultEndpoint), sparkrtc.DefaultEndpoint)
	if err != nil {
		return nil, "", err
	}
	a := &api{endpoint: endpoint.String(), now: time.Now, sleep: sleep, announce: func(d time.Duration) {
		fmt.Fprintf(out, "Waiting %s for the quota of 60 calls a minute.\n", d.Round(time.Second))
	}}
	config := transport.Config{UserAgent: "sparkrtc-probe", MaxRetries: sparkrtc.DefaultMaxRetries}
	configure(&config, a)
	a.wire = transport.New(config)
	identity, err := iam.New(iam.Config{
		Transport: a.wire, Endpoint: found.IAMEndpoint, STSEndpoint: found.STSEndpoint, MetadataEndpoint: found.MetadataEndpoint,
	})
	a.credentials = credentials.NewAuthenticator(found, identity, nil)
	return a, found.ProjectID.Text, err
}
