const WORDS = { approve: "Approve", hold: "Hold", "roll back": "Roll back", promote: "Promote" };
const MEANS = {
  approve: "begin the next step, or go on",
  hold: "leave the traffic as it is; a breach still rolls back",
  "roll back": "give the old version all traffic",
  promote: "make it final",
};

function grid(label) {
  const node = h("table", { class: "jpd-table", "aria-label": label });
  return {
    node,
    show(header, rows) {
      node.hidden = !rows.length;
      const wanted = JSON.stringify([header, rows]);
      if (node.dataset.shown === wanted) return;
      node.dataset.shown = wanted;
      node.replaceChildren(h("thead", {}, h("tr", {}, ...header.map((word) => h("th", { scope: "col" }, word)))),
        h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((value) => h("td", {}, value))))));
    },
  };
}

function render({ model, el }) {
  const name = model.get("name");
  const box = frame(el, "rollout", `rollout at endpoint ${name}`);
  const state = badge();
  const title = h("span", { class: "jpd-name" });
  const bar = h("div", { class: "jpd-bar", role: "img" });
  const facts = h("dl", { class: "jpd-numbers", "aria-label": "how it goes" });
  const versions = grid("both versions");
  const steps = grid("steps");
  const told = outcome();
  const note = h("div", { class: "jpd-note", role: "status" });
  const wait = waiting(note);
  const problem = problemLine(model);
  const buttons = Object.fromEntries(Object.entries(WORDS).map(([what, word]) =>
    [what, button(word, () => { if (!model.get("busy")) { wait.begin(); model.send({ do: what }); } },
      { class: what === "roll back" ? "jpd-button jpd-danger" : "jpd-button", title: MEANS[what] })]));
  const tools = h("div", { class: "jpd-buttons", role: "group", "aria-label": "what it awaits" }, ...Object.values(buttons));
  const more = h("details", { open: true }, h("summary", {}, "steps"), steps.node);
  box.append(h("div", { class: "jpd-head" }, title, state.node), bar, facts, versions.node, tools, note, told.node, more, problem.node);

  const draw = () => {
    const seen = model.get("facts");
    put(title, seen.title ?? "");
    state.show(seen.state ?? "");
    const shares = (seen.shares ?? []).filter(([, share]) => share);
    bar.hidden = !shares.length;
    bar.setAttribute("aria-label", `traffic: ${shares.map(([one, share]) => `${one} ${share} %`).join(", ")}`);
    bar.replaceChildren(...shares.map(([one, share, ground]) =>
      h("span", { "data-ground": ground, style: `flex-grow:${share}` }, `${one} ${share} %`)));
    pairs(facts, seen.facts ?? []);
    versions.show(seen.header ?? [], seen.rows ?? []);
    steps.show(seen.columns ?? [], seen.events ?? []);
    more.hidden = !(seen.events ?? []).length;
    for (const [what, one] of Object.entries(buttons)) one.hidden = !(seen.awaits ?? []).includes(what);
    tools.hidden = !(seen.awaits ?? []).length;
  };
  const busy = () => {
    const what = model.get("busy");
    box.setAttribute("aria-busy", String(Boolean(what)));
    for (const [one, node] of Object.entries(buttons)) node.toggleAttribute("data-busy", one === what);
    wait.end(what ? `${WORDS[what] ?? what} …` : "");
  };
  const said = () => told.show(model.get("said"));
  const heard = { "change:facts": draw, "change:busy": busy, "change:said": said };
  return follow(model, box, problem, heard);
}

export default { render };
