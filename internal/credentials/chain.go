// SPDX-License-Identifier: MPL-2.0

package credentials

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	blockOrigin       = origin{source: "the provider block", block: true}
	environmentOrigin = origin{source: "the environment", variables: true}
)

func (f resolver) block() (lookup, error) {
	s := f.Settings
	result, err := blockOrigin.read(
		blockOrigin.keys(key("access_key", s.AccessKey), secret("secret_key", s.SecretKey), secret("security_token", s.SecurityToken)),
		blockOrigin.token(secret("token", s.Token)),
		blockOrigin.password(user{
			name: name("user_name", s.UserName), id: key("user_id", s.UserID), password: password("password", s.Password),
			domainName: name("domain_name", s.DomainName), domainID: key("domain_id", s.DomainID),
		}),
		f.blockProfile(),
		f.blockOIDC(),
		f.blockECS(),
	)
	if result.set != nil {
		result.set.explicit = true
	}
	return result, err
}

func (f resolver) environment() (lookup, error) {
	l := environmentOrigin
	if err := f.checkDomain(); err != nil {
		return lookup{}, err
	}
	return l.read(
		l.keys(f.variable(EnvAccessKey), f.secretVariable(EnvSecretKey), f.secretVariable(EnvSecurityToken)),
		l.token(f.secretVariable(EnvToken)),
		l.password(user{
			name: f.nameVariable(EnvUserName), id: f.variable(EnvUserID), password: password(EnvPassword, f.Getenv(EnvPassword)),
			domainName: f.nameVariable(EnvDomainName), domainID: f.variable(EnvDomainID),
		}),
	)
}

// Do not combine an environment's user with an account that the block does not name.
func (f resolver) checkDomain() error {
	name, id := f.nameVariable(EnvDomainName), f.variable(EnvDomainID)
	if id.set() {
		name.text = "" // the ID counts
	}
	byName := f.Getenv(EnvPassword) != "" && f.Getenv(EnvUserName) != "" && f.Getenv(EnvUserID) == ""
	if !byName || f.DomainName+f.DomainID == "" || name.text == f.DomainName && id.text == f.DomainID {
		return nil
	}
	used := []value{f.variable(EnvUserName)}
	for _, v := range []value{name, id} {
		if v.set() {
			used = append(used, v)
		}
	}
	whose := "with an account of their own"
	if len(used) == 1 {
		whose = "without one"
	}
	return &Error{
		Summary: "Conflicting credentials",
		Detail: fmt.Sprintf("The provider block names an account (domain), and the user and password are from %s, %s. A set is taken from one source: set user_name and password in the block too, or remove domain_name and domain_id there.",
			environmentOrigin.of(used...), whose),
	}
}

func (f resolver) sdkEnvironment() (lookup, error) {
	l := environmentOrigin
	result, err := l.read(
		l.keys(f.variable(EnvSDKAccessKey), f.secretVariable(EnvSDKSecretKey), f.secretVariable(EnvSDKSecurityToken)),
		l.oidc(f, f.variable(EnvSDKIDPID), path(EnvSDKIDTokenFile, f.Getenv(EnvSDKIDTokenFile))),
	)
	if result.set != nil {
		result.set.projectID = Value{Text: f.Getenv(EnvSDKProjectID), Source: "the environment variable " + EnvSDKProjectID}
	}
	return result, err
}

func (l origin) keys(access, secretKey, token value) spec {
	access.secret = true // enough of one to keep Terraform from printing its line
	return spec{
		called: "an access key",
		belong: "An access key, its secret key and a security token",
		begin:  []value{access, secretKey, token},
		parts:  []part{one(access), one(secretKey)},
		what:   access.name + " and " + secretKey.name,
		build: func() (*sourcedSet, error) {
			if swapped(access.text, secretKey.text) {
				return nil, l.fault(access, "Access key and secret key are swapped",
					fmt.Sprintf("%s and %s, from %s, are swapped: an access key has 20 characters, and its secret key has 40. Swap the two values.", access.name, secretKey.name, l.source))
			}
			return &sourcedSet{Set: Set{
				Kind: KindAccessKey, AccessKey: access.text, SecretKey: secretKey.text, SecurityToken: token.text, Source: l.of(access),
			}}, nil
		},
	}
}

var accessKeyPattern, secretKeyPattern = regexp.MustCompile(`^[0-9A-Z]{20}$`), regexp.MustCompile(`^[0-9A-Za-z]{40}$`)

func swapped(accessKey, secretKey string) bool {
	return secretKeyPattern.MatchString(accessKey) && accessKeyPattern.MatchString(secretKey)
}

