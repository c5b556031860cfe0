// SPDX-License-Identifier: MPL-2.0

package credentials

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
)

const iniText = "# ours\n[global]\nak = AKG\n\n[basic]\nak = \"AKI\" ; a comment\nsk = 'c0ffee'\n"

// The same faults, in the file of the SDK and in that of the CLI, by default
// and asked for.
func TestFindFileFaults(t *testing.T) {
	tests := map[string]struct {
		text string
		make func(t *testing.T, path string)
		open error
		by   bool // is a fault of a file that is asked for only

		mentions []string
	}{
		"directory":   {make: func(t *testing.T, path string) { t.Helper(); must(t, os.Mkdir(path, 0o700)) }, mentions: []string{"it is a directory"}},
		"too large":   {text: "# " + strings.Repeat("c0ffee", 200000), mentions: []string{"larger than 1 MiB"}},
		"UTF-16":      {text: "\xff\xfe[\x00c\x000\x00", mentions: []string{"UTF-16", "UTF-8"}},
		"UTF-16 BE":   {text: "\xfe\xff\x00[", mentions: []string{"UTF-16"}},
		"NUL":         {text: "{\"c0ffee\": \"\x00\"}", mentions: []string{"UTF-16"}},
		"permission":  {open: &fs.PathError{Op: "open", Path: "x", Err: fs.ErrPermission}, mentions: []string{"permission denied"}},
		"hidden":      {open: errHidden, by: true, mentions: []string{"can't be read: a folder above it can't be entered."}},
		"other error": {open: errors.New("the disk is on fire"), mentions: []string{"the disk is on fire"}},
		"symlink loop": {make: func(t *testing.T, path string) { t.Helper(); must(t, os.Symlink(path, path)) },
			mentions: []string{"symbolic links"}},
		"not a format": {text: "{\n \"x\": 1,\n \"c0ffee-c0ffee\n", mentions: []string{"line 3"}},
	}
	for _, kind := range []struct{ name, variable, path string }{
		{"SDK", EnvSDKCredentialsFile, ".huaweicloud/credentials"},
		{"CLI", EnvSharedConfigFile, ".hcloud/config.json"},
	} {
		for name, tc := range tests {
			for _, by := range []string{"", kind.variable} {
				if tc.by && by == "" {
					continue
				}
				t.Run(kind.name+" "+name+" "+by, func(t *testing.T) {
					w := newTestEnvironment(t)
					path := w.file(kind.path, tc.text)
					if tc.make != nil {
						must(t, os.Remove(path))
						tc.make(t, path)
					}
					if tc.open != nil {
						w.open = func(p string) (fs.File, error) {
							if p == path {
								return nil, tc.open
							}
							return openRegular(p)
						}
					}
					mentions := append([]string{"~/" + kind.path + " (" + path + ")"}, tc.mentions...)
					if by == "" {
						mentions = append(mentions, "nothing before it has credentials")
					} else {
						w.set(by + "=~/" + kind.path)
						mentions = append(mentions, "asked for by the environment variable "+by)
					}
					if kind.name == "SDK" && name == "not a format" {
						mentions[1] = "is not an INI file: see line 1"
					}
					w.fails().check(t, "", "Credentials file can't be used", mentions)
				})
			}
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestFindFileErrors(t *testing.T) {
	const summary = "Credentials file can't be used"
	const twice = `{"current": "a", "profiles": [{"name": "a", "accessKeyId": "AK", "secretAccessKey": "c0ffee"}, {"name": "b", "accessKeyId": "AKB", "secretAccessKey": "c0ffee"}, {"name": "a"}]}`
	cli := func(text string) func(*testEnvironment) {
		return func(w *testEnvironment) { w.file(".hcloud/config.json", text) }
	}
	asked := func(profile string) func(*testEnvironment) {
		return func(w *testEnvironment) { w.cliFile(); w.set("HW_PROFILE=" + profile) }
	}
	sdk := func(text string) func(*testEnvironment) {
		return func(w *testEnvironment) { w.file(".huaweicloud/credentials", text) }
	}
	sdkAsked := func(text string) func(*testEnvironment) {
		return func(w *testEnvironment) { w.set("HUAWEICLOUD_SDK_CREDENTIALS_FILE=" + w.file("sdk", text)) }
	}
	tests := map[string]struct {
		put       func(*testEnvironment)
		attribute string
		summary   string
		mentions  []string
	}{
		"the block's file is missing": {func(w *testEnvironment) { w.SharedConfigFile = "~/nowhere.json" }, "shared_config_file", summary,
			[]string{"~/nowhere.json (", "asked for by the argument shared_config_file", "no such file"}},
		"the default file of the block's profile is missing": {func(w *testEnvironment) { w.Profile = "dev" }, "profile", summary,
			[]string{"~/.hcloud/config.json (", "asked for by the argument profile", "no such file"}},
		"the environment's file is missing": {func(w *testEnvironment) { w.set("HW_SHARED_CONFIG_FILE=/nowhere") }, "", summary, []string{"The file /nowhere, asked for by the environment variable HW_SHARED_CONFIG_FILE, can't be read: there is no such file."}},
		"a file is in the place of a folder above the environment's file": {func(w *testEnvironment) { w.set("HW_SHARED_CONFIG_FILE=" + w.file("x", "") + "/config.json") }, "", summary,
			[]string{"/x/config.json, asked for by the environment variable HW_SHARED_CONFIG_FILE, can't be read: there is no such file."}},
		"the default file of the environment's profile is missing": {func(w *testEnvironment) { w.set("HW_PROFILE=dev") }, "", summary, []string{"HW_PROFILE", "no such file"}},
		"the SDK's file is missing":                                {func(w *testEnvironment) { w.set("HUAWEICLOUD_SDK_CREDENTIALS_FILE=/nowhere") }, "", summary, []string{"HUAWEICLOUD_SDK_CREDENTIALS_FILE", "no such file"}},
		"a dangling link": {func(w *testEnvironment) {
			path := w.file("link", "")
			must(w.t, os.Remove(path))
			must(w.t, os.Symlink("/nowhere/at/all", path))
			w.SharedConfigFile = path
		}, "shared_config_file", summary, []string{"no such file"}},
		"no home for a file that is asked for": {func(w *testEnvironment) { w.home = ""; w.SharedConfigFile = "~/x" }, "shared_config_file", summary, []string{"home directory is not known"}},

		"no such profile": {asked("nowhere"), "", summary, []string{"The file ~/.hcloud/config.json (", "), asked for by the environment variable HW_PROFILE, ",
			`has no profile "nowhere", which is asked for by the environment variable HW_PROFILE, only "agency", "agencyid", "agencyown", "dev", `}},
		"no such profile alone": {func(w *testEnvironment) { cli(`{}`)(w); w.Profile = "x" }, "profile", summary, []string{`has no profile "x", which is asked for by the argument profile.`}},
		"no such profile in a file that is asked for otherwise": {func(w *testEnvironment) {
			w.SharedConfigFile = w.file("x", `{"profiles": [{"name": "a"}]}`)
			w.set("HW_PROFILE=b")
		}, "shared_config_file", summary,
			[]string{`, asked for by the argument shared_config_file, has no profile "b", which is asked for by the environment variable HW_PROFILE, only "a".`}},
		"a profile twice, asked for": {func(w *testEnvironment) { cli(twice)(w); w.Profile = "a" }, "profile", summary,
			[]string{`, asked for by the argument profile, has 2 profiles "a", which is asked for by the argument profile.`}},
		"the current profile twice": {cli(twice), "", summary, []string{`has 2 profiles "a", which it says is the current one.`, "nothing before it has credentials"}},
		"the current profile isn't there": {cli(`{"current": "gone", "profiles": [{"name": "a", "secretAccessKey": "c0ffee"}]}`), "", summary,
			[]string{`has no profile "gone", which it says is the current one, only "a".`}},
		"no current profile, asked for": {func(w *testEnvironment) {
			w.SharedConfigFile = w.file("x", `{"profiles": [{"name": "b"}, {"name": "a"}]}`)
		}, "shared_config_file", summary, []string{`names no current profile, only "a", "b"`}},
		"an empty file, asked for":       {func(w *testEnvironment) { w.SharedConfigFile = w.file("x", "\r\n") }, "shared_config_file", summary, []string{"names no current profile."}},
		"another mode, asked for":        {asked("ecs"), "", summary, []string{`has profile "ecs" in mode "ecsAgency", which can't be used here`}},
		"no keys, asked for":             {asked("empty"), "", summary, []string{`has profile "empty" without keys`}},
		"half a pair in a profile":       {asked("half"), "", "Incomplete credentials", []string{`secretAccessKey is set in profile "half" of ~/.hcloud/config.json, but accessKeyId is not`}},
		"temporary keys without a token": {asked("halfsso"), "", "Incomplete credentials", []string{"ssoAuth.stsToken.securityToken is not"}},
		"stray character in a profile":   {asked("stray"), "", "Value contains a stray character", []string{`secretAccessKey, from profile "stray" of ~/.hcloud/config.json`}},
		"a wrong type":                   {cli("{\"profiles\": [\n{\"name\": 12345}]}"), "", summary, []string{`"profiles.name"`, "line 2"}},
		"another kind of JSON":           {cli("[]"), "", summary, []string{"unexpected type", "line 1"}},
		"JSON that breaks off":           {cli("{\"current\": \"c0ffee\",\r\n"), "", summary, []string{"is not JSON: see line 1, column 23"}},
		"JSON with a comma too many":     {cli("{\n  \"a\": 1,\n  c0ffee}"), "", summary, []string{"line 3, column 3"}},

		"no section, asked for":         {sdkAsked("[global]\nak = x\n[other]\n"), "", summary, []string{`has no section [basic], only "global", "other"`}},
		"an empty section, asked for":   {sdkAsked("[basic]\nproject_id = p\n"), "", summary, []string{"has neither ak nor idp_id in its section [basic]"}},
		"half a pair in the SDK's file": {sdk("[basic]\nsk = c0ffee\n"), "", "Incomplete credentials", []string{"sk is set in section [basic] of ~/.huaweicloud/credentials, but ak is not"}},
		"no token file":                 {sdk("[basic]\nidp_id = x\n"), "", "Incomplete credentials", []string{"id_token_file is not"}},
		"no identity provider":          {sdk("[basic]\nid_token_file = x\n"), "", "Incomplete credentials", []string{"idp_id is not"}},
		"two kinds":                     {sdk("[basic]\nid_token_file = x\nsk = c0ffee\n"), "", "Two kinds of credentials", []string{"Section [basic] of ~/.huaweicloud/credentials has an access key (sk) and an ID token (id_token_file)"}},
		"a line without a value":        {sdk("[basic]\r\nak = x\r\nc0ffee\r\n"), "", summary, []string{"is not an INI file: see line 3"}},
		"a line without a name":         {sdk("[basic]\n = c0ffee\n"), "", summary, []string{"see line 2"}},
		"an open section":               {sdk("\n[basic c0ffee\n"), "", summary, []string{"see line 2"}},
		"an open quote":                 {sdk("[basic]\nsk = \"\"\"c0ffee\nc0ffee: c0ffee\n"), "", summary, []string{"is not an INI file."}},
		"a section without a name":      {sdk("[]\n"), "", summary, []string{"is not an INI file."}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newTestEnvironment(t)
			tc.put(w)
			w.fails().check(t, tc.attribute, tc.summary, tc.mentions)
		})
	}
}

// A default file that has nothing to offer is passed over, and said to be.
func TestFindPassesOver(t *testing.T) {
	tests := map[string]struct {
		path, text, want string
	}{
		"no current profile":      {".hcloud/config.json", `{"profiles": [{"name": "b"}, {"name": "a"}]}`, `names no current profile, only "a", "b"`},
		"empty file of the CLI":   {".hcloud/config.json", "", "names no current profile\n"},
		"profile without keys":    {".hcloud/config.json", `{"current": "a", "profiles": [{"name": "a", "mode": "AKSK"}]}`, `has profile "a" without keys`},
		"another mode":            {".hcloud/config.json", `{"current": "a", "profiles": [{"name": "a", "mode": "token"}]}`, `has profile "a" in mode "token"`},
		"empty file of the SDK":   {".huaweicloud/credentials", "", "has no section [basic]\n"},
		"another section":         {".huaweicloud/credentials", "[global]\nak=x\nsk=c0ffee\n", `has no section [basic], only "global"`},
		"section without a key":   {".huaweicloud/credentials", "[basic]\nproject_id=x\n", "has neither ak nor idp_id"},
		"missing file of the SDK": {"x", "", "~/.huaweicloud/credentials"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newTestEnvironment(t)
			w.file(tc.path, tc.text)
			w.fails().check(t, "", "No credentials found", []string{tc.want})
			w.set("SPARKRTC_ECS_METADATA=true")
			w.must()
		})
	}
	for _, path := range []string{".hcloud", ".huaweicloud"} {
		t.Run("a file in the place of "+path, func(t *testing.T) {
			if runtime.GOOS == "windows" {
				t.Skip("Windows has another error for it.")
			}
			w := newTestEnvironment(t)
			w.file(path, canary)
			e := w.fails()
			e.check(t, "", "No credentials found", nil)
			for _, file := range []string{"~/.hcloud/config.json", "~/.huaweicloud/credentials"} {
				if !strings.Contains(squeeze(e.Detail), "\n"+file+" no such file\n") {
					t.Errorf("%s is not said to be missing:\n%s", file, e.Detail)
				}
			}
			w.set("SPARKRTC_ECS_METADATA=true")
			w.must()
		})
	}
	t.Run("folders that can't be entered", func(t *testing.T) {
		w := newTestEnvironment(t)
		w.open = func(string) (fs.File, error) { return nil, errHidden }
		e := w.fails()
		e.check(t, "", "No credentials found", nil)
		for _, file := range []string{"~/.hcloud/config.json", "~/.huaweicloud/credentials"} {
			if !strings.Contains(squeeze(e.Detail), "\n"+file+" a folder above it can't be entered\n") {
				t.Errorf("%s is not said to be hidden:\n%s", file, e.Detail)
			}
		}
		w.set("SPARKRTC_ECS_METADATA=true")
		w.must()
	})
	t.Run("no home", func(t *testing.T) {
		w := newTestEnvironment(t)
		w.home = ""
		w.fails().check(t, "", "No credentials found", []string{"the home directory is not known: $HOME is not defined"})
	})
}

// Files as they come from editors and from other systems.
func TestFindFileForms(t *testing.T) {
	crlf := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	const bom = "\xef\xbb\xbf"
	for name, change := range map[string]func(string) string{
		"as it is": func(s string) string { return s },
		"CRLF":     crlf,
		"BOM":      func(s string) string { return bom + s },
		"both":     func(s string) string { return bom + crlf(s) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newTestEnvironment(t)
			w.file(".huaweicloud/credentials", change(iniText))
			if got := w.must().Set; got.AccessKey != "AKI" || got.SecretKey != canary {
				t.Errorf("got %s", shown(got))
			}
			w = newTestEnvironment(t)
			w.file(".hcloud/config.json", change(cliFileText))
			if got := w.must().Set; got.AccessKey != "AKMAIN" {
				t.Errorf("got %s", shown(got))
			}
			w = newTestEnvironment(t).set("HW_ASSUME_ROLE_IDP_ID=idp", "HW_ASSUME_ROLE_ID_TOKEN_FILE="+w.file("token", change("c0ffee\n")))
			if got, err := w.must().Set.IDToken(); err != nil || got != canary {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestFindPaths(t *testing.T) {
	tests := map[string]struct {
		path, goos string
		at         string // below the home directory
	}{
		"absolute":                    {"HOME/a/x.json", "linux", "a/x.json"},
		"home":                        {"~/x.json", "linux", "x.json"},
		"home on Windows":             {`~\x.json`, "windows", "x.json"},
		"slashes on Windows":          {"~/a/x.json", "windows", "a/x.json"},
		"a backslash elsewhere":       {`~\x.json`, "linux", ""},
		"another user's home":         {"~other/x.json", "linux", ""},
		"a tilde that is no home":     {"x~/y", "linux", ""},
		"the home directory, no file": {"~", "linux", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newTestEnvironment(t)
			w.goos = tc.goos
			w.SharedConfigFile = strings.ReplaceAll(tc.path, "HOME", w.home)
			if tc.at == "" {
				w.fails().check(t, "shared_config_file", "Credentials file can't be used", nil)
				return
			}
			w.file(tc.at, cliFileText)
			w.must()
		})
	}
}

func TestFindFollowsLinks(t *testing.T) {
	w := newTestEnvironment(t)
	w.SharedConfigFile = filepath.Join(w.home, "link")
	must(t, os.Symlink(w.file("real", cliFileText), w.SharedConfigFile))
	w.must()
}

func TestFindWarnsOfSharedFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes.")
	}
	tests := map[string]struct {
		put  func(*testEnvironment) string
		mode fs.FileMode
		goos string
		want bool
	}{
		"CLI, for all users": {func(w *testEnvironment) string { return w.file(".hcloud/config.json", cliFileText) }, 0o644, "linux", true},
		"CLI, for the group": {func(w *testEnvironment) string { return w.file(".hcloud/config.json", cliFileText) }, 0o640, "linux", false},
		"CLI, on Windows":    {func(w *testEnvironment) string { return w.file(".hcloud/config.json", cliFileText) }, 0o644, "windows", false},
		"SDK, for all users": {func(w *testEnvironment) string { return w.file(".huaweicloud/credentials", iniText) }, 0o604, "linux", true},
		"SDK, without a secret": {func(w *testEnvironment) string {
			w.file("token", canary)
			return w.file(".huaweicloud/credentials", "[basic]\nidp_id=x\nid_token_file=~/token\n")
		}, 0o644, "linux", false},
		"not the set that is used": {func(w *testEnvironment) string {
			keyInEnvironment(w)
			return w.file(".hcloud/config.json", cliFileText)
		}, 0o644, "linux", false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newTestEnvironment(t)
			w.goos = tc.goos
			path := tc.put(w)
			must(t, os.Chmod(path, tc.mode))
			got := w.must().Warnings
			if (len(got) == 1) != tc.want {
				t.Fatalf("got %+v", got)
			}
			if tc.want && (!strings.Contains(got[0].Detail, "chmod 600 "+path) || strings.Contains(got[0].Detail, canary)) {
				t.Errorf("got %s", got[0].Detail)
			}
		})
	}
}

// faulty is a file that opens, and no more.
type faulty struct{ stat, read error }

func (f faulty) Stat() (fs.FileInfo, error) { return nil, f.stat }
func (f faulty) Read([]byte) (int, error)   { return 0, f.read }
func (faulty) Close() error                 { return nil }

func TestReadTextFaults(t *testing.T) {
	for name, file := range map[string]faulty{
		"stat": {stat: io.ErrUnexpectedEOF},
		"read": {read: io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := readText(func(string) (fs.File, error) { return file, nil }, "x")
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A folder without the right to enter it hides whether there is a file. Root may
// enter it nonetheless.
func TestOpenRegularInFolders(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes.")
	}
	w := newTestEnvironment(t)
	file := w.file("folder/file", "")
	if _, err := openRegular(file + "/below"); !errors.Is(err, errMissing) {
		t.Errorf("below a file: got %v", err)
	}
	must(t, os.Chmod(filepath.Dir(file), 0o600))
	t.Cleanup(func() { must(t, os.Chmod(filepath.Dir(file), 0o700)) })
	if os.Getuid() == 0 {
		t.Skip("Root enters every folder.")
	}
	if _, err := openRegular(file); !errors.Is(err, errHidden) {
		t.Errorf("got %v", err)
	}
}

func TestOpenRegularRefusesDevices(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such file.")
	}
	if _, err := openRegular(os.DevNull); !errors.Is(err, errNotRegular) {
		t.Errorf("got %v", err)
	}
}

// Whatever a file has: no panic, no endless loop, and an error of the one
// type.
func FuzzFindFiles(f *testing.F) {
	f.Add(iniText)
	f.Add(cliFileText)
	f.Add("[basic]\nak = %(ak)s\nsk = %(sk)s\n")
	f.Add("[basic]\nsk = `c0ffee\n")
	f.Add(`{"current": "a", "profiles": [{"name": "a", "mode": "SSO", "secretAccessKey": "c0ffee", "ssoAuth": null}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range []string{".huaweicloud/credentials", ".hcloud/config.json"} {
			files := fstest.MapFS{name: {Data: []byte(text)}}
			found, err := Find(Settings{}, Environment{
				Getenv:  func(string) string { return "" },
				Environ: func() []string { return nil },
				HomeDir: func() (string, error) { return "home", nil },
				GOOS:    "linux",
				Open:    func(path string) (fs.File, error) { return files.Open(strings.TrimPrefix(path, "home/")) },
			})
			var e *Error
			if (err == nil) != (found != nil) || err != nil && !errors.As(err, &e) {
				t.Errorf("found %v, error %v", found, err)
			}
		}
	})
}
