// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// Every example, in files and in the documentation, is one that the real CLI
// accepts, formatted as it would format it. What is of other providers is parsed
// and its format checked, and the rest is validated without it: tests fetch no
// other provider.
func TestAccCLI_examples(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	whole := append(foldersWithTests(t, root), filepath.Join("examples", "adopting")) // TestAccCLI_adoptAccount
	all := examples(t, root)
	formatted := newCLI(t, nil, "")
	for name, config := range all {
		formatted.WriteFile(t, strings.NewReplacer(string(filepath.Separator), "_", " ", "_").Replace(name)+".tf", config)
	}
	formatted.Must(t, 0, "fmt", "-check", "-diff")
	// Pages repeat the files, and most can be modules of one configuration.
	modules, validated := map[string]string{}, map[string]bool{}
	for name, config := range all {
		found[strings.SplitN(name, string(filepath.Separator), 2)[0]]++
		if slices.ContainsFunc(whole, func(dir string) bool { return isPartOf(name, dir) }) {
			continue // validated with the rest of its folder: TestAccCLI_exampleTests
		}
		if validated[config] {
			continue
		}
		validated[config] = true
		if !needsItsOwnRun.MatchString(config) {
			modules[name] = complete(t, root, withoutOthers(config))
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newCLI(t, nil, "")
			validate := []string{"validate"}
			switch {
			case strings.Contains(config, "identity = {"):
				acctest.Needs(t, acctest.ImportByIdentity)
			case strings.Contains(config, "action \""):
				acctest.Needs(t, acctest.Actions)
			case strings.Contains(config, "list \""):
				acctest.Needs(t, acctest.Queries)
				r.WriteFile(t, "example.tfquery.hcl", config)
				config, validate = "provider \"sparkrtc\" {}\n", append(validate, "-query")
			}
			r.Write(t, complete(t, root, withoutOthers(config)))
			if strings.Contains(config, "module \"") {
				copyModules(t, r, root)
			}
			r.Must(t, 0, validate...)
		})
	}
	t.Run("modules", func(t *testing.T) {
		t.Parallel()
		validateModules(t, root, modules)
	})
	for _, where := range []string{"README.md", "docs", "examples"} {
		if found[where] == 0 {
			t.Errorf("no example in %s", where)
		}
	}
}

// needsItsOwnRun finds what a module may not have, or not every CLI.
var needsItsOwnRun = regexp.MustCompile(`(?m)^(import|action|list|removed)\b|action_trigger`)

var withoutDefault = regexp.MustCompile(`(?ms)^variable "(\w+)" \{\n(.*?)^\}\n`)

// validateModules validates examples as modules of one configuration, which gives
// them variables of unknown values.
func validateModules(t *testing.T, root string, modules map[string]string) {
	t.Helper()
	r := newCLI(t, nil, "")
	main := "variable \"any\" {}\n"
	for i, name := range slices.Sorted(maps.Keys(modules)) {
		module := fmt.Sprintf("example_%02d", i)
		main += fmt.Sprintf("# %s\nmodule %q {\n  source = \"./%s\"\n", name, module, module)
		for _, variable := range withoutDefault.FindAllStringSubmatch(modules[name], -1) {
			if !strings.Contains(variable[2], "  default ") {
				main += "  " + variable[1] + " = var.any\n"
			}
		}
		main += "}\n"
		r.WriteModule(t, module, modules[name])
		if strings.Contains(modules[name], "module \"") {
			r.CopyTo(t, module, filepath.Join(root, "examples", "modules"))
		}
	}
	r.Write(t, main)
	r.Must(t, 0, "get")
	r.Must(t, 0, "validate")
}