func (l origin) token(token value) spec {
	return spec{
		called: "a token",
		begin:  []value{token},
		what:   token.name,
		build: func() (*sourcedSet, error) {
			return &sourcedSet{Set: Set{Kind: KindToken, Token: token.text, Source: l.of(token)}}, nil
		},
	}
}

type user struct {
	name, id, password   value
	domainName, domainID value
}

// User variables are exported for other purposes too, so outside the block only a password shows intent. An ID takes
// precedence over a name.
func (l origin) password(u user) spec {
	users := part{values: []value{u.name, u.id}}
	domains := part{values: []value{u.domainName, u.domainID}}
	k := spec{
		called: "a user and password",
		belong: "A user, its password and, unless the user is given by its ID, the account (domain) that it is in",
		begin:  []value{u.password},
		parts:  []part{users, one(u.password)},
		what:   u.name.name + " or " + u.id.name + ", and " + u.password.name,
	}
	if l.block {
		k.begin = []value{u.name, u.id, u.password}
	} else if users.chosen().set() {
		k.found = users.chosen().name + " is set, " + u.password.name + " is not"
		k.incomplete = true
	}
	set := Set{Kind: KindPassword, Password: u.password.text, UserID: u.id.text, Source: l.of(u.id)}
	if !u.id.set() {
		k.parts = append(k.parts, domains)
		set.UserName, set.DomainID, set.Source = u.name.text, u.domainID.text, l.of(u.name, domains.chosen())
		if !u.domainID.set() {
			set.DomainName = u.domainName.text
		}
	}
	k.build = func() (*sourcedSet, error) { return &sourcedSet{Set: set}, nil }
	return k
}

func (l origin) oidc(f resolver, idp value, tokens ...value) spec {
	k := spec{
		called: "an ID token",
		belong: "The ID of an identity provider and an ID token",
		begin:  append([]value{idp}, tokens...),
		parts:  []part{one(idp), {values: tokens, alone: true}},
		what:   idp.name + " and " + names(tokens, " or "),
	}
	k.build = func() (*sourcedSet, error) {
		token := k.parts[1].chosen()
		set := Set{Kind: KindIDToken, IDPID: idp.text, Source: l.of(idp, token)}
		if token.secret {
			set.idToken = token.text
			return &sourcedSet{Set: set}, nil
		}
		return f.withTokenFile(l, set, token)
	}
	return k
}

// Read it now, so that a wrong file is reported before any call.
func (f resolver) withTokenFile(l origin, set Set, file value) (*sourcedSet, error) {
	full, err := f.expand(file.text)
	if err == nil {
		_, err = readToken(f.Open, file.text, full)
	}
	if err != nil {
		return nil, l.fault(file, "ID token can't be read",
			fmt.Sprintf("%s, from %s, can't be used: %s.", file.name, l.source, err))
	}
	set.IDTokenFile, set.idTokenPath, set.open = file.text, full, f.Open
	return &sourcedSet{Set: set}, nil
}

func (f resolver) blockOIDC() spec {
	a := f.AssumeRoleWithOIDC
	const argument = "assume_role_with_oidc"
	if a == nil {
		return spec{what: argument}
	}
	l := origin{source: argument + " of the provider block", block: true, nested: argument, mute: a.IDToken != ""}
	workload := secret("tfc_workload_identity_tag", "")
	if a.WorkloadTag != "" {
		workload.text = f.Getenv(EnvWorkloadToken + "_" + a.WorkloadTag)
	}
	k := l.oidc(f, key("idp_id", a.IDPID), secret("id_token", a.IDToken), path("id_token_file", a.IDTokenFile), workload)
	return spec{
		called: k.called,
		begin:  []value{{argument, argument, true, anyForm}},
		what:   argument,
		build: func() (*sourcedSet, error) {
			if a.WorkloadTag != "" && !workload.set() {
				return nil, l.fault(workload, noTaggedTokenSummary, f.lacksTaggedToken(workload.name+" in "+l.source, a.WorkloadTag))
			}
			c, err := l.complete(k)
			if err != nil {
				return nil, f.hintWorkloadToken(err)
			}
			if a.hasAgency() {
				c.agency = l.agency(AssumeRole{AgencyName: a.AgencyName, DomainName: a.DomainName, DomainID: a.DomainID, Duration: a.Duration})
			}
			return c, nil
		},
	}
}

func (f resolver) hintWorkloadToken(err error) error {
	var fault *Error
	a, tokens := f.AssumeRoleWithOIDC, f.workloadTokens()
	if !errors.As(err, &fault) || a.IDToken != "" || a.IDTokenFile != "" || len(tokens) == 0 {
		return err
	}
	first := tokens[0].name
	if tag, tagged := strings.CutPrefix(first, EnvWorkloadToken+"_"); tagged {
		fault.Detail += fmt.Sprintf("\n\n%s is set: to use it, set tfc_workload_identity_tag = %q.", first, tag)
	} else {
		fault.Detail += fmt.Sprintf("\n\n%s is set, and counts if the identity provider is named by %s in the environment instead of the block.", first, EnvIDPID)
	}
	return err
}

