// SPDX-License-Identifier: MPL-2.0

package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// part is what one script tries.
type part string

const (
	reading   part = "the app"
	callback  part = "the recording callback"
	recording part = "the recording rule and automatic recording"
	state     part = "the state"
	lifecycle part = "creating and deleting"
)

// What is repeated takes 20 seconds at most.
const (
	repeats = 10
	pause   = 2 * time.Second
)

type probe struct {
	*api
	options
	vars      map[string]string // of scripts
	temporary string            // app; "" for none
	created   []string          // temporary apps
	rules     []string          // IDs of rules that were made

	seen map[string]*reply
	why  map[part]string // a part was not tried, or not to its end
	undo []undo
	lost []string // what could not be put back
}

type undo struct {
	what string
	do   func(context.Context) error
}

func newProbe(a *api, o options) *probe {
	u, _ := url.Parse(o.url) // was checked
	capitals := *u
	capitals.Host, capitals.RawQuery = strings.ToUpper(u.Host), "probe=1"
	p := &probe{api: a, options: o, seen: map[string]*reply{}, why: map[part]string{}, vars: map[string]string{
		"URL": u.String(), "CAPITALS": capitals.String(), "ROOT": u.Scheme + "://" + u.Host,
		"KEY": random(16), "NAME": "sparkrtc-probe-" + random(6), "UNKNOWN": random(16), "PREFIX": sparkrtc.DefaultRecordPrefix,
	}}
	a.secrets, a.urls = []string{p.vars["KEY"], o.authKey}, []string{o.url, o.callbackURL}
	return p
}

