// SPDX-License-Identifier: MPL-2.0

package browser

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const (
	token     = "emulator-token-0000000000000000"
	firstApp  = "5ff9701f2346968bb306cb43"
	secondApp = "60a1b2c3d4e5f60718293a4b"
	key       = "8923ab8c2dcef4538923ab8c2dcef453"
	otherKey  = "0123456789abcdef0123456789abcdef"

	// Markup that must be shown as text.
	evil = `<img src=x onerror="window.evil=1"><script>window.evil=1</script>`
)

// needBrowser returns the path of a Chromium, or skips the test.
func needBrowser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	t.Skip("there is no Chromium on PATH; CHROMIUM can name one")
	return ""
}

// built is the folder of the program, if it was built.
var built string

// program is the emulator's program, built from this tree.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "sparkrtc-page-test-")
	if err != nil {
		return "", err
	}
	built = dir
	path := filepath.Join(dir, "emulator")
	out, err := exec.Command("go", "build", "-C", "../../../..", "-o", path, "./internal/cmd/emulator").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		_ = os.RemoveAll(built) // it is a temporary folder
	}
	os.Exit(code)
}

// start runs the program until stop or the test's end, and returns the page's
// URL.
func start(t *testing.T, args ...string) (page string, stop func()) {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	stop = func() {
		once.Do(func() {
			_ = cmd.Process.Signal(os.Interrupt)
			_, _ = io.Copy(io.Discard, out)
			if err := cmd.Wait(); err != nil {
				t.Errorf("the program ended with %v", err)
			}
		})
	}
	t.Cleanup(stop)
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	fields := strings.Fields(line)
	if page = fields[len(fields)-1]; !strings.HasSuffix(page, "/ui/") {
		t.Fatalf("the first line is %q", line)
	}
	return page, stop
}

// browser is a tab. Its errors and warnings fail the test.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu     sync.Mutex
	silent bool // while connections are expected to fail
}

func open(t *testing.T, path string) *browser {
	t.Helper()
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox, // containers have none
		chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("no-first-run", true),
		chromedp.WSURLReadTimeout(time.Minute),
	)
	ctx, cancelAll := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(cancelAll)
	ctx, cancel := chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, b.checkEvent); err != nil {
		t.Fatal(err)
	}
	return b
}

// checkEvent fails the test if the browser reports an error or a warning.
func (b *browser) checkEvent(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.silent {
		return
	}
	switch event := event.(type) {
	case *runtime.EventExceptionThrown:
		b.t.Errorf("exception: %+v", event.ExceptionDetails)
	case *log.EventEntryAdded:
		if strings.Contains(event.Entry.Text, " 422 ") {
			return // a form that the test lets fail
		}
		if event.Entry.Level == log.EntryLevelError || event.Entry.Level == log.EntryLevelWarning {
			b.t.Errorf("the browser says: %s %s", event.Entry.Text, event.Entry.URL)
		}
	}
}

func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// visit opens a page in a window of this width.
func (b *browser) visit(page string, width int64, scheme string) {
	b.t.Helper()
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, media); err != nil {
		b.t.Fatal(err)
	}
	b.do(chromedp.EmulateViewport(width, 900), chromedp.Navigate(page))
	b.until(`document.querySelector("#connection").textContent === "Live"`)
}

// eval returns what a script evaluates to.
func eval[T any](b *browser, script string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script))
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// until waits for a script to be true.
func (b *browser) until(script string) {
	b.t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for !eval[bool](b, script) {
		if time.Now().After(deadline) {
			b.t.Fatalf("this never became true: %s\n%s", script, eval[string](b, "document.body.innerText"))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// row waits for a row of a table that has all of the texts in it.
func (b *browser) row(table string, texts ...string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`[...document.querySelectorAll("#%s tbody tr")].some((row) => %s.every((text) => row.textContent.includes(text)))`,
		table, list(texts)))
}

func list(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = fmt.Sprintf("%q", text)
	}
	return "[" + strings.Join(quoted, ",") + "]"
}

