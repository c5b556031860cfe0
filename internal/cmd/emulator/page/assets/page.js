// SPDX-License-Identifier: MPL-2.0

// Shows the updates from the server, and sends the forms. Data is inserted as text,
// never as markup.

const MAX_REQUESTS = 200;
const MAX_NOTIFICATIONS = 100;

const byId = (id) => document.getElementById(id);

/** Makes an element; children are elements or texts. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function cell(label, ...children) {
  const blank = children.length === 1 && children[0] === "";
  return make("td", { role: "cell", "data-label": label, className: blank ? "blank" : "" }, ...children);
}

/** Sets a text only if it changed, to keep the user's selection. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Makes texts of a path or a URL that can break after a slash. */
const breakable = (path) => path.split(/(?<=[^:/]\/)/).flatMap((part) => [part, make("wbr")]);

// ---- times and numbers

const pad = (n, width = 2) => String(n).padStart(width, "0");

function time(text) {
  const t = new Date(text);
  const clock = `${pad(t.getHours())}:${pad(t.getMinutes())}:${pad(t.getSeconds())}.${pad(t.getMilliseconds(), 3)}`;
  return make("time", { className: "nowrap", dateTime: text, title: t.toLocaleString() }, clock);
}

function took(millis) {
  if (!millis) return "";
  if (millis < 0.1) return make("span", { className: "nowrap" }, "< 0.1 ms");
  if (millis >= 1000) return make("span", { className: "nowrap" }, `${(millis / 1000).toFixed(1)} s`);
  return make("span", { className: "nowrap" }, `${millis < 10 ? millis.toFixed(1) : Math.round(millis)} ms`);
}

function statusBadge(status, none) {
  if (!status) return make("span", { className: "badge bad" }, none);
  const kind = status < 300 ? "good" : status < 500 ? "warn" : "bad";
  return make("span", { className: `badge ${kind}` }, String(status));
}

function more(summary, text) {
  return make("details", {}, make("summary", {}, summary), make("pre", { tabIndex: 0 }, text));
}

// ---- apps

const apps = new Map(); // rows by ID

const appName = (id) => apps.get(id)?.shown.name || id;

const states = {
  ACTIVATION: ["active", "good"],
  DEACTIVATION: ["inactive", "warn"],
  ARREARS: ["in arrears", "bad"],
};

function newApp(id) {
  const row = {
    shown: {},
    element: make("tr", { role: "row" }),
    name: make("span", { className: "name" }),
    id: make("span", { className: "sub mono id" }),
    state: make("span"),
    changed: make("span", { className: "sub" }),
    rules: make("span"),
    url: make("span"),
    key: make("span", { className: "mono" }),
    reveal: make("button", { type: "button", className: "small" }, "Show"),
  };
  row.keyLine = make("span", { className: "key" }, make("span", { className: "none" }, "Key:"), row.key, row.reveal);
  row.element.append(
    make("th", { role: "rowheader", scope: "row", "data-label": "App" }, make("span", {}, row.name, row.id)),
    cell("State", make("span", {}, row.state, row.changed)),
    cell("Rule", row.rules),
    cell("Callback", make("span", {}, row.url, row.keyLine)),
  );
  row.reveal.addEventListener("click", () => reveal(id, row));
  return row;
}

function showApp(row, app) {
  if (JSON.stringify(row.shown) === JSON.stringify(app)) return;
  row.shown = app;
  setText(row.name, app.name === app.id ? "" : app.name);
  setText(row.id, app.id);
  const [state, kind] = states[app.state] ?? [app.state, "warn"];
  row.state.className = `badge ${kind}`;
  setText(row.state, state);
  row.changed.replaceChildren(time(app.updated));
  showRules(row.rules, app);
  row.url.className = app.callback ? "mono url" : "none";
  row.url.replaceChildren(...(app.callback ? breakable(app.callback.url) : ["none"]));
  hideKey(row);
}

function showRules(element, app) {
  const lines = app.rules.map((rule) => {
    const automatic = rule.id === app.auto_rule ? [make("span", { className: "badge good" }, "automatic"), " "] : [];
    return make("span", {}, ...automatic, `${rule.formats} → `, make("span", { className: "mono url" }, ...breakable(rule.target)),
      make("span", { className: "sub mono id" }, rule.id));
  });
  if (app.auto_rule && !app.rules.some((rule) => rule.id === app.auto_rule)) {
    lines.push(make("span", {}, make("span", { className: "badge bad" }, "automatic, but no such rule"),
      make("span", { className: "sub mono id" }, app.auto_rule)));
  }
  element.className = lines.length ? "" : "none";
  element.replaceChildren(...(lines.length ? lines : ["none"]));
}

