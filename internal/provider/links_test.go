// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"
)

// Links within the repository lead to a file and, with an anchor, to a heading
// of it. Where others' pages lead is not asked.
func TestLinks(t *testing.T) {
	t.Parallel()
	root := os.DirFS(filepath.Join("..", ".."))
	pages := []string{"README.md", "CONTRIBUTING.md", "DESIGN.md", "SECURITY.md", "CHANGELOG.md"}
	for _, dir := range []string{"docs", "examples", "conformance"} {
		err := fs.WalkDir(root, dir, func(name string, _ fs.DirEntry, err error) error {
			if path.Ext(name) == ".md" {
				pages = append(pages, name)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	links := 0
	for _, page := range pages {
		n, wrong, err := checkLinks(root, page)
		if err != nil {
			t.Fatal(err)
		}
		links += n
		for _, link := range wrong {
			t.Errorf("%s: %s", page, link)
		}
	}
	if links < 80 {
		t.Errorf("only %d links found in %d pages: the search misses some", links, len(pages))
	}
}

// Commands are pasted into shells, and an interactive zsh takes a comment after one
// for arguments.
func TestCommandsHaveNoTrailingComments(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	commands := 0
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".md" {
			return err
		}
		content, err := os.ReadFile(name)
		shell := false
		for line := range strings.Lines(string(content)) {
			switch line = strings.TrimSpace(line); {
			case strings.HasPrefix(line, "```"):
				shell = line == "```shell" || line == "```sh" || line == "```bash"
			case shell:
				commands++
				if strings.Contains(line, " # ") {
					t.Errorf("%s: %s", name, line)
				}
			}
		}
		return err
	})
	if err != nil || commands < 50 {
		t.Errorf("%d lines of commands found, %v", commands, err)
	}
}

func TestCheckLinks(t *testing.T) {
	t.Parallel()
	root := fstest.MapFS{
		"README.md":         {Data: []byte("# Title\n\n## Use `it`, from a *clone*: why?\n\n## Twice\n\n## Twice\n\n```shell\n# no heading\n```\n")},
		"docs/index.md":     {Data: []byte("# Index\n\n## Credentials\n\n<a id=\"nestedblock--x\"></a>\n")},
		"docs/guides/a.md":  {Data: []byte("# A\n\n## Part_one - two\n")},
		"examples/a/x.tf":   {},
		"docs/resources/.k": {},
	}
	for name, tc := range map[string]struct {
		page, text string
		want       string // "" for none wrong
	}{
		"file":               {"README.md", "[a](docs/index.md)", ""},
		"folder":             {"README.md", "[a](examples/a)", ""},
		"no file":            {"README.md", "[a](docs/other.md)", "docs/other.md: there is no docs/other.md"},
		"heading":            {"a.md", "[a](README.md#use-it-from-a-clone-why)", ""},
		"second of two":      {"a.md", "[a](README.md#twice) [a](README.md#twice-1)", ""},
		"third of two":       {"a.md", "[a](README.md#twice-2)", "README.md#twice-2: README.md has no such heading"},
		"heading in a block": {"a.md", "[a](README.md#no-heading)", "README.md#no-heading: README.md has no such heading"},
		"its own heading":    {"a.md", "# Me\n\n[a](#me) [a](#you)", "#you: a.md has no such heading"},
		"anchor in HTML":     {"docs/guides/b.md", "[a](" + ownPages + "blob/main/docs/index.md#nestedblock--x)", ""},
		"page of the docs":   {"docs/guides/b.md", "[a](a.md#part_one---two)", ""},
		"index of the docs":  {"docs/guides/b.md", "[a](" + ownPages + "blob/main/docs/index.md#credentials) [b](" + ownPages + "blob/main/docs/index.md#other)", ownPages + "blob/main/docs/index.md#other: docs/index.md has no such heading"},
		"another folder":     {"docs/index.md", "[a](guides/a.md)", "guides/a.md: " + sameFolder},
		"no such page":       {"docs/guides/b.md", "[a](b-c.md)", "b-c.md: there is no docs/guides/b-c.md"},
		"for the registry":   {"docs/index.md", "[a](guides/a#part_one---two)", "guides/a#part_one---two: " + sameFolder},
		"root of the docs":   {"docs/guides/b.md", "[a](../#credentials)", "../#credentials: " + sameFolder},
		"without .md":        {"README.md", "[a](docs/index)", "docs/index: there is no docs/index"},
		"across lines":       {"README.md", "[a\nb](docs/other.md)", "docs/other.md: there is no docs/other.md"},
		"by reference":       {"README.md", "[a]\n\n[a]: docs/other.md\n", "docs/other.md: there is no docs/other.md"},
		"image in a link":    {"README.md", "[![a](b.svg)](docs/index.md)", "b.svg: there is no b.svg"},
		"in a code block":    {"README.md", "```text\n[a](b)\n```\n\n   ```text\n   [a](b)\n   ```\n", ""},
		"in code":            {"README.md", "`[a](b)`", ""},
		"code in a link":     {"README.md", "[`a`](b)", "b: there is no b"},
		"elsewhere":          {"README.md", "[a](https://example.com/x#y) <https://example.com> [b](mailto:a@example.com)", ""},
		"here, from outside": {"docs/index.md", "[a](" + ownPages + "tree/main/examples/a) [b](" + ownPages + "blob/main/examples/b#c)", ownPages + "blob/main/examples/b#c: there is no examples/b"},
		"out of the root":    {"README.md", "[a](../x)", "../x: it leads out of the repository"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := maps.Clone(root)
			files[tc.page] = &fstest.MapFile{Data: append([]byte(tc.text+"\n\n"), content(root, tc.page)...)}
			_, wrong, err := checkLinks(files, tc.page)
			if got := strings.Join(wrong, "; "); err != nil || got != tc.want {
				t.Errorf("got %q, %v, want %q", got, err, tc.want)
			}
		})
	}
}

func content(files fstest.MapFS, name string) []byte {
	if file := files[name]; file != nil {
		return file.Data
	}
	return nil
}

const (
	ownPages   = "https://github.com/sparkrtc/terraform-provider-sparkrtc/"
	sameFolder = "in docs/, a link is the file of a page in the same folder, or " + ownPages + "blob/main/docs/FOLDER/PAGE.md"
)

var (
	codeBlock  = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	inCode     = regexp.MustCompile("`[^`\n]+`")
	inline     = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	definition = regexp.MustCompile(`(?m)^\[[^\]]+\]: (\S+)$`)
	heading    = regexp.MustCompile(`(?m)^#{1,6} (.+)$`)
	anchor     = regexp.MustCompile(`<a (?:id|name)="([^"]+)">`)
	fromOwn    = regexp.MustCompile("^" + regexp.QuoteMeta(ownPages) + "(?:tree|blob)/main/(.*)$")
	scheme     = regexp.MustCompile(`^[a-z]+:`)
)

// checkLinks returns how many links a page has, and which of them lead nowhere.
func checkLinks(root fs.FS, page string) (n int, wrong []string, err error) {
	text, err := fs.ReadFile(root, page)
	if err != nil {
		return 0, nil, err
	}
	// Of code in the text of a link, only what is in it goes.
	prose := inCode.ReplaceAllString(codeBlock.ReplaceAllString(string(text), ""), "code")
	found := inline.FindAllStringSubmatch(prose, -1)
	for _, link := range append(found, definition.FindAllStringSubmatch(prose, -1)...) {
		n++
		why, err := follow(root, page, link[1])
		if err != nil {
			return n, nil, err
		}
		if why != "" {
			wrong = append(wrong, link[1]+": "+why)
		}
	}
	return n, wrong, nil
}

// follow says why a link leads nowhere, or "".
func follow(root fs.FS, page, link string) (string, error) {
	to, fragment, _ := strings.Cut(link, "#")
	relative := false
	switch own := fromOwn.FindStringSubmatch(to); {
	case own != nil:
		to = path.Clean(own[1])
	case scheme.MatchString(link):
		return "", nil
	case to == "":
		to = page
	default:
		relative = true
		to = path.Join(path.Dir(page), to)
	}
	if to == ".." || strings.HasPrefix(to, "../") {
		return "it leads out of the repository", nil
	}
	// The Terraform Registry serves the overview without a trailing slash, and OpenTofu's
	// takes .md off file names only: no other relative link works in both and on GitHub.
	if relative && strings.HasPrefix(page, "docs/") && (path.Ext(to) != ".md" || strings.Contains(strings.TrimSuffix(link, fragment), "/")) {
		return sameFolder, nil
	}
	if !exists(root, to) {
		return "there is no " + to, nil
	}
	if fragment == "" || path.Ext(to) != ".md" {
		return "", nil
	}
	text, err := fs.ReadFile(root, to)
	if err != nil {
		return "", err
	}
	if !slices.Contains(anchors(string(text)), fragment) {
		return to + " has no such heading", nil
	}
	return "", nil
}

func exists(root fs.FS, name string) bool {
	_, err := fs.Stat(root, name)
	return err == nil
}

// anchors are those of a page: what GitHub and the registry make of headings, and
// what is one in HTML.
func anchors(page string) []string {
	page = codeBlock.ReplaceAllString(page, "")
	var all []string
	times := map[string]int{}
	for _, h := range heading.FindAllStringSubmatch(page, -1) {
		slug := slugOf(h[1])
		if n := times[slug]; n > 0 {
			all = append(all, fmt.Sprintf("%s-%d", slug, n))
		} else {
			all = append(all, slug)
		}
		times[slug]++
	}
	for _, a := range anchor.FindAllStringSubmatch(page, -1) {
		all = append(all, a[1])
	}
	return all
}

func slugOf(heading string) string {
	heading = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`).ReplaceAllString(heading, "$1")
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r):
			return unicode.ToLower(r)
		default:
			return -1
		}
	}, heading)
}
