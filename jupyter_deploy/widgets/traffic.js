const GROUNDS = 6;

function listed(shares) {
  return Object.entries(shares).map(([name, share]) => `${name} ${share} %`).join(", ");
}

function slider(label, word, most, moved) {
  const input = h("input", { type: "range", min: "0", max: String(most), step: "1", "aria-label": label });
  const value = h("output");
  input.addEventListener("input", () => moved(Number(input.value)));
  return {
    node: h("label", { class: "jpd-slider" }, h("span", { class: "jpd-muted" }, word), input, value),
    show(share, isOff) {
      if (Number(input.value) !== share) input.value = String(share);
      input.setAttribute("aria-valuetext", `${share} %`);
      // watchKernel takes what it has switched off itself on again.
      if (!("off" in input.dataset)) input.disabled = isOff;
      put(value, `${share} %`);
    },
  };
}

function render({ model, el }) {
  const name = model.get("name");
  const box = frame(el, "traffic", `traffic of endpoint ${name}`);
  const state = badge();
  const reason = h("div", { class: "jpd-reason" });
  const url = h("code", { class: "jpd-url" });
  const address = h("div", { class: "jpd-address" }, url, copyButton(`copy the address of ${name}`, () => model.get("facts").url));
  const bar = h("div", { class: "jpd-bar", role: "img" });
  const list = h("div", { class: "jpd-deployments" });
  const told = outcome();
  const note = h("div", { class: "jpd-note", role: "status" });
  const wait = waiting(note);
  const problem = problemLine(model);
  const overtaken = h("div", { role: "alert", hidden: true });
  const apply = button("Apply", () => send(), { class: "jpd-button jpd-main" });
  const confirm = h("div", { class: "jpd-panel", role: "group", "aria-label": `confirm the traffic of ${name}`, hidden: true },
    overtaken, h("div", { class: "jpd-buttons" }, apply, button("Reset", () => { draft = null; draw(); }),
      h("span", { class: "jpd-muted" }, "not in force yet")));
  box.append(h("div", { class: "jpd-head" }, h("span", { class: "jpd-name" }, `endpoint ${name}`), state.node), reason, address, bar,
    list, confirm, note, told.node, problem.node);

  // What was moved and not confirmed yet, and the shares from which that began.
  let draft = null;
  const rows = new Map();
  const now = () => ({ traffic: model.get("facts").traffic ?? {}, mirror: model.get("facts").mirror ?? {} });
  const known = () => (draft ?? now()).traffic;
  const change = (traffic, mirror) => {
    const at = now();
    draft = isSame(traffic, at.traffic) && isSame(mirror, at.mirror) ? null : { from: draft?.from ?? at, traffic, mirror };
    draw();
  };
  const move = (one, share) => {
    const traffic = balanced(known(), one, share);
    change(traffic, Object.fromEntries(Object.entries((draft ?? now()).mirror).filter(([other]) => !traffic[other])));
  };
  const isOvertaken = () => draft && (draft.hasLost || !(isSame(draft.from.traffic, now().traffic) && isSame(draft.from.mirror, now().mirror)));
  const send = () => {
    if (model.get("busy") || !draft) return;
    wait.begin();
    // Where the present shares are on the screen, they are what is decided on.
    const from = isOvertaken() ? now().traffic : draft.from.traffic;
    model.send({ do: "apply", traffic: known(), mirror: draft.mirror, from });
  };
  const rowOf = (one, place) => {
    const word = badge();
    const share = slider(`traffic of ${one}`, "traffic", 100, (value) => move(one, value));
    const copies = slider(`mirrored to ${one}`, "mirrored", 50, (value) => change(known(), value ? { [one]: value } : {}));
    const why = h("div", { class: "jpd-reason" });
    const facts = h("dl", { class: "jpd-numbers", "aria-label": `numbers of ${one}` });
    const serves = h("div", { class: "jpd-muted" });
    const node = h("div", { class: "jpd-deployment", role: "group", "aria-label": `deployment ${one}` },
      h("div", { class: "jpd-head" }, h("span", { class: "jpd-swatch", "data-ground": place % GROUNDS, "aria-hidden": "true" }),
        h("span", { class: "jpd-name" }, one), word.node), why, share.node, copies.node, facts, serves);
    return { node, word, share, copies, why, facts, serves };
  };
  const draw = () => {
    const { deployments = [], state: word, reason: because, url: at } = model.get("facts");
    const isGone = word === "Deleted";
    state.show(word);
    put(reason, because ?? "");
    reason.hidden = !because;
    put(url, at ?? "");
    address.hidden = !at;
    const shares = known();
    const mirror = (draft ?? now()).mirror;
    const names = deployments.map((one) => one.name);
    if (names.join() !== [...rows.keys()].join()) {
      rows.clear();
      names.forEach((one, place) => rows.set(one, rowOf(one, place)));
      list.replaceChildren(...[...rows.values()].map((row) => row.node));
    }
    for (const one of deployments) {
      const row = rows.get(one.name);
      const share = shares[one.name] ?? 0;
      const copied = mirror[one.name] ?? 0;
      const isReady = one.state === "Healthy";
      row.word.show(one.state);
      put(row.why, one.reason ?? "");
      row.why.className = one.sleeps ? "jpd-muted" : "jpd-reason";
      row.why.hidden = !one.reason;
      row.share.show(share, isGone || (!isReady && !share));
      row.copies.show(copied, isGone || (!isReady && !copied));
      row.copies.node.hidden = share > 0;
      pairs(row.facts, one.numbers);
      put(row.serves, one.serves);
    }
    const text = names.some((one) => shares[one]) ? `traffic: ${listed(shares)}` : names.length ? "no deployment has traffic" : "no deployment yet";
    bar.setAttribute("aria-label", text);
    const parts = names.map((one, place) => [one, place]).filter(([one]) => shares[one]);
    bar.replaceChildren(...parts.map(([one, place]) =>
      h("span", { "data-ground": place % GROUNDS, style: `flex-grow:${shares[one]}` }, `${one} ${shares[one]} %`)),
      parts.length ? "" : h("span", { class: "jpd-muted" }, text));
    confirm.hidden = !draft || isGone;
    const late = isOvertaken();
    overtaken.hidden = !late;
    put(overtaken, late ? `It was changed meanwhile. It is now: ${[listed(now().traffic), ...Object.entries(now().mirror).map(([one, share]) => `${one} ${share} % mirrored`)].join(", ")}.` : "");
    put(apply, late ? "Apply all the same" : "Apply");
  };
  // Deployments may have come or gone since the sliders were moved.
  const keep = () => {
    const names = Object.keys(now().traffic);
    const isGone = (one) => !names.includes(one);
    draft.hasLost ||= Object.keys({ ...draft.traffic, ...draft.mirror }).some(isGone);
    draft.traffic = within(draft.traffic, names);
    draft.mirror = Object.fromEntries(Object.entries(draft.mirror).filter(([one]) => !isGone(one)));
  };
  const facts = () => {
    if (draft) keep();
    if (draft && isSame(draft.traffic, now().traffic) && isSame(draft.mirror, now().mirror)) draft = null;
    draw();
  };
  const busy = () => {
    const what = model.get("busy");
    box.setAttribute("aria-busy", String(Boolean(what)));
    apply.toggleAttribute("data-busy", Boolean(what));
    wait.end(what ? "Sharing the traffic …" : "");
  };
  const said = () => told.show(model.get("said"));
  const heard = { "change:facts": facts, "change:busy": busy, "change:said": said };
  return follow(model, box, problem, heard);
}

export default { render };