function hideKey(row) {
  const callback = row.shown.callback;
  const hasKey = Boolean(callback?.has_key);
  row.key.className = hasKey ? "mono" : "none";
  setText(row.key, hasKey ? "••••••••" : "none");
  row.keyLine.hidden = !callback;
  row.reveal.hidden = !hasKey;
  row.reveal.textContent = "Show";
  row.reveal.setAttribute("aria-label", `Show the key of ${row.shown.name}`);
}

async function reveal(id, row) {
  if (row.reveal.textContent === "Hide") {
    hideKey(row);
    return;
  }
  const shown = row.shown;
  try {
    const { key } = await post("key", { app: id });
    if (row.shown !== shown) return; // the app has changed since
    setText(row.key, key);
    row.reveal.textContent = "Hide";
    row.reveal.setAttribute("aria-label", `Hide the key of ${shown.name}`);
  } catch (error) {
    setText(row.key, error.message);
  }
}

function showApps(list) {
  const body = byId("apps").tBodies[0];
  const ids = new Set(list.map((app) => app.id));
  for (const [id, row] of apps) {
    if (!ids.has(id)) {
      row.element.remove();
      apps.delete(id);
    }
  }
  list.forEach((app, i) => {
    let row = apps.get(app.id);
    if (!row) {
      row = newApp(app.id);
      apps.set(app.id, row);
    }
    showApp(row, app);
    if (body.children[i] !== row.element) body.insertBefore(row.element, body.children[i] ?? null);
  });
  for (const select of document.querySelectorAll("select[data-apps]")) showChoices(select, list);
  count("apps");
}

function showChoices(select, list) {
  const chosen = select.value;
  const fixed = [...select.options].filter((option) => option.value === "");
  const options = list.map((app) =>
    make("option", { value: app.id }, app.name === app.id ? app.id : `${app.name} (${app.id})`));
  const text = (all) => all.map((option) => `${option.value} ${option.textContent}`).join("\n");
  if (text([...select.options]) === text([...fixed, ...options])) return;
  select.replaceChildren(...fixed, ...options);
  if (list.some((app) => app.id === chosen)) select.value = chosen;
}

// ---- requests, notifications, faults

function requestRow(r) {
  const line = [make("span", { className: "method" }, r.method), ...breakable(r.path)];
  const request = r.body
    ? make("details", {}, make("summary", { className: "mono line", title: "Body" }, ...line), make("pre", { tabIndex: 0 }, r.body))
    : make("span", { className: "mono line" }, ...line);
  return make("tr", { role: "row" },
    cell("Time", time(r.time)),
    cell("Request", request),
    cell("Status", statusBadge(r.status, "none")),
    cell("Error", r.code ? make("span", { className: "mono nowrap" }, r.code) : ""),
    cell("Credentials", credentials(r)),
    cell("Duration", took(r.millis)),
  );
}

/** Shows an access key by its ID alone, which says that it is one. */
function credentials(r) {
  if (!r.by) return make("span", { className: "none" }, "none");
  const id = r.by.startsWith("access key ") ? r.by.slice("access key ".length) : "";
  const className = `short${id ? " mono" : ""}${r.refused ? " refused" : ""}`;
  return make("span", { className, title: r.refused ? `${r.by}, refused` : r.by }, id || r.by);
}

function notificationRow(n) {
  const where = make("span", {}, make("span", { className: "nowrap" }, n.event), make("span", { className: "sub mono url" }, ...breakable(n.url)));
  const response = make("span", {}, statusBadge(n.status, "none"));
  if (n.error) response.append(make("span", { className: "sub" }, n.error));
  if (n.response) response.append(more("Body", n.response));
  return make("tr", { role: "row" },
    cell("Time", time(n.time)),
    cell("App", appName(n.app)),
    cell("Event and URL", where),
    cell("Signed", n.signed ? "yes" : "no"),
    cell("Response", response),
    cell("Duration", took(n.millis)),
  );
}

/** Adds rows at the top. */
function prepend(id, rows, limit) {
  const body = byId(id).tBodies[0];
  body.prepend(...rows.reverse());
  while (body.rows.length > limit) body.lastElementChild.remove();
  count(id);
}

function empty(id) {
  byId(id).tBodies[0].replaceChildren();
  count(id);
}

function count(id) {
  const n = byId(id).tBodies[0].rows.length;
  const box = byId(id).parentElement;
  setText(byId(`${id}-count`), n ? String(n) : "");
  box.hidden = n === 0;
  box.nextElementSibling.hidden = n > 0;
}

function showFaults(list) {
  byId("faults").replaceChildren(...list.map((fault) => {
    const which = [fault.method, fault.app && appName(fault.app)].filter(Boolean).join(", ");
    return make("li", {}, `${fault.times} × ${fault.text}${which ? ` (${which})` : ""}`);
  }));
  byId("pending").hidden = list.length === 0;
}

