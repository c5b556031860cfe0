// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// NewServer returns a constructor of the provider as a server of the protocol.
func NewServer(version string) func() tfprotov6.ProviderServer {
	return func() tfprotov6.ProviderServer { return serve(New(version)()) }
}

func serve(p provider.Provider) tfprotov6.ProviderServer {
	return server{providerserver.NewProtocol6(p)().(protocol)} //nolint:forcetypeassert // the framework implements all of it
}

type protocol interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
	tfprotov6.ActionServer
}

// server takes the attribute path from the framework's own errors of attributes that may hold a secret: Terraform
// prints the source line of the path, and `var.signed ? "literal" : null` has the secret in it. Errors of this package
// have no such path in the first place.
type server struct{ protocol }

// mayHoldSecret has arguments that are secrets or that users mistake for one, and URLs, which may contain a password.
var mayHoldSecret = map[string]bool{
	"access_key":     true,
	"app_key":        true,
	"auth_key":       true,
	"auth_key_env":   true,
	"auth_key_wo":    true,
	"auth_url":       true,
	"cacert_file":    true,
	"endpoint":       true,
	"id_token":       true,
	"password":       true,
	"secret_key":     true,
	"security_token": true,
	"token":          true,
	"url":            true,
	"url_prefix":     true,
}

func withoutLines(list []*tfprotov6.Diagnostic) {
	for _, d := range list {
		for _, step := range d.Attribute.Steps() {
			name, _ := step.(tftypes.AttributeName)
			if !mayHoldSecret[string(name)] {
				continue
			}
			d.Attribute = nil
			if !strings.Contains(d.Detail, string(name)) {
				d.Detail = string(name) + ": " + d.Detail
			}
			break
		}
	}
}

func (s server) ValidateProviderConfig(ctx context.Context, req *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	resp, err := s.protocol.ValidateProviderConfig(ctx, req)
	if resp != nil {
		withoutLines(resp.Diagnostics)
	}
	return resp, err
}

func (s server) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	resp, err := s.protocol.ValidateResourceConfig(ctx, req)
	if resp != nil {
		withoutLines(resp.Diagnostics)
	}
	return resp, err
}

func (s server) ValidateDataResourceConfig(ctx context.Context, req *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	resp, err := s.protocol.ValidateDataResourceConfig(ctx, req)
	if resp != nil {
		withoutLines(resp.Diagnostics)
	}
	return resp, err
}

func (s server) ValidateEphemeralResourceConfig(ctx context.Context, req *tfprotov6.ValidateEphemeralResourceConfigRequest) (*tfprotov6.ValidateEphemeralResourceConfigResponse, error) {
	resp, err := s.protocol.ValidateEphemeralResourceConfig(ctx, req)
	if resp != nil {
		withoutLines(resp.Diagnostics)
	}
	return resp, err
}

func (s server) ValidateListResourceConfig(ctx context.Context, req *tfprotov6.ValidateListResourceConfigRequest) (*tfprotov6.ValidateListResourceConfigResponse, error) {
	resp, err := s.protocol.ValidateListResourceConfig(ctx, req)
	if resp != nil {
		withoutLines(resp.Diagnostics)
	}
	return resp, err
}

func (s server) ValidateActionConfig(ctx context.Context, req *tfprotov6.ValidateActionConfigRequest) (*tfprotov6.ValidateActionConfigResponse, error) {
	resp, err := s.protocol.ValidateActionConfig(ctx, req)
	if resp != nil {
		withoutLines(resp.Diagnostics)
	}
	return resp, err
}
