// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"maps"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
)

func TestMain(m *testing.M) { os.Exit(acctest.Main(m, "../..")) }

// ownReads makes each resource of a folder read its own callback, as one does that is
// the only one.
const ownReads = "SPARKRTC_SHARED_READS=false"

// testProviders serve the provider in this process, with no time lost between retries.
var testProviders = map[string]func() (tfprotov6.ProviderServer, error){
	"sparkrtc": func() (tfprotov6.ProviderServer, error) {
		p := &sparkRTCProvider{version: "test", retryWait: time.Millisecond}
		if acctest.Live() {
			p.retryWait = 0 // the quota is shared there
		}
		return serve(p), nil
	},
}

// newCLI returns a folder whose runs warn of no key in clear text, unless a variable
// says otherwise.
func newCLI(t *testing.T, e *acctest.Emulator, config string, variables ...string) *acctest.CLI {
	t.Helper()
	return acctest.NewCLI(t, e, config, append([]string{"SPARKRTC_CLEAR_TEXT_KEY_WARNING=false"}, variables...)...)
}

// newCore starts a provider that leads to an emulator. It retries nothing, unless an
// argument says otherwise.
func newCore(tb testing.TB, e *acctest.Emulator, p *sparkRTCProvider, arguments map[string]any) (*acctest.Core, error) {
	tb.Helper()
	p.version, p.retryWait = "test", time.Microsecond
	settings := e.Settings()
	settings["max_retries"] = 0
	maps.Copy(settings, arguments)
	return acctest.NewCore(tb, serving(p), settings)
}

func serving(p provider.Provider) func() (tfprotov6.ProviderServer, error) {
	return func() (tfprotov6.ProviderServer, error) { return serve(p), nil }
}

var schemas = sync.OnceValue(func() *tfprotov6.GetProviderSchemaResponse {
	schemas, err := NewServer("test")().GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		panic(err)
	}
	return schemas
})