func (f resolver) oidcEnvironment() (lookup, error) {
	idp, token := f.variable(EnvIDPID), f.secretVariable(EnvIDToken)
	file := path(EnvIDTokenFile, f.Getenv(EnvIDTokenFile))
	tokens := []value{token, file, secret(EnvWorkloadToken, "")}
	workload := f.workloadTokens()
	if idp.set() && !token.set() && !file.set() {
		chosen, err := f.workloadToken(workload)
		if err != nil {
			return lookup{}, err
		}
		tokens[2] = chosen
	}
	k := environmentOrigin.oidc(f, idp, tokens...)
	k.what = idp.name + " and an ID token"
	if !idp.set() && len(workload) > 0 {
		k.found = workload[0].name + " is set, " + idp.name + " is not"
		k.incomplete = true
	}
	return environmentOrigin.read(k)
}

func (f resolver) workloadTokens() []value {
	var tagged []value
	for _, variable := range f.Environ() {
		name, text, _ := strings.Cut(variable, "=")
		if tag, ok := strings.CutPrefix(name, EnvWorkloadToken+"_"); ok && tag != "" && text != "" {
			tagged = append(tagged, secret(name, text))
		}
	}
	slices.SortFunc(tagged, func(a, b value) int { return strings.Compare(a.name, b.name) })
	if plain := f.secretVariable(EnvWorkloadToken); plain.set() {
		return append([]value{plain}, tagged...)
	}
	return tagged
}

func (f resolver) workloadToken(tokens []value) (value, error) {
	tag := f.Getenv(EnvWorkloadTag)
	for _, token := range tokens {
		if tag != "" && token.name == EnvWorkloadToken+"_"+tag || tag == "" && token.name == EnvWorkloadToken {
			return token, nil
		}
	}
	switch {
	case tag != "":
		return value{}, &Error{Summary: noTaggedTokenSummary, Detail: f.lacksTaggedToken(EnvWorkloadTag+" in the environment", tag)}
	case len(tokens) > 1:
		return value{}, &Error{
			Summary: "Several workload identity tokens",
			Detail:  fmt.Sprintf("%s Say which is meant: set %s to its tag, the part after %s_.", thereAre(tokens), EnvWorkloadTag, EnvWorkloadToken),
		}
	case len(tokens) == 1:
		return tokens[0], nil
	default:
		return secret(EnvWorkloadToken, ""), nil
	}
}

const noTaggedTokenSummary = "No workload identity token with this tag"

func (f resolver) lacksTaggedToken(asking, tag string) string {
	return fmt.Sprintf("%s asks for the tag %q, and %s_%s is not set. %s", asking, tag, EnvWorkloadToken, tag, thereAre(f.workloadTokens()))
}

func thereAre(tokens []value) string {
	if len(tokens) == 0 {
		return "No token is set."
	}
	return "Set in the environment: " + names(tokens, ", ") + "."
}

func (f resolver) blockECS() spec {
	k := spec{
		called: "the keys of this ECS",
		what:   "ecs_metadata",
		build:  func() (*sourcedSet, error) { return ecs("ecs_metadata in the provider block"), nil },
	}
	if f.ECSMetadata == nil {
		return k
	}
	k.found = "false"
	if *f.ECSMetadata {
		k.begin = []value{{k.what, "true", false, anyForm}}
	}
	return k
}

// It must be requested: outside an ECS the metadata address is unreachable, or serves something else.
func (f resolver) ecsMetadata() (lookup, error) {
	row := finding{what: "ecs_metadata = true, or " + EnvECSMetadata + "=true", found: "not asked for"}
	text := f.Getenv(EnvECSMetadata)
	if text == "" || f.ECSMetadata != nil {
		return lookup{findings: []finding{row}}, nil
	}
	on, err := strconv.ParseBool(text)
	switch {
	case err != nil:
		return lookup{}, &Error{
			Summary: "Invalid value of a switch",
			Detail:  fmt.Sprintf("The environment variable %s must be true or false, and is %q.", EnvECSMetadata, text),
		}
	case !on:
		return lookup{findings: []finding{row}}, nil
	default:
		return lookup{set: ecs("the environment (" + EnvECSMetadata + ")")}, nil
	}
}

func ecs(source string) *sourcedSet {
	return &sourcedSet{Set: Set{Kind: KindECSMetadata, Source: source}}
}
