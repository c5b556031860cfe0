// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// States as releases wrote them: a folder for each release and CLI, with the
// state, the configuration that it is of, and what the service holds. What
// users have on their disks is never written again, so neither are these:
// `make state-fixture` adds one, of the build as it is, from stateTemplate.
const (
	stateFixtures = "testdata/states"
	stateTemplate = "testdata/state-template"

	configFile  = "main.tf"
	stateFile   = "state.json" // by a name that .gitignore lets pass
	serviceFile = "service.json"

	// developmentFixture is how the version of a fixture ends that may be
	// written again, because no user has such a state.
	developmentFixture = "-dev"
)

// stateService is what an emulator holds. Each is reached through a variable,
// NAME_endpoint.
type stateService struct {
	KeyEcho emulator.KeyEcho      `json:"key_echo,omitempty"`
	URLEcho emulator.URLEcho      `json:"url_echo,omitempty"`
	Apps    map[string]stateOfApp `json:"apps"`
}

type stateOfApp struct {
	URL        string     `json:"url,omitempty"` // "" for no callback
	AuthKey    string     `json:"auth_key,omitempty"`
	Events     []string   `json:"events,omitzero"` // nil for those of a new app
	UpdateTime *time.Time `json:"update_time,omitempty"`

	RecordRule *emulator.RecordRule `json:"record_rule,omitempty"`
	AutoRecord *emulator.AutoRecord `json:"auto_record,omitempty"`
}

// times are those of what the app has, in the order of their setting; none is zero.
func (a stateOfApp) times() (times []time.Time) {
	if a.UpdateTime != nil {
		times = append(times, *a.UpdateTime)
	}
	if a.RecordRule != nil {
		times = append(times, a.RecordRule.UpdateTime)
	}
	if a.AutoRecord != nil {
		times = append(times, a.AutoRecord.UpdateTime)
	}
	return slices.DeleteFunc(times, time.Time.IsZero)
}

// start starts an emulator that holds the same, set at the same times.
func (s stateService) start(t *testing.T) *acctest.Emulator {
	t.Helper()
	var now atomic.Pointer[time.Time]
	c := acctest.StartEmulator(t, emulator.Options{KeyEcho: s.KeyEcho, URLEcho: s.URLEcho, Clock: func() time.Time {
		if at := now.Load(); at != nil {
			return *at
		}
		return time.Now()
	}})
	at := func(when time.Time) {
		if now.Store(&when); when.IsZero() {
			now.Store(nil)
		}
	}
	for id, app := range s.Apps {
		if times := app.times(); len(times) > 0 {
			at(slices.MinFunc(times, time.Time.Compare).Add(-time.Minute))
		}
		c.AddApp(id)
		if app.Events != nil {
			c.SetEvents(id, app.Events...)
		}
		now.Store(app.UpdateTime)
		if app.URL != "" {
			c.SetCallback(id, app.URL, app.AuthKey)
		}
		if app.RecordRule != nil {
			at(app.RecordRule.UpdateTime)
			c.SetRecordRule(id, *app.RecordRule)
		}
		if app.AutoRecord != nil {
			at(app.AutoRecord.UpdateTime)
			c.SetAutoRecord(id, app.AutoRecord.Mode, app.AutoRecord.RuleID)
		}
		now.Store(nil)
		if got, _ := c.Callback(id); app.UpdateTime != nil && !got.UpdateTime.Equal(*app.UpdateTime) {
			t.Fatalf("the callback of %s was set at %v, want %v", id, got.UpdateTime, app.UpdateTime)
		}
	}
	return c
}

// stateFixture is a state, and the services that its callbacks are on.
type stateFixture struct {
	name     string
	config   string
	state    string
	services map[string]stateService
	writer   string // the CLI, in lower case
}

var fixtureName = regexp.MustCompile(`^(\d+\.\d+\.\d+(?:-[0-9a-z.]+)?)-(terraform|opentofu)-(\d+\.\d+\.\d+(?:-[0-9a-z.]+)?)$`)

func loadServices(t *testing.T, path string) map[string]stateService {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var services map[string]stateService
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&services); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return services
}

