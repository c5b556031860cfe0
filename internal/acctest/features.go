// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Feature is one that not every CLI has.
type Feature struct {
	Name      string
	Terraform int // the first minor version 1.x that has it
	OpenTofu  int // likewise, 0 for none
}

// Features that tests need.
var (
	ImportByIdentity = Feature{Name: "import by identity", Terraform: 12, OpenTofu: 12}
	Queries          = Feature{Name: "terraform query", Terraform: 14}
	Actions          = Feature{Name: "actions", Terraform: 14}
)

// Needs skips a test where the CLI is too old for a feature.
func Needs(t *testing.T, f Feature) {
	t.Helper()
	Acceptance(t)
	cli := cliVersion()
	least := f.Terraform
	if cli.openTofu {
		least = f.OpenTofu
	}
	if least == 0 || cli.minor < least {
		t.Skipf("%s has no %s: it needs Terraform 1.%d", cli.name, f.Name, f.Terraform)
	}
}

// WhichCLI returns the CLI that tests run on, "terraform" or "opentofu", and its version.
func WhichCLI(t *testing.T) (name, version string) {
	t.Helper()
	Acceptance(t)
	name, version, _ = strings.Cut(strings.ToLower(cliVersion().name), " v")
	return name, version
}

type version struct {
	name     string
	openTofu bool
	minor    int // of 1.minor
}

var cliVersion = sync.OnceValue(func() version {
	output, err := exec.Command(cliPath(), "version").Output()
	found := regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v1\.(\d+)\S*`).FindStringSubmatch(string(output))
	if err != nil || found == nil {
		panic(fmt.Sprintf("no version: %v in %q", err, output))
	}
	minor, err := strconv.Atoi(found[2])
	if err != nil {
		panic(err)
	}
	return version{found[0], found[1] == "OpenTofu", minor}
})
