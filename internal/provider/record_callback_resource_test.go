// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

func state(attribute string, want knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(resourceName, tfjsonpath.New(attribute), want)
}

func TestAccRecordCallback_lifecycle(t *testing.T) {
	const newURL, newKey, plainURL = "https://recordings.example.com/v2?tenant=a&b=<c>", "fedcba9876543210fedcba9876543210", "http://recordings.example.com"
	c := newCloud(t, emulator.Options{}, testApp)
	events := knownvalue.SetExact([]knownvalue.Check{
		knownvalue.StringExact("RECORD_NEW_FILE_START"), knownvalue.StringExact("RECORD_FILE_COMPLETE"),
	})
	moves := statecheck.CompareValue(valuesGrow{})
	app := arg("app_id", testApp)

	// Each step is an apply, and then a plan that must be empty: one read of
	// the framework's before the apply, but for the first, and one after it.
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders,
		Steps: []resource.TestStep{
			{
				Config:           c.config(app, arg("url", testURL), arg("auth_key", testKey)),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionCreate)},
				ConfigStateChecks: []statecheck.StateCheck{
					state("app_id", knownvalue.StringExact(testApp)),
					state("url", knownvalue.StringExact(testURL)),
					state("auth_key", knownvalue.StringExact(testKey)),
					state("notify_event_subscription", events),
					state("update_time", knownvalue.StringRegexp(regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`))),
					statecheck.ExpectSensitiveValue(resourceName, tfjsonpath.New("auth_key")),
					moves.AddStateValue(resourceName, tfjsonpath.New("update_time")),
				},
			},
			{
				PreConfig: func() {
					c.expectTruth(t, testApp, testURL, testKey)
					if got := c.puts(t); len(got) != 1 || got[0].String() != withKey(testURL, testKey).String() {
						t.Errorf("PUTs of the create: %v", got)
					}
					c.ResetRequests()
				},
				Config:           c.config(app, arg("url", newURL), arg("auth_key", testKey)),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionUpdate)},
				ConfigStateChecks: []statecheck.StateCheck{
					state("url", knownvalue.StringExact(newURL)),
					moves.AddStateValue(resourceName, tfjsonpath.New("update_time")),
				},
			},
			{
				PreConfig: func() {
					// The key goes along, so that it can't matter whether
					// leaving it out would clear it.
					if got := c.puts(t); len(got) != 1 || got[0].String() != withKey(newURL, testKey).String() {
						t.Errorf("PUTs of another url: %v", got)
					}
					c.ResetRequests()
				},
				Config:           c.config(app, arg("url", newURL), arg("auth_key", newKey)),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionUpdate)},
				ConfigStateChecks: []statecheck.StateCheck{
					state("auth_key", knownvalue.StringExact(newKey)),
					moves.AddStateValue(resourceName, tfjsonpath.New("update_time")),
				},
			},
			{
				PreConfig: func() {
					if got := c.puts(t); len(got) != 1 || got[0].String() != withKey(newURL, newKey).String() {
						t.Errorf("PUTs of another key: %v", got)
					}
					c.ResetRequests()
				},
				Config:            c.config(app, arg("url", plainURL)),
				ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionUpdate)},
				ConfigStateChecks: []statecheck.StateCheck{state("auth_key", knownvalue.Null()), state("url", knownvalue.StringExact(plainURL))},
			},
			{
				PreConfig: func() {
					c.expectTruth(t, testApp, plainURL, "")
					if got := c.puts(t); len(got) != 1 || got[0].String() != withKey(plainURL, "").String() {
						t.Errorf("PUTs of no key: %v", got)
					}
					c.ResetRequests()
				},
				Config:           c.config(app, arg("url", plainURL)),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionNoop)},
			},
			{
				PreConfig:        func() { c.expectPuts(t) },
				Config:           c.config(app, arg("url", plainURL)),
				Destroy:          true,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionDestroy)},
			},
			{
				PreConfig: func() {
					c.expectPuts(t)
					c.expectTruth(t, testApp, plainURL, "")
				},
				Config:           c.config(app, arg("url", testURL)),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionCreate)},
			},
		},
		CheckDestroy: func(*terraform.State) error {
			c.expectPuts(t, withKey(testURL, ""))
			c.expectTruth(t, testApp, testURL, "")
			return nil
		},
	})
}

// valuesGrow compares strings of which each is to come after the one before.
type valuesGrow struct{}

func (valuesGrow) CompareValues(values ...any) error {
	for i := 1; i < len(values); i++ {
		if values[i-1].(string) >= values[i].(string) {
			return fmt.Errorf("%v is not after %v", values[i], values[i-1])
		}
	}
	return nil
}

func (c *cloud) expectPuts(t *testing.T, puts ...payload) {
	t.Helper()
	if got := c.puts(t); fmt.Sprint(got) != fmt.Sprint(puts) {
		t.Errorf("PUTs: %v, want %v", got, puts)
	}
	c.ResetRequests()
}

func TestAccRecordCallback_drift(t *testing.T) {
	const foreignURL, foreignKey = "https://elsewhere.example.com/", "key-of-somebody-else-0123456789abcdef"
	tests := map[string]struct {
		outside   func(*cloud)
		attribute string
		seen      knownvalue.Check
	}{
		"url":         {func(c *cloud) { c.SetCallback(testApp, foreignURL, testKey) }, "url", knownvalue.StringExact(foreignURL)},
		"key":         {func(c *cloud) { c.SetCallback(testApp, testURL, foreignKey) }, "auth_key", knownvalue.StringExact(foreignKey)},
		"key removed": {func(c *cloud) { c.SetCallback(testApp, testURL, "") }, "auth_key", knownvalue.Null()},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t, emulator.Options{}, testApp)
			config := c.config(arg("app_id", testApp), arg("url", testURL), arg("auth_key", testKey))
			resource.ParallelTest(t, resource.TestCase{
				ProtoV6ProviderFactories: testProviders,
				Steps: []resource.TestStep{
					{Config: config},
					{
						PreConfig:          func() { tc.outside(c) },
						RefreshState:       true,
						ExpectNonEmptyPlan: true,
						RefreshPlanChecks:  resource.RefreshPlanChecks{PostRefresh: planned(plancheck.ResourceActionUpdate)},
					},
					{
						// Once more, since the state now holds what was seen.
						RefreshState:       true,
						ExpectNonEmptyPlan: true,
						RefreshPlanChecks:  resource.RefreshPlanChecks{PostRefresh: planned(plancheck.ResourceActionUpdate)},
						Check:              func(s *terraform.State) error { return checkAttribute(s, tc.attribute, tc.seen) },
					},
					{
						PreConfig:        c.ResetRequests,
						Config:           config,
						ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionUpdate)},
						ConfigStateChecks: []statecheck.StateCheck{
							state("url", knownvalue.StringExact(testURL)), state("auth_key", knownvalue.StringExact(testKey)),
						},
					},
				},
				CheckDestroy: func(*terraform.State) error {
					c.expectPuts(t, withKey(testURL, testKey))
					c.expectTruth(t, testApp, testURL, testKey)
					return nil
				},
			})
		})
	}
}

func checkAttribute(s *terraform.State, attribute string, want knownvalue.Check) error {
	value, ok := s.RootModule().Resources[resourceName].Primary.Attributes[attribute]
	if !ok {
		return want.CheckValue(nil)
	}
	return want.CheckValue(value)
}

// Something that was changed outside, and changed back, is no drift.
func TestAccRecordCallback_driftThatWentAway(t *testing.T) {
	c := newCloud(t, emulator.Options{}, testApp)
	config := c.config(arg("app_id", testApp), arg("url", testURL), arg("auth_key", testKey))
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders,
		Steps: []resource.TestStep{
			{Config: config},
			{
				PreConfig:          func() { c.SetCallback(testApp, "https://elsewhere.example.com/", "another-key-of-somebody-else-here") },
				RefreshState:       true,
				ExpectNonEmptyPlan: true,
			},
			{
				PreConfig:        func() { c.SetCallback(testApp, testURL, testKey); c.ResetRequests() },
				Config:           config,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionNoop)},
			},
		},
		CheckDestroy: func(*terraform.State) error {
			c.expectPuts(t)
			return nil
		},
	})
}

// Somebody else's key that is taken over into the configuration needs no PUT.
func TestAccRecordCallback_driftThatIsAdopted(t *testing.T) {
	const foreignURL, foreignKey = "https://elsewhere.example.com/", "key-of-somebody-else-0123456789abcdef"
	c := newCloud(t, emulator.Options{}, testApp)
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders,
		Steps: []resource.TestStep{
			{Config: c.config(arg("app_id", testApp), arg("url", testURL), arg("auth_key", testKey))},
			{
				PreConfig:        func() { c.SetCallback(testApp, foreignURL, foreignKey); c.ResetRequests() },
				Config:           c.config(arg("app_id", testApp), arg("url", foreignURL), arg("auth_key", foreignKey)),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionNoop)},
			},
		},
		CheckDestroy: func(*terraform.State) error {
			c.expectPuts(t)
			return nil
		},
	})
}

// Whatever the service shows back: the apply is consistent, the plan after it
// is empty (resource.Test insists on both), and only the configured key is
// ever sent.
func TestAccRecordCallback_echoes(t *testing.T) {
	type mode struct {
		key emulator.KeyEcho
		url emulator.URLEcho
	}
	var modes []mode
	for _, key := range emulator.KeyEchoes {
		modes = append(modes, mode{key, emulator.URLExact})
	}
	for _, url := range emulator.URLEchoes[1:] {
		modes = append(modes, mode{emulator.EchoTruncated, url})
	}
	for _, mode := range modes {
		t.Run(fmt.Sprintf("key %s, url %s", mode.key, mode.url), func(t *testing.T) {
			const first, second = "HTTPS://Recordings.Example.com", "https://recordings.example.com/callback"
			c := newCloud(t, emulator.Options{KeyEcho: mode.key, URLEcho: mode.url}, testApp)
			app := arg("app_id", testApp)
			resource.ParallelTest(t, resource.TestCase{
				ProtoV6ProviderFactories: testProviders,
				Steps: []resource.TestStep{
					{
						Config: c.config(app, arg("url", first), arg("auth_key", testKey)),
						ConfigStateChecks: []statecheck.StateCheck{
							state("url", knownvalue.StringExact(first)), state("auth_key", knownvalue.StringExact(testKey)),
						},
					},
					{
						Config: c.config(app, arg("url", second), arg("auth_key", testKey)),
						ConfigStateChecks: []statecheck.StateCheck{
							state("url", knownvalue.StringExact(second)), state("auth_key", knownvalue.StringExact(testKey)),
						},
					},
					{Config: c.config(app, arg("url", second))},
				},
				CheckDestroy: func(*terraform.State) error {
					c.expectPuts(t, withKey(first, testKey), withKey(second, testKey), withKey(second, ""))
					c.expectTruth(t, testApp, second, "")
					return nil
				},
			})
		})
	}
}

// The answer of a PUT and that of a GET may differ, and so may today's and
// tomorrow's.
func TestAccRecordCallback_echoThatChanges(t *testing.T) {
	c := newCloud(t, emulator.Options{}, testApp)
	config := c.config(arg("app_id", testApp), arg("url", testURL), arg("auth_key", testKey))
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders,
		Steps: []resource.TestStep{
			{Config: config},
			{
				PreConfig: func() {
					c.ResetRequests()
					c.SetOptions(func(o *emulator.Options) { o.KeyEcho, o.URLEcho = emulator.EchoMasked, emulator.URLOrigin })
				},
				Config:            config,
				ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionNoop)},
				ConfigStateChecks: []statecheck.StateCheck{state("url", knownvalue.StringExact(testURL)), state("auth_key", knownvalue.StringExact(testKey))},
			},
		},
		CheckDestroy: func(*terraform.State) error {
			c.expectPuts(t)
			return nil
		},
	})
}

// Taking the key out of the configuration ends in a true state and an empty
// plan, whatever a PUT without a key and an empty key mean to the service.
func TestAccRecordCallback_keyRemoved(t *testing.T) {
	none := payload{URL: testURL}
	empty := withKey(testURL, "")
	tests := []struct {
		options emulator.Options
		puts    []payload
		left    string // key that the service then still has
	}{
		{emulator.Options{KeepKey: false, EmptyKey: emulator.EmptyClears}, []payload{empty}, ""},
		{emulator.Options{KeepKey: true, EmptyKey: emulator.EmptyClears}, []payload{empty}, ""},
		{emulator.Options{KeepKey: false, EmptyKey: emulator.EmptyRefused}, []payload{empty, none}, ""},
		{emulator.Options{KeepKey: true, EmptyKey: emulator.EmptyRefused}, []payload{empty, none}, testKey},
		{emulator.Options{KeepKey: true, EmptyKey: emulator.EmptyIgnored}, []payload{empty}, testKey},
		{emulator.Options{KeepKey: true, EmptyKey: emulator.EmptyIgnored, KeyEcho: emulator.EchoMasked}, []payload{empty}, testKey},
		{emulator.Options{KeepKey: true, EmptyKey: emulator.EmptyClears, KeyEcho: emulator.EchoAbsent}, []payload{empty}, ""},
	}
	for _, tc := range tests {
		t.Run(fmt.Sprintf("kept %t, empty key %s, shown %s", tc.options.KeepKey, tc.options.EmptyKey, tc.options.KeyEcho), func(t *testing.T) {
			c := newCloud(t, tc.options, testApp)
			app, url := arg("app_id", testApp), arg("url", testURL)
			resource.ParallelTest(t, resource.TestCase{
				ProtoV6ProviderFactories: testProviders,
				Steps: []resource.TestStep{
					{Config: c.config(app, url, arg("auth_key", testKey))},
					{
						PreConfig:         c.ResetRequests,
						Config:            c.config(app, url),
						ConfigStateChecks: []statecheck.StateCheck{state("auth_key", knownvalue.Null())},
					},
				},
				CheckDestroy: func(*terraform.State) error {
					c.expectPuts(t, tc.puts...)
					c.expectTruth(t, testApp, testURL, tc.left)
					return nil
				},
			})
		})
	}
}

// A callback without a key, over one that has a key of somebody else's, whether
// the service shows that or not.
func TestAccRecordCallback_createWithoutKeyOverOneWithKey(t *testing.T) {
	none := payload{URL: testURL}
	empty := withKey(testURL, "")
	tests := []struct {
		options emulator.Options
		puts    []payload
		left    string
	}{
		{emulator.Options{}, []payload{empty}, ""},
		{emulator.Options{KeepKey: true}, []payload{empty}, ""},
		{emulator.Options{KeepKey: true, KeyEcho: emulator.EchoAbsent}, []payload{empty}, ""},
		{emulator.Options{EmptyKey: emulator.EmptyRefused}, []payload{empty, none}, ""},
		{emulator.Options{KeepKey: true, EmptyKey: emulator.EmptyRefused}, []payload{empty, none}, testKey},
	}
	for _, tc := range tests {
		t.Run(fmt.Sprintf("kept %t, empty key %s, shown %s", tc.options.KeepKey, tc.options.EmptyKey, tc.options.KeyEcho), func(t *testing.T) {
			c := newCloud(t, tc.options)
			c.SetCallback(testApp, "https://elsewhere.example.com/", testKey)
			resource.ParallelTest(t, resource.TestCase{
				ProtoV6ProviderFactories: testProviders,
				Steps: []resource.TestStep{
					{Config: c.config(arg("app_id", testApp), arg("url", testURL))},
				},
				CheckDestroy: func(*terraform.State) error {
					c.expectPuts(t, tc.puts...)
					c.expectTruth(t, testApp, testURL, tc.left)
					return nil
				},
			})
		})
	}
}

// A read need not repeat the answer of the write before it: it may round the
// time, show the key otherwise, or leave both out. The plan after an apply is
// empty all the same, in this way and the other.
func TestAccRecordCallback_readsThatDifferFromWrites(t *testing.T) {
	for name, options := range map[string]emulator.Options{
		"masked, time later":              {KeyEcho: emulator.EchoMasked, ReadTimeEcho: emulator.TimeLater},
		"masked, time rounded":            {KeyEcho: emulator.EchoMasked, ReadTimeEcho: emulator.TimeSeconds},
		"masked, time only in writes":     {KeyEcho: emulator.EchoMasked, ReadTimeEcho: emulator.TimeAbsent},
		"masked, time only in reads":      {KeyEcho: emulator.EchoMasked, TimeEcho: emulator.TimeAbsent, ReadTimeEcho: emulator.TimeExact},
		"masked in reads":                 {ReadKeyEcho: emulator.EchoMasked},
		"masked in reads, time later":     {ReadKeyEcho: emulator.EchoMasked, ReadTimeEcho: emulator.TimeLater},
		"masked in reads, no time":        {ReadKeyEcho: emulator.EchoMasked, TimeEcho: emulator.TimeAbsent},
		"truncated in reads, no time":     {ReadKeyEcho: emulator.EchoTruncated, TimeEcho: emulator.TimeAbsent},
		"masked in writes":                {KeyEcho: emulator.EchoMasked, ReadKeyEcho: emulator.EchoExact},
		"origin in reads, no time":        {ReadURLEcho: emulator.URLOrigin, TimeEcho: emulator.TimeAbsent},
		"origin in reads, time later":     {ReadURLEcho: emulator.URLOrigin, ReadTimeEcho: emulator.TimeLater},
		"time that is none":               {TimeEcho: emulator.TimeOdd},
		"masked, time that is none":       {KeyEcho: emulator.EchoMasked, TimeEcho: emulator.TimeOdd},
		"hashed, time rounded everywhere": {KeyEcho: emulator.EchoHashed, TimeEcho: emulator.TimeSeconds},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t, options, testApp)
			app := arg("app_id", testApp)
			resource.ParallelTest(t, resource.TestCase{
				ProtoV6ProviderFactories: testProviders,
				Steps: []resource.TestStep{
					{Config: c.config(app, arg("url", testURL), arg("auth_key", testKey))},
					{Config: c.config(app, arg("url", testURL+"/new"), arg("auth_key", testKey))},
				},
				CheckDestroy: func(*terraform.State) error {
					c.expectPuts(t, withKey(testURL, testKey), withKey(testURL+"/new", testKey))
					return nil
				},
			})
		})
	}
}

// Who tells Terraform to leave the key alone still has it after whatever is
// shown of it: it is never overwritten with a mask, and never wiped.
func TestAccRecordCallback_ignoreChangesOfKey(t *testing.T) {
	const foreign = "somebody-elses-key-0123456789abcdefgh"
	for _, echo := range emulator.KeyEchoes {
		t.Run(string(echo), func(t *testing.T) {
			c := newCloud(t, emulator.Options{KeyEcho: echo}, testApp)
			config := func(url string) string {
				return c.config(arg("app_id", testApp), arg("url", url), arg("auth_key", testKey), "lifecycle {\n    ignore_changes = [auth_key]\n  }")
			}
			resource.ParallelTest(t, resource.TestCase{
				ProtoV6ProviderFactories: testProviders,
				Steps: []resource.TestStep{
					{Config: config(testURL)},
					{
						PreConfig: func() {
							c.SetOptions(func(o *emulator.Options) { o.KeyEcho = emulator.EchoMasked })
							c.SetCallback(testApp, testURL, foreign)
						},
						Config:             config(testURL),
						PlanOnly:           true,
						ExpectNonEmptyPlan: true,
					},
					{RefreshState: true, ExpectNonEmptyPlan: true},
					{Config: config(testURL + "/new")},
				},
				CheckDestroy: func(*terraform.State) error {
					for _, put := range c.puts(t) {
						if put.AuthKey == nil || *put.AuthKey != testKey && *put.AuthKey != foreign {
							t.Errorf("sent %v", put)
						}
					}
					return nil
				},
			})
		})
	}
}

// An apply sends what the plan says, and not what the configuration has that the
// plan was told to ignore.
func TestAccRecordCallback_ignoredKeyIsNotSent(t *testing.T) {
	c := newCloud(t, emulator.Options{}, testApp)
	config := func(url, key string) string {
		return c.config(arg("app_id", testApp), arg("url", url), arg("auth_key", key), "lifecycle {\n    ignore_changes = [auth_key]\n  }")
	}
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders,
		Steps: []resource.TestStep{
			{Config: config(testURL, testKey)},
			{
				Config:            config(testURL+"/new", "another-key-in-the-configuration-0123"),
				ConfigStateChecks: []statecheck.StateCheck{state("auth_key", knownvalue.StringExact(testKey))},
			},
		},
		CheckDestroy: func(*terraform.State) error {
			c.expectPuts(t, withKey(testURL, testKey), withKey(testURL+"/new", testKey))
			return nil
		},
	})
}

// Events may change with a PUT: a plan must not have promised otherwise.
func TestAccRecordCallback_eventsChange(t *testing.T) {
	c := newCloud(t, emulator.Options{}, testApp)
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders,
		Steps: []resource.TestStep{
			{Config: c.config(arg("app_id", testApp), arg("url", testURL))},
			{
				PreConfig: func() {
					c.SetOptions(func(o *emulator.Options) {
						o.Observe = func(r emulator.Request) {
							if r.Method == http.MethodGet {
								c.SetEvents(testApp, "RTC_USER_ROLE_CHANGED") // between the plan and the PUT
							}
						}
					})
				},
				Config: c.config(arg("app_id", testApp), arg("url", testURL+"/new")),
				ConfigStateChecks: []statecheck.StateCheck{
					state("notify_event_subscription", knownvalue.SetExact([]knownvalue.Check{knownvalue.StringExact("RTC_USER_ROLE_CHANGED")})),
				},
			},
		},
	})
}

func TestAccRecordCallback_disappears(t *testing.T) {
	for _, shape := range emulator.Unsets {
		t.Run(string(shape), func(t *testing.T) {
			c := newCloud(t, emulator.Options{Unset: shape}, testApp)
			config := c.config(arg("app_id", testApp), arg("url", testURL), arg("auth_key", testKey))
			resource.ParallelTest(t, resource.TestCase{
				ProtoV6ProviderFactories: testProviders,
				Steps: []resource.TestStep{
					{Config: config},
					{
						PreConfig:          func() { c.ClearCallback(testApp); c.ResetRequests() },
						RefreshState:       true,
						ExpectNonEmptyPlan: true,
						RefreshPlanChecks:  resource.RefreshPlanChecks{PostRefresh: planned(plancheck.ResourceActionCreate)},
					},
					{
						Config:           config,
						ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionCreate)},
					},
				},
				CheckDestroy: func(*terraform.State) error {
					c.expectPuts(t, withKey(testURL, testKey))
					return nil
				},
			})
		})
	}
}

func TestAccRecordCallback_import(t *testing.T) {
	for _, tc := range []struct {
		key      emulator.KeyEcho
		authKey  string
		imported knownvalue.Check
		clean    bool // once the configuration matches
	}{
		{emulator.EchoExact, testKey, knownvalue.StringExact(testKey), true},
		{emulator.EchoExact, "", knownvalue.Null(), true},
		// What isn't shown can't be known to match: one apply settles it.
		{emulator.EchoMasked, testKey, knownvalue.Null(), false},
		{emulator.EchoTruncated, testKey, knownvalue.Null(), false},
		{emulator.EchoAbsent, testKey, knownvalue.Null(), false},
	} {
		t.Run(fmt.Sprintf("key %q shown %s", tc.authKey, tc.key), func(t *testing.T) {
			c := newCloud(t, emulator.Options{KeyEcho: tc.key})
			c.SetCallback(testApp, testURL, tc.authKey)
			arguments := []string{arg("app_id", testApp), arg("url", testURL)}
			puts := []payload{}
			action := plancheck.ResourceActionNoop
			if tc.authKey != "" {
				arguments = append(arguments, arg("auth_key", tc.authKey))
			}
			if !tc.clean {
				action = plancheck.ResourceActionUpdate
				puts = append(puts, withKey(testURL, tc.authKey))
			}
			config := c.config(arguments...)
			block := fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", resourceName, testApp)

			resource.ParallelTest(t, resource.TestCase{
				ProtoV6ProviderFactories: testProviders,
				Steps: []resource.TestStep{
					{
						Config:             config,
						ResourceName:       resourceName,
						ImportState:        true,
						ImportStateId:      testApp,
						ImportStatePersist: true,
						ImportStateCheck: func(states []*terraform.InstanceState) error {
							c.expectPuts(t)
							attributes := states[0].Attributes
							if attributes["app_id"] != testApp || attributes["url"] != testURL {
								return fmt.Errorf("imported %v", attributes)
							}
							if key, ok := attributes["auth_key"]; ok {
								return tc.imported.CheckValue(key)
							}
							return tc.imported.CheckValue(nil)
						},
					},
					{
						Config:           config,
						ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: planned(action)},
					},
				},
				CheckDestroy: func(*terraform.State) error { c.expectPuts(t, puts...); return nil },
			})

			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: testProviders,
				Steps: []resource.TestStep{
					{
						Config:           config + block,
						ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: planned(action)},
					},
				},
				CheckDestroy: func(*terraform.State) error { c.expectPuts(t, puts...); return nil },
			})
		})
	}
}

// A key that the service holds and the configuration doesn't have is seen even
// if it is shown masked: it stays as long as nothing changes, and then it goes.
func TestAccRecordCallback_importOfUnwantedKey(t *testing.T) {
	c := newCloud(t, emulator.Options{KeyEcho: emulator.EchoMasked, KeepKey: true})
	c.SetCallback(testApp, testURL, testKey)
	const elsewhere = "https://elsewhere.example.com/"
	config := c.config(arg("app_id", testApp), arg("url", testURL))
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders,
		Steps: []resource.TestStep{
			{Config: config, ResourceName: resourceName, ImportState: true, ImportStateId: testApp, ImportStatePersist: true},
			{Config: config, ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionNoop)}},
			{
				PreConfig:        func() { c.expectPuts(t); c.expectTruth(t, testApp, testURL, testKey) },
				Config:           c.config(arg("app_id", testApp), arg("url", elsewhere)),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionUpdate)},
			},
		},
		CheckDestroy: func(*terraform.State) error {
			c.expectPuts(t, withKey(elsewhere, ""))
			c.expectTruth(t, testApp, elsewhere, "")
			return nil
		},
	})
}

func TestAccRecordCallback_importErrors(t *testing.T) {
	c := newCloud(t, emulator.Options{}, testApp)
	config := c.config(arg("app_id", testApp), arg("url", testURL))
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders,
		Steps: []resource.TestStep{
			{Config: config, ResourceName: resourceName, ImportState: true, ImportStateId: testApp, ExpectError: regexp.MustCompile(`Cannot import non-existent remote object`)},
		},
		CheckDestroy: func(*terraform.State) error { c.expectPuts(t); return nil },
	})
}

func TestAccRecordCallback_replace(t *testing.T) {
	const otherApp = "app-two/100%é"
	c := newCloud(t, emulator.Options{}, testApp, otherApp)
	url, key := arg("url", testURL), arg("auth_key", testKey)
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders,
		Steps: []resource.TestStep{
			{Config: c.config(arg("app_id", testApp), url, key)},
			{
				Config:           c.config(arg("app_id", otherApp), url, key),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionDestroyBeforeCreate)},
			},
		},
		CheckDestroy: func(*terraform.State) error {
			c.expectPuts(t, withKey(testURL, testKey), withKey(testURL, testKey))
			c.expectTruth(t, testApp, testURL, testKey)
			c.expectTruth(t, otherApp, testURL, testKey)
			return nil
		},
	})
}

// Values that are known only after apply are checked then.
func TestAccRecordCallback_valuesKnownAfterApply(t *testing.T) {
	c := newCloud(t, emulator.Options{}, testApp)
	config := func(url, key string) string {
		return fmt.Sprintf("resource \"terraform_data\" \"late\" {\n  input = { url = %q, key = %q }\n}\n", url, key) +
			c.config(arg("app_id", testApp), "url = terraform_data.late.output.url", "auth_key = terraform_data.late.output.key")
	}
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders,
		Steps: []resource.TestStep{
			{Config: config("ftp://example.com", testKey), ExpectError: regexp.MustCompile(`Invalid callback URL`)},
			{Config: config(testURL, "") + "# ", ExpectError: regexp.MustCompile(`Empty callback key`)},
			{
				PreConfig: func() { c.expectPuts(t) },
				Config:    config(testURL, testKey),
			},
		},
		CheckDestroy: func(*terraform.State) error { c.expectPuts(t, withKey(testURL, testKey)); return nil },
	})
}
