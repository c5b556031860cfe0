// SPDX-License-Identifier: MPL-2.0

package page

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

const (
	// maxForm is the maximum size of a form, in bytes.
	maxForm = 64 << 10

	// maxTimes is how many requests one fault can make fail.
	maxTimes = 100
)

// eventTypes are the documented ones; the first is the form's default.
var eventTypes = []string{"RECORD_FILE_COMPLETE", "RECORD_NEW_FILE_START", "CLOUD_RECORD_SERVER_OVER"}

// formats are the choices of the form for a rule.
var formats = []string{"HLS", "MP4", "HLS and MP4"}

// appStates are the choices of the form for an app.
var appStates = []string{emulator.StateActive, emulator.StateInactive, emulator.StateArrears, emulator.StateDeleted}

// methods are those that the form can make fail.
var methods = []string{http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete}

// faultKind is a choice of the form.
type faultKind struct {
	ID, Text string
	fault    emulator.Fault
}

var faultKinds = []faultKind{
	{"429", "429: throttled", emulator.Fault{
		Status: http.StatusTooManyRequests, Code: "APIGW.0308",
		Message: "The throttling threshold has been reached: policy user over ratelimit,limit:60,time:1 minute",
	}},
	{"500", "500: internal error", emulator.Fault{Status: http.StatusInternalServerError, Code: "RTC.00002001", Message: "InternalError"}},
	{"502", "502: HTML page of a proxy", emulator.Fault{
		Status: http.StatusBadGateway, ContentType: "text/html", RawBody: "<html><title>502 Bad Gateway</title></html>",
	}},
	{"503", "503: empty body", emulator.Fault{Status: http.StatusServiceUnavailable}},
	{"401", "401: wrong signature", emulator.Fault{
		Status: http.StatusUnauthorized, Code: "APIGW.0301",
		Message: "Incorrect IAM authentication information: verify aksk signature fail",
	}},
	{"404", "404: not found", emulator.Fault{Status: http.StatusNotFound, Code: "RTC.00001003", Message: "InvalidParameterValue"}},
	{"drop", "connection closed before the request takes effect", emulator.Fault{Drop: true}},
	{"lost", "connection closed after the request took effect", emulator.Fault{Drop: true, After: true}},
	{"slow", "response delayed by 5 seconds", emulator.Fault{Delay: 5 * time.Second}},
}

// faultText returns the form's text for a fault.
func faultText(f emulator.Fault) string {
	for _, k := range faultKinds {
		if k.fault.Status == f.Status && k.fault.Code == f.Code && k.fault.Drop == f.Drop && k.fault.After == f.After && k.fault.Delay == f.Delay {
			return k.Text
		}
	}
	return fmt.Sprintf("%d %s", f.Status, f.Code)
}

// action serves a form with a function from its input to the response.
func action[In, Out any](do func(context.Context, In) (Out, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		// Other sites can't send this type: their browsers ask for permission
		// first, and get none.
		if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
			refuse(w, http.StatusUnsupportedMediaType, "Content-Type must be application/json")
			return
		}
		var in In
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxForm))
		decoder.DisallowUnknownFields()
		err := decoder.Decode(&in)
		if err == nil && decoder.More() {
			err = errors.New("more than one value")
		}
		if err != nil {
			refuse(w, http.StatusBadRequest, "could not read the body: "+err.Error())
			return
		}
		out, err := do(r.Context(), in)
		if err != nil {
			refuse(w, http.StatusUnprocessableEntity, err.Error())
			return
		}
		reply(w, http.StatusOK, out)
	}
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(encode(v)) // the browser may be gone
}

type nothing struct{}

type appForm struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (p *Page) addApp(_ context.Context, in appForm) (nothing, error) {
	id, name := strings.TrimSpace(in.ID), strings.TrimSpace(in.Name)
	switch {
	case id == "":
		return nothing{}, errors.New("the app ID is empty")
	case id == "." || id == ".." || len(id) > maxText || len(name) > maxText:
		return nothing{}, errors.New("the app ID or the name is not valid")
	case p.has(id):
		return nothing{}, errors.New("an app with this ID exists") // AddApp would replace it
	}
	p.api.AddApp(id)
	if name != "" {
		p.api.NameApp(id, name)
	}
	p.changed()
	return nothing{}, nil
}