func random(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

var variable = regexp.MustCompile(`\$[A-Z]+`)

func (p *probe) script(ctx context.Context, app, script string) error {
	skip := false
	for line := range strings.SplitSeq(script, "\n") {
		if skip = skip && line != ""; skip || line == "" {
			continue
		}
		marked, request, _ := strings.Cut(line, ": ")
		name := strings.TrimRight(marked, "?!~")
		mark := marked[len(name):]
		r, err := p.step(ctx, app, name, request, mark == "~")
		switch {
		case err == nil && !r.ok() && (mark == "" || mark == "~"):
			err = errors.New(r.said())
			fallthrough
		case err != nil:
			return fmt.Errorf("%q: %w", name, err)
		}
		skip = mark == "!" && r.ok()
	}
	return nil
}

func (p *probe) step(ctx context.Context, app, name, request string, repeat bool) (*reply, error) {
	request = variable.ReplaceAllStringFunc(request, func(s string) string {
		if s == "$A" {
			return "/v2/apps/" + url.PathEscape(app)
		}
		return p.vars[s[1:]]
	})
	method, rest, _ := strings.Cut(request, " ")
	path, body, _ := strings.Cut(rest, " ")
	for i := 1; ; i++ {
		var r *reply
		var err error
		if method == "LIST" {
			r, err = p.listed(ctx, func(o object) bool { return o["app_id"] == app })
		} else {
			r, err = p.call(ctx, method, path, body)
		}
		if err != nil {
			return nil, err
		}
		if i == 1 {
			p.seen[name] = r
		}
		p.seen[name+", at last"] = r
		if id := r.text("rule_id"); id != "" {
			p.vars["RULE"] = id
			p.rules = append(p.rules, id)
		}
		if method+path == "POST/v2/apps" && r.ok() {
			id := r.text("app_id")
			if id == "" {
				return nil, errors.New("the response names no app")
			}
			p.created = append(p.created, id)
		}
		if !repeat || r.ok() || i == repeats {
			return r, nil
		}
		if err := p.sleep(ctx, pause); err != nil {
			return nil, err
		}
	}
}

// listed returns an app as the list shows it, without a body if it is not there.
func (p *probe) listed(ctx context.Context, match func(object) bool) (*reply, error) {
	for page := 0; ; page++ {
		r, err := p.call(ctx, "GET", fmt.Sprintf("/v2/apps?limit=100&offset=%d", page), "")
		if err != nil {
			return nil, err
		}
		apps := r.list("apps")
		for _, listed := range apps {
			if app, _ := listed.(object); match(app) {
				return &reply{status: r.status, body: app}, nil
			}
		}
		if len(apps) < 100 {
			return &reply{status: r.status}, nil
		}
	}
}

// read asks for what the named app has, and changes nothing.
func (p *probe) read(ctx context.Context) error {
	if err := p.script(ctx, p.app, readScript); err != nil {
		return err
	}
	if shown := p.seen["app"].text("state.state"); shown != string(sparkrtc.AppActive) {
		return errors.New("the app is not enabled")
	}
	if p.seen["callback"].text("record_callback.url") == "" {
		p.seen["unset callback"] = p.seen["callback"]
	}
	if !isOn(p.seen["auto"]) {
		p.seen["unset auto"] = p.seen["auto"]
	}
	return nil
}

func isOn(auto *reply) bool {
	return cmp.Or(auto.text("auto_record_mode.mode"), string(sparkrtc.AutoRecordOff)) != string(sparkrtc.AutoRecordOff)
}

// hasCallback is false for the callback that an earlier run left.
func (p *probe) hasCallback() bool {
	shown := p.seen["callback"].text("record_callback.url")
	return shown != "" && shown != p.vars["URL"]
}

func (p *probe) records() bool { return len(p.seen["rules"].list("rules")) > 0 || isOn(p.seen["auto"]) }

type where int

const (
	nowhere where = iota
	named
	temporary
)

// tryOn prefers the named app if it does not use that part, then a temporary one, then the named one if the part can be
// put back for certain: keys, URLs and paths may be shown in another form, and a rule would get another ID.
func (p *probe) tryOn(of part) where {
	used := of == callback && p.hasCallback() || of == recording && p.records() || of == state && (p.hasCallback() || p.records())
	isCallback := p.authKey != "" && urlEcho(p.callbackURL, p.seen["callback"].text("record_callback.url"), "", "") != other
	switch {
	case of != lifecycle && p.app != "" && !used:
		return named
	case p.createApp:
		return temporary
	case p.restore && (of == state || of == callback && isCallback):
		return named
	default:
		return nowhere
	}
}

// plan says what run changes, or returns why it must not.
func (p *probe) plan() (string, error) {
	if (p.hasCallback() || p.records()) && !p.restore {
		return "", errors.New("the app has a recording callback, a recording rule or automatic recording: use an app made for the probe, or set -restore")
	}
	text := "The probe will\n"
	for _, say := range []struct {
		of             part
		named, nowhere string
	}{
		{callback, "set the recording callback of the app, and afterwards set " + map[bool]string{
			true: "the present one again", false: p.vars["URL"] + ", since the API can't remove it",
		}[p.hasCallback()], "it can only be put back if -callback-url is its URL and " + envAuthKey + " its key"},
		{recording, "make a recording rule in the app, switch automatic recording on and off, and delete the rule", "the rule would have another ID afterwards"},
		{state, "disable the app and enable it again", ""},
		{lifecycle, "", "-create-app is not set"},
	} {
		switch p.tryOn(say.of) {
		case named:
			text += "- " + say.named + "\n"
		case nowhere:
			p.why[say.of] = "not tried, because " + say.nowhere
			text += "- leave alone " + string(say.of) + ", because " + say.nowhere + "\n"
		}
	}
	if p.createApp {
		text += "- create apps named " + p.vars["NAME"] + ", try there what it does not try in another app, and delete them\n"
	}
	return text, nil
}

// run tries everything and puts back what was there, also after an error or when ctx ends.
func (p *probe) run(ctx context.Context) {
	defer p.putBack(context.WithoutCancel(ctx))
	if p.createApp {
		p.try(ctx, lifecycle, func() error { return p.create(ctx) })
	}
	p.try(ctx, reading, func() error { return p.script(ctx, cmp.Or(p.app, p.temporary), "list: LIST") })
	p.tryIn(ctx, callback, p.putBackCallback, func(app string) error { return p.script(ctx, app, callbackScript) })
	p.tryIn(ctx, recording, p.putBackRecording, func(app string) error { return p.record(ctx, app) })
	p.tryIn(ctx, state, p.putBackState, func(app string) error { return p.disable(ctx, app) })
	p.tryIn(ctx, lifecycle, nil, func(app string) error { return p.script(ctx, app, deleteScript) })
}

func (p *probe) tryIn(ctx context.Context, of part, putBack func(context.Context) error, do func(string) error) {
	switch at := p.tryOn(of); {
	case at == named:
		p.try(ctx, of, func() error {
			p.undo = append(p.undo, undo{string(of), putBack})
			return do(p.app)
		})
	case at == temporary && p.temporary != "":
		p.try(ctx, of, func() error { return do(p.temporary) })
	}
}

// try keeps the reason why a part was not tried to its end.
func (p *probe) try(ctx context.Context, of part, do func() error) {
	err := ctx.Err()
	if err == nil {
		err = do()
	}
	if err != nil {
		p.why[of] = err.Error()
	}
}

func (p *probe) putBack(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	for _, u := range slices.Backward(p.undo) {
		if err := u.do(ctx); err != nil {
			p.lost = append(p.lost, u.what+" ("+err.Error()+")")
		}
	}
}

// create makes the temporary app, and tries its name a second time.
func (p *probe) create(ctx context.Context) error {
	p.undo = append(p.undo, undo{"apps named " + p.vars["NAME"], p.removeApps})
	if err := p.script(ctx, "", createScript); err != nil {
		return err
	}
	p.temporary = p.created[0]
	return p.script(ctx, p.temporary, newAppScript)
}

// record finds out what is checked of a bucket, with rules that are refused until nothing is wrong, and goes on with
// the first that is not.
func (p *probe) record(ctx context.Context, app string) error {
	if p.project == "" {
		return errors.New("the ID of the project is not known: set HW_PROJECT_ID")
	}
	for _, with := range []struct{ name, bucket, project string }{
		{"unknown bucket", "sparkrtc-probe-" + random(8), p.project},
		{"unauthorized bucket", p.unauthorizedBucket, p.project},
		{"unknown project", p.bucket, random(16)},
		{"bucket", p.bucket, p.project},
	} {
		if with.bucket == "" {
			continue
		}
		p.vars["BUCKET"], p.vars["PROJECT"] = with.bucket, with.project
		if err := p.script(ctx, app, with.name+"?: "+firstRule); err != nil {
			return err
		}
		if p.seen["saved"] = p.seen[with.name]; p.seen["saved"].ok() {
			return p.script(ctx, app, recordingScript)
		}
	}
	return fmt.Errorf("no rule is accepted (%s): set -bucket to one that SparkRTC may write to", p.seen["saved"].said())
}

func (p *probe) disable(ctx context.Context, app string) error {
	p.vars["MODE"], p.vars["MODERULE"] = string(sparkrtc.AutoRecordOff), ""
	if app == p.app && isOn(p.seen["auto"]) {
		p.vars["MODE"], p.vars["MODERULE"] = p.seen["auto"].text("auto_record_mode.mode"), p.seen["auto"].text("auto_record_mode.record_rule_id")
	}
	return p.script(ctx, app, stateScript)
}

func (p *probe) putBackCallback(ctx context.Context) error {
	if !p.hasCallback() {
		return p.script(ctx, p.app, leaveCallbackScript)
	}
	body, err := json.Marshal(object{"url": p.callbackURL, "auth_key": p.authKey})
	p.vars["PRESENT"] = string(body)
	return errors.Join(err, p.script(ctx, p.app, "present: PUT $A/record-callback $PRESENT"))
}

func (p *probe) putBackRecording(ctx context.Context) error { return p.stopRecording(ctx, p.app) }

// await repeats a search if what it is for may exist and not be found yet.
func (p *probe) await(ctx context.Context, find func() (bool, error)) error {
	for i := 1; ; i++ {
		if found, err := find(); found || err != nil || !p.inDoubt || i == repeats {
			return err
		}
		if err := p.sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// stopRecording removes all rules of an app, also of a lost response, and those that are not listed yet.
func (p *probe) stopRecording(ctx context.Context, app string) error {
	if err := p.script(ctx, app, "auto off?: PUT $A/auto-record-mode {\"mode\": \"AUTO_RECORD_OFF\"}"); err != nil {
		return err
	}
	rules := slices.Clone(p.rules)
	if err := p.await(ctx, func() (bool, error) {
		err := p.script(ctx, app, "rules left?: GET $A/record-rules")
		for _, rule := range p.seen["rules left"].list("rules") {
			members, _ := rule.(object)
			id, _ := members["rule_id"].(string)
			rules = append(rules, id)
		}
		return len(rules) > len(p.rules), err
	}); err != nil {
		return err
	}
	slices.Sort(rules)
	for _, rule := range slices.Compact(rules) {
		p.vars["RULE"] = rule
		if err := p.script(ctx, app, "rule removed?: DELETE $A/record-rules/$RULE"); err != nil {
			return err
		}
		if r := p.seen["rule removed"]; !r.ok() && r.status != 404 {
			return errors.New(r.said())
		}
	}
	return nil
}

func (p *probe) putBackState(ctx context.Context) error {
	if err := p.script(ctx, p.app, "state now: GET $A"); err != nil || p.seen["state now"].text("state.state") == string(sparkrtc.AppActive) {
		return err
	}
	return p.script(ctx, p.app, "enabled: POST $A/enable")
}

// removeApps also removes the app of a create whose response was lost.
func (p *probe) removeApps(ctx context.Context) error {
	err := p.await(ctx, func() (bool, error) {
		lost, err := p.listed(ctx, func(o object) bool {
			id, _ := o["app_id"].(string)
			return o["app_name"] == p.vars["NAME"] && !slices.Contains(p.created, id)
		})
		if id := lost.text("app_id"); id != "" {
			p.created = append(p.created, id)
			return true, err
		}
		return false, err
	})
	for _, app := range p.created {
		if failed := p.script(ctx, app, "there?: DELETE $A"); failed != nil || p.seen["there"].ok() || p.seen["there"].status == 404 {
			err = errors.Join(err, failed)
			continue
		}
		// A disabled app may refuse to be changed.
		err = errors.Join(err, p.script(ctx, app, "enabled?: POST $A/enable"), p.stopRecording(ctx, app), p.script(ctx, app, "gone!: DELETE $A\ndisabled?: POST $A/disable\ngone at last: DELETE $A"))
	}
	return err
}
