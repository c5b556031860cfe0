// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// delayedRequests is how many requests pass before what is delayed happens.
const delayedRequests = 2

// AfterCreate is when a created app or rule can be used.
type AfterCreate string

// The modes of AfterCreate.
const (
	CreateUsable  AfterCreate = "usable"  // at once
	CreateDelayed AfterCreate = "delayed" // the first two requests for it, but DELETE, get 404; the lists that omit it count, too
)

// AppDeletion is what must hold before an app, with its rules, is deleted; otherwise 400 RTC.00001003.
type AppDeletion string

// The modes of AppDeletion.
const (
	DeletionNoRules      AppDeletion = "no-rules"       // 400 RTC.00001019
	DeletionAny          AppDeletion = "any"            // nothing
	DeletionStopped      AppDeletion = "stopped"        // it is not active
	DeletionNoAutoRecord AppDeletion = "no-auto-record" // automatic recording is off
	DeletionNoRooms      AppDeletion = "no-rooms"       // see SetRooms
	DeletionAll          AppDeletion = "all"            // all of these
)

// AppNames is which names CreateApp refuses with 400 RTC.00001020.
type AppNames string

// The modes of AppNames.
const (
	NamesFree   AppNames = "free"   // those of other apps; a deleted app's name is free at once
	NamesLater  AppNames = "later"  // the first two creates with a deleted app's name are refused, too
	NamesTaken  AppNames = "taken"  // a deleted app's name is never free
	NamesShared AppNames = "shared" // none: several apps may have one name
)

// DeletedApp is how a deleted app is shown.
type DeletedApp string

// The modes of DeletedApp. Other operations than ShowApp and ListApps get 404.
const (
	DeletedNotFound DeletedApp = "404"    // 404 RTC.00001003
	DeletedShown    DeletedApp = "shown"  // ShowApp: 200 with the state DELETED
	DeletedListed   DeletedApp = "listed" // ListApps, too
)

// AppKeyEcho is how responses show app_key.
type AppKeyEcho string

// The modes of AppKeyEcho.
const (
	AppKeyClear    AppKeyEcho = "clear"
	AppKeyMasked   AppKeyEcho = "masked"    // "******"
	AppKeyAbsent   AppKeyEcho = "absent"    // no field
	AppKeyShowOnly AppKeyEcho = "show-only" // clear, but no field in ListApps
)

// SameState is what enabling an active app does, or disabling an inactive one.
type SameState string

// The modes of SameState.
const (
	SameStateAccepted SameState = "200"
	SameStateRefused  SameState = "400" // RTC.00001003
)

// StoppedApp is whether rules, automatic recording and callback can be set of an app that is not active.
type StoppedApp string

// The modes of StoppedApp.
const (
	StoppedRefuses StoppedApp = "refuses" // 400 RTC.00001016
	StoppedAccepts StoppedApp = "accepts"
)

// ReplacedRule is which ID a rule has that a POST replaced.
type ReplacedRule string

// The modes of ReplacedRule.
const (
	ReplacedSameID ReplacedRule = "same-id"
	ReplacedNewID  ReplacedRule = "new-id" // automatic recording still names the old one
)

// OmittedFields is what a PUT of a rule does to optional fields that it omits.
type OmittedFields string

// The modes of OmittedFields.
const (
	OmittedReset OmittedFields = "reset" // they get their defaults
	OmittedKept  OmittedFields = "kept"
)

// MovedRule is what a PUT of a rule with another location does.
type MovedRule string

// The modes of MovedRule.
const (
	MovedRefused  MovedRule = "refused" // 400 RTC.00001003
	MovedAccepted MovedRule = "moved"   // 400 RTC.00001019 if the location has a rule
)

// UsedRule is what happens when a rule is deleted that automatic recording uses.
type UsedRule string

// The modes of UsedRule.
const (
	UsedRefused  UsedRule = "refused"  // 400 RTC.00001003
	UsedTurnsOff UsedRule = "off"      // automatic recording is off afterwards
	UsedDangles  UsedRule = "dangling" // automatic recording still names the rule
)

// UnusedConfig is how responses show the configuration of a format that a rule does not record.
type UnusedConfig string

// The modes of UnusedConfig.
const (
	UnusedAbsent UnusedConfig = "absent"
	UnusedZeros  UnusedConfig = "zeros" // an object of zeros and empty strings
)

// DefaultsEcho is how responses show optional fields of a rule that have their default, sent or not.
type DefaultsEcho string

// The modes of DefaultsEcho.
const (
	DefaultsAbsent  DefaultsEcho = "absent"
	DefaultsShown   DefaultsEcho = "shown"
	DefaultsNotZero DefaultsEcho = "not-zero" // the default prefix, empty strings and 0 are absent, also in a mandatory field
)

// PathEcho is how responses show object and record_prefix.
type PathEcho string

