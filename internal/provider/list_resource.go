// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// lister is embedded by each list resource.
type lister struct {
	provider *providerData
}

func (l *lister) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	l.provider, _ = req.ProviderData.(*providerData)
}

// listedObject is a result of a list resource. Results are printed, so none has a secret.
type listedObject struct {
	name       string
	identity   map[string]any
	attributes map[string]any // others are null
}

// pushAll hands over what was found, up to the limit of the request. Warnings come first, and an error comes alone.
func pushAll[T any](ctx context.Context, req list.ListRequest, stream *list.ListResultsStream, found []T, diags diag.Diagnostics, object func(T) listedObject) {
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	if all := len(found); req.Limit > 0 && int64(all) > req.Limit {
		found = found[:req.Limit]
		diags.AddWarning("More results than the limit", fmt.Sprintf(
			"%d results match, and %d of them are shown: Terraform's limit is 100 unless the list block sets another one.\n\nSet limit = %d in the list block.", all, req.Limit, all))
	}
	stream.Results = func(push func(list.ListResult) bool) {
		if len(diags) > 0 && !push(list.ListResult{Diagnostics: diags}) {
			return
		}
		for _, f := range found {
			if !push(object(f).result(ctx, req)) {
				return
			}
		}
	}
}

func (o listedObject) result(ctx context.Context, req list.ListRequest) list.ListResult {
	result := req.NewListResult(ctx)
	result.DisplayName = o.name
	for name, value := range o.identity {
		result.Diagnostics.Append(result.Identity.SetAttribute(ctx, path.Root(name), value)...)
	}
	if req.IncludeResource {
		for name, value := range o.attributes {
			result.Diagnostics.Append(result.Resource.SetAttribute(ctx, path.Root(name), value)...)
		}
	}
	return result
}

// displayName is how lists show an app, and what it has one of.
func displayName(app sparkrtc.App) string {
	if name := string(app.Name); name != "" && name != app.ID {
		return name + " (" + app.ID + ")"
	}
	return app.ID
}
