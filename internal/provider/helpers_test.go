// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/credentials"
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
// says otherwise. They use a provider in this process.
func newCLI(t *testing.T, e *acctest.Emulator, config string, variables ...string) *acctest.CLI {
	t.Helper()
	r := newBinaryCLI(t, e, config, variables...)
	r.Provider = func(home string, env []string) tfprotov6.ProviderServer {
		p := &sparkRTCProvider{version: "test", environment: environmentOf(home, env...)}
		p.setClearTextKeyWarning(types.BoolNull())
		return serve(p)
	}
	return r
}

// newBinaryCLI is newCLI with the provider's binary, for tests of its processes, signals,
// log and proxy.
func newBinaryCLI(t *testing.T, e *acctest.Emulator, config string, variables ...string) *acctest.CLI {
	t.Helper()
	return acctest.NewCLI(t, e, config, append([]string{"SPARKRTC_CLEAR_TEXT_KEY_WARNING=false"}, variables...)...)
}

// newCore starts a provider that leads to an emulator. It retries nothing, unless an
// argument says otherwise. It waits only in a bubble, where that takes no time.
func newCore(tb testing.TB, e *acctest.Emulator, p *sparkRTCProvider, arguments map[string]any) (*acctest.Core, error) {
	tb.Helper()
	settings := e.Settings()
	settings["max_retries"] = 0
	maps.Copy(settings, arguments)
	p.dial = e.Dial
	return acctest.NewCore(tb, factoryOf(p), schemas(), settings)
}

// newObjects starts a provider that leads to an emulator, for one type of resource.
func newObjects(tb testing.TB, e *acctest.Emulator, typeName string, arguments map[string]any) acctest.Resource {
	tb.Helper()
	core, err := newCore(tb, e, &sparkRTCProvider{}, arguments)
	if err != nil {
		tb.Fatal(err)
	}
	return core.Resource(typeName)
}

// again is the same provider in another process, as for another run.
func again(tb testing.TB, r acctest.Resource) acctest.Resource {
	tb.Helper()
	core, err := r.Restart()
	if err != nil {
		tb.Fatal(err)
	}
	return core.Resource(r.Type)
}

// factoryOf serves a provider in an empty environment unless it has one. Without dial,
// it loses no time between retries.
func factoryOf(p *sparkRTCProvider) func() (tfprotov6.ProviderServer, error) {
	p.version = "test"
	if p.dial == nil {
		p.retryWait = time.Microsecond
	}
	if p.environment == nil {
		p.environment = environmentOf("")
	}
	return func() (tfprotov6.ProviderServer, error) { return withKnownSchemas{serve(p).(server)}, nil }
}

// withKnownSchemas is a server that Core asks for its schemas, as Terraform does once a
// run, without making them for each process of a test.
type withKnownSchemas struct{ server }

func (withKnownSchemas) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	return schemas(), nil
}

func (withKnownSchemas) GetResourceIdentitySchemas(context.Context, *tfprotov6.GetResourceIdentitySchemasRequest) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return identitySchemas()
}

var identitySchemas = sync.OnceValues(func() (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return NewServer("test")().GetResourceIdentitySchemas(context.Background(), &tfprotov6.GetResourceIdentitySchemasRequest{})
})

func serving(p provider.Provider) func() (tfprotov6.ProviderServer, error) {
	return func() (tfprotov6.ProviderServer, error) { return serve(p), nil }
}

// environmentOf has these variables, NAME=value, of two with a name the last, and a
// home, "" for none.
func environmentOf(home string, variables ...string) *credentials.Environment {
	values := map[string]string{}
	for _, variable := range variables {
		name, value, _ := strings.Cut(variable, "=")
		values[name] = value
	}
	environment := credentials.OS()
	environment.Getenv = func(name string) string { return values[name] }
	environment.Environ = func() []string { return variables }
	environment.HomeDir = func() (string, error) {
		if home == "" {
			return "", errors.New("there is no home")
		}
		return home, nil
	}
	return &environment
}

// newProcesses returns a workspace whose processes have these provider arguments, and
// no others, and an environment. They write what they log.
func newProcesses(t *testing.T, environment *credentials.Environment, settings map[string]any, log io.Writer) *acctest.Workspace {
	t.Helper()
	return acctest.NewWorkspace(t, func() (acctest.Resource, error) {
		core, err := acctest.StartCore(t, factoryOf(&sparkRTCProvider{environment: environment}))
		if err != nil {
			return acctest.Resource{}, err
		}
		core = core.WithContext(tflogtest.RootLogger(t.Context(), log))
		_, err = core.Configure(settings)
		return core.Resource(callbackType), err
	})
}

var schemas = sync.OnceValue(func() *tfprotov6.GetProviderSchemaResponse {
	schemas, err := NewServer("test")().GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		panic(err)
	}
	return schemas
})
