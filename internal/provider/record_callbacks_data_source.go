// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// recordCallbacksDataSource lists all apps of the project, with their callbacks.
type recordCallbacksDataSource struct {
	provider *providerData
}

var _ datasource.DataSourceWithConfigure = (*recordCallbacksDataSource)(nil)

func newRecordCallbacksDataSource() datasource.DataSource { return &recordCallbacksDataSource{} }

// appFilter says which apps are meant. What is null excludes none.
type appFilter struct {
	AppName  types.String `tfsdk:"app_name"`
	AppState types.String `tfsdk:"app_state"`
}

type callbackFilter struct {
	appFilter

	URLPrefix types.String `tfsdk:"url_prefix"`
}

type recordCallbacksModel struct {
	callbackFilter

	Configured types.Bool                     `tfsdk:"configured"`
	Apps       map[string]listedCallbackModel `tfsdk:"apps"`
}

// listedCallbackModel is an app and its callback, as they are listed. It has no key: for_each refuses a map with secrets.
type listedCallbackModel struct {
	AppName                 types.String `tfsdk:"app_name"`
	AppState                types.String `tfsdk:"app_state"`
	Configured              types.Bool   `tfsdk:"configured"`
	HasAuthKey              types.Bool   `tfsdk:"has_auth_key"`
	NotifyEventSubscription types.Set    `tfsdk:"notify_event_subscription"`
	UpdateTime              types.String `tfsdk:"update_time"`
	URL                     types.String `tfsdk:"url"`
}

// The descriptions of a callbackFilter.
const (
	filterAppName   = "Only apps with exactly this name."
	filterAppState  = "Only apps in this state: `ACTIVATION` (enabled), `DEACTIVATION` (disabled) or `ARREARS`."
	filterURLPrefix = "Only apps whose callback URL begins with this."
)

func appStates() []validator.String {
	return []validator.String{stringvalidator.OneOf(string(sparkrtc.AppActive), string(sparkrtc.AppDeactivated), string(sparkrtc.AppInArrears))}
}

func (d *recordCallbacksDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_record_callbacks"
}

func (d *recordCallbacksDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the SparkRTC apps of the project with their recording callbacks, for example to import them. An incomplete list is an error.",
		Attributes: map[string]schema.Attribute{
			"app_name":   schema.StringAttribute{MarkdownDescription: filterAppName, Optional: true},
			"app_state":  schema.StringAttribute{MarkdownDescription: filterAppState, Optional: true, Validators: appStates()},
			"url_prefix": schema.StringAttribute{MarkdownDescription: filterURLPrefix, Optional: true},
			"configured": schema.BoolAttribute{MarkdownDescription: "`true`: only apps with a recording callback. `false`: only apps without one.", Optional: true},
			"apps": schema.MapNestedAttribute{
				MarkdownDescription: "The apps by ID.",
				Computed:            true,
				NestedObject: schema.NestedAttributeObject{
					Attributes: map[string]schema.Attribute{
						"app_name":                  schema.StringAttribute{MarkdownDescription: "Name of the app.", Computed: true},
						"app_state":                 schema.StringAttribute{MarkdownDescription: "State of the app: `ACTIVATION` (enabled), `DEACTIVATION` (disabled) or `ARREARS`.", Computed: true},
						"configured":                schema.BoolAttribute{MarkdownDescription: "Whether the app has a recording callback. If not, the attributes of the callback are null.", Computed: true},
						"has_auth_key":              schema.BoolAttribute{MarkdownDescription: viewHasAuthKey, Computed: true},
						"notify_event_subscription": schema.SetAttribute{MarkdownDescription: viewEvents, Computed: true, ElementType: types.StringType},
						"update_time":               schema.StringAttribute{MarkdownDescription: viewUpdateTime, Computed: true},
						"url":                       schema.StringAttribute{MarkdownDescription: viewURL, Computed: true},
					},
				},
			},
		},
	}
}

func (d *recordCallbacksDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.provider, _ = req.ProviderData.(*providerData)
}

func (d *recordCallbacksDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model recordCallbacksModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	list := slices.DeleteFunc(d.provider.listApps(ctx, model.appFilter, &resp.Diagnostics), model.excludes)
	if resp.Diagnostics.HasError() {
		return
	}
	model.Apps = make(map[string]listedCallbackModel, len(list))
	for _, app := range list {
		shown := listedCallbackModel{
			AppName:                 types.StringValue(string(app.Name)),
			AppState:                types.StringValue(string(app.State)),
			Configured:              types.BoolValue(false),
			NotifyEventSubscription: types.SetNull(types.StringType),
		}
		if callback := app.RecordCallback(); callback != nil {
			shown.Configured = types.BoolValue(true)
			shown.HasAuthKey = types.BoolValue(callback.AuthKey != "")
			shown.URL = types.StringValue(callback.URL)
			shown.NotifyEventSubscription, shown.UpdateTime = computed(ctx, callback)
		}
		if model.Configured.IsNull() || model.Configured.Equal(shown.Configured) {
			model.Apps[app.ID] = shown
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

// listApps lists the apps of a filter.
func (d *providerData) listApps(ctx context.Context, filter appFilter, diags *diag.Diagnostics) []sparkrtc.App {
	var list []sparkrtc.App
	d.call(ctx, operation{about: allApps, verb: "listed"}, diags, func(ctx context.Context) error {
		l, err := d.apps.list(ctx, need{whole: true, fresh: true})
		if err != nil {
			return err
		}
		if list = l.list; errors.Is(l.err, sparkrtc.ErrIncomplete) {
			diags.AddError("List of apps is not complete", "The apps could not be listed completely: "+l.err.Error()+".\n\n"+
				"Apps may have been created or deleted meanwhile: run it again. If it stays, name the apps by their IDs, with the data source sparkrtc_record_callback.")
			return nil
		}
		return l.err
	})
	var found []sparkrtc.App
	for _, app := range list {
		if !filter.AppState.IsNull() && app.State == "" {
			diags.AddAttributeError(path.Root("app_state"), "State of an app is not known", fmt.Sprintf(
				"The list of apps does not show the state of app %q, so the filter can't be applied.\n\nRemove app_state.", app.ID))
			return nil
		}
		if filter.has(app) {
			found = append(found, app)
		}
	}
	return found
}

func (f appFilter) has(app sparkrtc.App) bool {
	if !f.AppName.IsNull() && f.AppName.ValueString() != string(app.Name) {
		return false
	}
	return f.AppState.IsNull() || f.AppState.ValueString() == string(app.State)
}

// excludes is about what an appFilter does not.
func (f callbackFilter) excludes(app sparkrtc.App) bool {
	if f.URLPrefix.IsNull() {
		return false
	}
	callback := app.RecordCallback()
	return callback == nil || !strings.HasPrefix(callback.URL, f.URLPrefix.ValueString())
}
