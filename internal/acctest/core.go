// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Core is a double of Terraform Core in this process, which insists on what Terraform Core insists on.
type Core struct {
	Server  tfprotov6.ProviderServer
	Schemas *tfprotov6.GetProviderSchemaResponse

	NoWriteOnly bool // Core knows no write-only arguments, as before 1.11

	factory  func() (tfprotov6.ProviderServer, error)
	settings map[string]any
	tb       testing.TB
	ctx      context.Context
}

// StartCore starts a provider and leaves it unconfigured, as terraform validate does.
func StartCore(tb testing.TB, factory func() (tfprotov6.ProviderServer, error)) (*Core, error) {
	tb.Helper()
	return startCore(tb, factory, nil)
}

func startCore(tb testing.TB, factory func() (tfprotov6.ProviderServer, error), schemas *tfprotov6.GetProviderSchemaResponse) (*Core, error) {
	tb.Helper()
	server, err := factory()
	if err != nil {
		return nil, err
	}
	c := &Core{Server: server, Schemas: schemas, factory: factory, tb: tb, ctx: tb.Context()}
	if schemas == nil {
		c.Schemas, err = server.GetProviderSchema(c.ctx, &tfprotov6.GetProviderSchemaRequest{})
	}
	return c, err
}

// NewCore starts a provider and configures it with the settings, which are arguments as for ConfigOf. The schemas are
// the provider's; nil asks for them, which takes longer than all else. An error that the provider reports is a
// *DiagnosticsError.
func NewCore(tb testing.TB, factory func() (tfprotov6.ProviderServer, error), schemas *tfprotov6.GetProviderSchemaResponse, settings map[string]any) (*Core, error) {
	tb.Helper()
	c, err := startCore(tb, factory, schemas)
	if err != nil {
		return nil, err
	}
	_, err = c.configure(settings)
	return c, err
}

// Configure validates provider arguments, which NewCore leaves out, and configures the provider with them.
func (c *Core) Configure(settings map[string]any) (Diagnostics, error) {
	validated, err := c.Server.ValidateProviderConfig(c.ctx, &tfprotov6.ValidateProviderConfigRequest{Config: encoded(ConfigOf(c.Schemas.Provider, settings))})
	if err != nil {
		return nil, err
	}
	diagnostics := fromProtocol(validated.Diagnostics)
	if err := diagnostics.Err(); err != nil {
		return diagnostics, err
	}
	configured, err := c.configure(settings)
	return append(diagnostics, configured...), err
}

func (c *Core) configure(settings map[string]any) (Diagnostics, error) {
	c.settings = settings
	resp, err := c.Server.ConfigureProvider(c.ctx, &tfprotov6.ConfigureProviderRequest{Config: encoded(ConfigOf(c.Schemas.Provider, settings))})
	if err != nil {
		return nil, err
	}
	diagnostics := fromProtocol(resp.Diagnostics)
	return diagnostics, diagnostics.Err()
}

// Restart starts another process of the same provider, with the same settings.
func (c *Core) Restart() (*Core, error) {
	c.tb.Helper()
	next, err := NewCore(c.tb, c.factory, c.Schemas, c.settings)
	if err == nil {
		next.ctx = c.ctx
	}
	return next, err
}

// WithContext returns the same provider process, whose calls end with the context.
func (c *Core) WithContext(ctx context.Context) *Core {
	next := *c
	next.ctx = ctx
	return &next
}

// ReadDataSource reads a data source, and returns its attributes.
func (c *Core) ReadDataSource(name string, given map[string]any) (map[string]tftypes.Value, Diagnostics, error) {
	schema := c.Schemas.DataSourceSchemas[name]
	resp, err := c.Server.ReadDataSource(c.ctx, &tfprotov6.ReadDataSourceRequest{TypeName: name, Config: encoded(ConfigOf(schema, given))})
	if err != nil {
		return nil, nil, err
	}
	diagnostics := fromProtocol(resp.Diagnostics)
	if err := diagnostics.Err(); err != nil {
		return nil, diagnostics, err
	}
	state, err := resp.State.Unmarshal(schema.ValueType())
	return AttributesOf(state), diagnostics, err
}

// Listed is a result of a list resource.
type Listed struct {
	Diagnostics Diagnostics // without anything else, if it has any
	DisplayName string
	Identity    Object // absent with diagnostics
	Object      Object // absent unless asked for
}

// List validates and runs a list resource; a limit of 0 is none.
func (r Resource) List(filter map[string]any, include bool, limit int64) ([]Listed, error) {
	server, ok := r.Server.(tfprotov6.ListResourceServer)
	if !ok {
		return nil, errors.New("the provider has no list resources")
	}
	config := encoded(ConfigOf(r.Schemas.ListResourceSchemas[r.Type], filter))
	validated, err := server.ValidateListResourceConfig(r.ctx, &tfprotov6.ValidateListResourceConfigRequest{TypeName: r.Type, Config: config})
	if err != nil {
		return nil, err
	}
	if err := fromProtocol(validated.Diagnostics).Err(); err != nil {
		return nil, err
	}
	stream, err := server.ListResource(r.ctx, &tfprotov6.ListResourceRequest{TypeName: r.Type, Config: config, IncludeResource: include, Limit: limit})
	if err != nil {
		return nil, err
	}
	var list []Listed
	for result := range stream.Results {
		one := Listed{Diagnostics: fromProtocol(result.Diagnostics), DisplayName: result.DisplayName}
		if err := one.Diagnostics.Err(); err != nil {
			return list, err
		}
		if result.Identity != nil {
			identity, err := result.Identity.IdentityData.Unmarshal(r.identity.ValueType())
			if err != nil {
				return nil, err
			}
			one.Identity.Value = identity
		}
		if len(one.Diagnostics) > 0 && (len(list) > 0 || one.Identity.Exists()) {
			return list, fmt.Errorf("warnings that don't come first and alone: %q", one.Diagnostics.Warnings())
		}
		if result.Resource != nil {
			if one.Object.Value, err = r.decoded(result.Resource); err != nil {
				return nil, err
			}
		}
		list = append(list, one)
	}
	return list, nil
}

// Invoke validates, plans and invokes an action, and returns its progress messages.
func (c *Core) Invoke(name string, given map[string]any) (progress []string, err error) {
	server, ok := c.Server.(tfprotov6.ActionServer)
	if !ok {
		return nil, errors.New("the provider has no actions")
	}
	config := encoded(ConfigOf(c.Schemas.ActionSchemas[name].Schema, given))
	validated, err := server.ValidateActionConfig(c.ctx, &tfprotov6.ValidateActionConfigRequest{ActionType: name, Config: config})
	if err != nil {
		return nil, err
	}
	if err := fromProtocol(validated.Diagnostics).Err(); err != nil {
		return nil, err
	}
	planned, err := server.PlanAction(c.ctx, &tfprotov6.PlanActionRequest{ActionType: name, Config: config})
	if err != nil {
		return nil, err
	}
	if err := fromProtocol(planned.Diagnostics).Err(); err != nil {
		return nil, err
	}
	stream, err := server.InvokeAction(c.ctx, &tfprotov6.InvokeActionRequest{ActionType: name, Config: config})
	if err != nil {
		return nil, err
	}
	for event := range stream.Events {
		switch event := event.Type.(type) {
		case tfprotov6.ProgressInvokeActionEventType:
			progress = append(progress, event.Message)
		case tfprotov6.CompletedInvokeActionEventType:
			err = fromProtocol(event.Diagnostics).Err()
		}
	}
	return progress, err
}
