// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"
)

// What is printed is what the CLI prints, as far as it prints it: an older one
// leaves out whole kinds of schemas, and newer properties of an attribute.
func TestAccSchema_asTheCLI(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("acceptance tests are skipped unless TF_ACC is set")
	}
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "terraform-provider-sparkrtc"), "../../..")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for name, content := range map[string]string{
		"cli.tfrc": "provider_installation {\n  dev_overrides {\n    \"registry.terraform.io/sparkrtc/sparkrtc\" = \"" + dir + "\"\n  }\n}\n",
		"main.tf":  "terraform {\n  required_providers {\n    sparkrtc = {\n      source = \"registry.terraform.io/sparkrtc/sparkrtc\"\n    }\n  }\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if path == "" {
		path = "terraform"
	}
	cli := exec.Command(path, "providers", "schema", "-json")
	cli.Dir = dir
	cli.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+filepath.Join(dir, "cli.tfrc"), "CHECKPOINT_DISABLE=1")
	cli.Stderr = os.Stderr
	printed, err := cli.Output()
	if err != nil {
		t.Fatal(err)
	}
	var ours bytes.Buffer
	if err := run(t.Context(), "registry.terraform.io/sparkrtc/sparkrtc", &ours); err != nil {
		t.Fatal(err)
	}
	var got, want map[string]any
	if err := json.Unmarshal(ours.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(printed, &want); err != nil {
		t.Fatal(err)
	}
	if len(want["provider_schemas"].(map[string]any)) != 1 {
		t.Fatalf("the CLI prints %s", printed)
	}
	compare(t, "", got, want)
}

// mayBeAbsent are those that not every CLI has.
var mayBeAbsent = []string{"action_schemas", "list_resource_schemas", "resource_identity_schemas", "write_only"}

func compare(t *testing.T, where string, got, want any) {
	t.Helper()
	ours, isObject := got.(map[string]any)
	theirs, both := want.(map[string]any)
	if !isObject || !both {
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %v, and the CLI prints %v", where, got, want)
		}
		return
	}
	for name, value := range theirs {
		compare(t, where+"/"+name, ours[name], value)
	}
	for _, name := range mayBeAbsent {
		if _, ok := theirs[name]; !ok {
			delete(ours, name)
		}
	}
	for name, value := range ours {
		if _, ok := theirs[name]; !ok {
			t.Errorf("%s/%s is %v, and the CLI prints none", where, name, value)
		}
	}
}