// ---- the stream

function connect() {
  const connection = byId("connection");
  const show = (text, live) => {
    setText(connection, text);
    connection.classList.toggle("live", live);
  };
  const events = new EventSource("events");
  events.addEventListener("open", () => show("Live", true));
  events.addEventListener("error", () => {
    const over = events.readyState === EventSource.CLOSED;
    show(over ? "Not connected. Reload the page." : "Connection lost. Reconnecting…", false);
  });
  events.addEventListener("message", ({ data }) => {
    const update = JSON.parse(data);
    if (update.reset || update.cleared) empty("requests");
    if (update.reset) empty("notifications");
    if (update.apps) showApps(update.apps);
    if (update.faults) showFaults(update.faults);
    if (update.requests.length) prepend("requests", update.requests.map(requestRow), MAX_REQUESTS);
    if (update.notifications.length) prepend("notifications", update.notifications.map(notificationRow), MAX_NOTIFICATIONS);
  });
}

// ---- forms

async function post(path, value) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(value),
  });
  const result = await response.json();
  if (!response.ok) throw new Error(result.error);
  return result;
}

/** Runs the action of a button and shows its result in the form. */
async function run(form, button, work) {
  if (button.getAttribute("aria-disabled")) return; // the attribute disabled would lose the focus
  const result = form.querySelector(".result");
  result.textContent = "";
  result.classList.remove("failed");
  button.setAttribute("aria-disabled", "true");
  try {
    result.textContent = await work();
  } catch (error) {
    result.textContent = error instanceof TypeError ? "Could not reach the emulator." : `Failed: ${error.message}.`;
    result.classList.add("failed");
  }
  button.removeAttribute("aria-disabled");
}

function onSubmit(id, work) {
  const form = byId(id);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = form.querySelector("button[type=submit]");
    run(form, button, () => work(Object.fromEntries(new FormData(form)), form));
  });
}

onSubmit("callback-form", async ({ app, url, key }, form) => {
  await post("callback", { app, url, key });
  form.elements.key.value = "";
  return `Callback of ${appName(app)} set.`;
});

byId("clear-callback").addEventListener("click", ({ currentTarget }) => {
  const form = byId("callback-form");
  const app = form.elements.app.value;
  run(form, currentTarget, async () => {
    await post("no-callback", { app });
    return `Callback of ${appName(app)} removed.`;
  });
});

onSubmit("rule-form", async ({ app, bucket, object, formats, auto }) => {
  await post("rule", { app, bucket, object, formats, auto });
  return `Rule of ${appName(app)} set.`;
});

byId("clear-rules").addEventListener("click", ({ currentTarget }) => {
  const form = byId("rule-form");
  const app = form.elements.app.value;
  run(form, currentTarget, async () => {
    await post("no-rules", { app });
    return `Rule of ${appName(app)} removed.`;
  });
});

onSubmit("state-form", async ({ app, state }) => {
  const name = appName(app);
  await post("state", { app, state });
  return `State of ${name} set.`;
});

onSubmit("notification-form", async ({ app, event }) => {
  const n = await post("notification", { app, event });
  if (!n.status) throw new Error(n.error);
  const signed = n.signed ? "signed" : "not signed";
  return `Sent (${signed}), response ${n.status}${n.response ? `: ${n.response.trim().slice(0, 200)}` : ""}`;
});

onSubmit("fault-form", async ({ kind, times, method, app }) => {
  await post("fault", { kind, times: Number(times), method, app });
  return "";
});

byId("clear-faults").addEventListener("click", ({ currentTarget }) => {
  run(byId("fault-form"), currentTarget, async () => {
    await post("no-faults", {});
    return "Removed.";
  });
});

onSubmit("app-form", async ({ id, name }, form) => {
  await post("app", { id, name });
  form.reset();
  return "Added.";
});

byId("clear-requests").addEventListener("click", () => {
  post("no-requests", {}).catch(() => {}); // the header shows a lost connection
});

// ---- tabs

const tabs = [...document.querySelectorAll("[role=tab]")];

function select(tab) {
  for (const other of tabs) {
    const selected = other === tab;
    other.setAttribute("aria-selected", String(selected));
    other.tabIndex = selected ? 0 : -1;
    byId(other.getAttribute("aria-controls")).hidden = !selected;
  }
}

tabs.forEach((tab, i) => {
  tab.addEventListener("click", () => select(tab));
  tab.addEventListener("keydown", ({ key }) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
    if (!step) return;
    const next = tabs[(i + step + tabs.length) % tabs.length];
    select(next);
    next.focus();
  });
});
select(tabs[0]);

byId("endpoint").textContent = location.origin;
for (const id of ["apps", "requests", "notifications"]) count(id);
connect();
