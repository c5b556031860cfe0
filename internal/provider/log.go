// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"log/slog"

	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// SilenceUnwantedLogs turns off logs unless a variable asks for one (TF_LOG, TF_LOG_PROVIDER, TF_LOG_SDK, or one for a
// part). The CLI would parse them and drop them, which takes a third of the time of a large plan.
func SilenceUnwantedLogs(getenv func(string) string, setenv func(name, value string) error) {
	for _, name := range []string{
		"TF_LOG", "TF_LOG_PROVIDER", providerLogLevel, sdkLogLevel, "TF_LOG_SDK_PROTO", "TF_LOG_SDK_FRAMEWORK",
	} {
		if getenv(name) != "" {
			return
		}
	}
	for _, name := range []string{providerLogLevel, sdkLogLevel} {
		_ = setenv(name, "off")
	}
}

const (
	providerLogLevel = "TF_LOG_PROVIDER_SPARKRTC"
	sdkLogLevel      = "TF_LOG_SDK"
)

// tflogHandler hands the client's records to the log of the RPC that they
// belong to, which is in the context.
type tflogHandler struct {
	// secrets are masked here too, whatever the client has masked already.
	secrets []string
	attrs   []slog.Attr
}

var _ slog.Handler = tflogHandler{}

// Enabled leaves the choice to TF_LOG.
func (h tflogHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h tflogHandler) Handle(ctx context.Context, record slog.Record) error {
	fields := make(map[string]any, record.NumAttrs()+len(h.attrs))
	for _, attr := range h.attrs {
		fields[attr.Key] = attr.Value.Any()
	}
	record.Attrs(func(attr slog.Attr) bool {
		fields[attr.Key] = attr.Value.Any()
		return true
	})
	ctx = tflog.MaskLogStrings(ctx, h.secrets...)
	switch {
	case record.Level >= slog.LevelError:
		tflog.Error(ctx, record.Message, fields)
	case record.Level >= slog.LevelWarn:
		tflog.Warn(ctx, record.Message, fields)
	case record.Level >= slog.LevelInfo:
		tflog.Info(ctx, record.Message, fields)
	default:
		tflog.Debug(ctx, record.Message, fields)
	}
	return nil
}

func (h tflogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.attrs = append(h.attrs[:len(h.attrs):len(h.attrs)], attrs...)
	return h
}

// WithGroup is not needed by the client, whose records are flat.
func (h tflogHandler) WithGroup(string) slog.Handler { return h }
