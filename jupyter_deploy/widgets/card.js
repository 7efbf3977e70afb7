function render({ model, el }) {
  const name = model.get("name");
  const box = frame(el, "card", `service ${name}`);
  const state = badge();
  const reason = h("div", { class: "jpd-reason" });
  const url = h("code", { class: "jpd-url" });
  const address = h("div", { class: "jpd-address" }, url, copyButton(`copy the address of ${name}`, () => model.get("facts").url));
  const numbers = h("dl", { class: "jpd-numbers", "aria-label": "recent traffic" });
  const rows = h("dl", { class: "jpd-rows" });
  const log = h("div", { class: "jpd-mono jpd-log", tabindex: "0", role: "region", "aria-label": `last log lines of ${name}` });
  const told = outcome();
  const note = h("div", { class: "jpd-note", role: "status" });
  const wait = waiting(note);
  const problem = problemLine(model);

  const ask = (content) => {
    if (model.get("busy")) return;
    wait.begin();
    model.send(content);
  };
  const area = h("textarea", { class: "jpd-field jpd-mono", rows: "3", spellcheck: "false", "aria-label": `request for ${name}` });
  const panel = h("div", { class: "jpd-panel" }, area, h("div", { class: "jpd-buttons" },
    button("Send", () => ask({ do: "invoke", body: area.value }), { class: "jpd-button jpd-main" }),
    button("Close", () => { panel.hidden = true; invoke.setAttribute("aria-expanded", "false"); invoke.focus(); })));
  panel.hidden = true;
  const keep = button("Keep it running", () => { sure.hidden = true; stop.focus(); });
  const sure = h("div", { class: "jpd-panel", role: "group", "aria-label": `stop ${name}?` },
    h("div", {}, `Stop ${name}? It finishes its present requests and answers no others.`),
    h("div", { class: "jpd-buttons" },
      button("Stop it", () => { sure.hidden = true; stop.focus(); ask({ do: "stop" }); }, { class: "jpd-button jpd-danger" }), keep));
  sure.hidden = true;

  const invoke = button("Invoke", () => {
    panel.hidden = !panel.hidden;
    invoke.setAttribute("aria-expanded", String(!panel.hidden));
    if (panel.hidden) return;
    if (!area.value) area.value = model.get("sample");
    area.focus();
  }, { "aria-expanded": "false" });
  const reload = button("Reload", () => ask({ do: "reload" }));
  const logs = button("Logs", () => {
    const more = logs.getAttribute("aria-pressed") !== "true";
    logs.setAttribute("aria-pressed", String(more));
    log.classList.toggle("jpd-long", more);
    model.send({ do: "logs", more });
  }, { "aria-pressed": "false" });
  const stop = button("Stop", () => { sure.hidden = false; keep.focus(); });
  const start = button("Start", () => ask({ do: "start" }), { class: "jpd-button jpd-main" });
  const buttons = h("div", { class: "jpd-buttons" }, start, invoke, reload, logs, stop);

  box.append(h("div", { class: "jpd-head" }, h("span", { class: "jpd-name" }, name), state.node), reason, address, numbers, rows,
    log, buttons, panel, sure, note, told.node, problem.node);

  const facts = () => {
    const { state: word, reason: why, url: at, rows: lines = [], numbers: counts = [] } = model.get("facts");
    state.show(word);
    put(reason, why ?? "");
    reason.hidden = !why;
    put(url, at ?? "");
    address.hidden = !at;
    pairs(numbers, counts);
    pairs(rows, lines);
    enable();
  };
  const enable = () => {
    const busy = model.get("busy");
    const word = model.get("facts").state;
    const gone = word === "Deleted";
    const ended = word === "Stopped" || word === "Failed";
    for (const one of [start, ...panel.querySelectorAll("button")]) one.disabled = gone;
    invoke.disabled = reload.disabled = gone || ended;
    stop.disabled = gone || word === "Stopped";
    start.hidden = !ended;
    box.setAttribute("aria-busy", String(Boolean(busy)));
    // They stay where the focus is: a disabled button would lose it.
    for (const one of box.querySelectorAll("button")) one.toggleAttribute("data-busy", Boolean(busy));
    wait.end({ invoke: "Waiting for the answer …", reload: "Reloading …", stop: "Stopping …", start: "Starting …" }[busy] ?? "");
  };
  const lines = () => {
    const low = log.scrollTop + log.clientHeight >= log.scrollHeight - 4;
    log.hidden = !model.get("lines").length;
    log.replaceChildren(...model.get("lines").map(logLine));
    if (low) log.scrollTop = log.scrollHeight;
  };
  const said = () => told.show(model.get("said"));
  const heard = { "change:facts": facts, "change:busy": enable, "change:lines": lines, "change:said": said };
  return follow(model, box, problem, heard);
}

export default { render };
