// SPDX-License-Identifier: MPL-2.0

package main

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
)

const (
	other    = "other" // an answer that was not foreseen
	notKnown = "not known"
)

type answer func(*probe) string

// The names and answers are those of the emulator's switches, where it has one. The response to the call is printed
// too; without one, the answer is not known.
var questions = []struct {
	name, text, call string
	answer           answer // "": not known
}{
	{"key-echo", "how a PUT shows auth_key", "put", keyOf("put")},
	{"read-key-echo", "how a GET shows it", "get", orSame(keyOf("get"), keyOf("put"))},
	{"list-key-echo", "how the list of apps shows it", "listed", orSame(keyOf("listed"), keyOf("get"))},
	{"url-echo", "how a PUT shows url", "put", urlOf("put", "root put")},
	{"read-url-echo", "how a GET shows it", "get", orSame(urlOf("get", "root get"), urlOf("put", "root put"))},
	{"list-url-echo", "how the list of apps shows it", "listed", orSame(urlOf("listed", "root listed"), urlOf("get", "root get"))},
	{"time-echo", "how a PUT shows update_time", "put", timeOf("put")},
	{"read-time-echo", "how a GET shows it", "get", timeAfter("get", "put")},
	{"list-time-echo", "how the list of apps shows it", "listed", timeAfter("listed", "get")},
	{"list-no-events", "does the list of apps omit events", "listed", func(p *probe) string {
		return choose(events("get")(p) == "", "", choose(events("listed")(p) == "", "yes", "no"))
	}},
	{"events", "which events a callback gets", "get", events("get")},
	{"unset", "what a GET returns without a callback", "unset callback", unset("record_callback", "empty")},
	{"keep-key", "does a PUT without auth_key keep the key", "put without key", keyAfter("without key", "yes", "no")},
	{"empty-key", "what an auth_key of \"\" does", "put empty key", func(p *probe) string {
		return choose(!p.seen["put empty key"].ok(), "refused", keyAfter("empty key", "ignored", "clears")(p))
	}},
	{"retry-after", "does a 429 have Retry-After", "app", func(p *probe) string { return p.retryAfter }},
	{"after-create", "when a new app or rule can be used", "new rule", func(p *probe) string {
		app := p.seen["new app"]
		return choose(p.seen["new rule"].ok() && (app == nil || app.ok()), "usable", "delayed")
	}},
	{"app-deletion", "what must hold before an app without open rooms is deleted", "any", func(p *probe) string {
		for _, condition := range []string{"any", "stopped", "no-auto-record", "no-rules", "all"} {
			if p.seen[condition].ok() {
				return condition
			}
		}
		return ""
	}},
	{"rules-of-deleted-app", "what becomes of its rules", "rule of deleted", func(p *probe) string {
		return choose(p.seen["last rule deleted"].ok(), "", choose(p.seen["rule of deleted"].ok(), "kept", "deleted"))
	}},
	{"app-names", "is the name of a deleted app free within 20 seconds", "name twice", func(p *probe) string {
		again, last := p.seen["name again"], p.seen["name again, at last"]
		return choose(p.seen["name twice"].ok(), "shared", choose(again == nil, "",
			choose(again.ok(), "free", choose(last.ok(), "later", "taken"))))
	}},
	{"deleted-app", "how a deleted app is shown", "deleted", func(p *probe) string {
		return choose(p.seen["deleted listed"].at("app_id") != nil, "listed", choose(p.seen["deleted"].ok(), "shown", "404"))
	}},
	{"app-key-echo", "how app_key is shown", "list", func(p *probe) string {
		shown, listed := cmp.Or(p.seen["app"], p.seen["temporary app"]).text("authentication.app_key"), p.seen["list"].text("authentication.app_key")
		return choose(shown == "", "absent", choose(strings.Contains(shown, "*"), "masked", choose(listed == "", "show-only", "clear")))
	}},
	{"same-state", "what enabling or disabling twice returns", "stop twice", func(p *probe) string {
		start, stop := p.seen["start twice"], p.seen["stop twice"]
		return choose(start.ok() == stop.ok(), fmt.Sprint(stop.status), other)
	}},
	{"stopped-app", "can a disabled app be configured", "set while stopped", func(p *probe) string {
		r := p.seen["set while stopped"]
		return choose(r.ok(), "accepts", choose(r.code == "RTC.00001016", "refuses", other))
	}},
	{"replaced-rule", "which rule_id a POST gives that replaces a rule", "saved again", func(p *probe) string {
		return choose(p.seen["saved again"].text("rule_id") == p.seen["saved"].text("rule_id"), "same-id", "new-id")
	}},
	{"omitted-fields", "what a PUT of a rule does to fields that it omits", "mandatory", func(p *probe) string {
		return choose(p.seen["mandatory"].at("hls_config.record_slice_duration") == 20.0, "kept", "reset")
	}},
	{"moved-rule", "what a PUT of a rule with another location does", "moved", func(p *probe) string {
		r := p.seen["moved"]
		return choose(r.ok(), "moved", choose(r.code == "RTC.00001012", "", "refused"))
	}},
	{"used-rule", "what deleting a rule does that automatic recording uses", "delete used", func(p *probe) string {
		return choose(!p.seen["delete used"].ok(), "refused", choose(isOn(p.seen["auto after delete"]), "dangling", "off"))
	}},
	{"unused-config", "how a rule shows the configuration of an unused format", "rule", func(p *probe) string {
		return choose(p.seen["rule"].at("mp4_config") == nil, "absent", "zeros")
	}},
	{"defaults-echo", "how a rule shows fields with their default", "defaults", func(p *probe) string {
		r := p.seen["defaults"]
		return choose(r.at("hls_config.record_slice_duration") == nil, "absent",
			choose(r.at("hls_config.record_max_duration_to_merge_file") == nil, "not-zero", "shown"))
	}},
	{"path-echo", "how a rule shows object", "rule", func(p *probe) string {
		shown := p.seen["saved"].text("obs_addr.object") + " " + p.seen["rule"].text("obs_addr.object")
		return cmp.Or(map[string]string{
			"sparkrtc-probe sparkrtc-probe/": "exact", "sparkrtc-probe sparkrtc-probe": "trimmed", "sparkrtc-probe/ sparkrtc-probe/": "slash",
		}[shown], other)
	}},
	{"bucket-check", "what the bucket of a rule is checked for", "unknown bucket", func(p *probe) string {
		return choose(p.seen["unknown bucket"].ok(), "nothing", choose(p.seen["unauthorized bucket"] == nil, "",
			choose(p.seen["unauthorized bucket"].ok(), "exists", choose(p.seen["unknown project"].ok(), "authorized",
				choose(p.seen["bucket"].ok(), "project", "")))))
	}},
	{"unset-auto-record", "what a GET returns before automatic recording was set", "unset auto", unset("auto_record_mode", "off")},
	{"off-rule", "what AUTO_RECORD_OFF does to record_rule_id", "off with rule", func(p *probe) string {
		shown := p.seen["off"].text("auto_record_mode.record_rule_id") + p.seen["off with rule"].text("auto_record_mode.record_rule_id")
		return choose(!p.seen["off with rule"].ok(), "refuses", choose(shown != "", "keeps", "clears"))
	}},
	{"unknown-rule", "what automatic recording with an unknown rule returns", "unknown rule", func(p *probe) string {
		return choose(p.seen["unknown rule"].ok(), "accepted", fmt.Sprint(p.seen["unknown rule"].status))
	}},
}

