// SPDX-License-Identifier: MPL-2.0

package credentials

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/iam"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

const (
	// Credentials are renewed this long before they end, so that requests under way can finish.
	margin = 5 * time.Minute

	// pause separates attempts after a failed renewal and after a refusal.
	pause = time.Minute
)

// Authenticator fetches credentials with the first request, once for all requests, and again before they end or when
// they are refused. It is safe for concurrent use. Its errors are *Error or those of a context.
type Authenticator struct {
	resolved *Resolved
	iam      *iam.Client
	log      *slog.Logger
	now      func() time.Time

	// slot guards the fields below. It is a channel because waiting must be cancelable.
	slot chan struct{}

	current   *timedCredentials // nil before the first fetch, and after a refusal
	projectID string
	renewedAt time.Time // because of a refusal

	// failure is that of the last fetch, for all that waited for it. A refusal stays until the ID token changes.
	failure  error
	failedAt time.Time
	refused  bool
	idToken  string
}

// Zero times mean never or unknown.
type timedCredentials struct {
	transport.Credentials
	renewAt, expiresAt time.Time
}

var _ transport.Authenticator = (*Authenticator)(nil)

// NewAuthenticator makes no call. It logs each fetch; a nil logger logs nothing.
func NewAuthenticator(resolved *Resolved, client *iam.Client, logger *slog.Logger) *Authenticator {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Authenticator{resolved: resolved, iam: client, log: logger, now: time.Now, slot: make(chan struct{}, 1)}
}

// Credentials returns the current credentials, fetched if necessary.
func (a *Authenticator) Credentials(ctx context.Context) (transport.Credentials, error) {
	asked := a.now()
	select {
	case a.slot <- struct{}{}:
		defer func() { <-a.slot }()
	case <-ctx.Done():
		return transport.Credentials{}, context.Cause(ctx)
	}
	switch {
	case a.current != nil && (a.current.renewAt.IsZero() || a.now().Before(a.current.renewAt)):
		return a.current.Credentials, nil
	case a.shouldFetch(asked):
	case a.stillValid():
		return a.current.Credentials, nil
	default:
		return transport.Credentials{}, a.failure
	}
	err := a.fetch(ctx)
	if err != nil && ctx.Err() == nil && a.stillValid() {
		a.log.WarnContext(ctx, "credentials could not be renewed in advance", slog.String("error", err.Error()))
		a.current.renewAt = a.now().Add(pause)
		if a.refused && a.resolved.Set.IDTokenFile == "" || a.current.renewAt.After(a.current.expiresAt) {
			a.current.renewAt = a.current.expiresAt
		}
		err = nil
	}
	if err != nil {
		return transport.Credentials{}, err
	}
	return a.current.Credentials, nil
}

func (a *Authenticator) stillValid() bool {
	return a.current != nil && a.now().Before(a.current.expiresAt)
}

func (a *Authenticator) shouldFetch(asked time.Time) bool {
	if a.refused {
		return a.hasFreshIDToken()
	}
	return a.failure == nil || !asked.Before(a.failedAt.Add(a.failureTTL()))
}

func (a *Authenticator) hasFreshIDToken() bool {
	if a.resolved.Set.IDTokenFile == "" {
		return false
	}
	token, err := a.resolved.Set.IDToken()
	return err == nil && token != a.idToken
}

// A password with a lost response may have counted as a wrong one.
func (a *Authenticator) failureTTL() time.Duration {
	if a.resolved.Set.Kind == KindPassword {
		return pause
	}
	return 0
}

// Renew drops refused credentials, so that the next call fetches others. It returns false if there are none, or if
// they were renewed less than a minute ago.
func (a *Authenticator) Renew(ctx context.Context, refused transport.Credentials) bool {
	if !a.fetches() {
		return false
	}
	select {
	case a.slot <- struct{}{}:
		defer func() { <-a.slot }()
	case <-ctx.Done():
		return false
	}
	if a.current == nil || a.current.Credentials != refused {
		return true // a request at the same time was refused as well
	}
	if !a.renewedAt.IsZero() && a.now().Sub(a.renewedAt) < pause {
		return false
	}
	a.current, a.renewedAt = nil, a.now()
	return true
}

func (a *Authenticator) fetches() bool {
	kind := a.resolved.Set.Kind
	return a.resolved.Agency != nil || kind != KindAccessKey && kind != KindToken
}

