// What the views share. Whatever comes from outside becomes text, never markup.

function h(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === "function") node.addEventListener(key, value);
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// Only where it differs: a screen reader would say it again, and a selection would be lost.
function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

let counted = 0;
function uid(what) {
  counted += 1;
  return `jpd-${what}-${counted}-${Math.random().toString(36).slice(2, 8)}`;
}

// The view's own box. Keys typed in it are its own: the notebook's shortcuts would take Enter and Space from buttons.
function frame(el, kind, label) {
  el.classList.add("jpd");
  const box = h("section", { class: `jpd-box jpd-${kind}`, "aria-label": label, "data-lm-suppress-shortcuts": "true" });
  el.append(box);
  return box;
}

function button(text, press, properties = {}) {
  return h("button", { type: "button", class: "jpd-button", click: press, ...properties }, text);
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Pages that are not served by https have no clipboard; the old way still works there.
    const area = h("textarea", { style: "position:fixed;opacity:0", "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

function copyButton(label, text) {
  const said = h("span", { class: "jpd-hidden", role: "status" });
  const word = h("span", {}, "copy");
  const press = async () => {
    const done = await copyText(text());
    put(word, done ? "copied" : "press Ctrl+C");
    put(said, done ? "copied" : "could not copy");
    setTimeout(() => { put(word, "copy"); put(said, ""); }, 1500);
  };
  return h("span", {}, h("button", { type: "button", class: "jpd-button jpd-small", click: press, "aria-label": label }, word), said);
}

function badge() {
  const mark = h("span", { "aria-hidden": "true" });
  const word = h("span");
  const node = h("span", { class: "jpd-badge", role: "status" }, mark, word);
  return {
    node,
    show(state) {
      node.dataset.state = state;
      node.hidden = !state;
      put(mark, SIGNS[state] ?? (state === "Deleted" ? "–" : "○"));
      put(word, state);
    },
  };
}

function pairs(list, rows) {
  const wanted = rows.map(([label, value]) => `${label}\n${value}`).join("\n\n");
  if (list.dataset.shown === wanted) return;
  list.dataset.shown = wanted;
  list.replaceChildren(...rows.map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", {}, value))));
}

// A view outlives its kernel: then it says so, with the time of what it shows, and offers nothing that could not be done.
const SILENCE = 30_000;
const ENDED = new Set(["dead", "restarting", "autorestarting", "terminating"]);
function watchKernel(model, box) {
  const note = h("div", { class: "jpd-gone", role: "status", hidden: true });
  box.querySelector(".jpd-head").after(note);
  let heard = Date.now();
  let gone = false;
  const set = (now) => {
    gone = now;
    note.hidden = !gone;
    box.toggleAttribute("data-gone", gone);
    if (gone) {
      const at = new Date(heard).toLocaleTimeString();
      put(note, `The kernel has ended or was restarted. This shows ${at}; run the cell again to go on.`);
    }
    for (const one of box.querySelectorAll("button, input, select, textarea")) {
      if (gone && !one.disabled) { one.disabled = true; one.dataset.off = ""; }
      else if (!gone && "off" in one.dataset) { one.disabled = false; delete one.dataset.off; }
    }
  };
  const hear = () => { heard = Date.now(); if (gone) set(false); };
  const status = (_, word) => { if (ENDED.has(word)) set(true); };
  const signal = model.widget_manager?.kernel?.statusChanged;
  signal?.connect(status);
  model.on("change", hear);
  model.on("msg:custom", hear);
  const timer = setInterval(() => { if (!gone && Date.now() - heard > SILENCE) set(true); }, 2000);
  return () => {
    clearInterval(timer);
    signal?.disconnect(status);
    model.off("change", hear);
    model.off("msg:custom", hear);
  };
}

// Show each change of the model, from now until what is returned is called.
function follow(model, box, problem, heard) {
  for (const [event, act] of Object.entries(heard)) { model.on(event, act); act(); }
  model.send({ do: "hello" });
  const unwatch = watchKernel(model, box);
  return () => {
    for (const [event, act] of Object.entries(heard)) model.off(event, act);
    problem.off();
    unwatch();
  };
}

// What came of something: a title, and where there are any a text, details and a hint.
function outcome() {
  const node = h("div", { class: "jpd-outcome", role: "status", "aria-live": "polite" });
  return {
    node,
    show(told) {
      node.hidden = !told || !(told.title || told.message);
      if (node.hidden) return;
      node.dataset.ok = String(Boolean(told.ok));
      const parts = [h("div", { class: "jpd-outcome-title" }, h("span", { "aria-hidden": "true" }, told.ok ? "✓ " : "✕ "),
        told.ok ? "" : `${told.title}: `, told.ok ? told.title : told.message)];
      if (told.details) parts.push(h("pre", { class: "jpd-mono", tabindex: "0", "aria-label": "details" }, told.details));
      if (told.hint) parts.push(h("div", { class: "jpd-hint" }, h("b", {}, "Hint: "), told.hint));
      node.replaceChildren(...parts);
    },
  };
}

function problemLine(model) {
  const node = h("div", { class: "jpd-problem", role: "status" });
  const show = () => { node.hidden = !model.get("problem"); put(node, model.get("problem")); };
  model.on("change:problem", show);
  show();
  return { node, off: () => model.off("change:problem", show) };
}

// A message waits while a cell runs, where the kernel has one thread for both: say so, instead of seeming dead.
function waiting(node) {
  let timer = null;
  return {
    begin() {
      clearTimeout(timer);
      timer = setTimeout(() => put(node, "Waiting for the kernel, which is busy …"), 1500);
    },
    end(text = "") {
      clearTimeout(timer);
      put(node, text);
    },
  };
}

// What the server writes before each message: date, time and level, process, request, logger.
const PREFIX = /^(\d{4}-\d\d-\d\d )(\d\d:\d\d:\d\d,\d{3} [DIWEC] )(\[\d+\] )(\S+)( \S+ - )/;

// All of a line is there to be searched; what one rarely looks at takes no room.
function logLine([level, text]) {
  const row = h("div", { class: "jpd-line", "data-level": level });
  const prefix = PREFIX.exec(text);
  if (!prefix) {
    row.textContent = text;
    return row;
  }
  const [all, date, time, pid, request, logger] = prefix;
  row.append(h("span", { hidden: true }, date), h("span", { class: "jpd-prefix" }, time, h("span", { hidden: true }, pid),
    request === "-" ? request : h("span", { class: "jpd-request", title: request }, request), logger), text.slice(all.length));
  return row;
}