// choose sets a field.
func (b *browser) choose(selector, value string) {
	b.t.Helper()
	b.do(chromedp.SetValue(chromedp.CSS(selector), value))
}

func (b *browser) click(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

func (b *browser) result(form, text string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`document.querySelector("#%s .result").textContent.includes(%q)`, form, text))
}

// screenshot saves a picture of the whole page in the folder PAGE_PICTURES.
func (b *browser) screenshot(name string) {
	b.t.Helper()
	dir := os.Getenv("PAGE_PICTURES")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// window saves a picture of what is in the window.
func (b *browser) window(name string) {
	b.t.Helper()
	dir := os.Getenv("PAGE_PICTURES")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// created posts to the API, past the page, and returns the response.
func created[T any](t *testing.T, page, path, body string) (v T) {
	t.Helper()
	resp := send(t, page, "POST", path, body, "X-Auth-Token", token)
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&v); err != nil || resp.StatusCode != http.StatusCreated {
		t.Fatalf("%s: %d, %v", path, resp.StatusCode, err)
	}
	return v
}

// refused sends a request with a wrong signature.
func refused(t *testing.T, page, path string) {
	t.Helper()
	resp := send(t, page, "GET", path, "", "Authorization", "SDK-HMAC-SHA256 Access=AKEMULATOR0000000001, SignedHeaders=host, Signature=0")
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("%s: status %d", path, resp.StatusCode)
	}
}

// call sends a request to the API, past the page.
func call(t *testing.T, page, method, path, body string) int {
	t.Helper()
	resp := send(t, page, method, path, body, "X-Auth-Token", token)
	resp.Body.Close()
	return resp.StatusCode
}

func send(t *testing.T, page, method, path, body, header, value string) *http.Response {
	t.Helper()
	req, err := http.NewRequest(method, strings.TrimSuffix(page, "/ui/")+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(header, value)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// receiver is a callback URL that remembers whether it got a signature.
func receiver(t *testing.T) (url string, signatures chan string) {
	t.Helper()
	signatures = make(chan string, 10)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		signatures <- r.Header.Get("X-Rtc-Signature")
		fmt.Fprint(w, `{"taken":"`+evil+`"}`)
	}))
	t.Cleanup(web.Close)
	return web.URL, signatures
}

