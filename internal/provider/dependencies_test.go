// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Each module that is required directly, and each tool, has a reason in DESIGN.md,
// and nothing else has one there.
func TestDependenciesAreJustified(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	design, err := os.ReadFile(filepath.Join(root, "DESIGN.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(design), "\n## Dependencies\n")
	var explained []string
	for _, row := range regexp.MustCompile(`(?m)^\|.*\|$`).FindAllString(section, -1) {
		for _, name := range regexp.MustCompile("`([a-z0-9]+(?:\\.[a-z0-9]+)+/[^`]+)`").FindAllStringSubmatch(row, -1) {
			explained = append(explained, name[1])
		}
	}

	required := map[string]string{} // by what
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Name() != "go.mod" {
			return err
		}
		content, err := os.ReadFile(path)
		for _, module := range directlyRequired(string(content)) {
			required[module] = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(required) < 15 {
		t.Fatalf("only %d requirements found: the search misses some", len(required))
	}
	for module, by := range required {
		if !slices.ContainsFunc(explained, func(name string) bool { return module == name || strings.HasPrefix(module, name+"/cmd/") }) {
			t.Errorf("DESIGN.md, under Dependencies, doesn't say why %s requires %s", by, module)
		}
	}
	for _, name := range explained {
		is := false
		for module := range required {
			is = is || module == name || strings.HasPrefix(module, name+"/cmd/")
		}
		if !is {
			t.Errorf("DESIGN.md explains %s, which no go.mod requires directly", name)
		}
	}
}

var (
	block       = regexp.MustCompile(`(?ms)^(require|tool) \(\n(.*?)^\)`)
	requirement = regexp.MustCompile(`(?m)^(require|tool) ([^(\s]\S*)(.*)$`)
)

// directlyRequired are the modules of others that a go.mod requires directly, and
// the packages of its tools.
func directlyRequired(mod string) []string {
	var all []string
	add := func(line string) {
		fields := strings.Fields(line)
		if len(fields) > 0 && fields[0] != "//" && !strings.Contains(line, "// indirect") && !strings.HasSuffix(fields[0], "/terraform-provider-sparkrtc") {
			all = append(all, fields[0])
		}
	}
	for _, found := range block.FindAllStringSubmatch(mod, -1) {
		for line := range strings.Lines(found[2]) {
			add(line)
		}
	}
	for _, found := range requirement.FindAllStringSubmatch(mod, -1) {
		add(found[2] + found[3])
	}
	return all
}

func TestDirectlyRequired(t *testing.T) {
	t.Parallel()
	got := directlyRequired(`module m

tool example.com/a/cmd/a

tool (
	example.com/b
)

require example.com/c v1.0.0

require example.com/d v1.0.0 // indirect

require (
	// because of something
	example.com/e v1.0.0 // because
	example.com/f v1.0.0 // indirect
	github.com/sparkrtc/terraform-provider-sparkrtc v0.0.0
)

replace example.com/g => ../
`)
	slices.Sort(got)
	if want := "example.com/a/cmd/a example.com/b example.com/c example.com/e"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
