// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// A title is the first text with a capital in the call of a function that takes one,
	// or what a constant, variable or field of that name is set to.
	titleFunction      = regexp.MustCompile(`(?m)^func (?:\([^)]*\) )?(\w+)\([^)]*\b(?:summary|title)\b`)
	titleCall          = `\b(?:Add\w*Error|Add\w*Warning|New\w*Diagnostic|New\w*FuncError%s)\([^\n]*?"([A-Z][^"]*)"`
	titleField         = regexp.MustCompile(`(?i)\b\w*(?:summary|title)(?:, \w+)?\s*:?[:=]\s*"([^"]+)"`)
	functionDefinition = regexp.MustCompile(`(?s)function\.Definition\{\s*Summary: "[^"]*"`)
	// An item of the page begins with its titles: bold, and joined by commas and "or".
	titleItem   = regexp.MustCompile(`(?m)^- (\*\*[^\n]+)`)
	titleInItem = regexp.MustCompile(`\*\*(.+?)\*\*( \((?:W|error)\))?(:|,| or)`)
)

// Users search the troubleshooting page for the title that the CLI shows.
func TestTroubleshooting_titles(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../templates/guides/troubleshooting.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	explained := map[string]int{}
	for _, item := range titleItem.FindAllStringSubmatch(string(page), -1) {
		for _, title := range titleInItem.FindAllStringSubmatch(item[1], -1) {
			explained[title[1]]++
		}
	}
	code := sources(t, ".", "../credentials")
	titles := scanTitles(functionDefinition.ReplaceAllString(code, ""))
	for _, title := range titles {
		if explained[title] != 1 {
			t.Errorf("the troubleshooting page explains %q %d times, want once", title, explained[title])
		}
	}
	for title := range explained {
		if !strings.Contains(code, `"`+title+`"`) && !strings.HasPrefix(title, "Invalid Attribute Value") { // the framework's
			t.Errorf("the troubleshooting page explains %q, which the code doesn't have", title)
		}
	}
	if len(titles) < len(explained)*9/10 {
		t.Errorf("only %d titles found of %d: the scan misses some", len(titles), len(explained))
	}
}

func scanTitles(code string) (titles []string) {
	names := ""
	for _, function := range titleFunction.FindAllStringSubmatch(code, -1) {
		names += "|" + function[1]
	}
	call := regexp.MustCompile(strings.Replace(titleCall, "%s", names, 1))
	for _, pattern := range []*regexp.Regexp{call, titleField} {
		for _, match := range pattern.FindAllStringSubmatch(code, -1) {
			titles = append(titles, match[1])
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(titles)))
}

// sources is the code of some folders, without tests.
func sources(t *testing.T, dirs ...string) (code string) {
	t.Helper()
	for _, dir := range dirs {
		names, _ := filepath.Glob(filepath.Join(dir, "*.go"))
		for _, name := range names {
			if !strings.HasSuffix(name, "_test.go") {
				content, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				code += string(content)
			}
		}
	}
	return code
}