// The modes of PathEcho.
const (
	PathExact   PathEcho = "exact"   // as they were sent
	PathTrimmed PathEcho = "trimmed" // no slashes at the ends, and no double ones
	PathSlash   PathEcho = "slash"   // the same, but object ends in a slash
)

// BucketCheck is what a rule's bucket is checked for; otherwise the rule gets 400 RTC.00001003.
type BucketCheck string

// The modes of BucketCheck.
const (
	BucketUnchecked  BucketCheck = "nothing"
	BucketExists     BucketCheck = "exists"     // it is in Options.Buckets, at that location
	BucketAuthorized BucketCheck = "authorized" // and authorized
	BucketProject    BucketCheck = "project"    // and in that project
)

// UnsetAutoRecord is what a GET shows before automatic recording was ever set.
type UnsetAutoRecord string

// The modes of UnsetAutoRecord. Responses about apps omit auto_record_mode in the last two.
const (
	AutoRecordShown    UnsetAutoRecord = "off"     // 200 with AUTO_RECORD_OFF
	AutoRecordMissing  UnsetAutoRecord = "missing" // 200 with app_id alone
	AutoRecordNotFound UnsetAutoRecord = "404"     // 404 RTC.00001003
)

// OffRule is what AUTO_RECORD_OFF does to the rule ID.
type OffRule string

// The modes of OffRule.
const (
	OffClears  OffRule = "clears"
	OffKeeps   OffRule = "keeps"   // the one that is sent, or the earlier one
	OffRefuses OffRule = "refuses" // 400 RTC.00001003 if one is sent; otherwise cleared
)

// UnknownRule is what automatic recording does with a rule that the app does not have.
type UnknownRule string

// The modes of UnknownRule.
const (
	UnknownInvalid  UnknownRule = "400" // RTC.00001003
	UnknownNotFound UnknownRule = "404" // RTC.00001003
	UnknownAccepted UnknownRule = "accepted"
)

// Switch is a behaviour that the documentation leaves open, as a field of Options.
type Switch struct {
	Name   string
	About  string
	Values []string // the first is the default

	get func(*Options) string
	set func(*Options, string)
}

// Switches returns all switches. Options.Set takes their names and values.
func Switches() []Switch { return slices.Clone(switches) }

