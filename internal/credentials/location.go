// SPDX-License-Identifier: MPL-2.0

package credentials

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/iam"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

// A name in the provider block takes precedence over an ID elsewhere.
func (f resolver) project(resolved *Resolved, c *sourcedSet) error {
	own, environment := c.projectID, f.fromEnvironment(EnvProjectID)
	ofAnotherAccount := resolved.Agency != nil && !c.agencyIsOwn
	ofAnotherRegion := c.region.Text != "" && c.region.Text != resolved.Region.Text
	if ofAnotherAccount || ofAnotherRegion {
		own = Value{}
	}
	if c.Kind == KindToken && resolved.Agency == nil && f.ProjectID+f.ProjectName != "" {
		resolved.Warnings = append(resolved.Warnings, Warning{
			Summary: "Project without effect",
			Detail:  "A project is set in the provider block, and requests carry a token, from " + c.Source + ", which was issued for a project. That is the one that counts.\n\nRemove the project from the provider block, or use a token for it.",
		})
	}
	inBlock := Value{Text: f.ProjectID, Source: "the argument project_id"}
	if inBlock.Text == "" && f.ProjectName != "" {
		return f.projectName(resolved)
	}
	resolved.ProjectID = c.first(inBlock, own, environment)
	if resolved.ProjectID.Text == "" {
		return f.projectName(resolved)
	}
	if err := f.check(resolved.ProjectID, keyForm, "project_id", f.ProjectID, "project ID"); err != nil {
		return err
	}
	if regionName.MatchString(resolved.ProjectID.Text) {
		return f.fault("project_id", f.ProjectID, "Project ID is a name",
			fmt.Sprintf("The project ID, by %s, is %q, which is a name: an ID has 32 hexadecimal digits. Set project_name or %s to the name instead, or set neither to use the project of the region.",
				resolved.ProjectID.Source, resolved.ProjectID.Text, EnvProjectName))
	}
	return nil
}

// Names of regions, and of projects in them, as in cn-north-4 and cn-north-4_test.
var regionName = regexp.MustCompile(`^[a-z]{2}-[a-z]+-[0-9]+(_.*)?$`)

func (f resolver) check(v Value, as form, argument, inBlock, called string) error {
	wrong := as.flawOf(v.Text)
	if wrong == nil {
		return nil
	}
	detail := fmt.Sprintf("The %s, by %s, %s. %s", called, v.Source, wrong.text, wrong.todo)
	return f.fault(argument, inBlock, wrong.summary, detail)
}

func (f resolver) projectName(resolved *Resolved) error {
	resolved.ProjectName = first(Value{Text: f.ProjectName, Source: "the argument project_name"}, f.fromEnvironment(EnvProjectName))
	return f.check(resolved.ProjectName, nameForm, "project_name", f.ProjectName, "project name")
}

// Other characters could change the host.
var (
	regionPattern = regexp.MustCompile(`^[0-9A-Za-z]([0-9A-Za-z_-]*[0-9A-Za-z])?$`)
	cloudPattern  = regexp.MustCompile(`^[0-9A-Za-z]([0-9A-Za-z.-]*[0-9A-Za-z])?$`)
)

func (f resolver) location(resolved *Resolved, c *sourcedSet) error {
	environment, preset := f.fromEnvironment(EnvRegion), Value{Text: DefaultRegion, Source: "the default"}
	inBlock := Value{Text: f.Region, Source: "the argument region"}
	resolved.Region = first(c.first(inBlock, c.region, environment), preset)
	if !regionPattern.MatchString(resolved.Region.Text) {
		return f.fault("region", f.Region, "Invalid region",
			fmt.Sprintf("The region is %q, by %s. A region is an identifier such as %s.", resolved.Region.Text, resolved.Region.Source, DefaultRegion))
	}
	cloud := first(Value{Text: f.Cloud, Source: "the argument cloud"}, f.fromEnvironment(EnvCloud), presetCloud(resolved.Region.Text))
	if transport.MayHoldSecret(cloud.Text) {
		return &Error{Summary: "Invalid cloud", Detail: fmt.Sprintf("The cloud, by %s, is not a domain name such as %s.", cloud.Source, DefaultCloud)}
	}
	if !cloudPattern.MatchString(cloud.Text) {
		return f.fault("cloud", f.Cloud, "Invalid cloud",
			fmt.Sprintf("The cloud is %q, by %s. It is a domain name without a scheme, such as %s.", cloud.Text, cloud.Source, DefaultCloud))
	}
	host := resolved.Region.Text + "." + cloud.Text
	ofIAM := first(Value{Text: f.AuthURL, Source: "the argument auth_url"}, f.fromEnvironment(EnvAuthURL))
	if f.Region == "" && f.Cloud == "" {
		ofIAM = first(ofIAM, c.iamEndpoint)
	}
	ofSTS := f.fromEnvironment(EnvSTSEndpoint)
	if before, after, found := strings.Cut(asEndpoint(ofIAM.Text), "://iam."); found {
		ofSTS = first(ofSTS, Value{Text: before + "://sts." + after, Source: ofIAM.Source})
	}
	return f.endpoints(resolved, first(ofIAM, Value{Text: "https://iam." + host}), first(ofSTS, Value{Text: "https://sts." + host}))
}

// The European sites are a cloud of their own.
func presetCloud(region string) Value {
	if strings.HasPrefix(region, "eu-west-1") {
		return Value{Text: "myhuaweicloud.eu", Source: "the region"}
	}
	return Value{Text: DefaultCloud, Source: "the default"}
}

func (f resolver) endpoints(resolved *Resolved, ofIAM, ofSTS Value) error {
	authURL := "" // that of the block, if it is what was taken
	if f.AuthURL != "" {
		authURL = "auth_url"
	}
	metadata := f.fromEnvironment(EnvMetadataEndpoint)
	if metadata.Text == iam.DefaultMetadataEndpoint {
		metadata = Value{}
	}
	for _, e := range []struct {
		from     Value
		argument string
		to       *string
	}{
		{ofIAM, authURL, &resolved.IAMEndpoint},
		{ofSTS, "", &resolved.STSEndpoint},
		{metadata, "", &resolved.MetadataEndpoint},
	} {
		if e.from.Text == "" {
			continue
		}
		endpoint, err := transport.ParseEndpoint(asEndpoint(e.from.Text), "https://iam."+DefaultRegion+"."+DefaultCloud)
		if err != nil {
			invalid := &Error{Summary: "Invalid endpoint", Detail: fmt.Sprintf("The endpoint from %s can't be used: %s.", e.from.Source, err)}
			if !transport.MayHoldSecret(e.from.Text) {
				invalid.Attribute = e.argument
			}
			return invalid
		}
		*e.to = endpoint.String()
	}
	return nil
}

// Users write endpoints with or without scheme and version.
func asEndpoint(s string) string {
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	return strings.TrimSuffix(strings.TrimSuffix(s, "/"), "/v3")
}

func (f resolver) fault(argument, inBlock, summary, detail string) error {
	err := &Error{Summary: summary, Detail: detail}
	if inBlock != "" {
		err.Attribute = argument
	}
	return err
}

func (f resolver) fromEnvironment(variable string) Value {
	return Value{Text: f.Getenv(variable), Source: "the environment variable " + variable}
}

func (c *sourcedSet) first(inBlock, own, environment Value) Value {
	if c.explicit {
		return first(inBlock, own, environment)
	}
	return first(inBlock, environment, own)
}

func first(values ...Value) Value {
	for _, v := range values {
		if v.Text != "" {
			return v
		}
	}
	return Value{}
}