// report prints the answers as a table in Markdown, without secrets, and why others are not known.
func (p *probe) report(out io.Writer) {
	fmt.Fprintln(out, "| question | answer | response |\n|---|---|---|")
	for _, q := range questions {
		found, r := "", p.seen[q.call]
		if r != nil {
			found = q.answer(p)
		}
		fmt.Fprintf(out, "| `%s`: %s | %s | %s |\n", q.name, q.text, cmp.Or(found, notKnown), cmp.Or(r.said(), "none"))
	}
	fmt.Fprintln(out)
	for _, of := range []part{reading, callback, recording, state, lifecycle} {
		if p.why[of] != "" {
			fmt.Fprintf(out, "Not known of %s: %s.\n", of, strings.TrimSuffix(p.why[of], "."))
		}
	}
}

func choose(condition bool, yes, no string) string {
	if condition {
		return yes
	}
	return no
}

func orSame(shown, before answer) answer {
	return func(p *probe) string { return choose(shown(p) == before(p), "same", shown(p)) }
}

func unset(member, empty string) answer {
	return func(p *probe) string {
		r := p.seen["unset callback"]
		if empty == "off" {
			r = p.seen["unset auto"]
		}
		return choose(!r.ok(), fmt.Sprint(r.status), choose(r.at(member) == nil, "missing", empty))
	}
}