var switches = []Switch{
	choice("key-echo", "how responses show auth_key", func(o *Options) *KeyEcho { return &o.KeyEcho }, KeyEchoes...),
	choice("url-echo", "how responses show url", func(o *Options) *URLEcho { return &o.URLEcho }, URLEchoes...),
	choice("time-echo", "how responses show update_time", func(o *Options) *TimeEcho { return &o.TimeEcho }, TimeEchoes...),
	override("read-key-echo", "key-echo of all responses but a PUT's", func(o *Options) *KeyEcho { return &o.ReadKeyEcho }, KeyEchoes),
	override("read-url-echo", "url-echo of these", func(o *Options) *URLEcho { return &o.ReadURLEcho }, URLEchoes),
	override("read-time-echo", "time-echo of these", func(o *Options) *TimeEcho { return &o.ReadTimeEcho }, TimeEchoes),
	override("list-key-echo", "key-echo of the list of apps", func(o *Options) *KeyEcho { return &o.ListKeyEcho }, KeyEchoes),
	override("list-url-echo", "url-echo of the list of apps", func(o *Options) *URLEcho { return &o.ListURLEcho }, URLEchoes),
	override("list-time-echo", "time-echo of the list of apps", func(o *Options) *TimeEcho { return &o.ListTimeEcho }, TimeEchoes),
	yesNo("list-no-events", "whether the list of apps omits events", func(o *Options) *bool { return &o.ListNoEvents }),
	choice("unset", "what a GET returns without a callback", func(o *Options) *Unset { return &o.Unset }, Unsets...),
	choice("empty-key", `what a PUT with an auth_key of "" does`, func(o *Options) *EmptyKey { return &o.EmptyKey }, EmptyKeys...),
	yesNo("keep-key", "whether a PUT without auth_key keeps the key", func(o *Options) *bool { return &o.KeepKey }),
	yesNo("retry-after", "whether a 429 has Retry-After", func(o *Options) *bool { return &o.RetryAfter }),

	choice("after-create", "when a new app or rule can be used",
		func(o *Options) *AfterCreate { return &o.AfterCreate }, CreateUsable, CreateDelayed),
	choice("app-deletion", "what must hold before an app is deleted",
		func(o *Options) *AppDeletion { return &o.AppDeletion },
		DeletionNoRules, DeletionAny, DeletionStopped, DeletionNoAutoRecord, DeletionNoRooms, DeletionAll),
	choice("app-names", "whether the name of a deleted app is free, or names may repeat",
		func(o *Options) *AppNames { return &o.AppNames }, NamesFree, NamesLater, NamesTaken, NamesShared),
	choice("deleted-app", "how a deleted app is shown",
		func(o *Options) *DeletedApp { return &o.DeletedApp }, DeletedNotFound, DeletedShown, DeletedListed),
	choice("app-key-echo", "how responses show app_key",
		func(o *Options) *AppKeyEcho { return &o.AppKeyEcho }, AppKeyClear, AppKeyMasked, AppKeyAbsent, AppKeyShowOnly),
	choice("same-state", "what enabling or disabling twice returns",
		func(o *Options) *SameState { return &o.SameState }, SameStateAccepted, SameStateRefused),
	choice("stopped-app", "whether a stopped app can be configured",
		func(o *Options) *StoppedApp { return &o.StoppedApp }, StoppedRefuses, StoppedAccepts),

	choice("replaced-rule", "which rule_id a POST gives that replaces a rule",
		func(o *Options) *ReplacedRule { return &o.ReplacedRule }, ReplacedSameID, ReplacedNewID),
	choice("omitted-fields", "what a PUT of a rule does to fields that it omits",
		func(o *Options) *OmittedFields { return &o.OmittedFields }, OmittedReset, OmittedKept),
	choice("moved-rule", "what a PUT of a rule with another location does",
		func(o *Options) *MovedRule { return &o.MovedRule }, MovedRefused, MovedAccepted),
	choice("used-rule", "what deleting a rule does that automatic recording uses",
		func(o *Options) *UsedRule { return &o.UsedRule }, UsedRefused, UsedTurnsOff, UsedDangles),
	choice("unused-config", "how a rule shows the configuration of an unused format",
		func(o *Options) *UnusedConfig { return &o.UnusedConfig }, UnusedAbsent, UnusedZeros),
	choice("defaults-echo", "how a rule shows fields with their default",
		func(o *Options) *DefaultsEcho { return &o.DefaultsEcho }, DefaultsAbsent, DefaultsShown, DefaultsNotZero),
	choice("path-echo", "how a rule shows object and record_prefix",
		func(o *Options) *PathEcho { return &o.PathEcho }, PathExact, PathTrimmed, PathSlash),
	choice("bucket-check", "what the bucket of a rule is checked for",
		func(o *Options) *BucketCheck { return &o.BucketCheck }, BucketUnchecked, BucketExists, BucketAuthorized, BucketProject),

	choice("unset-auto-record", "what a GET returns before automatic recording was set",
		func(o *Options) *UnsetAutoRecord { return &o.UnsetAutoRecord }, AutoRecordShown, AutoRecordMissing, AutoRecordNotFound),
	choice("off-rule", "what AUTO_RECORD_OFF does to record_rule_id",
		func(o *Options) *OffRule { return &o.OffRule }, OffClears, OffKeeps, OffRefuses),
	choice("unknown-rule", "what automatic recording with an unknown rule returns",
		func(o *Options) *UnknownRule { return &o.UnknownRule }, UnknownInvalid, UnknownNotFound, UnknownAccepted),
}

func choice[T ~string](name, about string, field func(*Options) *T, values ...T) Switch {
	sw := Switch{
		Name:  name,
		About: about,
		get:   func(o *Options) string { return string(*field(o)) },
		set:   func(o *Options, value string) { *field(o) = T(value) },
	}
	for _, value := range values {
		sw.Values = append(sw.Values, string(value))
	}
	return sw
}

// override makes a switch whose default, "same", is an empty field.
func override[T ~string](name, about string, field func(*Options) *T, values []T) Switch {
	sw := choice(name, about, field, values...)
	sw.Values = slices.Insert(sw.Values, 0, "same")
	sw.get = func(o *Options) string { return cmp.Or(string(*field(o)), "same") }
	sw.set = func(o *Options, value string) {
		if value == "same" {
			value = ""
		}
		*field(o) = T(value)
	}
	return sw
}

func yesNo(name, about string, field func(*Options) *bool) Switch {
	return Switch{
		Name:   name,
		About:  about,
		Values: []string{"no", "yes"},
		get: func(o *Options) string {
			if *field(o) {
				return "yes"
			}
			return "no"
		},
		set: func(o *Options, value string) { *field(o) = value == "yes" },
	}
}

// Set sets a switch. It returns an error if there is no such switch or value.
func (o *Options) Set(name, value string) error {
	i := slices.IndexFunc(switches, func(sw Switch) bool { return sw.Name == name })
	if i < 0 {
		return fmt.Errorf("there is no switch %q", name)
	}
	return switches[i].apply(o, value)
}

func (sw *Switch) apply(o *Options, value string) error {
	if !slices.Contains(sw.Values, value) {
		return fmt.Errorf("%s must be one of %s, not %q", sw.Name, strings.Join(sw.Values, ", "), value)
	}
	sw.set(o, value)
	return nil
}
