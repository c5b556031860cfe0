// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	mit = `The MIT License (MIT)

Copyright (c) 2013 Example Inc.

Permission is hereby granted, free of charge, to any person obtaining a copy of
this software and associated documentation files (the "Software"), to deal in
the Software without restriction, including without limitation the rights to
use it, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.
`
	bsd2 = `Redistribution and use in source and binary forms, with or without
modification, are permitted provided that the following conditions are
met:

   * Redistributions of source code must retain the above copyright notice.
   * Redistributions in binary form must reproduce the above copyright notice.
`
	bsd3 = bsd2 + `   * Neither the name of Example Inc. nor the names of contributors may be used to
endorse or promote products derived from this software.
`
	isc = `Permission to use, copy, modify, and/or distribute this software for any
purpose with or without fee is hereby granted, provided that the above
copyright notice and this permission notice appear in all copies.
`
)

func TestClassify(t *testing.T) {
	mpl, err := os.ReadFile("../../../LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, text, want string }{
		{"our own", string(mpl), "MPL-2.0"},
		{"MPL with other quotes", strings.ReplaceAll(string(mpl), `"`, "”"), "MPL-2.0"},
		{"MIT", mit, "MIT"},
		{"MIT in one line", strings.ReplaceAll(mit, "\n", " "), "MIT"},
		{"BSD, two clauses", bsd2, "BSD-2-Clause"},
		{"BSD, three clauses", bsd3, "BSD-3-Clause"},
		{"BSD, four clauses", bsd3 + "All advertising materials mentioning features of this software must display an acknowledgement.", "unknown"},
		{"ISC", isc, "ISC"},
		{"two in one", mit + bsd3, "unknown"},
		{"MIT with a clause against selling", "\"Commons Clause\" License Condition\n" + mit, "unknown"},
		{"MPL with such a clause", "Commons Clause\n" + string(mpl), "unknown"},
		{"GPL", "GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007", "unknown"},
		{"a name only", "MIT License", "unknown"},
		{"sentences in another order", "without restriction the above copyright notice and this permission notice shall be included permission is hereby granted, free of charge, to any person obtaining a copy", "unknown"},
		{"nothing", "", "unknown"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := classify(test.text); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestReport(t *testing.T) {
	folder := func(files map[string]string) string {
		dir := t.TempDir()
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	for _, test := range []struct {
		name  string
		files map[string]string
		fails string
	}{
		{name: "one", files: map[string]string{"LICENSE": mit}},
		{name: "other names", files: map[string]string{"LICENCE.md": mit, "COPYING": bsd3, "license_test.go": "package x"}},
		{name: "none", files: map[string]string{"README.md": mit}, fails: "example.com/m: no licence"},
		{name: "unknown", files: map[string]string{"LICENSE": "All rights reserved."}, fails: "example.com/m: unknown in LICENSE"},
		{name: "an unknown one besides", files: map[string]string{"LICENSE": mit, "LICENSE-ENTERPRISE": "Pay."}, fails: "unknown in LICENSE-ENTERPRISE"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			err := report(&out, map[string]module{"example.com/m": {Path: "example.com/m", Version: "v1.0.0", Dir: folder(test.files)}}, false)
			if (err == nil) != (test.fails == "") || err != nil && !strings.Contains(err.Error(), test.fails) {
				t.Errorf("error %v, want %q", err, test.fails)
			}
			if !strings.Contains(out.String(), "example.com/m") {
				t.Errorf("printed %q", out.String())
			}
		})
	}
}

// What this repository releases: go list finds its modules, on each system.
func TestRun_ours(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-texts", "../../.."}, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"github.com/hashicorp/terraform-plugin-framework ", "golang.org/x/sys ", "Mozilla Public License"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "terraform-plugin-testing") {
		t.Error("a module of tests only is listed")
	}
}
