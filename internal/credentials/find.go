// SPDX-License-Identifier: MPL-2.0

package credentials

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Found is what the provider block, the environment and files say, without a
// call to anything.
type Found struct {
	Set Set

	// Agency goes on top of the set; nil if there is none.
	Agency *Agency

	// ProjectID is empty if it has to be results up: by ProjectName, or by the
	// region's name if that is empty too.
	ProjectID   Value
	ProjectName Value

	Region Value // never empty

	// Endpoints are scheme and host, without a slash behind. That of the
	// metadata service is empty unless it is another than usual.
	IAMEndpoint      string
	STSEndpoint      string
	MetadataEndpoint string

	Warnings []Warning
}

// Value is a text, and where it was found in words.
type Value struct {
	Text   string
	Source string
}

// Hint names what was found without giving it away.
func (f *Found) Hint() string {
	if f.Agency == nil {
		return f.Set.Hint()
	}
	return f.Set.Hint() + ", to assume " + f.Agency.String()
}

// places is where a set is results for. The first that has one wins, and those
// below it are not even opened.
var chain = []struct {
	where string
	find  func(finder) (lookup, error)
}{
	{"provider block", finder.block},
	{"environment", finder.environment},
	{"environment of the vendor's SDKs", finder.sdkEnvironment},
	{"file of the vendor's SDKs", finder.sdkFile},
	{"file of the vendor's CLI", finder.cliFile},
	{"OIDC, in the environment", finder.oidcEnvironment},
	{"ECS metadata", finder.ecsMetadata},
}

// lookup is what a source has: a set, or findings that say why there is none.
type lookup struct {
	set      *candidate
	findings []finding
}

type finding struct {
	what, found string
	incomplete  bool // some values of a set are there, others are missing
}

// candidate is a set with what came along.
type candidate struct {
	Set

	// explicit tells that the provider block names the place, so that what
	// came along counts before the environment.
	explicit bool

	// What came along; the texts may be empty.
	region      Value
	projectID   Value
	iamEndpoint Value

	agency func() (*Agency, error) // nil if there is none
	// agencyIsOwn: it is the one that is assumed.
	agencyIsOwn bool
	warnings    []Warning
}

type finder struct {
	Settings
	Environment
}

// Find returns the first whole set of credentials, in the order of the
// places. A set is never put together from two places. Project, region and
// agency are results for by themselves: first those of the provider block.
//
// Errors are of type *Error.
func Find(settings Settings, env Environment) (*Found, error) {
	f := finder{settings, env}
	var results []lookup
	for _, p := range chain {
		l, err := p.find(f)
		if err != nil {
			return nil, err
		}
		if l.set != nil {
			return f.settle(l.set)
		}
		results = append(results, l)
	}
	return nil, &Error{
		Summary: "No credentials found",
		Detail: "None of the places that credentials may be in has a whole set. Looked at, in this order:\n\n" + tableOf(results) +
			"\n" + nextStep(results),
	}
}

func (f finder) settle(c *candidate) (*Found, error) {
	found := &Found{Set: c.Set, Warnings: c.warnings}
	for _, part := range []func(*Found, *candidate) error{f.agency, f.project, f.location} {
		if err := part(found, c); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// tableOf says what was found in the places, which are numbered.
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

// nextStep is to complete what is half there, or what most users do.
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

func (f finder) variable(name string) value { return key(name, f.Getenv(name)) }

func (f finder) secretVariable(name string) value { return secret(name, f.Getenv(name)) }

func (f finder) nameVariable(n string) value { return name(n, f.Getenv(n)) }

func quoted(list []string) string {
	shown := make([]string, len(list))
	for i, s := range list {
		shown[i] = fmt.Sprintf("%q", s)
	}
	slices.Sort(shown)
	return strings.Join(shown, ", ")
}
