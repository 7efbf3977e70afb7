const isJson = (text) => {
  try { JSON.parse(text); } catch { return false; }
  return true;
};

// The members of a JSON object, or the items of a list, each as it is written: numbers keep all their digits.
function membersOf(json = "") {
  const found = new Map();
  const text = json.trim();
  let [depth, begins, key, isQuoted] = [0, 1, "", false];
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    if (isQuoted) {
      at += sign === "\\" ? 1 : 0;
      isQuoted = sign !== '"';
      continue;
    }
    if (depth === 1 && sign === ":") {
      key = JSON.parse(text.slice(begins, at));
      begins = at + 1;
    } else if (depth === 1 && (sign === "," || at === text.length - 1)) {
      const value = text.slice(begins, at).trim();
      if (value) found.set(text[0] === "{" ? key : String(found.size), value);
      begins = at + 1;
    }
    isQuoted = sign === '"';
    depth += "[{".includes(sign) ? 1 : "]}".includes(sign) ? -1 : 0;
  }
  return found;
}

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
    const choices = field.kind === "boolean" ? ["true", "false"] : field.choices ?? [];
    if (choices.length) {
      // The empty one is left out, or a missing value.
      const empty = choices.includes(field.value) ? [] : [h("option", { value: "" }, "–")];
      input = h("select", properties, ...empty, ...choices.map((one) => h("option", { value: one }, one)));
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
      const empty = typed === "" && input.validity.valid;
      if (empty && !field.of) continue; // left out: the script's own default
      const written = empty ? "null" : typed; // a column has no default: it is a missing value
      try {
        JSON.parse(written);
      } catch (error) {
        complain(entry, field.kind === "json" ? `This is not JSON: ${error.message}` : `This is no ${field.kind}.`);
        return null;
      }
      const pair = `${JSON.stringify(field.name)}: ${written}`;
      if (!field.of) parts.set(`=${field.name}`, pair);
      else parts.set(field.of, [...(parts.get(field.of) ?? []), pair]);
    }
    // One row of a table: its columns together are the parameter.
    const members = [...parts].map(([of, text]) => (Array.isArray(text) ? `${JSON.stringify(of)}: [{${text.join(", ")}}]` : text));
    return `{${members.join(", ")}}`;
  };
  const fill = (text) => {
    if (inputs[0].field.kind === "plain") { inputs[0].input.value = text ?? model.get("sample"); return; }
    const values = text === null || !isJson(text) ? new Map() : membersOf(text);
    for (const entry of inputs) {
      const { field, input } = entry;
      complain(entry, "");
      const from = field.of ? membersOf(membersOf(values.get(field.of)).get("0")) : values;
      const written = from.get(field.name);
      if (text === null) input.value = field.value;
      else if (written === undefined || (written === "null" && field.kind !== "json")) input.value = "";
      else input.value = field.kind === "text" && written.startsWith('"') ? JSON.parse(written) : written;
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
