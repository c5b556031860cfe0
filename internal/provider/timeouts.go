// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// defaultTimeout is long enough for a few hundred callbacks within a quota of 60
// calls a minute.
const defaultTimeout = 20 * time.Minute

func timeoutDescription() string {
	return fmt.Sprintf("Time limit with waits and retries, such as `\"1h30m\"`. Default: `\"%.0fm\"`.", defaultTimeout.Minutes())
}

// timeoutsBlock is the library's, whose validator accepts negative durations and speaks of Go.
func timeoutsBlock(ctx context.Context, opts timeouts.Opts) schema.Block {
	block, _ := timeouts.Block(ctx, opts).(schema.SingleNestedBlock)
	for name, attribute := range block.Attributes {
		text, _ := attribute.(schema.StringAttribute)
		text.Validators = []validator.String{duration{time.Second, 24 * time.Hour}}
		block.Attributes[name] = text
	}
	return block
}

// allTimeouts are the blocks of a resource with a timeout for each operation.
func allTimeouts(ctx context.Context) map[string]schema.Block {
	return map[string]schema.Block{
		"timeouts": timeoutsBlock(ctx, timeouts.Opts{
			Create: true, CreateDescription: timeoutDescription(),
			Read: true, ReadDescription: timeoutDescription(),
			Update: true, UpdateDescription: timeoutDescription(),
			Delete: true, DeleteDescription: timeoutDescription(),
		}),
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
// resource, that it is not set. The zero timeout never is.
func (t timeout) of(ctx context.Context, block timeouts.Value) (time.Duration, diag.Diagnostics) {
	if attribute, ok := block.Attributes()[t.name]; !ok || attribute.IsNull() || attribute.IsUnknown() {
		return defaultTimeout, nil
	}
	return t.read(block, ctx, defaultTimeout)
}

var errTimedOut = errors.New("timed out")

// begin bounds calls of the API. End adds the notices about them.
func (d *providerData) begin(ctx context.Context, bound time.Duration, diags *diag.Diagnostics) (_ context.Context, end func()) {
	ctx, cancel := context.WithTimeoutCause(ctx, bound, fmt.Errorf("%w after %v", errTimedOut, bound))
	return ctx, func() {
		cancel()
		d.addNotices(diags)
	}
}
