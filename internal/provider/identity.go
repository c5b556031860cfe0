// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// identifyApp sets the identity, also that of a state from before there was one.
func identifyApp(ctx context.Context, identity *tfsdk.ResourceIdentity, appID types.String, diags *diag.Diagnostics) {
	if identity != nil && identity.Raw.IsNull() { // no app has another one later
		diags.Append(identity.SetAttribute(ctx, path.Root("app_id"), appID)...)
	}
}