// callbackIn returns a field of the callback in a response about it or about its app.
func (p *probe) callbackIn(call, field string) any {
	r := p.seen[call]
	return r.at(choose(r.at("callbacks") != nil, "callbacks.", "") + "record_callback." + field)
}

func (p *probe) callbackText(call, field string) string {
	text, _ := p.callbackIn(call, field).(string)
	return text
}

// keyOf compares with another write of the same key, to tell a hash from a random text.
func keyOf(call string) answer {
	return func(p *probe) string {
		return keyEcho(p.vars["KEY"], p.callbackIn(call, "auth_key"), p.callbackIn(call+" again", "auth_key"))
	}
}

func keyEcho(sent string, shown, again any) string {
	text, isText := shown.(string)
	unmasked := strings.TrimLeft(text, "*")
	switch {
	case !isText:
		return "absent"
	case text == "":
		return "empty"
	case text == sent:
		return "exact"
	case unmasked == "":
		return "masked"
	case unmasked != text && strings.HasSuffix(sent, unmasked):
		return "partial"
	case strings.HasPrefix(sent, text):
		return "truncated"
	case strings.Contains(text, "*"):
		return other
	case shown != again:
		return "random"
	default:
		return "hashed"
	}
}

// keyAfter tells by the responses after a write whether a key is there, if they show one that was set, and none otherwise.
func keyAfter(write, kept, gone string) answer {
	return func(p *probe) string {
		hadKey := p.tryOn(callback) == named && p.callbackText("callback", "url") != ""
		for _, method := range []string{"put", "get"} {
			if hadKey || p.callbackText("first "+method, "auth_key") == "" {
				after := p.seen[method+" "+write]
				if after != nil && p.callbackText(method, "auth_key") != "" {
					return choose(p.callbackText(method+" "+write, "auth_key") != "", kept, gone)
				}
			}
		}
		return ""
	}
}

func urlOf(call, root string) answer {
	return func(p *probe) string {
		sent, shown := p.vars["ROOT"], p.callbackText(root, "url")
		if !p.seen["root put"].ok() || p.seen[root] == nil {
			sent, shown = "", ""
		}
		return urlEcho(p.vars["CAPITALS"], p.callbackText(call, "url"), sent, shown)
	}
}

// urlEcho needs a URL with a path, and may get one without.
func urlEcho(sent, shown, root, shownRoot string) string {
	scheme, rest, _ := strings.Cut(sent, "://")
	host, path, _ := strings.Cut(rest, "/")
	slash := shownRoot != root && shownRoot == root+"/"
	switch {
	case shown == sent && slash:
		return "slash"
	case shownRoot != root && !slash:
		return other
	case shown == sent:
		return "exact"
	case strings.EqualFold(shown, scheme+"://"+host):
		return "origin"
	case shown == scheme+"://"+strings.ToLower(host)+"/"+path:
		return "lowercase"
	default:
		return other
	}
}

func timeOf(call string) answer {
	return func(p *probe) string {
		text := p.callbackText(call, "update_time")
		_, err := time.Parse(time.RFC3339, text)
		return choose(text == "", "absent", choose(err != nil, "odd", choose(strings.Contains(text, "."), "exact", "seconds")))
	}
}

// timeAfter compares the times in two responses after one write.
func timeAfter(call, before string) answer {
	return func(p *probe) string {
		form := orSame(timeOf(call), timeOf(before))(p)
		shown, _ := time.Parse(time.RFC3339, p.callbackText(call, "update_time"))
		first, _ := time.Parse(time.RFC3339, p.callbackText(before, "update_time"))
		return choose(form != "same" || shown.Equal(first), form, choose(shown.After(first), "later", other))
	}
}

var eventForm = regexp.MustCompile(`^[A-Z_]{1,64}$`)

func events(call string) answer {
	return func(p *probe) string {
		var names []string
		list, _ := p.callbackIn(call, "notify_event_subscription").([]any)
		for _, event := range list {
			if text, _ := event.(string); eventForm.MatchString(text) {
				names = append(names, text)
			}
		}
		return strings.Join(names, " ")
	}
}
