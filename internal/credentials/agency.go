// SPDX-License-Identifier: MPL-2.0

package credentials

import (
	"fmt"
	"strconv"
	"time"
)

// Order: the provider block, a profile named in it, the environment, the set's own agency.
func (f resolver) agency(resolved *Resolved, c *sourcedSet) error {
	own := c.agency
	c.agencyIsOwn = true
	switch {
	case f.AssumeRole != nil:
		if f.AssumeRoleWithOIDC.hasAgency() {
			return &Error{
				Attribute: "assume_role",
				Summary:   "Two agencies",
				Detail:    "Both assume_role and assume_role_with_oidc name an agency in the provider block, and only one can be assumed. Remove one of the two.",
			}
		}
		l := origin{source: "assume_role of the provider block", block: true, nested: "assume_role"}
		own, c.agencyIsOwn = l.agency(*f.AssumeRole), false
	case f.AssumeRoleWithOIDC.hasAgency(), c.explicit && own != nil:
	case f.Getenv(EnvAgencyName) != "" || f.Getenv(EnvAgencyDomainName) != "" || f.Getenv(EnvAgencyDomainID) != "":
		own, c.agencyIsOwn = f.environmentAgency, false
	}
	if own == nil {
		return nil
	}
	var err error
	resolved.Agency, err = own()
	return err
}

func (a *AssumeRoleWithOIDC) hasAgency() bool {
	return a != nil && a.AgencyName+a.DomainName+a.DomainID != ""
}

func (f resolver) environmentAgency() (*Agency, error) {
	return environmentOrigin.assume(f.nameVariable(EnvAgencyName), f.nameVariable(EnvAgencyDomainName),
		f.variable(EnvAgencyDomainID), f.variable(EnvAgencyDuration))
}

func (l origin) agency(a AssumeRole) func() (*Agency, error) {
	seconds := ""
	if a.Duration != 0 {
		seconds = strconv.FormatInt(a.Duration, 10)
	}
	return func() (*Agency, error) {
		return l.assume(name("agency_name", a.AgencyName), name("domain_name", a.DomainName), key("domain_id", a.DomainID), key("duration", seconds))
	}
}

func (l origin) assume(agencyName, domainName, domainID, seconds value) (*Agency, error) {
	domain := part{values: []value{domainName, domainID}}
	k := spec{
		belong: "The name of an agency and the account (domain) that it is in",
		begin:  []value{agencyName, domainName, domainID, seconds},
		parts:  []part{one(agencyName), domain},
	}
	for _, p := range k.parts {
		if err := l.choose(k, p); err != nil {
			return nil, err
		}
	}
	duration, err := l.duration(seconds)
	if err != nil {
		return nil, err
	}
	a := &Agency{Name: agencyName.text, DomainID: domainID.text, Duration: duration, Source: l.of(agencyName, domain.chosen())}
	if a.DomainID == "" {
		a.DomainName = domainName.text
	}
	return a, nil
}

func (l origin) duration(seconds value) (time.Duration, error) {
	if !seconds.set() {
		return DefaultDuration * time.Second, nil
	}
	n, err := strconv.Atoi(seconds.text)
	if err != nil || n < MinDuration || n > MaxDuration {
		return 0, l.fault(seconds, "Invalid duration",
			fmt.Sprintf("%s, from %s, must be a whole number of seconds between %d and %d, and is %q.", seconds.name, l.source, MinDuration, MaxDuration, seconds.text))
	}
	return time.Duration(n) * time.Second, nil
}