func TestPage(t *testing.T) {
	b := open(t, needBrowser(t))
	page, _ := start(t, "-addr", "127.0.0.1:0")
	hook, signatures := receiver(t)
	b.visit(page, 1280, "light")
	b.row("apps", firstApp, "classroom", "active", "none")
	b.row("apps", secondApp, "conference")

	// A client of the API.
	callback := "/v2/apps/" + firstApp + "/record-callback"
	if got := call(t, page, "PUT", callback, `{"url":"`+hook+`/?q=<i>","auth_key":"`+key+`"}`); got != 200 {
		t.Fatalf("status %d", got)
	}
	call(t, page, "GET", callback, "")
	call(t, page, "GET", "/v2/apps/"+secondApp+"/record-callback?q="+key, "")
	call(t, page, "GET", "/v2/<script>", "")
	b.row("requests", "PUT", callback, "200", "token", `"auth_key":"••••••"`)
	b.row("requests", "GET", "404", "RTC.00001003", "/v2/apps/"+secondApp+"/record-callback")
	b.row("requests", "/v2/%3Cscript%3E", "APIGW.0101")
	b.row("apps", firstApp, hook+"/?q=<i>", "••••••••")

	// The key, with the keyboard alone.
	shown := `document.documentElement.outerHTML.includes("` + key + `")`
	if eval[bool](b, shown) {
		t.Error("a key is in the page unasked")
	}
	b.do(chromedp.Focus(chromedp.CSS("#apps button.small")), chromedp.KeyEvent(kb.Enter))
	b.until(shown)
	if focused := eval[string](b, `document.activeElement.getAttribute("aria-label")`); focused != "Hide the key of classroom" {
		t.Errorf("the focus is on %q", focused)
	}
	b.do(chromedp.KeyEvent(kb.Enter))
	b.until("!" + shown)

	// The forms.
	b.click("#app-tab")
	b.choose("#app-form [name=id]", "third/app")
	b.choose("#app-form [name=name]", evil)
	b.click("#app-form .main")
	b.row("apps", "third/app", evil)
	b.click("#app-form .main")
	if eval[bool](b, `document.querySelector("#app-form").checkValidity()`) {
		t.Error("the form was not emptied")
	}

	b.choose("#state-form [name=app]", secondApp)
	b.choose("#state-form [name=state]", "ARREARS")
	b.click("#state-form .main")
	b.result("state-form", "State of conference set.")
	b.row("apps", "conference", "in arrears")
	b.choose("#state-form [name=state]", "ACTIVATION")
	b.click("#state-form .main")
	b.row("apps", "conference", "active")

	// With the keyboard: the arrow goes to the tab on the left.
	b.do(chromedp.Focus(chromedp.CSS("#app-tab")), chromedp.KeyEvent(kb.ArrowLeft))
	b.choose("#rule-form [name=app]", secondApp)
	b.choose("#rule-form [name=object]", "/records/<b>")
	b.choose("#rule-form [name=formats]", "HLS and MP4")
	b.choose("#rule-form [name=auto]", "AUTO_INDIVIDUAL_RECORD")
	b.click("#rule-form .main")
	b.result("rule-form", "Rule of conference set.")
	b.row("apps", "conference", "automatic", "HLS and MP4 → emulator-recordings/records/<b>")
	b.click("#clear-rules")
	b.result("rule-form", "Rule of conference removed.")
	b.until(`!document.querySelector("#apps").textContent.includes("emulator-recordings")`)
	call(t, page, "PUT", "/v2/apps/"+secondApp+"/auto-record-mode", `{"mode":"AUTO_RECORD_OFF"}`)
	b.row("requests", "/v2/apps/"+secondApp+"/auto-record-mode", "200")

	b.click("#callback-tab")
	b.choose("#callback-form [name=app]", "third/app")
	b.choose("#callback-form [name=url]", hook+"/third")
	b.choose("#callback-form [name=key]", otherKey)
	b.click("#callback-form .main")
	b.result("callback-form", "Callback of "+evil+" set.")
	b.row("apps", "third/app", hook+"/third", "••••••••")
	b.click("#notification-tab")
	b.choose("#notification-form [name=app]", "third/app")
	b.click("#notification-form .main")
	b.result("notification-form", "Sent (signed), response 200")
	b.row("notifications", evil, "RECORD_FILE_COMPLETE", hook+"/third", "yes", "200", "taken")
	if signature := <-signatures; len(signature) != 64 {
		t.Errorf("signature %q", signature)
	}
	b.choose("#notification-form [name=app]", secondApp)
	b.click("#notification-form .main")
	b.result("notification-form", "Failed: the app has no callback.")
	b.click("#callback-tab")
	b.choose("#callback-form [name=app]", secondApp)
	b.choose("#callback-form [name=url]", "http://127.0.0.1:1/closed")
	b.click("#callback-form .main")
	b.row("apps", "conference", "http://127.0.0.1:1/closed", "none")
	b.click("#notification-tab")
	b.choose("#notification-form [name=event]", "RECORD_NEW_FILE_START")
	b.click("#notification-form .main")
	b.result("notification-form", "connection refused")
	b.row("notifications", "conference", "RECORD_NEW_FILE_START", "no", "connection refused")

	b.click("#fault-tab")
	b.choose("#fault-form [name=kind]", "429")
	b.choose("#fault-form [name=times]", "2")
	b.choose("#fault-form [name=method]", "GET")
	b.choose("#fault-form [name=app]", firstApp)
	b.click("#fault-form .main")
	b.until(`document.querySelector("#faults").textContent === "2 × 429: throttled (GET, classroom)"`)
	if got := call(t, page, "GET", callback, ""); got != 429 {
		t.Errorf("status %d", got)
	}
	b.row("requests", "429", "APIGW.0308")
	b.until(`document.querySelector("#faults").textContent.startsWith("1 × ")`)

	// Both color schemes, at several widths.
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 800, 360} {
			b.visit(page, width, scheme)
			b.row("notifications", "conference")
			b.row("apps", "third/app")
			b.screenshot(fmt.Sprintf("%s-%d", scheme, width))
			b.checkLayout(fmt.Sprintf("%s, %d px", scheme, width))
			if width == 360 {
				eval[chromedp.Void](b, `for (const d of document.querySelectorAll("details")) d.open = true`)
				b.screenshot(fmt.Sprintf("%s-%d-open", scheme, width))
				b.checkLayout(fmt.Sprintf("%s, %d px, all open", scheme, width))
			}
		}
	}

	b.click("#fault-tab")
	b.click("#clear-faults")
	b.until(`document.querySelector("#faults").textContent === ""`)
	if got := call(t, page, "GET", callback, ""); got != 200 {
		t.Errorf("status %d", got)
	}
	b.click("#clear-requests")
	b.until(`document.querySelectorAll("#requests tbody tr").length === 0`)
	b.click("#callback-tab")
	b.choose("#callback-form [name=app]", firstApp)
	b.click("#clear-callback")
	b.result("callback-form", "Callback of classroom removed.")
	if got := call(t, page, "GET", callback, ""); got != 404 {
		t.Errorf("status %d", got)
	}
	b.row("requests", "RTC.00001003")
	b.row("apps", firstApp, "none")

	if eval[bool](b, `window.evil !== undefined || document.querySelectorAll("main img, main script").length > 0`) {
		t.Error("markup was not taken for text")
	}
}