func loadFixture(t *testing.T, name string) stateFixture {
	t.Helper()
	parts := fixtureName.FindStringSubmatch(name)
	if parts == nil {
		t.Fatalf("%s/%s is not named VERSION-terraform-VERSION or VERSION-opentofu-VERSION", stateFixtures, name)
	}
	read := func(file string) string {
		content, err := os.ReadFile(filepath.Join(stateFixtures, name, file))
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	return stateFixture{
		name: name, writer: parts[2],
		config: read(configFile), state: read(stateFile),
		services: loadServices(t, filepath.Join(stateFixtures, name, serviceFile)),
	}
}

// stateFixturesOf are those that a CLI wrote.
func stateFixturesOf(t *testing.T, writer string) []stateFixture {
	t.Helper()
	entries, err := os.ReadDir(stateFixtures)
	if err != nil {
		t.Fatal(err)
	}
	var found []stateFixture
	for _, entry := range entries {
		if f := loadFixture(t, entry.Name()); f.writer == writer {
			found = append(found, f)
		}
	}
	if len(found) == 0 {
		t.Fatalf("no state in %s was written by %s; make state-fixture writes one", stateFixtures, writer)
	}
	return found
}

// services are running emulators.
type services map[string]*acctest.Emulator

func startServices(t *testing.T, all map[string]stateService) services {
	t.Helper()
	running := services{}
	for name, s := range all {
		running[name] = s.start(t)
	}
	return running
}

// cli returns a folder with a configuration and no state.
func (s services) cli(t *testing.T, config string) *acctest.CLI {
	t.Helper()
	variables := acctest.Keys()
	for name, c := range s {
		variables = append(variables, "TF_VAR_"+name+"_endpoint="+c.Endpoint)
	}
	return newBinaryCLI(t, nil, config, variables...)
}

// open returns a folder as the user of the release left it, and the services.
func (f stateFixture) open(t *testing.T) (*acctest.CLI, services) {
	t.Helper()
	running := startServices(t, f.services)
	r := running.cli(t, f.config)
	r.WriteFile(t, acctest.LocalState, f.state)
	return r, running
}

// expectEmptyPlan plans, and expects that there is nothing to do, nothing to say,
// and nothing that is sent or stored.
func (s services) expectEmptyPlan(t *testing.T, r *acctest.CLI) {
	t.Helper()
	before := r.ReadFile(t, acctest.LocalState)
	out := r.Plan(t, acctest.NoChanges).Out()
	for _, unwanted := range []string{"Warning: Callback", "Warning: Existing", "Warning: Recording", "Warning: SparkRTC", "Error:", "outside of Terraform", "outside of OpenTofu"} {
		if strings.Contains(out, unwanted) {
			t.Errorf("the plan says %q: %s", unwanted, out)
		}
	}
	s.expectNoWrites(t)
	if r.ReadFile(t, acctest.LocalState) != before {
		t.Error("the plan changed the state")
	}
}

func (s services) expectNoWrites(t *testing.T) {
	t.Helper()
	for name, c := range s {
		if puts := sentPayloads(t, c); len(puts) > 0 {
			t.Errorf("the %s service was sent %v", name, puts)
		}
	}
}

// registryOf is the host that a CLI adds to an address that names none.
func registryOf(cli string) string {
	return map[string]string{"terraform": "registry.terraform.io", "opentofu": "registry.opentofu.org"}[cli]
}

// A state of each release, planned with this build, by the CLI that wrote it.
// With STATE_FIXTURE=VERSION one is written first.
func TestAccCLI_stateOfReleases(t *testing.T) {
	t.Parallel()
	cli, cliVersion := acctest.WhichCLI(t)
	if version := os.Getenv("STATE_FIXTURE"); version != "" {
		writeStateFixture(t, version, cli, cliVersion)
	}
	for _, f := range stateFixturesOf(t, cli) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			r, running := f.open(t)
			running.expectEmptyPlan(t, r)

			// All callbacks are set again outside Terraform, just as they are. What
			// can't be compared counts as changed. All else is unchanged only if the
			// fingerprints in private state still match.
			for name, s := range f.services {
				for id, app := range s.Apps {
					if app.URL != "" {
						running[name].SetCallback(id, app.URL, app.AuthKey)
					}
				}
			}
			// An apply of this build works with what the release kept.
			out := r.Apply(t).Out()
			if want := "0 to add, 3 to change, 0 to destroy"; !strings.Contains(out, want) {
				t.Errorf("once all was set again, the plan doesn't say %q: %s", want, out)
			}
			running.expectTruth(t, f.services)
			r.Plan(t, acctest.NoChanges)
		})
	}
}

