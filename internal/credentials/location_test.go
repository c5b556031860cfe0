// SPDX-License-Identifier: MPL-2.0

package credentials

import (
	"strings"
	"testing"
)

// keyInEnvironment is a set that brings nothing along.
func keyInEnvironment(w *testEnvironment) { w.set("HW_ACCESS_KEY=AK", "HW_SECRET_KEY=c0ffee") }

func devProfile(w *testEnvironment) { w.cliFile(); w.Profile = "dev" }

func sdkKey(w *testEnvironment) {
	w.set("HUAWEICLOUD_SDK_AK=AK", "HUAWEICLOUD_SDK_SK=c0ffee", "HUAWEICLOUD_SDK_PROJECT_ID=psdk")
}

func agencyAround(w *testEnvironment) {
	w.set("HW_ASSUME_ROLE_AGENCY_NAME=around", "HW_ASSUME_ROLE_DOMAIN_NAME=d")
}

// agencyProfile has an agency of its own, and a project.
func agencyProfile(w *testEnvironment) {
	w.file(".hcloud/config.json", `{"current": "own", "profiles": [{"name": "own", "accessKeyId": "AK", "secretAccessKey": "c0ffee", "projectId": "pown",
		"agencyName": "theirs", "agencyDomainName": "d"}]}`)
}