// checkLayout fails the test if the page is wider than the window, a field has
// no label, a control has no name, or a text has too little contrast.
func (b *browser) checkLayout(what string) {
	b.t.Helper()
	for _, complaint := range eval[[]string](b, layoutScript) {
		b.t.Errorf("%s: %s", what, complaint)
	}
}

const layoutScript = `(() => {
  const complaints = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) {
    const wide = [...document.querySelectorAll("body *")].find((e) => e.getBoundingClientRect().right > root.clientWidth + 1);
    complaints.push("it is " + root.scrollWidth + " px wide, by " + (wide && wide.outerHTML.slice(0, 200)));
  }
  for (const e of document.querySelectorAll("input, select")) {
    if (!e.labels.length) complaints.push("no label: " + e.outerHTML);
  }
  for (const e of document.querySelectorAll("button")) {
    if (!e.textContent.trim()) complaints.push("no name: " + e.outerHTML);
  }
  const channels = (color) => (color.match(/[\d.]+/g) || []).map(Number);
  const luminance = (color) => {
    const [r, g, b] = channels(color).slice(0, 3).map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const color = getComputedStyle(e).backgroundColor, [, , , alpha = 1] = channels(color);
      if (alpha > 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  for (const e of document.querySelectorAll("body *")) {
    const text = [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.textContent.trim());
    if (!text && e.tagName !== "INPUT" || !e.checkVisibility()) continue;
    const [high, low] = [luminance(getComputedStyle(e).color), luminance(ground(e))].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) complaints.push("contrast " + ratio.toFixed(1) + ": " + e.outerHTML.slice(0, 200));
  }
  return complaints;
})()`