// expectTruth compares what the services hold, but for the times.
func (s services) expectTruth(t *testing.T, want map[string]stateService) {
	t.Helper()
	for name, service := range want {
		for id, app := range service.Apps {
			if app.URL != "" {
				expectTruth(t, s[name], id, app.URL, app.AuthKey)
			}
		}
	}
}

// A state of the other CLI. The provider's address in it is one on another host.
func TestAccCLI_stateOfTheOtherCLI(t *testing.T) {
	t.Parallel()
	ours, _ := acctest.WhichCLI(t)
	theirs := map[string]string{"terraform": "opentofu", "opentofu": "terraform"}[ours]
	const address = "/sparkrtc/sparkrtc"
	for _, f := range stateFixturesOf(t, theirs) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			if host := registryOf(theirs) + address; !strings.Contains(f.state, host) {
				t.Fatalf("the state doesn't name %s", host)
			}
			for name, prepare := range map[string]func(*testing.T, *acctest.CLI){
				"address replaced in the state": func(t *testing.T, r *acctest.CLI) {
					t.Helper()
					r.ProviderFrom(t, registryOf(ours))
					r.Must(t, 0, "state", "replace-provider", "-auto-approve", registryOf(theirs)+address, registryOf(ours)+address)
				},
				"host in the configuration": func(t *testing.T, r *acctest.CLI) {
					t.Helper()
					r.ProviderFrom(t, registryOf(theirs))
					r.Write(t, strings.Replace(f.config, `source = "sparkrtc/sparkrtc"`, fmt.Sprintf("source = %q", registryOf(theirs)+address), 1))
				},
			} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					r, running := f.open(t)
					prepare(t, r)
					running.expectEmptyPlan(t, r)
				})
			}
			// Without either, OpenTofu takes the host of Terraform's registry for
			// its own, and Terraform asks for a provider from the host in the state.
			t.Run("as it is", func(t *testing.T) {
				t.Parallel()
				r, running := f.open(t)
				r.ProviderFrom(t, registryOf(ours))
				if ours == "opentofu" {
					running.expectEmptyPlan(t, r)
					return
				}
				out := r.Must(t, 1, "plan").Out()
				for _, want := range []string{registryOf(theirs) + address, "terraform init"} {
					if !strings.Contains(out, want) {
						t.Errorf("the plan doesn't mention %q: %s", want, out)
					}
				}
				running.expectNoWrites(t)
				if r.ReadFile(t, acctest.LocalState) != f.state {
					t.Error("the plan changed the state")
				}
			})
		})
	}
}

// A state that a newer release wrote.
func TestAccCLI_stateOfANewerSchema(t *testing.T) {
	t.Parallel()
	cli, _ := acctest.WhichCLI(t)
	f := stateFixturesOf(t, cli)[0]
	newer := func(t *testing.T, change func(resource, instance map[string]any)) string {
		t.Helper()
		var state map[string]any
		if err := json.Unmarshal([]byte(f.state), &state); err != nil {
			t.Fatal(err)
		}
		for _, r := range state["resources"].([]any) {
			resource := r.(map[string]any)
			for _, i := range resource["instances"].([]any) {
				change(resource, i.(map[string]any))
			}
		}
		content, err := json.Marshal(state)
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}

	// A version of the schema says that this build can't know what it means.
	t.Run("version of the schema", func(t *testing.T) {
		t.Parallel()
		r, running := f.open(t)
		r.WriteFile(t, acctest.LocalState, newer(t, func(resource, instance map[string]any) {
			if resource["mode"] == "managed" && resource["name"] == "auth_key" {
				instance["schema_version"] = 99
			}
		}))
		before := r.ReadFile(t, acctest.LocalState)
		for _, arguments := range [][]string{{"apply", "-auto-approve"}, {"destroy", "-auto-approve"}} {
			out := r.Must(t, 1, arguments...).Out()
			for _, want := range []string{"sparkrtc_record_callback.auth_key", "newer provider version"} {
				if !strings.Contains(out, want) {
					t.Errorf("%s doesn't mention %q: %s", arguments[0], want, out)
				}
			}
			running.expectNoWrites(t)
			if r.ReadFile(t, acctest.LocalState) != before {
				t.Errorf("%s changed the state", arguments[0])
			}
		}
	})

	// An attribute more, as a minor release may add one, is passed over.
	t.Run("attribute", func(t *testing.T) {
		t.Parallel()
		r, running := f.open(t)
		r.WriteFile(t, acctest.LocalState, newer(t, func(resource, instance map[string]any) {
			if resource["mode"] == "managed" {
				instance["attributes"].(map[string]any)["attribute_of_tomorrow"] = "kept until the next apply"
			}
		}))
		running.expectEmptyPlan(t, r)
	})
}

