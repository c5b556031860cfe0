// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// defaultTimeout is long enough for a few hundred callbacks within a quota of 60
// calls a minute.
const defaultTimeout = 20 * time.Minute

func timeoutDescription(what string) string {
	return fmt.Sprintf("How long %s may take, with all waits and retries: a [duration](https://pkg.go.dev/time#ParseDuration) such as `\"90s\"` or `\"5m\"`. Default: `\"%.0fm\"`.", what, defaultTimeout.Minutes())
}

// checkTimeouts refuses what no operation can keep: a read with such a timeout
// would fail each plan from then on.
func checkTimeouts(ctx context.Context, value timeouts.Value, diags *diag.Diagnostics) {
	for _, timeout := range []timeout{createTimeout, readTimeout, updateTimeout, deleteTimeout} {
		if bound, d := timeout.of(ctx, value); !d.HasError() && bound < time.Second {
			diags.AddAttributeError(path.Root("timeouts").AtName(timeout.name), "Invalid timeout",
				fmt.Sprintf("No operation ends within %v. Allow a second at least; the default is %v.", bound, defaultTimeout))
		}
	}
}

// timeout is one of those in the block.
type timeout struct {
	name string
	read func(timeouts.Value, context.Context, time.Duration) (time.Duration, diag.Diagnostics)
}

var (
	createTimeout = timeout{"create", timeouts.Value.Create}
	readTimeout   = timeout{"read", timeouts.Value.Read}
	updateTimeout = timeout{"update", timeouts.Value.Update}
	deleteTimeout = timeout{"delete", timeouts.Value.Delete}
)

// of leaves one that is not set alone: reading it would log at INFO, for each
// resource, that it is not set.
func (t timeout) of(ctx context.Context, block timeouts.Value) (time.Duration, diag.Diagnostics) {
	if attribute, ok := block.Attributes()[t.name]; !ok || attribute.IsNull() || attribute.IsUnknown() {
		return defaultTimeout, nil
	}
	return t.read(block, ctx, defaultTimeout)
}

// errTimeIsUp is the cause of an operation's end at its timeout.
var errTimeIsUp = errors.New("time is up")

// begin bounds what calls the API. End tells what users are to know of how it
// went.
func (d *providerData) begin(ctx context.Context, bound time.Duration, diags *diag.Diagnostics) (_ context.Context, end func()) {
	ctx, cancel := context.WithTimeoutCause(ctx, bound, fmt.Errorf("%w: %v", errTimeIsUp, bound))
	return ctx, func() {
		cancel()
		d.addNotices(diags)
	}
}