func (a *Authenticator) fetch(ctx context.Context) error {
	a.refused = false
	got, err := a.set(ctx)
	if err == nil && a.resolved.Agency != nil {
		got, err = a.assume(ctx, got.Credentials)
	}
	if err == nil {
		err = a.addProject(ctx, got)
	}
	switch {
	case ctx.Err() != nil: // of no meaning to others
		return context.Cause(ctx)
	case err != nil:
		a.failure, a.failedAt, a.refused = err, a.now(), iam.Refused(err) || isOurs(err)
		return err
	}
	a.current, a.failure = got, nil
	if a.fetches() {
		record := []any{slog.String("credentials", got.String()), slog.String("found", a.resolved.Hint())}
		if !got.expiresAt.IsZero() {
			record = append(record, slog.Time("expires_at", got.expiresAt.UTC()))
		}
		a.log.DebugContext(ctx, "credentials fetched", record...)
	}
	return nil
}

func isOurs(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.cause == nil
}

func (a *Authenticator) timed(c transport.Credentials, expiresAt time.Time) *timedCredentials {
	h := &timedCredentials{Credentials: c, expiresAt: expiresAt}
	if !expiresAt.IsZero() {
		h.renewAt = expiresAt.Add(-min(margin, expiresAt.Sub(a.now())/4))
	}
	return h
}

func (a *Authenticator) set(ctx context.Context) (*timedCredentials, error) {
	set := a.resolved.Set
	switch set.Kind {
	case KindPassword:
		return a.token(a.iam.PasswordToken(ctx, iam.Password{
			UserID: set.UserID, UserName: set.UserName, Password: set.Password, DomainID: set.DomainID, DomainName: set.DomainName,
		}, a.scope()))
	case KindIDToken:
		idToken, err := set.IDToken()
		if err != nil {
			return nil, a.fault("ID token can't be read", err, "The file is read for each token from IAM, so it has to stay there.")
		}
		a.idToken = idToken
		return a.token(a.iam.IDToken(ctx, set.IDPID, idToken, a.scope()))
	case KindECSMetadata:
		keys, err := a.iam.MetadataKeys(ctx)
		if err != nil {
			return nil, a.fault("No access key from this ECS", err, "The metadata service answers on an ECS only, and has a key only if the ECS has an agency. "+
				"It was asked for by "+set.Source+".")
		}
		return a.timed(keys.Transport(), keys.ExpiresAt), nil
	default:
		return &timedCredentials{Credentials: set.transport()}, nil
	}
}

func (a *Authenticator) token(token iam.Token, err error) (*timedCredentials, error) {
	if wanted := a.resolved.ProjectID; err == nil && a.resolved.Agency == nil &&
		(token.ProjectID == "" || wanted.Text != "" && wanted.Text != token.ProjectID) {
		return nil, &Error{
			Summary: "Token of IAM is for another project",
			Detail:  fmt.Sprintf("IAM was asked for a token for %s, and gave one for project %q. It is not used.\n\nSet project_id to the ID of the project that the apps belong to, and check that the credentials are of the same account.", a.tokenFor(), token.ProjectID),
		}
	}
	if err == nil {
		return a.timed(token.Transport(), token.ExpiresAt), nil
	}
	return nil, a.asked("No token from IAM", err, a.adviceOnToken(err))
}

func (a *Authenticator) adviceOnToken(err error) string {
	scope := " The token was to be for " + a.tokenFor() + "."
	switch {
	case iam.NotFound(err):
		return "Check the project: project_id is an ID, project_name a name, and without either it is the region's." + scope
	case a.resolved.Set.Kind == KindIDToken:
		return fmt.Sprintf("Check that IAM has an identity provider %q that takes tokens of this issuer and audience (in HCP Terraform, TFC_WORKLOAD_IDENTITY_AUDIENCE of the workspace), and that its rules give users access. %s%s",
			a.resolved.Set.IDPID, describeIDToken(a.idToken), scope)
	default:
		set := a.resolved.Set
		return "Check the user, the password, and the account (domain) that the user is in, which is not the project." +
			orID(set.UserName, "user") + orID(set.DomainName, "domain") + scope
	}
}

var idPattern = regexp.MustCompile(`^[0-9a-f]{32}$`)

// orID is a hint about a name that looks like an ID.
func orID(name, of string) string {
	if !idPattern.MatchString(name) {
		return ""
	}
	return fmt.Sprintf(" The name of the %s looks like an ID: set %s_id instead of %s_name.", of, of, of)
}

// A token for an agency only proves identity: the project may belong to the agency's account.
func (a *Authenticator) scope() iam.Scope {
	switch {
	case a.resolved.Agency != nil:
		return iam.Scope{}
	case a.resolved.ProjectID.Text != "":
		return iam.Scope{ProjectID: a.resolved.ProjectID.Text}
	default:
		return iam.Scope{ProjectName: a.resolved.projectName()}
	}
}

