// SPDX-License-Identifier: MPL-2.0

package credentials

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Resolved is what the provider block, the environment and files contain.
type Resolved struct {
	Set Set

	// Agency is assumed with the set; nil for none.
	Agency *Agency

	// ProjectID is empty if it must be looked up by ProjectName, or by the name of the region.
	ProjectID   Value
	ProjectName Value

	Region Value // never empty

	// Endpoints are scheme and host, without a slash. MetadataEndpoint is empty for the default.
	IAMEndpoint      string
	STSEndpoint      string
	MetadataEndpoint string

	Warnings []Warning
}

// Value is a text and its source in words.
type Value struct {
	Text   string
	Source string
}

// Hint describes the credentials without secrets.
func (f *Resolved) Hint() string {
	if f.Agency == nil {
		return f.Set.Hint()
	}
	return f.Set.Hint() + ", to assume " + f.Agency.String()
}

// HintWithProject also says which project is used, and where that is set. A token carries its project itself.
func (f *Resolved) HintWithProject() string {
	if f.Agency == nil && f.Set.Kind == KindToken {
		return f.Hint()
	}
	return f.Hint() + ", for " + f.project()
}

func (f *Resolved) project() string {
	if id := f.ProjectID; id.Text != "" {
		return fmt.Sprintf("project %s (%s)", id.Text, id.Source)
	}
	source := f.ProjectName.Source
	if f.ProjectName.Text == "" {
		source = "as the region, by " + f.Region.Source
	}
	return fmt.Sprintf("the project with the name %q (%s)", f.projectName(), source)
}

func (f *Resolved) projectName() string { return cmp.Or(f.ProjectName.Text, f.Region.Text) }

// chain is the order of sources. Those after the first match are not opened.
var chain = []struct {
	where string
	find  func(resolver) (lookup, error)
}{
	{"provider block", resolver.block},
	{"environment", resolver.environment},
	{"environment of the vendor's SDKs", resolver.sdkEnvironment},
	{"file of the vendor's SDKs", resolver.sdkFile},
	{"file of the vendor's CLI", resolver.cliFile},
	{"OIDC, in the environment", resolver.oidcEnvironment},
	{"ECS metadata", resolver.ecsMetadata},
}

type lookup struct {
	set      *sourcedSet
	findings []finding
}

type finding struct {
	what, found string
	incomplete  bool // some values of a set are there, others are missing
}

type sourcedSet struct {
	Set

	// explicit: the provider block names the source, so its other values take precedence over the environment.
	explicit bool

	// Other values of the same source; may be empty.
	region      Value
	projectID   Value
	iamEndpoint Value

	agency func() (*Agency, error) // nil if there is none
	// agencyIsOwn: agency is the one assumed.
	agencyIsOwn bool
	warnings    []Warning
}

type resolver struct {
	Settings
	Environment
}

// Find returns the first complete set of the chain, and never combines two sources. Project, region and agency are
// looked up separately, in the provider block first. Errors are of type *Error.
func Find(settings Settings, env Environment) (*Resolved, error) {
	f := resolver{Settings: settings.withoutEmptyBlocks(), Environment: env}
	var results []lookup
	for _, p := range chain {
		l, err := p.find(f)
		if err != nil {
			return nil, err
		}
		if l.set != nil {
			return f.resolve(l.set)
		}
		results = append(results, l)
	}
	return nil, &Error{
		Summary: "No credentials found",
		Detail: "No source has a complete set of credentials. Checked, in this order:\n\n" + tableOf(results) +
			"\n" + nextStep(results),
	}
}

func (f resolver) resolve(c *sourcedSet) (*Resolved, error) {
	resolved := &Resolved{Set: c.Set, Warnings: c.warnings}
	for _, part := range []func(*Resolved, *sourcedSet) error{f.agency, f.location, f.project} {
		if err := part(resolved, c); err != nil {
			return nil, err
		}
	}
	return resolved, nil
}

func tableOf(results []lookup) string {
	var b strings.Builder
	for i, l := range results {
		fmt.Fprintf(&b, "  %d. %s\n", i+1, chain[i].where)
		for _, n := range l.findings {
			fmt.Fprintf(&b, "     %-*s  %s\n", widest(results), n.what, n.found)
		}
	}
	return b.String()
}

func nextStep(results []lookup) string {
	var incomplete []string
	for _, l := range results {
		for _, n := range l.findings {
			if n.incomplete {
				incomplete = append(incomplete, "Half of a set is there: "+n.found+".")
			}
		}
	}
	if len(incomplete) > 0 {
		return strings.Join(incomplete, "\n\n")
	}
	return "Most have an access key: export " + EnvAccessKey + " and " + EnvSecretKey + ", or set access_key and secret_key from sensitive variables."
}

func widest(results []lookup) int {
	width := 0
	for _, l := range results {
		for _, n := range l.findings {
			width = max(width, utf8.RuneCountInString(n.what))
		}
	}
	return width
}

func (f resolver) variable(name string) value { return key(name, f.Getenv(name)) }

func (f resolver) secretVariable(name string) value { return secret(name, f.Getenv(name)) }

func (f resolver) nameVariable(n string) value { return name(n, f.Getenv(n)) }

func quoted(list []string) string {
	shown := make([]string, len(list))
	for i, s := range list {
		shown[i] = fmt.Sprintf("%q", s)
	}
	slices.Sort(shown)
	return strings.Join(shown, ", ")
}
