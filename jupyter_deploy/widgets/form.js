function render({ model, el }) {
  const name = model.get("name");
  const box = frame(el, "form", `request for ${name}`);
  const note = h("div", { class: "jpd-note", role: "status" });
  const wait = waiting(note);
  const told = outcome();
  const problem = problemLine(model);
  const form = h("form", { class: "jpd-fields", "aria-label": `request for ${name}`, submit: (event) => { event.preventDefault(); send(); } });
  const list = h("ol", { class: "jpd-history" });
  const earlier = h("details", { class: "jpd-earlier" }, h("summary", {}, "Earlier requests"), list);
  const submit = h("button", { type: "submit", class: "jpd-button jpd-main" }, "Send");
  const reset = button("Reset to the sample", () => fill(null));
  let inputs = [];

  const make = (field) => {
    const id = uid("field");
    const properties = { id, class: "jpd-field", "aria-describedby": `${id}-hint`, name: field.name };
    let input;
    if (field.kind === "boolean") {
      input = h("select", properties, h("option", { value: "true" }, "true"), h("option", { value: "false" }, "false"));
    } else if (field.kind === "integer" || field.kind === "number") {
      input = h("input", { ...properties, type: "number", step: field.kind === "integer" ? "1" : "any" });
    } else if (field.kind === "text") {
      input = h("input", { ...properties, type: "text", spellcheck: "false" });
    } else {
      input = h("textarea", { ...properties, class: "jpd-field jpd-mono", rows: "3", spellcheck: "false" });
    }
    const hint = h("span", { id: `${id}-hint`, class: "jpd-muted" }, field.hint);
    form.append(h("div", { class: "jpd-row" }, h("label", { for: id }, field.name), input, hint));
    input.value = field.value;
    return { field, input, hint };
  };
  const build = () => {
    form.replaceChildren();
    const fields = model.get("fields");
    inputs = fields.length
      ? fields.map(make)
      : [make({ name: "request", kind: "plain", hint: "JSON, or any text that the script reads", value: model.get("sample") })];
    form.append(h("div", { class: "jpd-buttons" }, submit, reset));
  };
  const complain = (entry, text) => {
    entry.input.setAttribute("aria-invalid", String(Boolean(text)));
    put(entry.hint, text || entry.field.hint);
    if (text) entry.input.focus();
  };
  // Text of JSON, not values: what the browser's numbers cannot hold goes through as it was typed.
  const body = () => {
    if (inputs[0].field.kind === "plain") return inputs[0].input.value;
    const parts = new Map();
    for (const entry of inputs) {
      const { field, input } = entry;
      const typed = field.kind === "text" ? JSON.stringify(input.value) : input.value.trim();
      complain(entry, "");
      if (typed === "" && input.validity.valid) continue; // left out: the script's own default
      try {
        JSON.parse(typed);
      } catch (error) {
        complain(entry, field.kind === "json" ? `This is not JSON: ${error.message}` : `This is no ${field.kind}.`);
        return null;
      }
      const pair = `${JSON.stringify(field.name)}: ${typed}`;
      if (!field.of) parts.set(`=${field.name}`, pair);
      else parts.set(field.of, [...(parts.get(field.of) ?? []), pair]);
    }
    // One row of a table: its columns together are the parameter.
    const written = [...parts].map(([of, text]) => (Array.isArray(text) ? `${JSON.stringify(of)}: [{${text.join(", ")}}]` : text));
    return `{${written.join(", ")}}`;
  };
  const fill = (text) => {
    if (inputs[0].field.kind === "plain") { inputs[0].input.value = text ?? model.get("sample"); return; }
    let values = {};
    try { values = text === null ? {} : JSON.parse(text); } catch { /* of another version of the script */ }
    for (const entry of inputs) {
      const { field, input } = entry;
      complain(entry, "");
      const from = field.of ? (values[field.of]?.[0] ?? {}) : values;
      if (text === null) input.value = field.value;
      else if (!(field.name in from)) input.value = "";
      else input.value = field.kind === "text" ? from[field.name] : JSON.stringify(from[field.name]);
    }
  };
  const send = () => {
    if (model.get("busy")) return;
    const text = body();
    if (text === null) return;
    wait.begin();
    model.send({ do: "send", body: text });
  };
  const busy = () => {
    box.setAttribute("aria-busy", String(model.get("busy")));
    submit.toggleAttribute("data-busy", model.get("busy"));
    wait.end(model.get("busy") ? "Waiting for the answer …" : "");
  };
  const shown = () => told.show(model.get("told"));
  const history = () => {
    const entries = model.get("history");
    earlier.hidden = !entries.length;
    list.replaceChildren(...entries.map((entry) => h("li", {},
      h("button", { type: "button", class: "jpd-link", click: () => { fill(entry.body); inputs[0].input.focus(); },
        "aria-label": `fill the form again with the request of ${entry.at}` },
      h("span", { class: "jpd-muted" }, `${entry.at}  ${entry.ok ? "✓" : "✕"} ${entry.status || "no answer"} ${entry.took}`),
      h("code", {}, entry.body.slice(0, 300))))));
  };
  box.append(h("div", { class: "jpd-head" }, h("span", { class: "jpd-name" }, name), h("span", { class: "jpd-muted" }, "request")),
    form, note, told.node, earlier, problem.node);
  const heard = { "change:fields": build, "change:sample": build, "change:busy": busy, "change:told": shown, "change:history": history };
  return follow(model, box, problem, heard);
}

export default { render };