func (a *Authenticator) tokenFor() string {
	if a.resolved.Agency != nil {
		return "no project, but an agency"
	}
	return a.resolved.project()
}

// STS takes accounts by ID and no tokens; IAM does the rest.
func (a *Authenticator) assume(ctx context.Context, own transport.Credentials) (*timedCredentials, error) {
	if own.Token != "" {
		keys, err := a.iam.TokenKeys(ctx, own.Token, 0)
		if err != nil {
			return nil, a.asked("No access key for the token", err, "An agency is assumed with an access key, and IAM gives none for this token.")
		}
		own = keys.Transport()
	}
	agency := a.resolved.Agency
	assume := a.iam.AssumeAgency
	if agency.DomainID != "" {
		assume = a.iam.AssumeAgencySTS
	}
	keys, err := assume(ctx, own, iam.Agency{Name: agency.Name, DomainName: agency.DomainName, DomainID: agency.DomainID, Duration: agency.Duration})
	if err != nil {
		return nil, a.signed("Agency can't be assumed", err, fmt.Sprintf(
			"It is %s, from %s. Check its name and account, that it trusts the account of the credentials, and that their user may assume it (permission \"Agent Operator\"). Its key was requested for %v (duration): STS gives 12 hours at most, and one hour with a temporary key.",
			agency, agency.Source, agency.Duration))
	}
	return a.timed(keys.Transport(), keys.ExpiresAt), nil
}

func (a *Authenticator) addProject(ctx context.Context, got *timedCredentials) error {
	if got.Token != "" {
		return nil // carries it
	}
	if a.projectID == "" {
		a.projectID = a.resolved.ProjectID.Text
	}
	if a.projectID == "" {
		id, err := a.lookUpProject(ctx, got.Credentials)
		if err != nil {
			return err
		}
		a.projectID = id
	}
	got.ProjectID = a.projectID
	return nil
}

func (a *Authenticator) lookUpProject(ctx context.Context, c transport.Credentials) (string, error) {
	const todo = "Set project_id: it stands in the console under My Credentials > API Credentials."
	name := a.resolved.projectName()
	projects, err := a.iam.Projects(ctx, c, name)
	if err != nil {
		return "", a.signed("Project can't be looked up", err, "No project_id is set, so that IAM was asked for "+a.resolved.project()+". "+todo)
	}
	projects = slices.DeleteFunc(projects, func(p iam.Project) bool { return p.ID == "" || p.Name != name })
	switch len(projects) {
	case 1:
		a.log.DebugContext(ctx, "project looked up", slog.String("project_name", projects[0].Name), slog.String("project_id", projects[0].ID))
		return projects[0].ID, nil
	case 0:
		there := "" // is not known if asking for it fails
		if all, err := a.iam.Projects(ctx, c, ""); err == nil && len(all) > 0 {
			there = " The credentials see these:\n\n" + listOf(all)
		} else if err == nil {
			there = " The credentials see no project at all."
		}
		return "", &Error{
			Summary: "No such project",
			Detail:  fmt.Sprintf("No project_id is set, and IAM doesn't have %s.%s%s\n\n%s", a.resolved.project(), orID(name, "project"), strings.TrimRight(there, "\n"), todo),
		}
	default:
		return "", &Error{
			Summary: "Several projects",
			Detail:  fmt.Sprintf("No project_id is set, and IAM has more than one project that may be %s:\n\n%s\n%s", a.resolved.project(), listOf(projects), todo),
		}
	}
}

// Terraform doesn't wrap indented lines.
func listOf(projects []iam.Project) string {
	var b strings.Builder
	for _, p := range projects {
		fmt.Fprintf(&b, "  %s  %s\n", p.ID, p.Name)
	}
	return b.String()
}

func (a *Authenticator) signed(summary string, err error, todo string) error {
	if iam.Unauthenticated(err) && iam.Refused(err) {
		summary, todo = "Access key refused by IAM", "Check the access key and its secret key, and the security token if it is a temporary one: a blank may have been copied along, or it may have expired. More than five failures in a row lock an access key for five minutes."
	}
	return a.asked(summary, err, todo)
}

func (a *Authenticator) asked(summary string, err error, todo string) error {
	if !iam.Refused(err) {
		todo = "Check the network, the proxy (HTTPS_PROXY, NO_PROXY), and auth_url, " + EnvAuthURL + " or " + EnvSTSEndpoint + " if one is set, or try again later."
	}
	return a.fault(summary, err, todo)
}

func (a *Authenticator) fault(summary string, err error, todo string) error {
	return &Error{Summary: summary, Detail: upperFirst(err.Error()) + ".\n\n" + todo, cause: err}
}
