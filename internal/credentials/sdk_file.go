// SPDX-License-Identifier: MPL-2.0

package credentials

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"gopkg.in/ini.v1"
)

// sdkSection is for services with projects; [global] is for others.
const sdkSection = "basic"

func (f resolver) sdkFile() (lookup, error) {
	file := &file{path: DefaultSDKCredentialsFile}
	if named := f.fromEnvironment(EnvSDKCredentialsFile); named.Text != "" {
		file.path, file.by = named.Text, named.Source
	}
	findings, err := f.read(file)
	if err != nil || findings != nil {
		return lookup{findings: findings}, err
	}
	parsed, err := ini.Load(file.text)
	if err != nil {
		return lookup{}, file.fault("is not an INI file" + iniPosition(file.text, err))
	}
	section, err := parsed.GetSection(sdkSection)
	if err != nil {
		others := slices.DeleteFunc(parsed.SectionStrings(), func(s string) bool { return s == ini.DefaultSection })
		return absent(file, fmt.Sprintf("has no section [%s]%s", sdkSection, has(others)))
	}
	return f.sdkProfile(file, section)
}

func (f resolver) sdkProfile(x *file, section *ini.Section) (lookup, error) {
	// String would expand %(name)s, endlessly if it names itself.
	get := func(key string) string {
		if section.HasKey(key) {
			return section.Key(key).Value()
		}
		return ""
	}
	l := origin{source: fmt.Sprintf("section [%s] of %s", sdkSection, x.path)}
	result, err := l.read(
		l.keys(key("ak", get("ak")), secret("sk", get("sk")), secret("security_token", get("security_token"))),
		l.oidc(f, key("idp_id", get("idp_id")), path("id_token_file", get("id_token_file"))),
	)
	switch c := result.set; {
	case err != nil:
		return lookup{}, err
	case c == nil:
		return absent(x, fmt.Sprintf("has neither ak nor idp_id in its section [%s]", sdkSection))
	default:
		c.projectID = Value{Text: get("project_id"), Source: "project_id in " + l.source}
		c.iamEndpoint = Value{Text: get("iam_endpoint"), Source: "iam_endpoint in " + l.source}
		f.warnIfShared(c, x)
		return result, nil
	}
}

func absent(x *file, found string) (lookup, error) {
	findings, err := x.absent(found)
	return lookup{findings: findings}, err
}

// Show only the line number: the line may contain a secret.
func iniPosition(text []byte, err error) string {
	_, line, _ := strings.Cut(err.Error(), ": ")
	line = strings.TrimSpace(line)
	number := 0
	for l := range bytes.Lines(text) {
		number++
		if line != "" && string(bytes.TrimFunc(l, unicode.IsSpace)) == line {
			return fmt.Sprintf(": see line %d", number)
		}
	}
	return ""
}

func has(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return ", only " + quoted(list)
}