func (p *Page) has(id string) bool {
	_, found := p.api.App(id)
	return found
}

type stateForm struct {
	App   string `json:"app"`
	State string `json:"state"`
}

func (p *Page) setState(_ context.Context, in stateForm) (nothing, error) {
	switch {
	case !p.has(in.App):
		return nothing{}, errNoApp
	case !slices.Contains(appStates, in.State):
		return nothing{}, errors.New("unknown state")
	case in.State == emulator.StateDeleted:
		p.api.RemoveApp(in.App)
	default:
		p.api.SetAppState(in.App, in.State)
	}
	p.changed()
	return nothing{}, nil
}

type ruleForm struct {
	App     string `json:"app"`
	Formats string `json:"formats"`
	Bucket  string `json:"bucket"`
	Object  string `json:"object"`
	Auto    string `json:"auto"` // a mode of automatic recording
}

// setRule sets the first rule of an app, and automatic recording with it. It keeps
// what the form does not have.
func (p *Page) setRule(_ context.Context, in ruleForm) (nothing, error) {
	state, found := p.api.App(in.App)
	i := slices.Index(formats, in.Formats)
	switch {
	case !found:
		return nothing{}, errNoApp
	case i < 0:
		return nothing{}, errors.New("unknown formats")
	case in.Bucket == "":
		return nothing{}, errors.New("the bucket is empty")
	case in.Auto != emulator.AutoRecordOff && in.Auto != emulator.AutoRecordIndividual:
		return nothing{}, errors.New("unknown mode of automatic recording")
	}
	var rule emulator.RecordRule
	if len(state.RecordRules) > 0 {
		rule = state.RecordRules[0]
	}
	rule.Bucket, rule.Object = in.Bucket, in.Object
	rule.HLS = configIf(formats[i] != "MP4", rule.HLS)
	rule.MP4 = configIf(formats[i] != "HLS", rule.MP4)
	id := p.api.SetRecordRule(in.App, rule)
	if in.Auto == emulator.AutoRecordOff {
		id = ""
	}
	p.api.SetAutoRecord(in.App, in.Auto, id)
	p.changed()
	return nothing{}, nil
}

func configIf(used bool, config *emulator.RecordConfig) *emulator.RecordConfig {
	switch {
	case !used:
		return nil
	case config == nil:
		return &emulator.RecordConfig{RecordCycle: 3600}
	default:
		return config
	}
}

// clearRules also ends automatic recording, which needs a rule.
func (p *Page) clearRules(_ context.Context, in appOnly) (nothing, error) {
	if !p.has(in.App) {
		return nothing{}, errNoApp
	}
	p.api.SetAutoRecord(in.App, emulator.AutoRecordOff, "")
	for _, rule := range p.api.RecordRules(in.App) {
		p.api.RemoveRecordRule(in.App, rule.ID)
	}
	p.changed()
	return nothing{}, nil
}

type callbackForm struct {
	App string `json:"app"`
	URL string `json:"url"`
	Key string `json:"key"`
}

func (p *Page) setCallback(_ context.Context, in callbackForm) (nothing, error) {
	u, err := url.Parse(in.URL)
	switch {
	case !p.has(in.App):
		return nothing{}, errNoApp
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nothing{}, errors.New("the URL must start with http:// or https:// and have a host")
	}
	p.api.SetCallback(in.App, in.URL, in.Key)
	p.changed()
	return nothing{}, nil
}

type appOnly struct {
	App string `json:"app"`
}

func (p *Page) clearCallback(_ context.Context, in appOnly) (nothing, error) {
	if !p.has(in.App) {
		return nothing{}, errNoApp
	}
	p.api.ClearCallback(in.App)
	p.changed()
	return nothing{}, nil
}