// With many apps, requests and forms are in view, and each request is one line.
func TestManyApps(t *testing.T) {
	b := open(t, needBrowser(t))
	page, _ := start(t, "-addr", "127.0.0.1:0", "-app", "0123456789abcdef0123456789abcdef")
	const (
		apps = 30
		rule = `{"obs_addr":{"location":"cn-north-4","project_id":"p","bucket":"recordings-of-the-school","object":"2026/classrooms/"},` +
			`"record_formats":["HLS","MP4"],"hls_config":{"record_cycle":0},"mp4_config":{"record_cycle":3600}}`
		url = `{"url":"https://hooks.example.com/sparkrtc/recordings?school=northern-lights","auth_key":"` + key + `"}`
	)
	for i := range apps - 1 {
		id := created[struct {
			ID string `json:"app_id"`
		}](t, page, "/v2/apps", fmt.Sprintf(`{"app_name":"classroom-%d"}`, i+2)).ID
		ruleID := created[struct {
			ID string `json:"rule_id"`
		}](t, page, "/v2/apps/"+id+"/record-rules", rule).ID
		call(t, page, "PUT", "/v2/apps/"+id+"/auto-record-mode", `{"mode":"AUTO_INDIVIDUAL_RECORD","record_rule_id":"`+ruleID+`"}`)
		call(t, page, "PUT", "/v2/apps/"+id+"/record-callback", url)
		refused(t, page, "/v2/apps/"+id+"/record-rules/"+ruleID)
	}
	for scheme, widths := range map[string][]int64{"light": {1920, 1280, 1000, 800, 360}, "dark": {1280, 360}} {
		for _, width := range widths {
			b.visit(page, width, scheme)
			b.row("apps", fmt.Sprint("classroom-", apps), "automatic", "HLS and MP4", "https://hooks.example.com/")
			b.screenshot(fmt.Sprintf("many-%s-%d", scheme, width))
			b.window(fmt.Sprintf("many-%s-%d-window", scheme, width))
			b.checkLayout(fmt.Sprintf("%s, %d px", scheme, width))
			for _, complaint := range eval[[]string](b, manyScript) {
				t.Errorf("%s, %d px: %s", scheme, width, complaint)
			}
		}
	}
}

// manyScript complains about an ID that is broken and, in a wide window, about a
// request of more than one line and about what is out of view.
const manyScript = `(() => {
  const complaints = [];
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    if (!texts.currentNode.parentElement.checkVisibility()) continue;
    for (const id of texts.currentNode.data.matchAll(/[0-9a-f]{24,32}|AKEMULATOR\w+/g)) {
      const range = document.createRange();
      range.setStart(texts.currentNode, id.index);
      range.setEnd(texts.currentNode, id.index + id[0].length);
      if (range.getClientRects().length > 1) complaints.push("broken: " + id[0]);
    }
  }
  for (const box of document.querySelectorAll(".box")) {
    if (box.scrollWidth > box.clientWidth) complaints.push("it scrolls sideways: " + box.textContent.slice(0, 20));
  }
  if (innerWidth < 1280) return complaints;
  for (const row of document.querySelectorAll("#requests tbody tr")) {
    if (row.offsetHeight > 34) complaints.push(row.offsetHeight + " px: " + row.textContent);
  }
  const below = (selector) => document.querySelector(selector).getBoundingClientRect();
  if (below(".card").bottom > 720) complaints.push("the forms end at " + below(".card").bottom);
  if (below("#requests tbody").top > 640) complaints.push("the requests begin at " + below("#requests tbody").top);
  return complaints;
})()`

// An open page reconnects to the next emulator at the same address.
func TestReconnects(t *testing.T) {
	b := open(t, needBrowser(t))
	page, stop := start(t, "-addr", "127.0.0.1:0", "-app", "first-app")
	b.visit(page, 1280, "light")
	b.row("apps", "first-app")
	call(t, page, "GET", "/v2/apps/first-app", "")
	b.row("requests", "/v2/apps/first-app")

	b.click("#app-tab")
	b.mu.Lock()
	b.silent = true
	b.mu.Unlock()
	stop()
	b.until(`document.querySelector("#connection").textContent === "Connection lost. Reconnecting…"`)
	b.click("#state-form .main")
	b.result("state-form", "Could not reach the emulator.")
	address := strings.TrimSuffix(strings.TrimPrefix(page, "http://"), "/ui/")
	start(t, "-addr", address, "-app", "after")
	b.until(`document.querySelector("#connection").textContent === "Live"`)
	b.row("apps", "after")
	if eval[bool](b, `document.querySelector("main").textContent.includes("first-app")`) {
		t.Error("it shows what was before")
	}
}
