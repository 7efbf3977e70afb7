const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 96;
const LEFT = 46;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 18;

function svg(tag, properties, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(properties)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

// The next number that is easily halved.
function roundUp(value) {
  if (!(value > 0)) return 1;
  const base = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 3, 4, 5, 6, 8, 10].map((step) => step * base).find((step) => step >= value * 0.999) ?? value;
}

function short(value) {
  return value >= 1000 ? `${Number((value / 1000).toPrecision(3))}k` : String(Number(value.toPrecision(3)));
}

function inMs(value) {
  if (value === null || value === undefined) return "–";
  return value >= 1000 ? `${Number((value / 1000).toPrecision(3))} s` : `${Number(value.toPrecision(3))} ms`;
}

function panel(label) {
  const drawing = svg("svg", { class: "jpd-plot", height: HEIGHT, role: "img" });
  const title = svg("title", {}, label);
  drawing.append(title);
  return { drawing, title };
}

// One plot: a grid, and a line for each series; what is not known leaves a gap.
function draw(plot, width, span, now, series, unit) {
  const { drawing, title } = plot;
  drawing.setAttribute("width", width);
  drawing.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  const top = roundUp(Math.max(0, ...series.flatMap(({ points }) => points.map(([, value]) => value ?? 0))));
  const x = (at) => LEFT + (1 - (now - at) / span) * (width - LEFT - RIGHT);
  const y = (value) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
  const parts = [title];
  for (const share of [0, 0.5, 1]) {
    const at = y(top * share);
    parts.push(svg("line", { class: "jpd-grid", x1: LEFT, x2: width - RIGHT, y1: at, y2: at }));
    parts.push(svg("text", { class: "jpd-tick", x: LEFT - 6, y: at + 4, "text-anchor": "end" }, short(top * share) + (share ? unit : "")));
  }
  const step = (span <= 60 ? 15 : span <= 120 ? 30 : 60) * (width < 360 ? 2 : 1);
  for (let ago = 0; ago <= span; ago += step) {
    const place = { class: "jpd-tick", x: x(now - ago) + (ago ? 0 : RIGHT), y: HEIGHT - 4, "text-anchor": ago ? "middle" : "end" };
    parts.push(svg("text", place, !ago ? "now" : step % 60 ? `−${ago} s` : `−${ago / 60} min`));
  }
  for (const { name, points } of series) {
    let path = "";
    let open = false;
    let first = null;
    let latest = null;
    for (const [at, value] of points) {
      if (value === null || value === undefined) { open = false; continue; }
      const place = `${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
      path += `${open ? "L" : "M"}${place}`;
      if (first === null) first = x(at);
      latest = [x(at), y(value)];
      open = true;
    }
    if (latest === null) continue;
    if (name === "rate") {
      parts.push(svg("path", { class: "jpd-area", d: `${path}L${latest[0].toFixed(1)} ${y(0)}L${first.toFixed(1)} ${y(0)}Z` }));
    }
    parts.push(svg("path", { class: `jpd-series jpd-${name}`, d: path }));
    parts.push(svg("circle", { class: `jpd-dot jpd-${name}`, cx: latest[0], cy: latest[1], r: 3 }));
  }
  drawing.replaceChildren(...parts);
}

function legend(name, label) {
  const line = svg("svg", { class: "jpd-key", width: 22, height: 8, "aria-hidden": "true" });
  line.append(svg("line", { class: `jpd-series jpd-${name}`, x1: 1, x2: 21, y1: 4, y2: 4 }));
  const value = h("b");
  const words = h("span", {}, label);
  return { node: h("span", { class: "jpd-legend" }, line, words, value), value, label: words };
}

function render({ model, el }) {
  const name = model.get("name");
  const box = frame(el, "chart", `traffic of ${name}`);
  const rates = panel("requests per second");
  const times = panel("milliseconds");
  const rate = legend("rate", "requests/s");
  const p50 = legend("p50", "p50");
  const p95 = legend("p95", "p95");
  const problem = problemLine(model);
  box.append(h("div", { class: "jpd-head" }, h("span", { class: "jpd-name" }, name), h("span", { class: "jpd-muted" }, "traffic")),
    h("div", { class: "jpd-legends" }, rate.node), rates.drawing, h("div", { class: "jpd-legends" }, p50.node, p95.node), times.drawing,
    problem.node);

  let points = [];
  let arrived = Date.now();
  const longest = model.get("minutes") * 60;
  const add = (more) => {
    const known = new Map(points.map((point) => [point[0], point]));
    for (const point of more) known.set(point[0], point);
    points = [...known.values()].sort((a, b) => a[0] - b[0]);
    const newest = points.length ? points[points.length - 1][0] : 0;
    points = points.filter(([at]) => at > newest - longest - 10);
    arrived = Date.now();
    paint();
  };
  const paint = () => {
    const width = Math.max(220, Math.floor(box.clientWidth) - 26);
    const latest = points.length ? points[points.length - 1] : [0, 0, null, null];
    const now = latest[0] + Math.min(15, (Date.now() - arrived) / 1000);
    // A minute at first; it grows with what is known.
    const span = Math.min(longest, Math.max(1, Math.ceil((now - (points[0]?.[0] ?? now)) / 60)) * 60);
    const seen = points.filter(([at]) => at >= now - span);
    const { rate: mean, window: over } = model.get("recent");
    put(rate.value, over ? short(mean ?? 0) : "–");
    for (const [one, label] of [[rate, "requests/s"], [p50, "p50"], [p95, "p95"]]) put(one.label, over ? `${label}, ${over} ` : `${label} `);
    put(p50.value, inMs(latest[2]));
    put(p95.value, inMs(latest[3]));
    const minutes = span / 60 === 1 ? "minute" : `${span / 60} minutes`;
    const most = Math.max(0, ...seen.map((point) => point[1] ?? 0));
    put(rates.title, `Requests to ${name} in each second of the last ${minutes}: ${short(latest[1] ?? 0)} in the latest, ${short(most)} at most.`);
    put(times.title, `How long requests to ${name} take: half of them at most ${inMs(latest[2])} (p50), 95 of 100 at most ${inMs(latest[3])} (p95).`);
    for (const plot of [rates, times]) plot.drawing.setAttribute("aria-label", plot.title.textContent);
    draw(rates, width, span, now, [{ name: "rate", points: seen.map((point) => [point[0], point[1]]) }], "");
    draw(times, width, span, now, [{ name: "p50", points: seen.map((point) => [point[0], point[2]]) },
      { name: "p95", points: seen.map((point) => [point[0], point[3]]) }], " ms");
  };
  const whole = () => add(model.get("points"));
  const one = () => { if (model.get("latest").length) add([model.get("latest")]); };
  const heard = { "change:points": whole, "change:latest": one, "change:recent": () => paint() };
  const resized = new ResizeObserver(() => paint());
  resized.observe(box);
  const end = follow(model, box, problem, heard);
  return () => {
    resized.disconnect();
    end();
  };
}

export default { render };