// Folders with tests of their own pass them, on the emulator and, where they are
// for a mock, without a call.
func TestAccCLI_exampleTests(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range foldersWithTests(t, root) {
		files, err := filepath.Glob(filepath.Join(root, dir, "tests", "*.tftest.hcl"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			t.Run(filepath.Join(dir, filepath.Base(file)), func(t *testing.T) {
				t.Parallel()
				content, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				c := acctest.StartEmulator(t, emulator.Options{}, testApp)
				c.NameApp(testApp, "classroom") // as the one that make emulator has
				r := newCLI(t, nil, "", "SPARKRTC_ENDPOINT="+c.Endpoint)
				r.Copy(t, filepath.Join(root, dir))

				got := r.Must(t, 0, "test", "-filter="+filepath.Join("tests", filepath.Base(file)))
				runs := len(regexp.MustCompile(`(?m)^run "`).FindAll(content, -1))
				if want := fmt.Sprintf("Success! %d passed, 0 failed.", runs); runs == 0 || !strings.Contains(got.Out(), want) {
					t.Errorf("no %q in %s", want, got.Out())
				}
				if rules := c.RecordRules(testApp); len(c.Apps()) != 1 || len(rules) > 0 {
					t.Errorf("left: apps %v, rules %v", c.Apps(), rules)
				}
				mocked := strings.Contains(string(content), "mock_provider")
				if calls := len(c.Requests()); mocked != (calls == 0) {
					t.Errorf("%d calls", calls)
				}
			})
		}
	}
}

// The module makes the whole set-up of an app, and takes over one that exists without a write.
func TestAccCLI_recordingModule(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	e := acctest.StartEmulator(t, emulator.Options{})
	config := `
variable "key" {
  type      = string
  ephemeral = true
}

module "recording" {
  source       = "./recording"
  app_name     = "lectures"
  bucket       = "recordings"
  callback_url = "` + testURL + `"
  callback_key = var.key
}
`
	r := newCLI(t, e, config, "TF_VAR_key="+testKey)
	copyModules(t, r, root)

	r.Apply(t)
	app := made(t, e, "lectures")
	expectTruth(t, e, app.ID, testURL, testKey)
	rules := e.RecordRules(app.ID)
	if len(rules) != 1 || rules[0].Bucket != "recordings" || rules[0].MP4.RecordCycle != 3600 || rules[0].HLS != nil {
		t.Fatalf("rules: %+v", rules)
	}
	if auto, _ := e.AutoRecord(app.ID); auto.Mode != emulator.AutoRecordIndividual || auto.RuleID != rules[0].ID {
		t.Errorf("automatic recording: %+v", auto)
	}
	acctest.ExpectNoSecret(t, "state", r.ReadFile(t, acctest.LocalState), testKey, app.AppKey)
	r.Plan(t, acctest.NoChanges)
	e.ResetRequests()

	for resource, id := range map[string]string{
		"app": app.ID, "record_rule": app.ID + "/" + rules[0].ID, "auto_record": app.ID, "record_callback": app.ID,
	} {
		config += fmt.Sprintf("import {\n  to = module.recording.sparkrtc_%s.this\n  id = %q\n}\n", resource, id)
	}
	adopting := newCLI(t, e, config, "TF_VAR_key="+testKey)
	copyModules(t, adopting, root)
	if out := adopting.Apply(t).Out(); !strings.Contains(out, "4 imported, 0 added, 1 changed, 0 destroyed") {
		t.Errorf("the import: %s", out)
	}
	e.ExpectSent(t) // the change is the key, which the service has
	adopting.Plan(t, acctest.NoChanges)
}

// foldersWithTests are the examples that are several files, and have tests.
func foldersWithTests(t *testing.T, root string) []string {
	t.Helper()
	var dirs []string
	err := filepath.WalkDir(filepath.Join(root, "examples"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() || entry.Name() != "tests" {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		dirs = append(dirs, dir)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(dirs) < 2 {
		t.Fatalf("folders with tests: %v", dirs)
	}
	return dirs
}

// isPartOf tells whether a file is one of those that are validated with their
// folder. What is in its pages is not.
func isPartOf(name, dir string) bool {
	rest, ok := strings.CutPrefix(name, dir+string(filepath.Separator))
	return ok && !strings.Contains(rest, ".md"+string(filepath.Separator))
}

// copyModules copies the modules of the examples to where examples refer to them.
func copyModules(t *testing.T, r *acctest.CLI, root string) {
	t.Helper()
	r.Copy(t, filepath.Join(root, "examples", "modules"))
	r.Must(t, 0, "get")
}

// A copied example gets no release that breaks it, and an older CLI says what it
// needs. The guide to versions says the same.
func TestExamples_versions(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	ofObject := regexp.MustCompile(`^docs/(actions|data-sources|ephemeral-resources|functions|resources)/\w+\.md/1$`)
	for name, config := range examples(t, root) {
		if !strings.Contains(withoutOthers(config), "required_providers") {
			// Pasted without it, the CLI looks for hashicorp/sparkrtc.
			if ofObject.MatchString(filepath.ToSlash(name)) {
				t.Errorf("%s, the first of its page, doesn't say where the provider is from: required_providers", name)
			}
			continue
		}
		if !strings.Contains(config, `version = "~> 0.1.0"`) {
			t.Errorf("%s doesn't keep to one minor version: version = \"~> 0.1.0\"", name)
		}
		needs, what := "", ""
		switch {
		case strings.Contains(config, "action \""):
			needs, what = `required_version = ">= 1.14"`, "an action"
		case strings.Contains(config, "auth_key_wo"):
			needs, what = `required_version = ">= 1.11"`, "a write-only argument"
		}
		if !strings.Contains(config, needs) {
			t.Errorf("%s has %s, and no %s", name, what, needs)
		}
	}
}

var fence = regexp.MustCompile("(?ms)^( *)```(?:terraform|hcl)\n(.*?)^ *```$")

// examples are by file, and by number in a page.
func examples(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	add := func(path string) {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			t.Fatal(err)
		}
		if extension := filepath.Ext(path); extension == ".tf" || extension == ".hcl" {
			all[name] = string(content)
			return
		}
		for i, block := range fence.FindAllStringSubmatch(string(content), -1) {
			config := regexp.MustCompile("(?m)^"+block[1]).ReplaceAllString(block[2], "")
			all[fmt.Sprintf("%s%c%d", name, filepath.Separator, i+1)] = config
		}
	}
	for _, dir := range []string{"docs", "examples"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, entry fs.DirEntry, err error) error {
			if extension := filepath.Ext(path); err == nil && !entry.IsDir() && slices.Contains([]string{".tf", ".hcl", ".md"}, extension) {
				add(path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	add(filepath.Join(root, "README.md"))
	return all
}

var (
	topLevel = regexp.MustCompile(`(?ms)^(\w+)(?: "([^"]+)")?(?: "[^"]+")? \{\n(.*?)^\}\n`)
	required = regexp.MustCompile(`(?m)^    (\w+) = \{\n(?:      .*\n)*?      source += "([^"]+)"\n(?:      .*\n)*?    \}\n`)
	emptied  = regexp.MustCompile(`(?m)^terraform \{\n\s*required_providers \{\n  \}\n\}\n`)
)

// withoutOthers takes what is of other providers out of a configuration, which is
// formatted as the CLI does it. What others refer to of it is a variable then.
func withoutOthers(config string) string {
	var others []string
	for _, provider := range required.FindAllStringSubmatch(config, -1) {
		if !strings.HasSuffix(provider[2], "sparkrtc/sparkrtc") {
			others = append(others, provider[1])
			config = strings.Replace(config, provider[0], "", 1)
		}
	}
	if len(others) == 0 {
		return config
	}
	of := regexp.MustCompile("^(" + strings.Join(others, "|") + ")(_|$)")
	from := regexp.MustCompile(`(?m)^  from += (\w+)`)
	config = topLevel.ReplaceAllStringFunc(config, func(block string) string {
		part := topLevel.FindStringSubmatch(block)
		whose := part[2]
		if part[1] == "removed" {
			whose = from.FindStringSubmatch(block)[1]
		}
		if part[1] != "variable" && part[1] != "output" && part[1] != "module" && of.MatchString(whose) {
			return ""
		}
		return block
	})
	config = emptied.ReplaceAllString(config, "")
	reference := regexp.MustCompile(`\b(?:data\.|ephemeral\.)?(?:` + strings.Join(others, "|") + `)_\w+\.\w+(?:\.\w+)*`)
	dependsOn := regexp.MustCompile(`(?m)^  depends_on = .*\n`)
	config = dependsOn.ReplaceAllStringFunc(config, func(line string) string {
		if reference.MatchString(line) {
			return ""
		}
		return line
	})
	return reference.ReplaceAllString(config, "var.of_another_provider")
}

func TestWithoutOthers(t *testing.T) {
	t.Parallel()
	const ours = "resource \"sparkrtc_record_callback\" \"main\" {\n  app_id = \"a\"\n}\n"
	for name, tc := range map[string]struct{ config, want string }{
		"ours alone": {requires("sparkrtc", "sparkrtc/sparkrtc") + ours, requires("sparkrtc", "sparkrtc/sparkrtc") + ours},
		"another alone": {
			requires("restapi", "Mastercard/restapi") + "\nprovider \"restapi\" {\n  uri = var.uri\n\n  headers = {\n  }\n}\n\nresource \"restapi_object\" \"a\" {\n  path = \"/\"\n}\n",
			"\n\n",
		},
		"removed": {
			requires("restapi", "Mastercard/restapi") + "removed {\n  from = restapi_object.a\n}\n" + "removed {\n  from = sparkrtc_record_callback.a\n}\n",
			"removed {\n  from = sparkrtc_record_callback.a\n}\n",
		},
		"referred to": {
			requires("random", "hashicorp/random") + "ephemeral \"random_password\" \"key\" {\n  length = 32\n}\nmodule \"random_a\" {\n  key = ephemeral.random_password.key.result\n}\n",
			"module \"random_a\" {\n  key = var.of_another_provider\n}\n",
		},
		"depended on": {
			requires("random", "hashicorp/random") + "module \"a\" {\n  depends_on = [random_id.a]\n}\n",
			"module \"a\" {\n}\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := withoutOthers(tc.config); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func requires(name, source string) string {
	return fmt.Sprintf("terraform {\n  required_providers {\n    %s = {\n      source = %q\n    }\n  }\n}\n", name, source)
}

var variable = regexp.MustCompile(`var\.(\w+)`)

// complete adds what an example leaves to the page around it: variables, and the
// resource that is imported.
func complete(t *testing.T, root, config string) string {
	t.Helper()
	if strings.Contains(config, "import {") && !strings.Contains(config, "resource \"") && !strings.Contains(config, "module \"") {
		resource := regexp.MustCompile(`(?m)^ +to += (\w+)\.`).FindStringSubmatch(config)[1]
		content, err := os.ReadFile(filepath.Join(root, "examples", "resources", resource, "resource.tf"))
		if err != nil {
			t.Fatal(err)
		}
		config += string(content)
	}
	for _, reference := range variable.FindAllStringSubmatch(config, -1) {
		if declaration := fmt.Sprintf("variable %q {", reference[1]); !strings.Contains(config, declaration) {
			config += "\n" + declaration + "\n  type      = string\n  ephemeral = true\n}\n"
		}
	}
	return config
}
