// SPDX-License-Identifier: MPL-2.0

package iam

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

// Project is a project of IAM. The default project of a region has the region's name.
type Project struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type projectsAnswer struct {
	Projects []Project `json:"projects"`
}

func (a *projectsAnswer) read(resp *transport.Response) error {
	if err := resp.Decode(a); err != nil {
		return err
	}
	if a.Projects == nil {
		return errors.New("the response has no list of projects")
	}
	return nil
}

// Projects returns the projects with that name, or all for "" (GET /v3/projects). An empty result is no error.
func (c *Client) Projects(ctx context.Context, auth transport.Authenticator, name string) ([]Project, error) {
	query := url.Values{}
	if name != "" {
		query.Set("name", name)
	}
	var answer projectsAnswer
	err := call{
		operation: "list the projects",
		service:   c.iam,
		method:    http.MethodGet,
		path:      "/v3/projects",
		query:     query,
		header:    jsonHeader(),
		auth:      auth,
	}.do(ctx, &answer)
	if err != nil {
		return nil, err
	}
	return answer.Projects, nil
}

// IAM requires it on every request, also without a body.
func jsonHeader() http.Header { return http.Header{"Content-Type": {"application/json"}} }

// Password identifies a user by UserID, or by UserName and its account.
type Password struct {
	UserID, UserName     string
	Password             string
	DomainID, DomainName string // either, with UserName
}

func (p Password) String() string { return "password of user " + cmp.Or(p.UserID, p.UserName) }

// GoString is String, so that %#v shows no secret.
func (p Password) GoString() string { return p.String() }

// LogValue is String, so that a log line shows no secret.
func (p Password) LogValue() slog.Value { return slog.StringValue(p.String()) }

func (p Password) user() map[string]any {
	user := map[string]any{"password": p.Password}
	if p.UserID != "" {
		user["id"] = p.UserID
		return user
	}
	user["name"], user["domain"] = p.UserName, named(p.DomainID, p.DomainName)
	return user
}

func named(id, name string) map[string]any {
	if id != "" {
		return map[string]any{"id": id}
	}
	return map[string]any{"name": name}
}

// Scope is the project of a token, by id or else by name. The SparkRTC API refuses tokens without one.
type Scope struct {
	ProjectID, ProjectName string
}

func (s Scope) into(auth map[string]any) map[string]any {
	if s != (Scope{}) {
		auth["scope"] = map[string]any{"project": named(s.ProjectID, s.ProjectName)}
	}
	return map[string]any{"auth": auth}
}

// Token is an IAM token.
type Token struct {
	Value     string
	ProjectID string    // "" if it is for no project
	ExpiresAt time.Time // zero if that is not known
}

// Transport returns the token as credentials.
func (t Token) Transport() transport.Credentials { return transport.Credentials{Token: t.Value} }

func (t Token) String() string { return t.Transport().String() }

// GoString is String.
func (t Token) GoString() string { return t.String() }

// LogValue is String.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

type tokenAnswer struct {
	value string
	Token struct {
		ExpiresAt string `json:"expires_at"`
		Project   struct {
			ID string `json:"id"`
		} `json:"project"`
	} `json:"token"`
}

func (a *tokenAnswer) read(resp *transport.Response) error {
	if err := resp.Decode(a); err != nil {
		return err
	}
	if a.value = resp.Header.Get("X-Subject-Token"); a.value == "" {
		return errors.New("the response has no X-Subject-Token")
	}
	return nil
}

func (a *tokenAnswer) token() Token {
	return Token{Value: a.value, ProjectID: a.Token.Project.ID, ExpiresAt: expiry(a.Token.ExpiresAt, time.Now())}
}

// A time that has passed counts as unknown: the local clock may be wrong.
func expiry(s string, now time.Time) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || !t.After(now) {
		return time.Time{}
	}
	return t
}

// PasswordToken (POST /v3/auth/tokens) retries once at most: a lost response may count as a wrong password.
func (c *Client) PasswordToken(ctx context.Context, p Password, scope Scope) (Token, error) {
	return c.token(ctx, call{
		service:   c.login,
		operation: "log in with the password",
		path:      "/v3/auth/tokens",
		header:    jsonHeader(),
		body: scope.into(map[string]any{"identity": map[string]any{
			"methods":  []string{"password"},
			"password": map[string]any{"user": p.user()},
		}}),
		secrets: []string{p.Password},
	})
}

// IDToken returns a token for the ID token of an identity provider (POST /v3.0/OS-AUTH/id-token/tokens).
func (c *Client) IDToken(ctx context.Context, idpID, idToken string, scope Scope) (Token, error) {
	header := jsonHeader()
	header.Set("X-Idp-Id", idpID)
	return c.token(ctx, call{
		service:   c.iam,
		operation: "get a token for the ID token",
		path:      "/v3.0/OS-AUTH/id-token/tokens",
		header:    header,
		body:      scope.into(map[string]any{"id_token": map[string]any{"id": idToken}}),
		secrets:   []string{idToken},
	})
}

func (c *Client) token(ctx context.Context, call call) (Token, error) {
	call.method = http.MethodPost
	var answer tokenAnswer
	if err := call.do(ctx, &answer); err != nil {
		return Token{}, err
	}
	return answer.token(), nil
}