// writeStateFixture applies the template with the present build and keeps what
// comes of it.
func writeStateFixture(t *testing.T, version, cli, cliVersion string) {
	t.Helper()
	name := fmt.Sprintf("%s-%s-%s", version, cli, cliVersion)
	if !fixtureName.MatchString(name) {
		t.Fatalf("STATE_FIXTURE=%s is not a version such as 0.1.0 or 0.2.0%s", version, developmentFixture)
	}
	dir := filepath.Join(stateFixtures, name)
	if _, err := os.Stat(dir); err == nil && !strings.HasSuffix(version, developmentFixture) {
		t.Fatalf("%s is there: a state of a release stays as the release wrote it", dir)
	}
	config, err := os.ReadFile(filepath.Join(stateTemplate, configFile))
	if err != nil {
		t.Fatal(err)
	}
	services := loadServices(t, filepath.Join(stateTemplate, serviceFile))
	running := startServices(t, services)
	r := running.cli(t, string(config))
	r.Apply(t)
	r.Must(t, 0, "apply", "-auto-approve", "-refresh-only", "-target=sparkrtc_record_callback.read_since")

	for name, service := range services {
		for id, app := range service.Apps {
			if held, ok := running[name].Callback(id); ok {
				app.URL, app.AuthKey, app.UpdateTime = held.URL, held.AuthKey, &held.UpdateTime
				app.Events = slices.Concat([]string{}, held.Events)
			}
			for _, held := range running[name].RecordRules(id) {
				app.RecordRule = &held
			}
			if held, ok := running[name].AutoRecord(id); ok {
				app.AutoRecord = &held
			}
			service.Apps[id] = app
		}
	}
	held, err := json.MarshalIndent(services, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	for file, content := range map[string]string{
		configFile: string(config), stateFile: r.ReadFile(t, acctest.LocalState), serviceFile: string(held) + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%s is written: look at it, and commit it", dir)
}

// What OpenTofu can do about secrets in a state, as the guide to versions has it.
func TestAccCLI_stateEncryption(t *testing.T) {
	t.Parallel()
	if cli, _ := acctest.WhichCLI(t); cli != "opentofu" {
		t.Skip("only OpenTofu encrypts states")
	}
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	r := newCLI(t, c, callbackConfig, "TF_ENCRYPTION="+`
key_provider "pbkdf2" "main" {
  passphrase = "a-passphrase-of-a-test"
  iterations = 200000 # the least: it takes its time with each state that is written
}
method "aes_gcm" "main" {
  keys = key_provider.pbkdf2.main
}
state {
  method   = method.aes_gcm.main
  enforced = true
}
plan {
  method   = method.aes_gcm.main
  enforced = true
}
`)
	r.Must(t, 0, "plan", "-out=saved.tfplan")
	r.Must(t, 0, "apply", "saved.tfplan")
	for _, file := range []string{"saved.tfplan", acctest.LocalState} {
		content := r.ReadFile(t, file)
		if !strings.Contains(content, "encrypted_data") {
			t.Errorf("%s is not encrypted: %s", file, content)
		}
		for _, secret := range []string{testKey, testURL, memoryKey} {
			if strings.Contains(content, secret) {
				t.Errorf("%s has %q", file, secret)
			}
		}
	}
	r.Plan(t, acctest.NoChanges)
}

var releaseHeading = regexp.MustCompile(`(?m)^## \[(\d+\.\d+\.\d+\S*)\]`)

// No release without its states.
func TestStates_ofEachRelease(t *testing.T) {
	t.Parallel()
	changelog, err := os.ReadFile("../../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	versions := []string{}
	for _, heading := range releaseHeading.FindAllStringSubmatch(string(changelog), -1) {
		versions = append(versions, heading[1])
	}
	if len(versions) == 0 {
		versions = append(versions, "0.1.0"+developmentFixture) // before the first release
	}
	for _, version := range versions {
		for _, writer := range []string{"terraform", "opentofu"} {
			if !slices.ContainsFunc(stateFixturesOf(t, writer), func(f stateFixture) bool { return strings.HasPrefix(f.name, version+"-"+writer+"-") }) {
				t.Errorf("no state in %s is one that %s wrote with %s; make state-fixture VERSION=%s keeps one", stateFixtures, version, writer, version)
			}
		}
	}
}
