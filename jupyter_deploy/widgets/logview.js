const ROWS = 2000;
// What comes at once is spread over some frames, but not drawn in each: painting costs more than appending.
const AT_ONCE = 100;
const BETWEEN = 45; // milliseconds
const ORDER = "DIWEC";
const LEVELS = [["D", "all levels"], ["I", "info and above"], ["W", "warnings and above"], ["E", "errors"]];

function render({ model, el }) {
  const name = model.get("name");
  const view = uid("log");
  const box = frame(el, "logview", `log of ${name}`);
  const search = h("input", { class: "jpd-field", type: "search", placeholder: "search", "aria-label": "search the log", input: () => filter() });
  const level = h("select", { class: "jpd-field", "aria-label": "levels shown", change: () => filter() },
    ...LEVELS.map(([value, text]) => h("option", { value }, text)));
  const pause = button("Pause", () => hold(pause.getAttribute("aria-pressed") !== "true"), { "aria-pressed": "false" });
  const end = button("To the end", () => { list.scrollTop = list.scrollHeight; });
  const count = h("span", { class: "jpd-count", role: "status" });
  // Not read out line by line: a person could not follow.
  const list = h("div", { class: "jpd-mono jpd-list", role: "log", "aria-live": "off", tabindex: "0", "aria-label": `log lines of ${name}` });
  const none = h("div", { class: "jpd-note", role: "status", hidden: true });
  const problem = problemLine(model);
  box.append(h("div", { class: "jpd-head" }, h("span", { class: "jpd-name" }, name), h("span", { class: "jpd-muted" }, "log"), count),
    h("div", { class: "jpd-tools" }, search, level, pause, end), none, list, problem.node);

  let last = 0; // the number of the newest line that is here
  let known = 0; // and of the newest line that there is
  let queue = [];
  let drawing = false;
  let drawn = 0;
  let held = false;
  let words = "";
  let lowest = 0;

  const fits = (row) => {
    if (row.dataset.skipped) return true;
    return ORDER.indexOf(row.dataset.level) >= lowest && (!words || row.textContent.toLowerCase().includes(words));
  };
  const take = (first, lines) => {
    const skip = Math.max(0, last + 1 - first);
    if (skip >= lines.length) return;
    const begin = first + skip;
    // What is before the first line that ever came is not missing.
    if (last && begin > last + 1) queue.push(begin - last - 1);
    for (let index = skip; index < lines.length; index += 1) queue.push(lines[index]);
    last = first + lines.length - 1;
    known = Math.max(known, last);
    if (queue.length > ROWS) {
      const dropped = queue.splice(0, queue.length - ROWS);
      const lost = dropped.reduce((sum, item) => sum + (typeof item === "number" ? item : 1), 0);
      if (typeof queue[0] === "number") queue[0] += lost; else queue.unshift(lost);
    }
    schedule();
  };
  const schedule = () => {
    if (held) tellWaiting();
    else if (!drawing && queue.length) {
      drawing = true;
      requestAnimationFrame(draw);
    }
  };
  const draw = (now) => {
    drawing = false;
    if (held || !queue.length) return;
    if (now - drawn < BETWEEN) { schedule(); return; }
    drawn = now;
    const low = list.scrollTop + list.clientHeight >= list.scrollHeight - 4;
    const rows = queue.splice(0, Math.max(AT_ONCE, Math.ceil(queue.length / 8))).map((item) => {
      const row = typeof item === "number"
        ? h("div", { class: "jpd-line jpd-skipped", "data-skipped": item }, `… ${item.toLocaleString("en")} lines skipped`)
        : logLine(item);
      row.hidden = !fits(row);
      return row;
    });
    const over = list.childElementCount + rows.length - ROWS;
    if (over >= list.childElementCount) list.replaceChildren();
    else if (over > 0) {
      const range = document.createRange();
      range.setStartBefore(list.firstChild);
      range.setEndAfter(list.children[over - 1]);
      range.deleteContents();
    }
    list.append(...rows.slice(-ROWS));
    if (low) list.scrollTop = list.scrollHeight;
    if (queue.length) schedule(); else tellCount();
  };
  const tellWaiting = () => {
    const queued = queue.reduce((sum, item) => sum + (typeof item === "number" ? item : 1), 0);
    const more = queued + Math.max(0, known - last);
    put(count, `paused, ${more.toLocaleString("en")} ${more === 1 ? "line waits" : "lines wait"}`);
  };
  const tellCount = () => {
    if (!words && !lowest) { put(count, ""); none.hidden = true; return; }
    let shown = 0;
    for (const row of list.children) if (!row.hidden && !row.dataset.skipped) shown += 1;
    put(count, `${shown.toLocaleString("en")} of ${list.childElementCount.toLocaleString("en")} lines`);
    none.hidden = shown > 0;
    const asked = words ? `contains “${search.value.trim()}”${lowest ? " at this level" : ""}` : "has this level or a higher one";
    put(none, list.childElementCount ? `No line ${asked}.` : "The log is empty.");
  };
  const filter = () => {
    words = search.value.trim().toLowerCase();
    lowest = ORDER.indexOf(level.value);
    for (const row of list.children) row.hidden = !fits(row);
    list.scrollTop = list.scrollHeight;
    tellCount();
  };
  const hold = (on) => {
    held = on;
    pause.setAttribute("aria-pressed", String(on));
    put(pause, on ? "Resume" : "Pause");
    model.send({ do: "pause", view, on });
    if (on) tellWaiting(); else { tellCount(); schedule(); }
  };
  const tail = () => take(model.get("tail").first, model.get("tail").lines);
  const heard = (content) => {
    if (content.do === "lines") take(content.first, content.lines);
    else if (content.do === "waiting") { known = Math.max(known, content.last); if (held) tellWaiting(); }
  };
  model.on("change:tail", tail);
  model.on("msg:custom", heard);
  tail();
  model.send({ do: "hello", view, last });
  const unwatch = watchKernel(model, box);
  return () => {
    model.off("change:tail", tail);
    model.off("msg:custom", heard);
    problem.off();
    unwatch();
    model.send({ do: "bye", view });
  };
}

export default { render };
