// SPDX-License-Identifier: MPL-2.0

package iam

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

// The host responds at once, or this is no ECS. A proxy would respond for its own host.
func forMetadata(cfg *transport.Config) {
	cfg.NoProxy = true
	cfg.AttemptTimeout = 2 * time.Second
	cfg.MaxRetries = min(cfg.MaxRetries, 1)
}

const sessionSeconds = "60" // a session token is used at once

type sessionResponse struct{ token string }

func (a *sessionResponse) read(resp *transport.Response) error {
	a.token = strings.TrimSpace(string(resp.Body))
	// It is sent as a header.
	if strings.ContainsFunc(a.token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("the response is not a session token")
	}
	return nil
}

// MetadataKeys returns the temporary access key of this ECS's agency (GET /openstack/latest/securitykey).
func (c *Client) MetadataKeys(ctx context.Context) (Keys, error) {
	const operation = "get the access key of the ECS from its metadata service"
	var session sessionResponse
	err := call{
		operation: operation,
		service:   c.metadata,
		method:    http.MethodPut,
		path:      "/meta-data/latest/api/token",
		header:    http.Header{"X-Metadata-Token-Ttl-Seconds": {sessionSeconds}},
	}.do(ctx, &session)
	if err != nil && !lacksSessions(err) {
		return Keys{}, err
	}

	show := call{operation: operation, service: c.metadata, method: http.MethodGet, path: "/openstack/latest/securitykey"}
	if session.token != "" {
		show.header = http.Header{"X-Metadata-Token": {session.token}}
		show.secrets = []string{session.token}
	}
	var answer keysResponse
	if err := show.do(ctx, &answer); err != nil {
		return Keys{}, err
	}
	return answer.keys(), nil
}

// Older hosts have no sessions.
func lacksSessions(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.StatusCode == http.StatusNotFound || e.StatusCode == http.StatusMethodNotAllowed)
}