// A token is for a project already.
func TestFindWarnsOfAProjectBesideAToken(t *testing.T) {
	token := func(w *testEnvironment) { w.Token = canary }
	around := func(w *testEnvironment) { w.set("HW_AUTH_TOKEN=c0ffee") }
	project := func(w *testEnvironment) { w.ProjectID = "p" }
	projectName := func(w *testEnvironment) { w.ProjectName = "n" }
	projectAround := func(w *testEnvironment) { w.set("HW_PROJECT_ID=p", "HW_PROJECT_NAME=n") }
	tests := map[string]struct {
		put    func(*testEnvironment)
		source string // of the token that is warned of; "" for no warning
	}{
		"ID":                            {and(token, project), "the provider block"},
		"name":                          {and(token, projectName), "the provider block"},
		"both":                          {and(token, project, projectName), "the provider block"},
		"ID, token around":              {and(around, project), "the environment (HW_AUTH_TOKEN)"},
		"name, token around":            {and(around, projectName), "the environment (HW_AUTH_TOKEN)"},
		"ID, and another around":        {and(token, project, projectAround), "the provider block"},
		"none":                          {token, ""},
		"around":                        {and(token, projectAround), ""},
		"around, token around":          {and(around, projectAround), ""},
		"ID for an agency":              {and(token, project, agencyByName), ""},
		"name for an agency":            {and(token, projectName, agencyByName), ""},
		"ID for an agency around":       {and(token, project, agencyAround), ""},
		"ID for an access key":          {and(keySet, project), ""},
		"name for a password":           {and(passwordSet, projectName), ""},
		"ID for an access key's around": {and(keyInEnvironment, project), ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newTestEnvironment(t)
			tc.put(w)
			got := w.must().Warnings
			if tc.source == "" {
				if len(got) > 0 {
					t.Errorf("got %+v", got)
				}
				return
			}
			want := Warning{Summary: "Project without effect", Detail: "A project is set in the provider block, and requests carry a token, from " + tc.source +
				", which was issued for a project. That is the one that counts.\n\nRemove the project from the provider block, or use a token for it."}
			if len(got) != 1 || got[0] != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestFindProject(t *testing.T) {
	env := []string{"HW_PROJECT_ID=penv", "HW_PROJECT_NAME=nenv"}
	tests := map[string]struct {
		set      func(*testEnvironment)
		id, name string
		env      []string
		wantID   Value
		wantName Value
	}{
		"nowhere":                           {keyInEnvironment, "", "", nil, Value{}, Value{}},
		"the block's":                       {keyInEnvironment, "p", "n", env, Value{Text: "p", Source: "the argument project_id"}, Value{}},
		"the block's, over a profile's":     {devProfile, "p", "", env, Value{Text: "p", Source: "the argument project_id"}, Value{}},
		"the environment's":                 {keyInEnvironment, "", "", env, Value{Text: "penv", Source: "the environment variable HW_PROJECT_ID"}, Value{}},
		"a profile's that the block names":  {devProfile, "", "", env, Value{Text: "pdev", Source: `profile "dev" of ~/.hcloud/config.json`}, Value{}},
		"the environment's over a set's":    {(*testEnvironment).cliFile, "", "", env, Value{Text: "penv", Source: "the environment variable HW_PROJECT_ID"}, Value{}},
		"a set's":                           {(*testEnvironment).cliFile, "", "", env[1:], Value{Text: "pmain", Source: `profile "main" of ~/.hcloud/config.json`}, Value{}},
		"the SDK's":                         {sdkKey, "", "", nil, Value{Text: "psdk", Source: "the environment variable HUAWEICLOUD_SDK_PROJECT_ID"}, Value{}},
		"the SDK's, for another set":        {func(w *testEnvironment) { sdkKey(w); keyInEnvironment(w) }, "", "", nil, Value{}, Value{}},
		"the SDK's file's":                  {func(w *testEnvironment) { w.ini("ak=AK", "sk=c0ffee", "project_id=pini") }, "", "", nil, Value{Text: "pini", Source: "project_id in section [basic] of ~/.huaweicloud/credentials"}, Value{}},
		"the block's name":                  {keyInEnvironment, "", "n", env[1:], Value{}, Value{Text: "n", Source: "the argument project_name"}},
		"the environment's name":            {keyInEnvironment, "", "", env[1:], Value{}, Value{Text: "nenv", Source: "the environment variable HW_PROJECT_NAME"}},
		"the block's name over an ID":       {keyInEnvironment, "", "n", env, Value{}, Value{Text: "n", Source: "the argument project_name"}},
		"the block's name over a profile's": {devProfile, "", "n", nil, Value{}, Value{Text: "n", Source: "the argument project_name"}},

		// A profile's is of the profile's region.
		"a profile's of another region than the block's":       {and((*testEnvironment).cliFile, func(w *testEnvironment) { w.Region = "cn-north-4" }), "", "", nil, Value{}, Value{}},
		"a profile's of another region than the environment's": {(*testEnvironment).cliFile, "", "", []string{"HW_REGION_NAME=cn-north-4"}, Value{}, Value{}},
		"a profile's that the block names, of another region":  {and(devProfile, func(w *testEnvironment) { w.Region = "cn-north-4" }), "", "", env[1:], Value{}, Value{Text: "nenv", Source: "the environment variable HW_PROJECT_NAME"}},
		"a profile's of the block's region":                    {and(devProfile, func(w *testEnvironment) { w.Region = "cn-dev-1" }), "", "", nil, Value{Text: "pdev", Source: `profile "dev" of ~/.hcloud/config.json`}, Value{}},
		"a profile's without a region":                         {and(agencyProfile, func(w *testEnvironment) { w.Region = "cn-north-4" }), "", "", nil, Value{Text: "pown", Source: `profile "own" of ~/.hcloud/config.json`}, Value{}},

		// What came along is of the account that assumes an agency, unless the
		// agency came along too.
		"a profile's, with an agency of the block":              {and(devProfile, agencyByID), "", "", nil, Value{}, Value{}},
		"a profile's, with one, next to a name":                 {and(devProfile, agencyByID), "", "", env[1:], Value{}, Value{Text: "nenv", Source: "the environment variable HW_PROJECT_NAME"}},
		"a profile's, with one, next to the environment's":      {and(devProfile, agencyByID), "", "", env, Value{Text: "penv", Source: "the environment variable HW_PROJECT_ID"}, Value{}},
		"a profile's, with one, next to the block's":            {and(devProfile, agencyByID), "p", "", env, Value{Text: "p", Source: "the argument project_id"}, Value{}},
		"the current profile's, with an agency around":          {and((*testEnvironment).cliFile, agencyAround), "", "", nil, Value{}, Value{}},
		"a profile's that the block names, with one around":     {and(devProfile, agencyAround), "", "", nil, Value{}, Value{}},
		"the SDK's, with an agency of the block":                {and(sdkKey, agencyByName), "", "", nil, Value{}, Value{}},
		"the SDK's, with an agency around":                      {and(sdkKey, agencyAround), "", "", nil, Value{}, Value{}},
		"the SDK's file's, with an agency around":               {and(func(w *testEnvironment) { w.ini("ak=AK", "sk=c0ffee", "project_id=pini") }, agencyAround), "", "", nil, Value{}, Value{}},
		"a profile's, with its own agency":                      {agencyProfile, "", "", nil, Value{Text: "pown", Source: `profile "own" of ~/.hcloud/config.json`}, Value{}},
		"a profile's that the block names, with its own agency": {and(agencyProfile, func(w *testEnvironment) { w.Profile = "own" }), "", "", env, Value{Text: "pown", Source: `profile "own" of ~/.hcloud/config.json`}, Value{}},
		"that, with another around":                             {and(agencyProfile, agencyAround, func(w *testEnvironment) { w.Profile = "own" }), "", "", nil, Value{Text: "pown", Source: `profile "own" of ~/.hcloud/config.json`}, Value{}},
		"a profile's with an agency, and another around":        {and(agencyProfile, agencyAround), "", "", nil, Value{}, Value{}},
		"a profile's with an agency, and another in the block":  {and(agencyProfile, agencyByName), "", "", nil, Value{}, Value{}},
		"the environment's, with its agency":                    {and(keyInEnvironment, agencyAround), "", "", env, Value{Text: "penv", Source: "the environment variable HW_PROJECT_ID"}, Value{}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newTestEnvironment(t).set(tc.env...)
			w.ProjectID, w.ProjectName = tc.id, tc.name
			tc.set(w)
			found := w.must()
			if found.ProjectID != tc.wantID || found.ProjectName != tc.wantName {
				t.Errorf("got %+v and %+v, want %+v and %+v", found.ProjectID, found.ProjectName, tc.wantID, tc.wantName)
			}
		})
	}
}

func TestFindRegion(t *testing.T) {
	env := []string{"HW_REGION_NAME=cn-env-1"}
	tests := map[string]struct {
		set    func(*testEnvironment)
		region string
		env    []string
		want   Value
	}{
		"nowhere":                          {keyInEnvironment, "", nil, Value{Text: "cn-north-4", Source: "the default"}},
		"the block's":                      {devProfile, "cn-block-1", env, Value{Text: "cn-block-1", Source: "the argument region"}},
		"a profile's that the block names": {devProfile, "", env, Value{Text: "cn-dev-1", Source: `profile "dev" of ~/.hcloud/config.json`}},
		"the environment's over a set's":   {(*testEnvironment).cliFile, "", env, Value{Text: "cn-env-1", Source: "the environment variable HW_REGION_NAME"}},
		"a set's":                          {(*testEnvironment).cliFile, "", nil, Value{Text: "cn-main-1", Source: `profile "main" of ~/.hcloud/config.json`}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newTestEnvironment(t).set(tc.env...)
			w.Region = tc.region
			tc.set(w)
			if got := w.must().Region; got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestFindEndpoints(t *testing.T) {
	const metadata = "" // the usual one
	tests := map[string]struct {
		put                func(*testEnvironment)
		iam, sts, metadata string
	}{
		"preset":          {keyInEnvironment, "https://iam.cn-north-4.myhuaweicloud.com", "https://sts.cn-north-4.myhuaweicloud.com", metadata},
		"a profile's":     {devProfile, "https://iam.cn-dev-1.myhuaweicloud.com", "https://sts.cn-dev-1.myhuaweicloud.com", metadata},
		"European":        {func(w *testEnvironment) { keyInEnvironment(w); w.Region = "eu-west-101" }, "https://iam.eu-west-101.myhuaweicloud.eu", "https://sts.eu-west-101.myhuaweicloud.eu", metadata},
		"not quite":       {func(w *testEnvironment) { keyInEnvironment(w); w.Region = "eu-west-0" }, "https://iam.eu-west-0.myhuaweicloud.com", "https://sts.eu-west-0.myhuaweicloud.com", metadata},
		"cloud":           {func(w *testEnvironment) { keyInEnvironment(w); w.Region, w.Cloud = "eu-west-101", "example.com" }, "https://iam.eu-west-101.example.com", "https://sts.eu-west-101.example.com", metadata},
		"cloud, variable": {func(w *testEnvironment) { keyInEnvironment(w); w.set("HW_CLOUD=example.org") }, "https://iam.cn-north-4.example.org", "https://sts.cn-north-4.example.org", metadata},
		"auth_url": {func(w *testEnvironment) {
			keyInEnvironment(w)
			w.AuthURL = "https://iam.example.com/v3/"
			w.set("HW_AUTH_URL=x")
		}, "https://iam.example.com", "https://sts.example.com", metadata},
		"HW_AUTH_URL":      {func(w *testEnvironment) { keyInEnvironment(w); w.set("HW_AUTH_URL=https://iam.example.com:8443/v3") }, "https://iam.example.com:8443", "https://sts.example.com:8443", metadata},
		"without a scheme": {func(w *testEnvironment) { keyInEnvironment(w); w.AuthURL = "iam.example.com" }, "https://iam.example.com", "https://sts.example.com", metadata},
		"another host":     {func(w *testEnvironment) { keyInEnvironment(w); w.AuthURL = "https://auth.iam.example.com" }, "https://auth.iam.example.com", "https://sts.cn-north-4.myhuaweicloud.com", metadata},
		"almost IAM's":     {func(w *testEnvironment) { keyInEnvironment(w); w.AuthURL = "https://iam-2.example.com" }, "https://iam-2.example.com", "https://sts.cn-north-4.myhuaweicloud.com", metadata},
		"another, region":  {func(w *testEnvironment) { keyInEnvironment(w); w.AuthURL, w.Region = "https://10.0.0.1", "cn-own-1" }, "https://10.0.0.1", "https://sts.cn-own-1.myhuaweicloud.com", metadata},
		"auth_url, region": {func(w *testEnvironment) {
			keyInEnvironment(w)
			w.AuthURL, w.Region, w.Cloud = "https://iam.example.com", "cn-own-1", "x"
		}, "https://iam.example.com", "https://sts.example.com", metadata},
		"STS of its own": {func(w *testEnvironment) {
			keyInEnvironment(w)
			w.AuthURL = "https://iam.example.com"
			w.set("SPARKRTC_STS_ENDPOINT=https://sts.example.org/")
		}, "https://iam.example.com", "https://sts.example.org", metadata},
		"STS alone":    {func(w *testEnvironment) { keyInEnvironment(w); w.set("SPARKRTC_STS_ENDPOINT=sts.example.org") }, "https://iam.cn-north-4.myhuaweicloud.com", "https://sts.example.org", metadata},
		"iam_endpoint": {func(w *testEnvironment) { w.ini("ak=AK", "sk=c0ffee", "iam_endpoint = https://iam.example.net/") }, "https://iam.example.net", "https://sts.example.net", metadata},
		"iam_endpoint, elsewhere": {func(w *testEnvironment) {
			w.ini("ak=AK", "sk=c0ffee", "iam_endpoint = https://auth.example.net")
			w.set("HW_REGION_NAME=cn-env-1")
		},
			"https://auth.example.net", "https://sts.cn-env-1.myhuaweicloud.com", metadata},
		"iam_endpoint, and STS of its own": {func(w *testEnvironment) {
			w.ini("ak=AK", "sk=c0ffee", "iam_endpoint = https://iam.example.net")
			w.set("SPARKRTC_STS_ENDPOINT=https://sts.example.org")
		}, "https://iam.example.net", "https://sts.example.org", metadata},
		"iam_endpoint, next to HW_AUTH_URL": {func(w *testEnvironment) {
			w.ini("ak=AK", "sk=c0ffee", "iam_endpoint = https://iam.example.net")
			w.set("HW_AUTH_URL=https://iam.example.org")
		}, "https://iam.example.org", "https://sts.example.org", metadata},
		"iam_endpoint, next to a region of the block": {func(w *testEnvironment) {
			w.ini("ak=AK", "sk=c0ffee", "iam_endpoint = https://iam.example.net")
			w.Region = "cn-own-1"
		}, "https://iam.cn-own-1.myhuaweicloud.com", "https://sts.cn-own-1.myhuaweicloud.com", metadata},
		"iam_endpoint, next to a cloud of the block": {func(w *testEnvironment) {
			w.ini("ak=AK", "sk=c0ffee", "iam_endpoint = http://x")
			w.Cloud = "example.com"
		},
			"https://iam.cn-north-4.example.com", "https://sts.cn-north-4.example.com", metadata},
		"the usual metadata": {func(w *testEnvironment) {
			keyInEnvironment(w)
			w.set("SPARKRTC_METADATA_ENDPOINT=http://169.254.169.254")
		},
			"https://iam.cn-north-4.myhuaweicloud.com", "https://sts.cn-north-4.myhuaweicloud.com", metadata},
		"iam_endpoint of another set": {func(w *testEnvironment) {
			keyInEnvironment(w)
			w.ini("ak=AK", "sk=c0ffee", "iam_endpoint=https://iam.example.net")
		},
			"https://iam.cn-north-4.myhuaweicloud.com", "https://sts.cn-north-4.myhuaweicloud.com", metadata},
		"loopback": {func(w *testEnvironment) {
			keyInEnvironment(w)
			w.AuthURL = "http://localhost:1"
			w.set("SPARKRTC_STS_ENDPOINT=http://127.0.0.1:2", "SPARKRTC_METADATA_ENDPOINT=http://[::1]:3")
		}, "http://localhost:1", "http://127.0.0.1:2", "http://[::1]:3"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newTestEnvironment(t)
			tc.put(w)
			found := w.must()
			if found.IAMEndpoint != tc.iam || found.STSEndpoint != tc.sts || found.MetadataEndpoint != tc.metadata {
				t.Errorf("got %s, %s and %s", found.IAMEndpoint, found.STSEndpoint, found.MetadataEndpoint)
			}
		})
	}
}

func TestFindLocationErrors(t *testing.T) {
	tests := map[string]struct {
		put       func(*testEnvironment)
		attribute string
		summary   string
		mentions  []string
	}{
		"blank in a project of the block":        {func(w *testEnvironment) { w.ProjectID = " p" }, "project_id", "Value contains a stray character", []string{"the argument project_id"}},
		"blank in a project of the environment":  {func(w *testEnvironment) { w.set("HW_PROJECT_ID=p ") }, "", "Value contains a stray character", []string{"HW_PROJECT_ID"}},
		"blank after a project's name":           {func(w *testEnvironment) { w.ProjectName = "p " }, "project_name", "Value contains a stray character", []string{"the argument project_name"}},
		"blank after a variable for it":          {func(w *testEnvironment) { w.set("HW_PROJECT_NAME=p ") }, "", "Value contains a stray character", []string{"HW_PROJECT_NAME"}},
		"region's name for a project's ID":       {func(w *testEnvironment) { w.ProjectID = "cn-north-4" }, "project_id", "Project ID is a name", []string{`the argument project_id, is "cn-north-4"`, "32 hexadecimal digits", "project_name"}},
		"project's name for an ID":               {func(w *testEnvironment) { w.ProjectID = "ap-southeast-1_test" }, "project_id", "Project ID is a name", []string{"project_name"}},
		"region's name for an ID in a variable":  {func(w *testEnvironment) { w.set("HW_PROJECT_ID=eu-west-101") }, "", "Project ID is a name", []string{"HW_PROJECT_ID, is", "HW_PROJECT_NAME"}},
		"region that is a host":                  {func(w *testEnvironment) { w.Region = "example.com/" }, "region", "Invalid region", []string{`"example.com/"`, "the argument region"}},
		"region of the environment":              {func(w *testEnvironment) { w.set("HW_REGION_NAME=cn north") }, "", "Invalid region", []string{"HW_REGION_NAME"}},
		"cloud with a scheme":                    {func(w *testEnvironment) { w.Cloud = "https://example.com" }, "cloud", "Invalid cloud", []string{"the argument cloud", "without a scheme"}},
		"cloud of the environment":               {func(w *testEnvironment) { w.set("HW_CLOUD=.com") }, "", "Invalid cloud", []string{"HW_CLOUD"}},
		"no URL":                                 {func(w *testEnvironment) { w.AuthURL = "https://" }, "auth_url", "Invalid endpoint", []string{"the argument auth_url", "no host"}},
		"unparseable":                            {func(w *testEnvironment) { w.AuthURL = "https://%zz" }, "auth_url", "Invalid endpoint", []string{"not a URL"}},
		"host in another script":                 {func(w *testEnvironment) { w.AuthURL = "https://ïam.example.com" }, "auth_url", "Invalid endpoint", []string{"ASCII"}},
		"password in it":                         {func(w *testEnvironment) { w.AuthURL = "https://u:c0ffee@iam.example.com" }, "", "Invalid endpoint", []string{"must not contain a user"}},
		"password in what is no URL":             {func(w *testEnvironment) { w.AuthURL = "https://u:c0ffee%@iam.example.com" }, "", "Invalid endpoint", []string{"not a URL"}},
		"password in a cloud":                    {func(w *testEnvironment) { w.Cloud = "u:c0ffee@example.com" }, "", "Invalid cloud", []string{"the argument cloud"}},
		"line break after it":                    {func(w *testEnvironment) { w.AuthURL = "https://iam.example.com\n" }, "auth_url", "Invalid endpoint", []string{"ends with a line break"}},
		"zero-width space after it":              {func(w *testEnvironment) { w.set("HW_AUTH_URL=https://iam.example.com\u200b") }, "", "Invalid endpoint", []string{"HW_AUTH_URL", "ends with a zero-width space"}},
		"other scheme":                           {func(w *testEnvironment) { w.set("HW_AUTH_URL=ftp://iam.example.com") }, "", "Invalid endpoint", []string{"HW_AUTH_URL", `not "ftp"`}},
		"plain http":                             {func(w *testEnvironment) { w.AuthURL = "http://iam.example.com" }, "auth_url", "Invalid endpoint", []string{"plain http"}},
		"plain http to a link's address":         {func(w *testEnvironment) { w.set("SPARKRTC_STS_ENDPOINT=http://169.254.169.254") }, "", "Invalid endpoint", []string{"SPARKRTC_STS_ENDPOINT", "plain http"}},
		"plain http to a link's address for IAM": {func(w *testEnvironment) { w.AuthURL = "http://169.254.169.254" }, "auth_url", "Invalid endpoint", []string{"the argument auth_url", "plain http"}},
		"colon after the host":                   {func(w *testEnvironment) { w.AuthURL = "https://iam.example.com:" }, "auth_url", "Invalid endpoint", []string{"The endpoint from the argument auth_url can't be used: it has a colon after the host, and no port."}},
		"colon after the host, no scheme":        {func(w *testEnvironment) { w.set("HW_AUTH_URL=iam.example.com:/v3") }, "", "Invalid endpoint", []string{"The endpoint from the environment variable HW_AUTH_URL can't be used: it has a colon after the host, and no port."}},
		"colon after STS":                        {func(w *testEnvironment) { w.set("SPARKRTC_STS_ENDPOINT=https://[::1]:") }, "", "Invalid endpoint", []string{"SPARKRTC_STS_ENDPOINT can't be used: it has a colon after the host, and no port."}},
		"plain http to another metadata": {func(w *testEnvironment) {
			w.AuthURL = "https://x"
			w.set("SPARKRTC_METADATA_ENDPOINT=http://192.0.2.1")
		}, "", "Invalid endpoint", []string{"SPARKRTC_METADATA_ENDPOINT"}},
		"path":  {func(w *testEnvironment) { w.AuthURL = "https://iam.example.com/v2" }, "auth_url", "Invalid endpoint", []string{"scheme and host only"}},
		"query": {func(w *testEnvironment) { w.AuthURL = "https://iam.example.com/v3?c0ffee" }, "", "Invalid endpoint", []string{"scheme and host only"}},
		"iam_endpoint": {func(w *testEnvironment) {
			delete(w.env, "HW_ACCESS_KEY")
			delete(w.env, "HW_SECRET_KEY")
			w.ini("ak=AK", "sk=c0ffee", "iam_endpoint=http://x")
		}, "", "Invalid endpoint", []string{"iam_endpoint in section [basic]"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newTestEnvironment(t)
			keyInEnvironment(w)
			tc.put(w)
			w.fails().check(t, tc.attribute, tc.summary, tc.mentions)
		})
	}
}

func TestHintWithProject(t *testing.T) {
	tests := map[string]struct {
		put  func(*testEnvironment)
		want string
	}{
		"ID":              {func(w *testEnvironment) { keyInEnvironment(w); w.ProjectID = "p" }, "access key **** from the environment (HW_ACCESS_KEY), for project p (the argument project_id)"},
		"profile":         {devProfile, `access key **** from profile "dev" of ~/.hcloud/config.json, for project pdev (profile "dev" of ~/.hcloud/config.json)`},
		"name":            {func(w *testEnvironment) { keyInEnvironment(w); w.set("HW_PROJECT_NAME=n") }, `, for the project with the name "n" (the environment variable HW_PROJECT_NAME)`},
		"region":          {and(devProfile, func(w *testEnvironment) { w.Region = "cn-north-4" }), `, for the project with the name "cn-north-4" (as the region, by the argument region)`},
		"token":           {func(w *testEnvironment) { w.Token = canary }, "a token from the provider block"},
		"token to assume": {and(func(w *testEnvironment) { w.Token = canary }, agencyByName), `(as the region, by the default)`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newTestEnvironment(t)
			tc.put(w)
			if got := w.must().HintWithProject(); !strings.HasSuffix(got, tc.want) {
				t.Errorf("got %q", got)
			}
		})
	}
}
