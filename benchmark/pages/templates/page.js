"use strict";
(() => {
  const DATA = JSON.parse(document.getElementById("data").textContent);
  const MOST = 8;
  const MARKS = [
    (r) => `M${-r},0A${r},${r} 0 1 1 ${r},0A${r},${r} 0 1 1 ${-r},0Z`,
    (r) => `M${-r},${-r}H${r}V${r}H${-r}Z`,
    (r) => `M0,${-1.3 * r}L${1.2 * r},${r}H${-1.2 * r}Z`,
    (r) => `M0,${-1.4 * r}L${1.4 * r},0L0,${1.4 * r}L${-1.4 * r},0Z`,
    (r) => `M0,${1.3 * r}L${1.2 * r},${-r}H${-1.2 * r}Z`,
  ];
  const view = { recipe: 0, measure: 0, sort: null, down: true, chosen: [], baseline: "", listed: [], wanted: null };
  const at = (id) => document.getElementById(id);

  // Everything that comes from results is set as text or attribute, never parsed as markup.
  function element(name, attributes = {}, ...children) {
    return fill(document.createElement(name), attributes, children);
  }
  function shape(name, attributes = {}, ...children) {
    return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
  }
  function fill(node, attributes, children) {
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child !== null));
    return node;
  }

  const recipe = () => DATA.recipes[view.recipe];
  const measure = () => recipe().measures[view.measure];
  const nameOf = (line) => recipe().models[line.model].name;
  const oracle = (line) => recipe().models[line.model].oracle;
  const colour = (name) => {
    const place = view.chosen.indexOf(name);
    return place < 0 ? "off" : `c${place}`;
  };
  // Values come with six digits after the point; here, as in every table, the rest is rounded half away from zero.
  function digitsOf(value, digits) {
    const step = 10 ** (6 - digits);
    const whole = Math.floor((Math.abs(Math.round(value * 1e6)) + step / 2) / step);
    return `${value < 0 && whole ? "-" : ""}${(whole / 10 ** digits).toFixed(digits)}`;
  }
  const format = (value, m = measure()) => (value === null || value === undefined ? "–" : digitsOf(value, m.digits));
  const estimate = (line, column) => line.estimates[column] ?? [null, null, null];
  const chosenLines = (m = measure()) => view.chosen.map((name) => m.lines.find((line) => nameOf(line) === name)).filter(Boolean);

  function options(select, items, value) {
    select.replaceChildren(...items.map(([key, text]) => element("option", { value: key }, text)));
    select.value = items.some(([key]) => String(key) === String(value)) ? value : items[0]?.[0] ?? "";
    return select.value;
  }

  // ---------------------------------------------------------------- standings
  function gain(line, column) {
    const m = measure();
    const base = m.lines.find((other) => nameOf(other) === view.baseline);
    const [own] = estimate(line, column);
    const [reference] = base ? estimate(base, column) : [null];
    if (own === null || reference === null || base === line) return null;
    const difference = (m.higher ? 1 : -1) * (own - reference);
    return m.relative ? (reference ? (100 * difference) / Math.abs(reference) : null) : difference;
  }

  function columns() {
    const m = measure();
    const value = (index) => ({
      title: m.columns[index].title,
      unit: unitTitle(m),
      get: (line) => estimate(line, index)[0],
      best: true,
      text: (line) => {
        const [own, low, high] = estimate(line, index);
        const parts = [format(own)];
        if (index === m.headline && low !== null) parts.push(element("small", {}, ` [${format(low)}, ${format(high)}]`));
        return parts;
      },
    });
    const shown = m.columns.map((_, index) => index).filter((index) => index !== m.headline && (at("wide").checked || m.columns[index].average || m.columns[index].kind === "clean"));
    // Averages first, then clean and what is lost from it, then every other condition.
    const order = (index) => (m.columns[index].kind === "drop" ? 2 : m.columns[index].average ? 0 : m.columns[index].kind === "clean" ? 1 : 3);
    shown.sort((a, b) => order(a) - order(b) || a - b);
    const list = [
      { title: "rank", get: (line) => line.rank, text: (line) => [rank(line)] },
      { title: "model", words: true, get: nameOf, text: (line) => [nameOf(line)] },
    ];
    // What has no common unit is shown by parameter, never as a mean over them.
    if (!m.averaged) list.push(...m.heat.groups.map((name, i) => parameterColumn(m, name, i)));
    else list.push(
      value(m.headline),
      ...shown.map((index) => ({ ...value(index), best: m.columns[index].kind !== "drop" })),
    );
    if (view.baseline && m.averaged) {
      list.push({
        title: "gain",
        unit: m.relative ? "%" : m.unit,
        get: (line) => gain(line, m.headline),
        text: (line) => {
          const own = gain(line, m.headline);
          return [own === null ? "–" : `${own > 0 ? "+" : ""}${digitsOf(own, 1)}`];
        },
      });
    }
    list.push(
      { title: "notes", words: true, plain: true, get: (line) => notes(line).length || null, text: (line) => notes(line).map(([text, why, kind]) => element("span", { class: `badge ${kind}`, title: why }, text)) },
      { title: "speed", unit: "× real time", get: (line) => recipe().models[line.model].speed, text: (line) => [speed(recipe().models[line.model].speed)] },
      { title: "parameters", unit: "number", get: (line) => recipe().models[line.model].parameters, text: (line) => [size(recipe().models[line.model].parameters)] },
      { title: "failed", unit: "scores", get: (line) => line.failed, text: (line) => [line.lacking ? `${line.failed}, lacks ${line.lacking}` : String(line.failed)] },
    );
    return list;
  }

  function parameterColumn(m, name, i) {
    const column = m.heat.columns.indexOf(m.columns[m.headline].title);
    const get = (line) => m.heat.values[m.lines.indexOf(line)][i][column];
    return { title: name, unit: recipe().units[name], get, text: (line) => [format(get(line))] };
  }

  const speed = (value) => (value === null ? "–" : value >= 10 ? value.toFixed(0) : value.toPrecision(2));

  // 2799639 is 2.8 M: nobody compares models by their last parameter.
  function size(value) {
    if (value === null) return "–";
    const [share, mark] = value >= 1e9 ? [value / 1e9, " G"] : value >= 1e6 ? [value / 1e6, " M"] : value >= 1e3 ? [value / 1e3, " k"] : [value, ""];
    return mark ? `${share >= 100 ? share.toFixed(0) : share.toPrecision(2)}${mark}` : String(share);
  }

  // What a line is worth beside its score: [a word, the whole truth, how it looks].
  function notes(line) {
    const model = recipe().models[line.model];
    const found = [];
    if (model.rerun) found.push(["re-run", `made again ${model.rerun}`, "good"]);
    for (const front of line.fronts) found.push([`front: ${front}`, `no ranked model is both better and ${front === "speed" ? "faster" : "smaller"}`, "front"]);
    if (model.seeds.length) found.push([`${model.seeds.length} seeds${line.spread === null ? "" : ` ± ${format(line.spread)}`}`, `mean and standard deviation over ${model.seeds.join(", ")}`, ""]);
    if (model.flag) found.push(["heard this corpus", model.flag, "bad"]);
    if (!model.stated) found.push(["training not stated", "its maker did not say what it was trained on", "quiet"]);
    return found;
  }

  function rank(line) {
    if (oracle(line)) return "oracle";
    if (line.lacking) return recipe().models[line.model].partial ? "partial" : "incomplete";
    if (line.rank === null) return "–";
    return measure().lines.filter((other) => other.rank === line.rank).length > 1 ? `${line.rank}=` : String(line.rank);
  }

  function table() {
    const m = measure();
    const list = columns();
    const words = at("filter").value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const lines = m.lines.filter((line) => {
      const model = recipe().models[line.model];
      const text = `${model.name} ${model.title} ${model.source} ${model.submitter} ${model.training}`.toLowerCase();
      return (at("oracles").checked || !model.oracle) && words.every((word) => text.includes(word)) && passes(line, model);
    });
    view.listed = lines;
    const sorted = list.find((column) => column.title === view.sort);
    if (sorted) lines.sort((a, b) => compare(sorted.get(a), sorted.get(b)) * (isNothing(sorted.get(a)) || isNothing(sorted.get(b)) ? 1 : view.down ? -1 : 1));
    const head = element("tr", {}, element("th", { scope: "col" }, "draw"), ...list.map((column) => header(column, sorted)));
    at("table").replaceChildren(element("thead", {}, head), element("tbody", {}, ...(lines.length ? lines.map((line) => row(line, list, m)) : [nothing(list.length + 1)])));
    at("count").textContent = `${lines.length} of ${m.lines.length} models`;
  }

  // The filters beside the words.
  function passes(line, model) {
    const training = at("training").value;
    const front = at("front").value;
    return (
      (!training || (training === "stated" ? model.stated : model.stated && !model.flag)) &&
      (!front || line.fronts.includes(front)) &&
      (!at("rerun").checked || Boolean(model.rerun))
    );
  }

  function nothing(columns) {
    const all = element("button", { type: "button", onclick: () => { clearFilters(); table(); at("filter").focus(); } }, "Show all models");
    return element("tr", {}, element("td", { class: "words nothing", colspan: columns }, "Nothing matches the filters. ", all));
  }

  function clearFilters() {
    at("filter").value = at("training").value = at("front").value = "";
    at("rerun").checked = false;
    at("oracles").checked = true;
  }

  const isNothing = (value) => value === null || value === undefined;
  function compare(a, b) {
    if (isNothing(a) || isNothing(b)) return isNothing(a) - isNothing(b);
    return typeof a === "string" ? a.localeCompare(b) : a - b;
  }

  function header(column, sorted) {
    const state = column === sorted ? (view.down ? "descending" : "ascending") : "none";
    const sort = () => {
      view.down = view.sort === column.title ? !view.down : !(column.words || column.title === "rank" || column.title === "failed" || (column.best && !measure().higher));
      view.sort = column.title;
      table();
      const again = [...at("table").querySelectorAll("th button")].find((button) => button.textContent === column.title);
      again?.focus();
    };
    return element("th", { class: column.plain ? "words" : column.words ? "words name" : null, "aria-sort": state, scope: "col" }, element("button", { type: "button", onclick: sort }, column.title), column.unit ? element("small", { class: "unit" }, column.unit) : null);
  }

  function row(line, list, m) {
    const name = nameOf(line);
    const on = view.chosen.includes(name);
    const box = element("input", { type: "checkbox", "aria-label": `draw ${name}`, onchange: (event) => choose(name, event.target.checked) });
    box.checked = on;
    const cells = list.map((column) => {
      const best = column.best && line.rank !== null && column.get(line) === bestOf(column, m);
      return element("td", { class: column.plain ? "words notes" : column.words ? "words name" : best ? "best" : null, title: column.words && !column.plain ? recipe().models[line.model].title : null }, ...column.text(line));
    });
    return element("tr", { class: oracle(line) ? "oracle" : null, "data-on": on, "data-model": name }, element("td", {}, box), ...cells);
  }

  function bestOf(column, m) {
    const values = m.lines.filter((line) => line.rank !== null).map(column.get).filter((value) => !isNothing(value));
    return m.higher ? Math.max(...values) : Math.min(...values);
  }

  function choose(name, on) {
    view.wanted = null;
    if (on && view.chosen.length >= MOST) {
      at("count").textContent = `at most ${MOST} models can be drawn; untick one first`;
      table();
      at("count").textContent = `at most ${MOST} models can be drawn; untick one first`;
      return;
    }
    view.chosen = on ? [...view.chosen, name] : view.chosen.filter((other) => other !== name);
    for (const line of at("table").querySelectorAll("tbody tr")) line.dataset.on = view.chosen.includes(line.dataset.model);
    drawings();
  }

  // Lines that have a curve to be drawn; where none has, as by a measure without an average, all.
  function drawable(m) {
    const curves = m.columns.map((_, index) => index).filter((index) => m.columns[index].snr !== null);
    const found = m.lines.filter((line) => curves.some((index) => !isNothing(estimate(line, index)[0])));
    return found.length ? found : m.lines;
  }

  function chooseBest() {
    const m = measure();
    const lines = drawable(m);
    const ranked = lines.filter((line) => !oracle(line) && !line.lacking).slice(0, 5);
    view.chosen = [...ranked, ...lines.filter(oracle).slice(0, 1)].map(nameOf);
  }

  // ------------------------------------------------------------------- charts
  function ticks(low, high, count) {
    const raw = (high - low) / count || 1;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= raw);
    const list = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i += 1) list.push(i * step);
    return list.map((value) => Number(value.toPrecision(10)));
  }

  function frame({ width = 520, height = 320, x, y, xTicks, yTicks, xTitle, yTitle, label, xText = String, yText = String, left = 52, right = 20 }) {
    const box = { left, right: width - right, top: 12, bottom: height - 42 };
    const px = (value) => box.left + ((value - x[0]) / (x[1] - x[0] || 1)) * (box.right - box.left);
    const py = (value) => box.bottom - ((value - y[0]) / (y[1] - y[0] || 1)) * (box.bottom - box.top);
    const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
    for (const tick of yTicks) {
      svg.append(shape("line", { class: "grid", x1: box.left, x2: box.right, y1: py(tick), y2: py(tick) }));
      svg.append(shape("text", { x: box.left - 6, y: py(tick) + 4, "text-anchor": "end" }, yText(tick)));
    }
    for (const tick of xTicks) svg.append(shape("text", { x: px(tick), y: box.bottom + 17, "text-anchor": "middle" }, xText(tick)));
    svg.append(shape("line", { class: "grid", x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom }));
    if (xTitle) svg.append(shape("text", { x: (box.left + box.right) / 2, y: height - 6, "text-anchor": "middle" }, xTitle));
    if (yTitle) svg.append(shape("text", { x: 12, y: (box.top + box.bottom) / 2, "text-anchor": "middle", transform: `rotate(-90 12 ${(box.top + box.bottom) / 2})` }, yTitle));
    return { svg, px, py, top: box.top, bottom: box.bottom };
  }

  const mark = (place, radius = 4) => MARKS[place % MARKS.length](radius);
  const unitTitle = (m) => `${m.name} (${m.unit || "no unit"})`;
  const path = (points) => points.map(([px, py], i) => `${i ? "L" : "M"}${px.toFixed(1)},${py.toFixed(1)}`).join("");

  function legend() {
    at("legend").replaceChildren(
      ...view.chosen.map((name, place) => {
        const there = measure().lines.find((line) => nameOf(line) === name);
        const curve = shape("path", { class: `curve ${there && oracle(there) ? "oracle" : ""}`, d: "M0,7H34" });
        const sign = shape("path", { class: "mark", d: mark(place), transform: "translate(17 7)" });
        return element("li", { class: `c${place}` }, shape("svg", { viewBox: "0 0 34 14", "aria-hidden": "true" }, curve, sign), there ? name : `${name} (no ${measure().name})`);
      }),
    );
  }

  function snrPlots() {
    const m = measure();
    const lines = chosenLines();
    const kinds = [...new Set(m.columns.filter((column) => column.snr !== null).map((column) => column.kind))];
    const drawn = m.columns.map((column, index) => index).filter((index) => m.columns[index].snr !== null);
    const values = lines.flatMap((line) => drawn.flatMap((index) => estimate(line, index))).filter((value) => !isNothing(value));
    if (!values.length || !m.averaged) {
      at("snr").replaceChildren(element("p", { class: "note" }, m.averaged ? "Choose models in the table above." : "Parameters have units of their own here: see them by parameter below."));
      return;
    }
    const span = Math.max(...values) - Math.min(...values) || 1;
    const yTicks = ticks(Math.min(...values) - 0.04 * span, Math.max(...values) + 0.04 * span, 5);
    const y = [Math.min(Math.min(...values) - 0.04 * span, yTicks[0]), Math.max(Math.max(...values) + 0.04 * span, yTicks.at(-1))];
    const snrs = [...new Set(drawn.map((index) => m.columns[index].snr))].sort((a, b) => a - b);
    at("snr").replaceChildren(
      ...kinds.map((kind) => {
        const heading = m.columns.find((column) => column.kind === kind && !column.average).title.replace(/ -?[\d.]+$/, "");
        const own = drawn.filter((index) => m.columns[index].kind === kind).sort((a, b) => m.columns[a].snr - m.columns[b].snr);
        const plot = frame({ x: [snrs[0] - 1, snrs.at(-1) + 1], y, xTicks: snrs, yTicks, xTitle: "SNR (dB)", yTitle: unitTitle(m), label: `${m.name} against SNR in ${heading} noise` });
        for (const line of lines) curve(plot, line, own.map((index) => [m.columns[index].snr, `${m.columns[index].snr} dB`, ...estimate(line, index)]).filter((point) => point[2] !== null));
        return element("figure", {}, element("figcaption", {}, heading), plot.svg);
      }),
    );
  }

  // One model in one plot; points are [x, what x is, value, low, high].
  function curve({ svg, px, py }, line, points) {
    const name = nameOf(line);
    if (!points.length) return;
    const group = shape("g", { class: colour(name), "data-model": name });
    const sure = points.filter((point) => point[3] !== null);
    if (sure.length > 1) {
      const upper = [...sure].reverse().map(([x, , , , high]) => [px(x), py(high)]);
      group.append(shape("path", { class: "band", d: `${path([...sure.map(([x, , , low]) => [px(x), py(low)]), ...upper])}Z` }));
    }
    group.append(shape("path", { class: `curve ${oracle(line) ? "oracle" : ""}`, d: path(points.map(([x, , value]) => [px(x), py(value)])) }));
    for (const [x, what, value, low, high] of points) {
      const text = `${name}, ${what}: ${format(value)}${low === null ? "" : ` [${format(low)}, ${format(high)}]`}`;
      const transform = `translate(${px(x).toFixed(1)} ${py(value).toFixed(1)})`;
      group.append(shape("path", { class: "mark", d: mark(view.chosen.indexOf(name)), transform }, shape("title", {}, text)));
    }
    svg.append(group);
  }

  function talkersPlots() {
    const m = measure();
    const lines = chosenLines();
    const entries = (m.talkers ?? []).filter((entry) => lines.some((line) => line.model === entry.model));
    at("talkers-section").hidden = !entries.length;
    if (!entries.length) return;
    const numbers = [...new Set(entries.map((entry) => entry.talkers))].sort((a, b) => a - b);
    const values = entries.flatMap((entry) => entry.estimate).filter((value) => !isNothing(value));
    const span = Math.max(...values) - Math.min(...values) || 1;
    const y = [Math.min(...values) - 0.04 * span, Math.max(...values) + 0.04 * span];
    const x = [Math.log2(numbers[0]) - 0.3, Math.log2(numbers.at(-1)) + 0.3];
    const snrs = [...new Set(entries.map((entry) => entry.snr))].sort((a, b) => a - b);
    at("talkers").replaceChildren(
      ...snrs.map((snr) => {
        const label = `${m.name} against the number of talkers at ${snr} dB`;
        const axes = { x, y, xTicks: numbers.map(Math.log2), xText: (tick) => String(Math.round(2 ** tick)), yTicks: ticks(...y, 5) };
        const plot = frame({ ...axes, xTitle: "talkers (number)", yTitle: unitTitle(m), label });
        for (const line of lines) {
          const own = entries.filter((entry) => entry.model === line.model && entry.snr === snr).sort((a, b) => a.talkers - b.talkers);
          curve(plot, line, own.map((entry) => [Math.log2(entry.talkers), `${entry.talkers} talkers`, ...entry.estimate]));
        }
        return element("figure", {}, element("figcaption", {}, `${snr} dB`), plot.svg);
      }),
    );
  }

  // Accuracy against speed, and against size.
  function tradePlots() {
    const models = recipe().models;
    const times = (value) => String(Number((10 ** value).toPrecision(2)));
    at("speed").replaceChildren(
      trade("speed", (line) => models[line.model].speed, "speed (× real time, on the machine that scored it)", times, (value) => `${speed(value)} × real time`),
      trade("size", (line) => models[line.model].parameters || null, "size (trained parameters, number)", (value) => size(Number((10 ** value).toPrecision(2))), (value) => `${size(value)} parameters`),
    );
  }

  function trade(what, valueOf, xTitle, xText, inWords) {
    const m = measure();
    const points = m.lines
      .filter((line) => !oracle(line) && m.averaged)
      .map((line) => ({ line, name: nameOf(line), x: valueOf(line), y: estimate(line, m.headline) }))
      .filter((point) => !isNothing(point.x) && point.y[0] !== null);
    const caption = element("figcaption", {}, `against ${what}`);
    if (!points.length) return element("figure", {}, caption, element("p", { class: "note" }, `No model of this measure has both a value and a ${what}.`));
    const logs = points.map((point) => Math.log10(point.x));
    const reach = Math.max(0.3, Math.max(...logs) - Math.min(...logs));
    const x = [Math.min(...logs) - 0.1 * reach, Math.max(...logs) + 0.1 * reach];
    const values = points.flatMap((point) => point.y).filter((value) => value !== null);
    const span = Math.max(...values) - Math.min(...values) || 1;
    const y = [Math.min(...values) - 0.08 * span, Math.max(...values) + 0.08 * span];
    const decades = Array.from({ length: Math.ceil(x[1]) - Math.floor(x[0]) + 1 }, (_, i) => Math.floor(x[0]) + i);
    // The shorter the axis, the more numbers of a decade stand on it.
    const within = x[1] - x[0] > 2.5 ? [1] : x[1] - x[0] > 0.8 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 7];
    const xTicks = decades.flatMap((tick) => within.map((number) => tick + Math.log10(number))).filter((tick) => tick >= x[0] && tick <= x[1]);
    // Names stand in a column of their own, so that none covers a mark or another name.
    const named = points.filter((point) => points.length <= 16 || view.chosen.includes(point.name) || point.line.fronts.includes(what));
    const letters = Math.min(26, Math.max(...named.map((point) => point.name.length)));
    const height = Math.max(320, 70 + 16 * named.length);
    const right = 26 + 6.9 * letters;
    const plot = frame({ width: 460 + right, height, right, x, y, xTicks, yTicks: ticks(...y, 5), xTitle, yTitle: unitTitle(m), xText, label: `${m.name} against ${what}` });
    for (const point of points) [point.px, point.py] = [plot.px(Math.log10(point.x)), plot.py(point.y[0])];
    const front = points.filter((point) => point.line.fronts.includes(what)).sort((a, b) => a.px - b.px);
    if (front.length > 1) plot.svg.append(shape("path", { class: "front", d: path(front.map((point) => [point.px, point.py])) }, shape("title", {}, "models that no other beats in both respects")));
    for (const [point, top] of apart(named, 16, plot.top + 8, plot.bottom)) {
      const left = 460 + 8;
      plot.svg.append(shape("path", { class: `leader ${colour(point.name)}`, d: path([[point.px, point.py], [left - 26, top - 4], [left - 4, top - 4]]) }));
      const shown = point.name.length > letters ? `${point.name.slice(0, letters - 1)}…` : point.name;
      plot.svg.append(shape("text", { class: `label ${colour(point.name)}`, x: left, y: top.toFixed(1) }, shown, shape("title", {}, point.name)));
    }
    for (const { name, line, x: amount, y: [value, low, high], px, py } of points) {
      const on = view.chosen.includes(name);
      const group = shape("g", { class: colour(name) });
      if (on && low !== null) group.append(shape("line", { class: "whisker", x1: px, x2: px, y1: plot.py(low), y2: plot.py(high) }));
      const text = `${name}: ${format(value)}, ${inWords(amount)}${line.fronts.includes(what) ? "; on the front" : ""}`;
      group.append(shape("path", { class: on ? "mark" : "mark hollow", d: on ? mark(view.chosen.indexOf(name), 5) : mark(0), transform: `translate(${px.toFixed(1)} ${py.toFixed(1)})` }, shape("title", {}, text)));
      plot.svg.append(group);
    }
    return element("figure", {}, caption, plot.svg);
  }

  // Places for names as near to their marks as they can be without one covering another: [point, place] each.
  function apart(points, step, top, bottom) {
    const sorted = [...points].sort((a, b) => a.py - b.py);
    const places = [];
    for (const point of sorted) places.push(Math.max(point.py + 4, top, places.length ? places.at(-1) + step : top));
    for (let i = places.length - 1; i >= 0; i -= 1) places[i] = Math.min(places[i], i === places.length - 1 ? bottom : places[i + 1] - step);
    return sorted.map((point, i) => [point, places[i]]);
  }

  // The map by parameter, and by class of phone where there are scores by it.
  function heatMap() {
    const m = measure().heat ? measure() : recipe().measures.find((other) => other.heat);
    at("heat-section").hidden = !m;
    if (!m) return;
    const by = options(at("heat-by"), [["heat", "parameter"], ...(m.phones ? [["phones", "phone class"]] : [])], at("heat-by").value);
    at("heat-by").parentElement.hidden = !m.phones;
    const map = m[by];
    const wanted = options(at("heat-column"), map.columns.map((text) => [text, text]), at("heat-column").value || m.columns[m.headline].title);
    const column = map.columns.indexOf(wanted);
    at("heat-title").textContent = `${m.name} by ${by === "phones" ? "phone class" : "parameter"}`;
    at("heat-note").hidden = by !== "phones";
    const lines = m.lines.filter((line) => view.chosen.includes(nameOf(line)));
    const shown = lines.length ? lines : m.lines.slice(0, MOST);
    const value = (line, i) => map.values[m.lines.indexOf(line)][i][column];
    const body = shown.map((line) => {
      const cells = map.groups.map((_, i) => {
        // Colours compare what may be compared: parameters of one unit, but classes of phones only within themselves.
        const all = m.averaged && by === "heat" ? m.lines.flatMap((other) => map.groups.map((__, k) => value(other, k))) : m.lines.map((other) => value(other, i));
        const there = all.filter((x) => x !== null);
        const [low, high] = [Math.min(...there), Math.max(...there)];
        const own = value(line, i);
        const share = own === null ? 0 : high > low ? (own - low) / (high - low) : 0.5;
        const t = 90 * (m.higher ? share : 1 - share);
        return element("td", { class: "value", style: `--t:${t.toFixed(0)}` }, format(own, m));
      });
      return element("tr", {}, element("td", { class: "words name" }, nameOf(line)), ...cells);
    });
    const head = element("tr", {}, element("th", { class: "words name", scope: "col" }, "model"), ...map.groups.map((name) => element("th", { scope: "col", style: "text-align:center" }, name, element("small", { class: "unit" }, m.averaged ? m.unit || "no unit" : recipe().units[name] ?? ""))));
    at("heat").replaceChildren(element("thead", {}, head), element("tbody", {}, ...body));
  }

  // -------------------------------------------------------------------- pairs
  function holm(list) {
    const order = list.map((_, i) => i).filter((i) => list[i] !== null).sort((a, b) => list[a] - list[b]);
    const adjusted = list.map(() => null);
    let least = 0;
    order.forEach((i, k) => {
      least = Math.max(least, list[i] * (order.length - k));
      adjusted[i] = Math.min(1, least);
    });
    return adjusted;
  }

  function pairTable() {
    const m = measure();
    const places = chosenLines().map((line) => m.lines.indexOf(line)).filter((i) => !m.lines[i].lacking).sort((a, b) => a - b);
    const count = m.lines.length;
    const index = (a, b) => (a * (2 * count - a - 1)) / 2 + (b - a - 1);
    const list = [];
    places.forEach((a, i) => places.slice(i + 1).forEach((b) => list.push({ a, b, judged: m.pairs[index(a, b)] })));
    const adjusted = holm(list.map((pair) => pair.judged[2]));
    at("pairs-note").textContent = !m.averaged
      ? "Not averaged over parameters, so models are not compared by this measure."
      : list.length
        ? `Row minus column in ${m.columns[m.headline].title} of ${unitTitle(m)}, paired by utterance, with its 95 % interval (clustered by speaker) and p corrected by Holm for the ${list.length} pair${list.length > 1 ? "s" : ""} shown. Bold: p < 0.05.`
        : "Choose two or more models in the table above.";
    if (!list.length || !m.averaged) {
      at("pairs").replaceChildren();
      return;
    }
    const cell = (a, b) => {
      if (a === b) return element("td", {}, "");
      const place = list.findIndex((pair) => pair.a === Math.min(a, b) && pair.b === Math.max(a, b));
      const [apart, reach] = list[place].judged;
      const p = adjusted[place];
      const signed = (x) => (x > 0 ? "+" : "") + format(x);
      const rest = reach === null ? ["no interval"] : [`[${signed(apart - reach)}, ${signed(apart + reach)}]`, `p ${p < 0.001 ? "< 0.001" : p.toFixed(3)}`];
      return element("td", { class: p !== null && p < 0.05 ? "best" : null }, signed(apart), ...rest.map((text) => element("small", {}, text)));
    };
    const names = places.map((i) => nameOf(m.lines[i]));
    const head = element("tr", {}, element("th", { class: "words name" }, "row minus column"), ...names.slice(1).map((name) => element("th", { scope: "col" }, name)));
    const body = places.slice(0, -1).map((a, i) => element("tr", {}, element("td", { class: "words name" }, names[i]), ...places.slice(1).map((b, k) => (k + 1 > i ? cell(a, b) : element("td", {}, "")))));
    at("pairs").replaceChildren(element("thead", {}, head), element("tbody", {}, ...body));
  }

  // -------------------------------------------------------------------- items
  function setItems() {
    const items = recipe().items;
    const having = DATA.recipes.filter((r) => r.items).map((r) => r.name);
    at("items-section").hidden = !having.length;
    at("items-here").hidden = !items;
    at("items-elsewhere").hidden = Boolean(items);
    at("items-elsewhere").textContent = `There is nothing to listen to from ${recipe().name}; there is from ${having.join(", ")} (choose it under Corpus).`;
    if (!items) return;
    options(at("item"), items.items.map((item, i) => [i, `${item.utterance_id}${item.prompt ? `: ${item.prompt}` : ""}`]), 0);
    setMixtures();
  }

  function setMixtures() {
    const item = recipe().items.items[Number(at("item").value)];
    options(at("mixture"), item.mixtures.map((mixture, i) => [i, `${mixture.noise_category || mixture.noise_kind}, ${mixture.snr_db} dB`]), at("mixture").value || 0);
    drawItem();
  }

  function drawItem() {
    const items = recipe().items;
    if (!items) return;
    const item = items.items[Number(at("item").value)];
    const mixture = item.mixtures[Number(at("mixture").value)];
    const player = (name, text) =>
      element("figure", {}, element("figcaption", {}, text), element("audio", { controls: true, preload: "none", src: items.sounds[name], "aria-label": text }));
    const enhanced = new Map();
    for (const made of mixture.models) if (made.sound) enhanced.set(made.sound, [...(enhanced.get(made.sound) ?? []), made.model]);
    const players = [...enhanced].map(([name, models]) => player(name, `enhanced: ${models.join(", ")}`));
    at("players").replaceChildren(player(item.sound, "clean"), player(mixture.sound, "noisy"), ...players);
    const estimated = mixture.models.filter((made) => made.trajectories);
    const estimates = estimated.filter((made) => view.chosen.includes(made.model));
    at("estimates-of").textContent = estimates.length || !estimated.length ? "" : `None of the chosen models was heard here; there are estimates of ${estimated.map((made) => made.model).join(", ")}.`;
    at("trajectories").replaceChildren(...item.parameters.map((name, i) => trajectory(name, item.trajectories[i], estimates.map((made) => [made.model, made.trajectories[i]]), items.rate_hz)));
  }

  function trajectory(name, truth, estimates, rate) {
    const all = [truth, ...estimates.map(([, values]) => values)].flat().filter((value) => value !== null);
    const span = Math.max(...all) - Math.min(...all) || 1;
    const y = [Math.min(...all) - 0.05 * span, Math.max(...all) + 0.05 * span];
    const x = [0, truth.length / rate];
    const plot = frame({ width: 420, height: 190, x, y, xTicks: ticks(...x, 4), yTicks: ticks(...y, 3), label: `${name} over time`, left: 52, xTitle: "time (s)", yTitle: recipe().units[name] ? `${name} (${recipe().units[name]})` : name });
    const draw = (values, attributes) => {
      let d = "";
      values.forEach((value, i) => {
        if (value !== null) d += `${i && values[i - 1] !== null ? "L" : "M"}${plot.px(i / rate).toFixed(1)},${plot.py(value).toFixed(1)}`;
      });
      plot.svg.append(shape("path", { ...attributes, d }));
    };
    draw(truth, { class: "truth" });
    for (const [model, values] of estimates) {
      const there = recipe().models.find((other) => other.name === model);
      draw(values, { class: `curve ${colour(model)} ${there?.oracle ? "oracle" : ""}`, "data-model": model });
    }
    return element("figure", {}, element("figcaption", {}, name), plot.svg);
  }

  // --------------------------------------------------------------------- rest
  function about() {
    const r = recipe();
    const m = measure();
    at("about").textContent = `${r.title}, version ${r.version}, split ${r.split}, corpus ${r.corpus}. ${r.rests_on} ${m.name}: ${m.higher ? "higher" : "lower"} is better, version ${m.version}; ${m.source}.`;
  }

  function models() {
    const head = ["model", "what it is", "source", "trained on", "handed in by (results here)", "made again", "licence", "version", "scored", "parameters (number)", "scores (number)", "failed (scores)", "left out (scores)", "speed (× real time)"];
    const body = recipe().models.map((model) => {
      const reasons = Object.entries(model.reasons).map(([reason, count]) => `${count} × ${reason}`).join("; ");
      const maker = model.submitter ? `${model.submitter} (${model.entries})` : "–";
      const training = model.flag ? `${model.training}: ${model.flag}` : model.training;
      const words = [model.title, model.source, training, maker, model.rerun || "–", model.licence || "–", model.version, model.when].map((text, i) => element("td", { class: i < 5 ? "words long" : "words" }, text));
      const numbers = [size(model.parameters), model.expected, model.failed, model.left_out, speed(model.speed)].map((text, i) => element("td", { title: i === 2 && reasons ? reasons : null }, String(text)));
      return element("tr", {}, element("td", { class: "words name" }, model.name), ...words, ...numbers);
    });
    at("models").replaceChildren(element("thead", {}, element("tr", {}, ...head.map((text, i) => element("th", { class: i === 0 ? "words name" : i < 9 ? "words" : null, scope: "col" }, text)))), element("tbody", {}, ...body));
  }

  function followed() {
    const rows = recipe().followed;
    at("followed-section").hidden = !rows.length;
    const head = DATA.followed_head.map((text, i) => element("th", { class: i < 2 ? "words" : null, scope: "col" }, text));
    const body = rows.map((cells) => element("tr", {}, ...cells.map((text, i) => element("td", { class: i === 0 ? "words name" : i === 1 ? "words" : null }, text))));
    at("followed").replaceChildren(element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...body));
  }

  function speakers() {
    const found = recipe().speakers;
    at("speakers-section").hidden = !found;
    if (!found) return;
    const head = found.head.map((text, i) => element("th", { class: i === 0 ? "words name" : i < 4 ? "words" : null, scope: "col" }, text));
    const body = found.rows.map((cells) => element("tr", {}, ...cells.map((text, i) => element("td", { "data-title": found.head[i], class: i === 0 ? "words name" : i < 4 ? "words" : null }, text))));
    at("speakers").replaceChildren(element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...body));
    at("speakers-on").textContent = found.rests_on;
  }

  // ---------------------------------------------------------------- downloads
  function save(ending, kind, text) {
    const link = element("a", { href: URL.createObjectURL(new Blob([text], { type: kind })), download: `${recipe().name}_${measure().name.replace(/\W+/g, "_")}.${ending}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  // The models that the filters leave, every column, nothing rounded.
  function records() {
    const m = measure();
    return view.listed.map((line) => {
      const model = recipe().models[line.model];
      const facts = { recipe: recipe().name, recipe_version: recipe().version, measure: m.name, measure_version: m.version, unit: m.unit || "1", model: model.name, rank: line.rank, oracle: model.oracle };
      const values = m.columns.map((column, i) => ({ condition: column.title, value: estimate(line, i)[0], low: estimate(line, i)[1], high: estimate(line, i)[2] }));
      const parameters = m.averaged ? [] : m.heat.groups.map((name, i) => ({ condition: `${name}, ${m.columns[m.headline].title}`, value: parameterColumn(m, name, i).get(line), low: null, high: null, unit: recipe().units[name] ?? "" }));
      const rest = { speed: model.speed, parameters: model.parameters, failed: line.failed, lacking: line.lacking, seeds: model.seeds.length || 1, spread: line.spread, trained_on: model.training, flag: model.flag, submitter: model.submitter, results_of_submitter: model.entries, rerun: model.rerun, fronts: line.fronts };
      return { ...facts, values: m.averaged ? values : parameters, ...rest };
    });
  }

  function asCsv() {
    // A cell that a spreadsheet would take for a formula begins with a quote instead.
    const cell = (value) => {
      const text = isNothing(value) ? "" : Array.isArray(value) ? value.join(" ") : String(value);
      const safe = typeof value !== "number" && /^[=+\-@\t]/.test(text) ? `'${text}` : text;
      return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
    };
    const rows = records().flatMap(({ values, ...facts }) => values.map((value) => ({ ...facts, ...value })));
    const names = Object.keys(rows[0] ?? {});
    return [names, ...rows.map((row) => names.map((name) => row[name]))].map((cells) => `${cells.map(cell).join(",")}\n`).join("");
  }

  // What is shown stands in the address, so that a link leads to it; a link to what is gone shows the whole board.
  function remember() {
    const state = { corpus: recipe().name, measure: measure().name, models: view.chosen.join("|"), baseline: view.baseline };
    history.replaceState(null, "", `#${new URLSearchParams(state)}`);
  }

  function recall() {
    const state = new URLSearchParams(location.hash.slice(1));
    view.recipe = Math.max(0, DATA.recipes.findIndex((r) => r.name === state.get("corpus")));
    view.measure = Math.max(0, recipe().measures.findIndex((m) => m.name === state.get("measure")));
    const there = new Set(recipe().models.map((model) => model.name));
    view.chosen = (state.get("models") ?? "").split("|").filter((name) => there.has(name)).slice(0, MOST);
    view.baseline = state.get("baseline") ?? "";
  }

  function drawings() {
    remember();
    legend();
    snrPlots();
    talkersPlots();
    tradePlots();
    heatMap();
    pairTable();
    drawItem();
  }

  function setMeasure(sort = null) {
    const m = measure();
    view.sort = sort;
    view.baseline = options(at("baseline"), [["", "none"], ...m.lines.map((line) => [nameOf(line), nameOf(line)])], view.baseline);
    if (!chosenLines().length) chooseBest();
    about();
    table();
    drawings();
  }

  function setRecipe(sort = null) {
    const names = recipe().measures.map((m, i) => [i, m.name]);
    view.measure = Number(options(at("measure"), names, view.measure));
    setItems();
    followed();
    speakers();
    models();
    setMeasure(sort);
  }

  // What was chosen stays as far as the other corpus has it; what it lacks comes back with the corpus that has it.
  at("recipe").addEventListener("change", (event) => {
    const wanted = view.wanted ?? { measure: measure().name, chosen: view.chosen, baseline: view.baseline, sort: view.sort };
    view.recipe = Number(event.target.value);
    const there = new Set(recipe().models.map((model) => model.name));
    view.measure = Math.max(0, recipe().measures.findIndex((m) => m.name === wanted.measure));
    view.chosen = wanted.chosen.filter((name) => there.has(name));
    view.baseline = there.has(wanted.baseline) ? wanted.baseline : "";
    setRecipe(wanted.sort);
    view.wanted = wanted;
  });
  at("measure").addEventListener("change", (event) => { view.measure = Number(event.target.value); view.wanted = null; setMeasure(); });
  at("baseline").addEventListener("change", (event) => { view.baseline = event.target.value; view.wanted = null; table(); remember(); });
  at("filter").addEventListener("input", table);
  for (const id of ["training", "front", "rerun"]) at(id).addEventListener("change", table);
  at("csv").addEventListener("click", () => save("csv", "text/csv", asCsv()));
  at("json").addEventListener("click", () => save("json", "application/json", JSON.stringify(records(), null, 1)));
  // One recording at a time: who compares two must not hear both.
  document.addEventListener("play", (event) => {
    for (const other of document.querySelectorAll("audio")) if (other !== event.target) other.pause();
  }, true);
  at("oracles").addEventListener("change", table);
  at("wide").addEventListener("change", table);
  at("best").addEventListener("click", () => { chooseBest(); table(); drawings(); });
  at("heat-column").addEventListener("change", heatMap);
  at("heat-by").addEventListener("change", heatMap);
  at("item").addEventListener("change", setMixtures);
  at("mixture").addEventListener("change", drawItem);
  at("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  recall();
  options(at("recipe"), DATA.recipes.map((r, i) => [i, `${r.name}: ${r.title}`]), view.recipe);
  at("kept-section").hidden = !DATA.kept_out.length;
  at("kept").replaceChildren(...DATA.kept_out.map(([what, why]) => element("li", {}, element("code", {}, what), `: ${why}`)));
  setRecipe();
  document.documentElement.dataset.ready = "true";
})();