type keyResponse struct {
	Key string `json:"key"`
}

// showKey returns a key. Updates have none, so that the browser gets a key only
// when the user asks for it.
func (p *Page) showKey(_ context.Context, in appOnly) (keyResponse, error) {
	c, ok := p.api.Callback(in.App)
	if !ok {
		return keyResponse{}, errors.New("the app has no callback")
	}
	return keyResponse{c.AuthKey}, nil
}

type notificationForm struct {
	App   string `json:"app"`
	Event string `json:"event"`
}

// notify sends a test notification. A failure of the receiver is a result, not an
// error.
func (p *Page) notify(ctx context.Context, in notificationForm) (notification, error) {
	if !slices.Contains(eventTypes, in.Event) {
		return notification{}, errors.New("unknown event type")
	}
	if !p.has(in.App) {
		return notification{}, errNoApp
	}
	if _, ok := p.api.Callback(in.App); !ok {
		return notification{}, errors.New("the app has no callback")
	}
	sent, err := p.api.Deliver(ctx, in.App, testEvent(in.App, in.Event, time.Now()))
	n := notification{
		Time: sent.Time, App: in.App, Event: in.Event, URL: sent.URL, Signed: sent.Signed,
		Status: sent.Status, Response: strings.ToValidUTF8(string(sent.Body), "�"), Millis: millis(sent.Took),
	}
	if err != nil {
		var inner *url.Error
		if errors.As(err, &inner) {
			err = inner.Err // the URL is shown anyway
		}
		n.Error = err.Error()
	}
	p.addNotification(n)
	return n, nil
}

func testEvent(app, kind string, now time.Time) map[string]any {
	event := map[string]any{
		"event_type":     kind,
		"job_id":         "emulator-" + now.UTC().Format("20060102T150405.000"),
		"stream_name":    "emulator",
		"app_id":         app,
		"room_id":        "emulator-room",
		"record_format":  "MP4",
		"detail_message": "test notification of the emulator; nothing was recorded",
	}
	if kind == "RECORD_FILE_COMPLETE" {
		const layout = "2006-01-02T15:04:05Z"
		event["file_size"], event["record_duration"] = 1048576, 60
		event["start_time"], event["end_time"] = now.UTC().Add(-time.Minute).Format(layout), now.UTC().Format(layout)
		event["width"], event["height"] = 1280, 720
		event["download_url"] = "https://recordings.example.com/emulator/test.mp4"
		event["obs_location"], event["obs_bucket"], event["obs_object"] = "cn-north-4", "emulator", "emulator/test.mp4"
	}
	return event
}

type faultForm struct {
	Kind   string `json:"kind"`
	Times  int    `json:"times"`
	Method string `json:"method"` // "" matches all methods
	App    string `json:"app"`    // "" matches all requests
}

func (p *Page) fail(_ context.Context, in faultForm) (nothing, error) {
	i := slices.IndexFunc(faultKinds, func(k faultKind) bool { return k.ID == in.Kind })
	switch {
	case i < 0:
		return nothing{}, errors.New("unknown failure")
	case in.Times < 1 || in.Times > maxTimes:
		return nothing{}, fmt.Errorf("the number of requests must be between 1 and %d", maxTimes)
	case in.Method != "" && !slices.Contains(methods, in.Method):
		return nothing{}, errors.New("unknown method")
	case in.App != "" && !p.has(in.App):
		return nothing{}, errNoApp
	}
	f := faultKinds[i].fault
	f.Times, f.Method, f.AppID = in.Times, in.Method, in.App
	p.api.Fail(f)
	p.changed()
	return nothing{}, nil
}

func (p *Page) clearFaults(context.Context, nothing) (nothing, error) {
	p.api.ClearFaults()
	p.changed()
	return nothing{}, nil
}

func (p *Page) clearRequests(context.Context, nothing) (nothing, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = nil
	p.cleared++
	p.wake()
	return nothing{}, nil
}
