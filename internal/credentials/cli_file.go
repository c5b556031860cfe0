// SPDX-License-Identifier: MPL-2.0

package credentials

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

type cliConfig struct {
	Current  string       `json:"current"`
	Profiles []cliProfile `json:"profiles"`
}

type cliProfile struct {
	Name string `json:"name"`
	Mode string `json:"mode"`

	cliKeys
	SSOAuth struct {
		STSToken cliKeys `json:"stsToken"`
	} `json:"ssoAuth"`

	Region    string `json:"region"`
	ProjectID string `json:"projectId"`

	AgencyName       string `json:"agencyName"`
	AgencyDomainName string `json:"agencyDomainName"`
	AgencyDomainID   string `json:"agencyDomainId"`
	DomainID         string `json:"domainId"`
}

type cliKeys struct {
	AccessKeyID     string `json:"accessKeyId"`
	SecretAccessKey string `json:"secretAccessKey"`
	SecurityToken   string `json:"securityToken"`
}

func (f resolver) blockProfile() spec {
	return spec{
		called: "a profile of the CLI",
		begin:  []value{path("shared_config_file", f.SharedConfigFile), path("profile", f.Profile)},
		what:   "shared_config_file or profile",
		build: func() (*sourcedSet, error) {
			result, err := f.cliFile()
			return result.set, err
		},
	}
}

// Naming the file or the profile requests a profile.
func (f resolver) cliFile() (lookup, error) {
	path := first(Value{Text: f.SharedConfigFile, Source: "the argument shared_config_file"}, f.fromEnvironment(EnvSharedConfigFile), Value{Text: DefaultSharedConfigFile})
	profile := first(Value{Text: f.Profile, Source: "the argument profile"}, f.fromEnvironment(EnvProfile))
	if err := f.check(profile, nameForm, "profile", f.Profile, "profile"); err != nil {
		return lookup{}, err
	}
	x := &file{path: path.Text, by: path.Source}
	if x.by == "" {
		x.by = profile.Source
	}
	switch {
	case f.SharedConfigFile != "":
		x.argument = "shared_config_file"
	case f.Profile != "":
		x.argument = "profile"
	}
	findings, err := f.read(x)
	if err != nil || findings != nil {
		return lookup{findings: findings}, err
	}
	config, err := parseCLIConfig(x)
	if err != nil {
		return lookup{}, err
	}
	return f.cliProfile(x, config, profile)
}

func parseCLIConfig(x *file) (cliConfig, error) {
	var config cliConfig
	if len(bytes.TrimSpace(x.text)) == 0 {
		return config, nil
	}
	err := json.Unmarshal(x.text, &config)
	var syntax *json.SyntaxError
	var mistyped *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return config, x.fault("is not JSON: see " + position(x.text, syntax.Offset))
	case errors.As(err, &mistyped):
		return config, x.fault(fmt.Sprintf("has a value of an unexpected type for %q: see %s", mistyped.Field, position(x.text, mistyped.Offset)))
	default:
		return config, err
	}
}

func position(text []byte, read int64) string {
	before := text[:max(0, read-1)]
	return fmt.Sprintf("line %d, column %d", 1+bytes.Count(before, []byte("\n")), len(before)-bytes.LastIndexByte(before, '\n'))
}

func (f resolver) cliProfile(x *file, config cliConfig, asked Value) (lookup, error) {
	name, why := asked.Text, ", which is asked for by "+asked.Source
	if name == "" {
		name, why = config.Current, ", which it says is the current one"
	}
	var others []string
	var found []cliProfile
	for _, p := range config.Profiles {
		if p.Name == name {
			found = append(found, p)
		}
		others = append(others, p.Name)
	}
	switch {
	case name == "":
		return absent(x, "names no current profile"+has(others))
	case len(found) == 0:
		return lookup{}, x.fault(fmt.Sprintf("has no profile %q%s%s", name, why, has(others)))
	case len(found) > 1:
		return lookup{}, x.fault(fmt.Sprintf("has %d profiles %q%s", len(found), name, why))
	default:
		return f.cliKeys(x, found[0])
	}
}

func (f resolver) cliKeys(x *file, p cliProfile) (lookup, error) {
	l := origin{source: fmt.Sprintf("profile %q of %s", p.Name, x.path)}
	keys, prefix := p.cliKeys, ""
	switch strings.ToUpper(p.Mode) {
	case "", "AKSK":
	case "SSO":
		keys, prefix = p.SSOAuth.STSToken, "ssoAuth.stsToken."
	default:
		return absent(x, fmt.Sprintf("has profile %q in mode %q, which can't be used here, as AKSK and SSO can", p.Name, p.Mode))
	}
	token := secret(prefix+"securityToken", keys.SecurityToken)
	spec := l.keys(key(prefix+"accessKeyId", keys.AccessKeyID), secret(prefix+"secretAccessKey", keys.SecretAccessKey), token)
	if prefix != "" {
		spec.parts = append(spec.parts, one(token))
	}
	result, err := l.read(spec)
	switch c := result.set; {
	case err != nil:
		return lookup{}, err
	case c == nil:
		return absent(x, fmt.Sprintf("has profile %q without keys", p.Name))
	default:
		c.region = Value{Text: p.Region, Source: l.source}
		c.projectID = Value{Text: p.ProjectID, Source: l.source}
		c.agency = l.cliAgency(p)
		f.warnIfShared(c, x)
		return result, nil
	}
}

// The account of the agency defaults to the profile's.
func (l origin) cliAgency(p cliProfile) func() (*Agency, error) {
	if p.AgencyName == "" && p.AgencyDomainName == "" {
		return nil
	}
	domainName, domainID := name("agencyDomainName", p.AgencyDomainName), key("domainId", p.DomainID)
	switch {
	case domainName.set():
		domainID.text = ""
	case p.AgencyDomainID != "":
		domainID = key("agencyDomainId", p.AgencyDomainID)
	}
	return func() (*Agency, error) {
		return l.assume(name("agencyName", p.AgencyName), domainName, domainID, value{})
	}
}
