function render({ model, el }) {
  const box = frame(el, "browser", "registered models");
  const search = h("input", { class: "jpd-field", type: "search", placeholder: "search names and tags", "aria-label": "search models", input: () => show() });
  const count = h("span", { class: "jpd-count", role: "status" });
  const list = h("ul", { class: "jpd-models", "aria-label": "models" });
  const details = h("div", { class: "jpd-details", role: "region", "aria-label": "details of the version picked" });
  const note = h("div", { class: "jpd-note", role: "status" });
  const wait = waiting(note);
  const told = outcome();
  const problem = problemLine(model);
  box.append(h("div", { class: "jpd-head" }, h("span", { class: "jpd-name" }, "Models"), count), h("div", { class: "jpd-tools" }, search),
    h("div", { class: "jpd-two" }, list, details), note, told.node, problem.node);
  let drawn = "";

  const chips = (tags) => h("span", { class: "jpd-tags" }, ...tags.map(([key, value]) => h("span", { class: "jpd-tag" }, `${key}=${value}`)));
  const fits = (entry, words) => !words || entry.name.toLowerCase().includes(words) ||
    entry.versions.some((one) => one.tags.some(([key, value]) => `${key}=${value}`.toLowerCase().includes(words)));
  const pick = (id) => { wait.begin(); model.send({ do: "pick", id }); };
  const version = (one) => h("li", {},
    h("button", { type: "button", class: "jpd-link", "data-id": one.id, "aria-pressed": "false", click: () => pick(one.id) },
      h("span", {}, `version ${one.version}`), h("span", { class: "jpd-muted" }, one.registered), chips(one.tags)));
  const show = () => {
    const words = search.value.trim().toLowerCase();
    const entries = model.get("models");
    const found = entries.filter((entry) => fits(entry, words));
    const more = model.get("more");
    put(count, `${found.length.toLocaleString("en")} of ${(entries.length + more).toLocaleString("en")}`);
    const wanted = JSON.stringify(found);
    if (wanted !== drawn) {
      drawn = wanted;
      const open = new Set([...list.querySelectorAll("details[open]")].map((node) => node.dataset.name));
      const id = document.activeElement && list.contains(document.activeElement) ? document.activeElement.dataset.id : null;
      list.replaceChildren(...found.map((entry) => h("li", {},
        h("details", { "data-name": entry.name, open: open.has(entry.name) || found.length === 1 },
          h("summary", {}, h("span", { class: "jpd-model" }, entry.name), " ",
            h("span", { class: "jpd-muted" }, `${entry.count} version${entry.count === 1 ? "" : "s"}`), " ", chips(entry.versions[0].tags)),
          h("ul", { "aria-label": `versions of ${entry.name}` }, ...entry.versions.map(version))))));
      if (!found.length) list.append(h("li", { class: "jpd-muted" }, entries.length ? `No model has “${search.value.trim()}” in its name or tags.` : "No models yet: %register NAME OBJECT makes one."));
      const again = id && [...list.querySelectorAll("button")].find((node) => node.dataset.id === id);
      if (again) again.focus();
    }
    mark();
  };
  const mark = () => {
    const id = model.get("picked").id;
    for (const node of list.querySelectorAll("button")) node.setAttribute("aria-pressed", String(node.dataset.id === id));
  };
  const tagRow = (id, key, value) => {
    const input = h("input", { class: "jpd-field", type: "text", "aria-label": `value of tag ${key}` });
    input.value = value;
    const save = () => { wait.begin(); model.send({ do: "tag", id, key, value: input.value }); };
    return h("form", { class: "jpd-tagrow", submit: (event) => { event.preventDefault(); save(); } }, h("span", { class: "jpd-key-name" }, key), input,
      h("button", { type: "submit", class: "jpd-button jpd-small", "aria-label": `save tag ${key}` }, "save"));
  };
  const newTag = (id) => {
    const key = h("input", { class: "jpd-field", type: "text", placeholder: "new tag", "aria-label": "name of a new tag", required: true });
    const value = h("input", { class: "jpd-field", type: "text", placeholder: "value", "aria-label": "value of the new tag" });
    const add = () => { wait.begin(); model.send({ do: "tag", id, key: key.value, value: value.value }); };
    return h("form", { class: "jpd-tagrow", submit: (event) => { event.preventDefault(); add(); } }, key, value,
      h("button", { type: "submit", class: "jpd-button jpd-small", "aria-label": "add the tag" }, "add"));
  };
  const picked = () => {
    const { id, rows, load, tags } = model.get("picked");
    mark();
    details.hidden = !id;
    wait.end();
    if (!id) { details.replaceChildren(); return; }
    const facts = h("dl", { class: "jpd-rows" });
    pairs(facts, rows);
    const line = load ? h("div", { class: "jpd-address" }, h("code", { class: "jpd-url" }, load), copyButton("copy the line that loads it", () => load)) : null;
    details.replaceChildren(h("div", { class: "jpd-name" }, id), facts,
      ...(line ? [h("div", { class: "jpd-label" }, "load it with"), line] : []),
      h("div", { class: "jpd-label" }, "tags"), ...tags.map(([key, value]) => tagRow(id, key, value)), newTag(id));
  };
  const said = () => { wait.end(); told.show(model.get("told")); };
  const heard = { "change:models": show, "change:more": show, "change:picked": picked, "change:told": said };
  return follow(model, box, problem, heard);
}

export default { render };
