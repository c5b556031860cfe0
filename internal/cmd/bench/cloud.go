// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// maxApps is how many the service lists at most before the provider stops
// listing.
const maxApps = 1000

// appIDFormat makes the ID of an app from its number, in Go and in Terraform.
const appIDFormat = "5ff9701f2346968bb30%05d"

// cloud is an emulator behind a listener that counts bytes.
type cloud struct {
	*emulator.Server
	endpoint string

	web            *http.Server
	received, sent atomic.Int64 // by the emulator, with all headers
}

// weather is what a cloud is like.
type weather struct {
	latency time.Duration // of each call, before it takes effect
	quota   int           // calls a minute; 0 for all
}

func newCloud(ctx context.Context, apps int, w weather) (*cloud, error) {
	c := &cloud{Server: emulator.New(emulator.Options{Quota: w.quota})}
	for i := range apps {
		c.AddApp(fmt.Sprintf(appIDFormat, i))
	}
	if w.latency > 0 {
		c.Fail(emulator.Fault{Times: -1, Delay: w.latency})
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c.endpoint = "http://" + listener.Addr().String()
	c.web = &http.Server{Handler: c.Server, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = c.web.Serve(counting{listener, c}) }() // ends with close
	return c, nil
}

func (c *cloud) close() {
	c.Close()
	_ = c.web.Close() // nothing is under way
}

// traffic is what a cloud was asked.
type traffic struct {
	calls, refused int   // refused for the quota
	sent, received int64 // by the client
}

// traffic returns what there was since the last time.
func (c *cloud) traffic() (traffic, error) {
	requests := c.Requests()
	c.ResetRequests()
	t := traffic{calls: len(requests), sent: c.received.Swap(0), received: c.sent.Swap(0)}
	for _, r := range requests {
		switch r.Status {
		case http.StatusOK:
		case http.StatusTooManyRequests:
			t.refused++
		default:
			return t, fmt.Errorf("the emulator answered %s %s with status %d %s", r.Method, r.Path, r.Status, r.Code)
		}
	}
	return t, nil
}

// expect checks that the callbacks are what was to be set.
func (c *cloud) expect(apps int, url string) error {
	for i := range apps {
		id := fmt.Sprintf(appIDFormat, i)
		if callback, _ := c.Callback(id); callback.URL != url || callback.AuthKey != authKey {
			return fmt.Errorf("the callback of app %s is %q, and was to be set to %q", id, callback.URL, url)
		}
	}
	return nil
}

type counting struct {
	net.Listener
	cloud *cloud
}

func (l counting) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return countingConn{conn, l.cloud}, err
}

type countingConn struct {
	net.Conn
	cloud *cloud
}

func (c countingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.cloud.received.Add(int64(n))
	return n, err
}

func (c countingConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.cloud.sent.Add(int64(n))
	return n, err
}
