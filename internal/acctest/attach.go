// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"context"
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

// attach serves a provider in this process until stop is called, and returns the
// variable, NAME=value, that makes a CLI use it.
func attach(t *testing.T, provider func() tfprotov6.ProviderServer) (variable string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	attached, served := make(chan *plugin.ReattachConfig), make(chan error, 1)
	go func() {
		served <- tf6server.Serve(registry+providerSource, provider, tf6server.WithDebug(ctx, attached, make(chan struct{})),
			tf6server.WithGoPluginLogger(hclog.NewNullLogger()), tf6server.WithLoggingSink(t))
	}()
	var config *plugin.ReattachConfig
	select {
	case config = <-attached:
	case err := <-served:
		cancel()
		t.Fatalf("the provider is not served: %v", err)
	}
	content, err := json.Marshal(map[string]any{registry + providerSource: map[string]any{
		"Protocol": config.Protocol, "ProtocolVersion": config.ProtocolVersion, "Pid": os.Getpid(), "Test": true,
		"Addr": map[string]string{"Network": config.Addr.Network(), "String": config.Addr.String()},
	}})
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	return "TF_REATTACH_PROVIDERS=" + string(content), func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("the provider: %v", err)
		}
	}
}

// severalProviders finds what needs a process for each provider configuration.
var severalProviders = regexp.MustCompile(`(?m)^\s*alias\s*=`)
