"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);

  // Elements of SVG, and numbers for people.
  const svg = (name, attributes = {}, ...children) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    for (const child of children) element.append(child);
    return element;
  };
  const scaled = (value, base, units) => {
    let unit = 0;
    while (unit + 1 < units.length && value >= base * 0.9995) { value /= base; unit += 1; }
    const places = unit === 0 ? 0 : value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    return `${value.toFixed(places)} ${units[unit]}`.trim();
  };
  const count = (value) => scaled(value, 1000, ["", "k", "M", "G", "T", "P"]);
  const bytes = (value) => scaled(value, 1024, ["B", "KiB", "MiB", "GiB", "TiB"]);
  const seconds = (value) => {
    for (const [size, unit] of [[1, "s"], [1e-3, "ms"], [1e-6, "µs"]]) {
      if (value >= size) return `${(value / size).toPrecision(3)} ${unit}`;
    }
    return `${(value * 1e9).toPrecision(3)} ns`;
  };
  const last = (path) => path.slice(path.lastIndexOf(".") + 1);
  const rows = data.nodes.filter((node) => node.l >= 0);
  const run = rows.filter((node) => !node.t);

  // The graph. Scopes are the prefixes of paths; a closed scope is one vertex.
  const scopesOf = (path) => {
    const found = [];
    for (let dot = path.indexOf("."); dot >= 0; dot = path.indexOf(".", dot + 1)) found.push(path.slice(0, dot));
    return found;
  };
  const sizes = new Map();
  for (const node of data.nodes) for (const scope of scopesOf(node.n)) sizes.set(scope, (sizes.get(scope) || 0) + 1);
  const scopes = [...sizes.keys()].filter((scope) => sizes.get(scope) > 1);
  const isScope = new Set(scopes);
  const open = new Set(data.nodes.length > 40 ? [] : scopes);
  const heavy = new Set([...run].sort((a, b) => b.m - a.m).slice(0, 3).filter((node) => node.m > 0));
  const WIDTH = 172, HEIGHT = 46, RANK = 46, HEAD = 26, FOOT = 10, INSET = 9, LANE = 13;

  const sketch = () => {
    const vertices = [], byKey = new Map(), place = [];
    data.nodes.forEach((node, index) => {
      const around = scopesOf(node.n).filter((scope) => isScope.has(scope));
      const closed = around.find((scope) => !open.has(scope));
      const key = closed === undefined ? `#${index}` : closed;
      let vertex = byKey.get(key);
      if (!vertex) {
        const frames = closed === undefined ? around : around.slice(0, around.indexOf(closed));
        vertex = { key, frames, order: vertices.length, nodes: [], operands: new Map(), scope: closed };
        byKey.set(key, vertex);
        vertices.push(vertex);
      }
      vertex.nodes.push(node);
      place[index] = vertex;
    });
    data.nodes.forEach((node, index) => {
      for (const operand of node.i) {
        if (place[operand] !== place[index]) place[index].operands.set(place[operand], data.nodes[operand]);
      }
    });
    for (const output of data.outputs) {
      const from = data.nodes[output.node];
      const vertex = { key: `>${output.name}`, frames: [], order: vertices.length, nodes: [], operands: new Map([[place[output.node], from]]), port: output.name };
      vertices.push(vertex);
    }
    return vertices;
  };

  const arrange = (vertices) => {
    const taken = new Map();
    const isFree = (rank, column) => !(taken.get(rank) || new Set()).has(column);
    const beforeOf = (vertex) => [...vertex.operands.keys()].filter((one) => one.order < vertex.order);
    for (const vertex of vertices) vertex.rank = Math.max(-1, ...beforeOf(vertex).map((one) => one.rank)) + 1;
    // What leads to the main output keeps to the left; side branches make way.
    const main = new Set(vertices.filter((one) => one.port === "out"));
    for (const vertex of [...vertices].reverse()) {
      if (main.has(vertex)) for (const operand of vertex.operands.keys()) main.add(operand);
    }
    for (const vertex of [...vertices].sort((a, b) => main.has(b) - main.has(a) || a.order - b.order)) {
      const before = beforeOf(vertex);
      let column = before.length ? Math.min(...before.map((one) => one.column)) : 0;
      while (!isFree(vertex.rank, column)) column += 1;
      vertex.column = column;
      if (!taken.has(vertex.rank)) taken.set(vertex.rank, new Set());
      taken.get(vertex.rank).add(column);
    }
    // An edge whose column is not free runs through a lane left of its column.
    const edges = [], lanes = new Map();
    for (const vertex of vertices) {
      for (const [from, node] of vertex.operands) {
        const edge = { from, to: vertex, node, lane: -1 };
        const [low, high] = [Math.min(from.rank, vertex.rank), Math.max(from.rank, vertex.rank)];
        let blocked = from.rank >= vertex.rank;
        for (let rank = low + 1; rank < high; rank += 1) blocked ||= !isFree(rank, Math.max(from.column, vertex.column));
        if (blocked) {
          edge.side = Math.min(from.column, vertex.column);
          const used = lanes.get(edge.side) || [];
          edge.lane = used.findIndex((spans) => spans.every(([a, b]) => b <= low || a >= high));
          if (edge.lane < 0) { edge.lane = used.length; used.push([]); }
          used[edge.lane].push([low, high]);
          lanes.set(edge.side, used);
        }
        edges.push(edge);
      }
    }
    // Frames of open scopes.
    const frames = new Map();
    for (const vertex of vertices) {
      vertex.frames.forEach((scope, depth) => {
        const frame = frames.get(scope) || { scope, depth, first: Infinity, last: -1, left: Infinity, right: -1, lanes: 0 };
        frame.first = Math.min(frame.first, vertex.rank);
        frame.last = Math.max(frame.last, vertex.rank);
        frame.left = Math.min(frame.left, vertex.column);
        frame.right = Math.max(frame.right, vertex.column);
        frames.set(scope, frame);
      });
    }
    for (const edge of edges.filter((one) => one.lane >= 0)) {
      for (const scope of edge.to.frames) {
        const frame = frames.get(scope);
        if (edge.from.frames.includes(scope) && edge.side === frame.left) frame.lanes = Math.max(frame.lanes, edge.lane + 1);
      }
    }
    const all = [...frames.values()].sort((a, b) => a.depth - b.depth);
    const inner = (frame) => Math.max(0, ...all.filter((one) => one.scope.startsWith(`${frame.scope}.`)).map((one) => one.depth - frame.depth));
    const ranks = Math.max(...vertices.map((one) => one.rank)) + 1;
    const above = Array(ranks).fill(0), below = Array(ranks).fill(0);
    for (const frame of all) {
      frame.nested = inner(frame);
      const starts = all.filter((one) => one.first === frame.first && one.scope.startsWith(`${frame.scope}.`)).length ? 1 : 0;
      frame.above = HEAD * (1 + starts * Math.max(0, ...all.filter((one) => one.first === frame.first && one.scope.startsWith(`${frame.scope}.`)).map((one) => one.depth - frame.depth)));
      const ends = all.filter((one) => one.last === frame.last && one.scope.startsWith(`${frame.scope}.`)).map((one) => one.depth - frame.depth);
      frame.below = FOOT * (1 + Math.max(0, ...ends));
      above[frame.first] = Math.max(above[frame.first], frame.above);
      below[frame.last] = Math.max(below[frame.last], frame.below);
    }
    const depth = Math.max(0, ...all.map((frame) => frame.nested + 1));
    const laneSpace = (column) => (lanes.get(column) || []).length * LANE;
    const columns = Math.max(...vertices.map((one) => one.column)) + 1;
    const xs = [];
    let x = 14;
    for (let column = 0; column < columns; column += 1) {
      x += laneSpace(column) + depth * INSET;
      xs.push(x);
      x += WIDTH + 22 + depth * INSET;
    }
    const ys = [];
    let y = 14;
    for (let rank = 0; rank < ranks; rank += 1) {
      y += above[rank];
      ys.push(y);
      y += HEIGHT + below[rank] + (rank + 1 < ranks ? RANK : 0);
    }
    return { edges, frames: all, xs, ys, width: x, height: y + 14 };
  };

  const path = (edge, { xs, ys }) => {
    const start = [xs[edge.from.column] + WIDTH / 2, ys[edge.from.rank] + HEIGHT];
    const end = [xs[edge.to.column] + WIDTH / 2, ys[edge.to.rank] - 3];
    if (edge.lane >= 0) {
      const x = xs[edge.side] - 8 - LANE * edge.lane - 4;
      const [from, to] = [ys[edge.from.rank] + HEIGHT / 2, ys[edge.to.rank] + HEIGHT / 2];
      const turn = to > from ? 7 : -7;
      return `M${xs[edge.from.column]} ${from}H${x + 7}Q${x} ${from} ${x} ${from + turn}V${to - turn}Q${x} ${to} ${x + 7} ${to}H${xs[edge.to.column] - 4}`;
    }
    if (start[0] === end[0]) return `M${start}V${end[1]}`;
    // Down its own column as far as it goes, then across in the last or first gap.
    const right = edge.to.column > edge.from.column;
    const bend = right ? start[1] + 27 : end[1] - 14;
    const way = right ? 9 : -9;
    return `M${start}V${bend - 9}Q${start[0]} ${bend} ${start[0] + way} ${bend}H${end[0] - way}Q${end[0]} ${bend} ${end[0]} ${bend + 9}V${end[1]}`;
  };

  const fit = (text, most) => (text.length > most ? `…${text.slice(text.length - most + 1)}` : text);

  const activate = (element, action) => {
    element.addEventListener("click", action);
    element.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); action(); }
    });
  };

  const showRow = (node) => {
    const row = byId(`l${node.l}`);
    if (!row) return;
    document.querySelectorAll("tr.mark").forEach((one) => one.classList.remove("mark"));
    row.hidden = false;
    row.classList.add("mark");
    row.scrollIntoView({ block: "center", behavior: "auto" });
  };

  const toggle = (scope) => {
    if (open.has(scope)) {
      open.delete(scope);
    } else {
      open.add(scope);
    }
    drawGraph();
    const found = [...byId("graph").querySelectorAll("[data-scope]")].find((one) => one.dataset.scope === scope);
    if (found) found.focus({ preventScroll: true });
  };

  const vertexOf = (vertex, layout) => {
    const [x, y] = [layout.xs[vertex.column], layout.ys[vertex.rank]];
    const sum = (key) => vertex.nodes.reduce((total, node) => total + node[key], 0);
    const [node] = vertex.nodes;
    let name, detail, label, kind = "node";
    if (vertex.port !== undefined) {
      [name, detail, label] = [vertex.port, "output", `output ${vertex.port}`];
      kind += " port";
    } else if (vertex.scope !== undefined) {
      const layers = vertex.nodes.filter((one) => one.l >= 0).length;
      name = last(vertex.scope);
      detail = `${layers} layers · ${count(sum("m"))} MACs`;
      label = `block ${vertex.scope}, folded: ${layers} layers, ${count(sum("p"))} parameters, ${count(sum("m"))} MACs`;
      kind += " block";
    } else {
      name = last(node.n);
      detail = node.m > 0 ? `${node.o} · ${count(node.m)} MACs` : node.o;
      label = `${node.n}: ${node.o}, ${node.s}`;
      if (node.l < 0) kind += " port";
    }
    if (vertex.nodes.some((one) => heavy.has(one))) kind += " heavy";
    const group = svg("g", { class: kind, tabindex: 0, role: vertex.scope !== undefined ? "button" : "img", "aria-label": label },
      svg("title", {}, label),
      svg("rect", { x, y, width: WIDTH, height: HEIGHT, rx: 9 }),
      svg("text", { x: x + 12, y: y + 19, class: "name" }, fit(name, 21)),
      svg("text", { x: x + 12, y: y + 35, class: "soft" }, fit(detail, 27)));
    if (vertex.scope !== undefined) {
      group.setAttribute("aria-expanded", "false");
      group.dataset.scope = vertex.scope;
      group.append(svg("text", { x: x + WIDTH - 19, y: y + 19, class: "name" }, "+"));
      activate(group, () => toggle(vertex.scope));
    } else if (node && node.l >= 0) {
      activate(group, () => showRow(node));
    }
    return group;
  };

  const drawGraph = () => {
    const vertices = sketch();
    const layout = arrange(vertices);
    const { width, height } = layout;
    const picture = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": "graph" },
      svg("defs", {}, svg("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 6, markerHeight: 6, orient: "auto" },
        svg("path", { d: "M0 0L8 4L0 8z", fill: "currentColor", opacity: 0.55 }))));
    for (const frame of layout.frames) {
      const side = INSET * (frame.nested + 1);
      const x = layout.xs[frame.left] - side - frame.lanes * LANE;
      const y = layout.ys[frame.first] - frame.above - 3;
      const right = layout.xs[frame.right] + WIDTH + side;
      const bottom = layout.ys[frame.last] + HEIGHT + frame.below - 2;
      const head = svg("g", { class: "head", tabindex: 0, role: "button", "aria-expanded": "true", "aria-label": `fold block ${frame.scope}` },
        svg("rect", { x, y, width: right - x, height: 20, rx: 9 }),
        svg("text", { x: x + 10, y: y + 14, class: "soft" }, `− ${frame.scope}`));
      head.dataset.scope = frame.scope;
      activate(head, () => toggle(frame.scope));
      picture.append(svg("g", { class: "frame" }, svg("rect", { x, y, width: right - x, height: bottom - y, rx: 12 }), head));
    }
    for (const edge of layout.edges) picture.append(svg("path", { class: "edge", d: path(edge, layout), "marker-end": "url(#arrow)" }));
    // A value has its shape once, below the vertex that makes it.
    const labelled = new Set();
    for (const edge of layout.edges) {
      if (labelled.has(edge.from.key + edge.node.s)) continue;
      labelled.add(edge.from.key + edge.node.s);
      const inside = edge.from.frames.length > 0 ? " inside" : "";
      picture.append(svg("text", { class: `soft shape${inside}`, x: layout.xs[edge.from.column] + WIDTH / 2 + 7, y: layout.ys[edge.from.rank] + HEIGHT + 15 }, edge.node.s));
    }
    for (const vertex of vertices) picture.append(vertexOf(vertex, layout));
    byId("graph").replaceChildren(picture);
  };

  // Charts.
  const widthOf = (id) => Math.max(280, Math.min(1100, byId(id).clientWidth - 24));

  const drawBars = () => {
    const width = widthOf("bars"), row = 92, top = 22, left = 4;
    const series = [["p", "Parameters", "params", count], ["m", "MACs", "macs", count], ["a", "Activation memory", "mem", bytes]];
    const height = series.length * row + 18;
    const picture = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "parameters, MACs and activation memory of each layer over depth" });
    const step = (width - left) / rows.length;
    series.forEach(([key, title, kind, format], index) => {
      const base = (index + 1) * row, most = Math.max(1, ...rows.map((node) => node[key]));
      const largest = rows.find((node) => node[key] === most);
      picture.append(svg("text", { x: left, y: base - row + top, class: "name" }, title),
        svg("text", { x: width, y: base - row + top, class: "soft", "text-anchor": "end" }, largest ? `most: ${format(most)} in ${fit(largest.n, 28)}` : ""),
        svg("line", { x1: left, x2: width, y1: base, y2: base, class: "axis" }));
      rows.forEach((node, at) => {
        if (node[key] <= 0) return;
        const tall = Math.max(1, (row - top - 12) * node[key] / most);
        picture.append(svg("rect", { class: kind, x: left + at * step, y: base - tall, width: Math.max(0.8, step * 0.82), height: tall, rx: Math.min(2, step / 4) },
          svg("title", {}, `${node.n} (${node.o}): ${format(node[key])}`)));
      });
    });
    let free = -Infinity;
    rows.forEach((node, at) => {
      const scope = node.n.split(".")[0], x = left + at * step;
      if ((at === 0 || rows[at - 1].n.split(".")[0] !== scope) && x >= free && x + scope.length * 6.4 < width) {
        picture.append(svg("text", { x, y: height - 3, class: "soft" }, scope));
        free = x + scope.length * 6.4 + 12;
      }
    });
    byId("bars").replaceChildren(picture);
  };

  const drawMemory = () => {
    const { curve, steps, planned, bound, live, naive } = data.memory;
    const width = widthOf("memory"), height = 210, bottom = height - 20, top = 30;
    const picture = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `bytes of values in memory during each step; the most are ${bytes(bound)}` });
    const most = Math.max(1, planned, bound), y = (value) => bottom - (bottom - top) * value / most;
    const step = width / Math.max(1, curve.length);
    let line = "";
    curve.forEach((value, at) => { line += `${at === 0 ? "M" : "L"}${(at * step).toFixed(1)} ${y(value).toFixed(1)}H${((at + 1) * step).toFixed(1)}`; });
    const peak = curve.indexOf(bound), x = (peak + 0.5) * step;
    picture.append(svg("line", { x1: 0, x2: width, y1: bottom, y2: bottom, class: "axis" }));
    if (line) {
      picture.append(svg("path", { class: "area", d: `${line}V${bottom}H0Z` }), svg("path", { class: "curve", d: line }));
    }
    picture.append(svg("line", { class: "limit", x1: 0, x2: width, y1: y(planned), y2: y(planned) }),
      svg("text", { class: "soft", x: 4, y: y(planned) - 6 }, `planned ${bytes(planned)}${planned > bound ? `, bound ${bytes(bound)}` : ""}, without reuse ${bytes(naive)}`));
    if (peak >= 0) {
      const end = x > width * 0.6;
      picture.append(svg("circle", { class: "mem", cx: x, cy: y(bound), r: 4.5 }),
        svg("text", { class: "shape", x: x + (end ? -9 : 9), y: Math.min(bottom - 6, y(bound) + 18), "text-anchor": end ? "end" : "start" }, `peak while ${fit(steps[peak], 30)} runs`));
    }
    curve.forEach((value, at) => picture.append(svg("rect", { x: at * step, y: top, width: step, height: bottom - top, fill: "transparent" },
      svg("title", {}, `${steps[at]}: ${bytes(value)}`))));
    picture.append(svg("text", { class: "soft", x: 0, y: height - 4 }, "first step"), svg("text", { class: "soft", x: width, y: height - 4, "text-anchor": "end" }, "last step"));
    byId("memory").replaceChildren(picture);
    const list = document.createElement("ol");
    for (const [name, size] of live) {
      const item = document.createElement("li"), figure = document.createElement("b");
      figure.textContent = bytes(size);
      item.append(`${name} `, figure);
      list.append(item);
    }
    byId("live").replaceChildren(list);
  };

  const drawRoofline = () => {
    const peak = Number(byId("peak").value) * 1e9, bandwidth = Number(byId("bandwidth").value) * 1e9;
    if (!(peak > 0) || !(bandwidth > 0)) {
      byId("bound").textContent = "Peak and bandwidth are numbers above 0.";
      return;
    }
    const width = Math.max(260, Math.min(560, byId("roofline").clientWidth)), height = 240, left = 44, bottom = height - 26, top = 12;
    const points = run.filter((node) => node.f > 0 && node.b > 0).map((node) => ({ node, x: node.f / node.b }));
    const ridge = peak / bandwidth;
    const lowX = Math.min(ridge / 4, ...points.map((one) => one.x)) * 0.7, highX = Math.max(ridge * 4, ...points.map((one) => one.x)) * 1.4;
    const roof = (intensity) => Math.min(peak, bandwidth * intensity);
    const lowY = roof(lowX) * 0.8, highY = peak * 2;
    const x = (value) => left + (width - left - 8) * Math.log(value / lowX) / Math.log(highX / lowX);
    const y = (value) => bottom - (bottom - top) * Math.log(value / lowY) / Math.log(highY / lowY);
    const picture = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "attainable operations in a second over arithmetic intensity" });
    for (let power = Math.ceil(Math.log10(lowX)); 10 ** power < highX; power += 1) {
      picture.append(svg("line", { class: "grid", x1: x(10 ** power), x2: x(10 ** power), y1: top, y2: bottom }),
        svg("text", { class: "soft", x: x(10 ** power), y: height - 10, "text-anchor": "middle" }, power < 0 ? (10 ** power).toFixed(-power) : `${10 ** power}`));
    }
    for (let power = Math.ceil(Math.log10(lowY)); 10 ** power < highY; power += 1) {
      picture.append(svg("line", { class: "grid", x1: left, x2: width - 8, y1: y(10 ** power), y2: y(10 ** power) }),
        svg("text", { class: "soft", x: left - 5, y: y(10 ** power) + 4, "text-anchor": "end" }, count(10 ** power).replace(/\.0+ /, " ")));
    }
    picture.append(svg("path", { class: "roof", d: `M${x(lowX)} ${y(roof(lowX))}L${x(ridge)} ${y(peak)}L${x(highX)} ${y(peak)}` }));
    const time = (node) => Math.max(node.f / peak, node.b / bandwidth);
    const total = run.reduce((sum, node) => sum + time(node), 0);
    const memory = run.filter((node) => node.b / bandwidth > node.f / peak).reduce((sum, node) => sum + time(node), 0);
    for (const one of points) {
      picture.append(svg("circle", { class: "dot", cx: x(one.x), cy: y(roof(one.x)), r: 3 + 12 * Math.sqrt(time(one.node) / total) },
        svg("title", {}, `${one.node.n}: ${one.x.toPrecision(3)} FLOP/byte, at least ${seconds(time(one.node))}`)));
    }
    picture.append(svg("text", { class: "soft", x: width - 8, y: bottom - 6, "text-anchor": "end" }, "FLOP/byte"),
      svg("text", { class: "soft", x: left + 5, y: top + 10 }, "FLOP/s"));
    byId("roofline").replaceChildren(picture);
    const share = total > 0 ? Math.round(memory / total * 100) : 0;
    byId("bound").textContent = `At least ${seconds(total)}, layer by layer; ${share} % of it bounded by memory. The area of a dot is its share. A bound, never a prediction.`;
  };

  const drawField = () => {
    const width = Math.max(260, Math.min(560, byId("field").clientWidth - 24)), height = 240, left = 44, bottom = height - 26, top = 14;
    const most = Math.max(1, ...rows.map((node) => node.r));
    const x = (at) => left + (width - left - 8) * at / Math.max(1, rows.length - 1);
    const y = (value) => bottom - (bottom - top) * value / most;
    const picture = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `receptive field of each layer; the largest is ${most} pixels` });
    for (let part = 0; part <= 4; part += 1) {
      const value = most * part / 4;
      picture.append(svg("line", { class: "grid", x1: left, x2: width - 8, y1: y(value), y2: y(value) }),
        svg("text", { class: "soft", x: left - 6, y: y(value) + 4, "text-anchor": "end" }, `${Math.round(value)}`));
    }
    picture.append(svg("path", { class: "field", d: rows.map((node, at) => `${at === 0 ? "M" : "L"}${x(at).toFixed(1)} ${y(node.r).toFixed(1)}`).join("") || "M0 0" }));
    const step = (width - left) / Math.max(1, rows.length);
    rows.forEach((node, at) => picture.append(svg("rect", { x: x(at) - step / 2, y: top, width: step, height: bottom - top, fill: "transparent" }, svg("title", {}, `${node.n}: ${node.r} pixels`))));
    picture.append(svg("text", { class: "soft", x: left, y: height - 8 }, "first layer"), svg("text", { class: "soft", x: width - 8, y: height - 8, "text-anchor": "end" }, "last layer"), svg("text", { class: "soft", x: left + 5, y: top + 10 }, "pixels"));
    byId("field").replaceChildren(picture);
  };

  // The table.
  const table = byId("layers"), body = table.tBodies[0], original = [...body.rows];
  const sortBy = (heading, column) => {
    const before = heading.getAttribute("aria-sort");
    const numeric = heading.classList.contains("n");
    const order = numeric ? ["descending", "ascending"] : ["ascending", "descending"];
    const next = before === null ? order[0] : before === order[0] ? order[1] : null;
    for (const one of table.tHead.rows[0].cells) one.removeAttribute("aria-sort");
    let sorted = original;
    if (next) {
      heading.setAttribute("aria-sort", next);
      const sign = next === "ascending" ? 1 : -1;
      const value = (row) => {
        const cell = row.cells[column];
        return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);
      };
      const compare = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true }));
      sorted = original.map((row) => [value(row), row]).sort((a, b) => sign * compare(a[0], b[0])).map((pair) => pair[1]);
    }
    body.append(...sorted);
  };
  [...table.tHead.rows[0].cells].forEach((heading, column) => heading.querySelector("button").addEventListener("click", () => sortBy(heading, column)));
  const search = () => {
    const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of original) {
      const text = row.textContent.toLowerCase().replaceAll("×", "x");
      row.hidden = !words.every((word) => text.includes(word.replaceAll("×", "x")));
      shown += row.hidden ? 0 : 1;
    }
    byId("shown").textContent = `${shown} of ${original.length}`;
  };
  byId("search").addEventListener("input", search);

  byId("fold").addEventListener("click", () => { open.clear(); drawGraph(); });
  byId("unfold").addEventListener("click", () => { scopes.forEach((scope) => open.add(scope)); drawGraph(); });
  if (scopes.length === 0) for (const id of ["fold", "unfold"]) byId(id).hidden = true;
  for (const id of ["peak", "bandwidth"]) byId(id).addEventListener("input", drawRoofline);
  const charts = () => { drawBars(); drawMemory(); drawRoofline(); drawField(); };
  let known = 0;
  window.addEventListener("resize", () => {
    if (window.innerWidth !== known) { known = window.innerWidth; charts(); }
  });
  known = window.innerWidth;
  drawGraph();
  charts();
  search();
})();
