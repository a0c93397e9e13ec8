// The drawn graph as a component of the page: takes what the page sends, shows it, and tells what was clicked.

import { arrange } from "./arranging.js";
import { curveOf, edgeAt, nodeAt, sampled } from "./geometry.js";
import { forgetWidths, radiusAt } from "./paint.js";
import { hideTip, moveTip, nameTools, showLegend, showLists, showTip } from "./panel.js";
import { listen } from "./pointer.js";
import { savePng, saveSvg } from "./saving.js";
import { makeScene, visible } from "./scene.js";
import { connect, report, resize } from "./streamlit.js";
import { applyTheme, loadFont } from "./theme.js";
import { View } from "./view.js";

const byId = (id) => document.getElementById(id);
const canvas = byId("canvas");
const view = new View(canvas);
const hiddenTypes = new Set();
const root = document.documentElement;
let words = {};
let drawn = null; // the digest of the graph that is on the canvas
let layout = null;
let over = null; // the node or edge under the pointer
let touched = false; // somebody moved the picture: it is not to be fitted any more

// ---------------------------------------------------------------- what the page sends
function render({ args, theme }) {
  const colors = applyTheme(theme);
  const began = performance.now();
  words = args.words ?? {};
  nameTools(words, args.language);
  byId("stage").style.height = `${args.height ?? 480}px`;
  loadFont(args.font, () => {
    forgetWidths();
    view.change();
  });
  const changed = args.digest !== drawn;
  if (changed) {
    take(JSON.parse(new TextDecoder().decode(args.graph)), args);
    drawn = args.digest;
  }
  placePins(args.pins);
  measure();
  choose(args.chosen, colors);
  showLists(view.scene, args.chosen, words, report);
  showLegend(view.scene, hiddenTypes, words, toggleType);
  if (changed || args.layout !== layout) lay(args, changed, began);
  else view.change();
  resize(byId("frame").scrollHeight);
}

/** Makes the scene; what was drawn before keeps its place. */
function take(graph) {
  const at = new Map((view.scene?.nodes ?? []).map((node) => [node.id, node]));
  view.scene = makeScene(graph, at);
  view.scene.nodes.forEach((node) => (node.hidden = hiddenTypes.has(node.type)));
  over = view.near = null;
  hideTip();
  delete root.dataset.settled;
}

function placePins(pins) {
  if (!pins) return; // this drawing keeps its pins to itself
  for (const node of view.scene.nodes) {
    const place = pins[node.id];
    node.pinned = place !== undefined;
    if (place) [node.x, node.y, node.placed] = [place[0], place[1], true];
  }
}

function lay(args, changed, began) {
  const kind = args.layout ?? "force";
  const another = layout !== null && layout !== kind;
  layout = args.layout;
  const { nodes } = view.scene;
  const free = nodes.filter((node) => !node.pinned);
  const known = free.filter((node) => node.placed).length;
  const only = changed && !another && known === free.length && known > 0; // a filter took things away: leave the rest
  if ((only && kind === "force") || nodes.length === 0) {
    settle(true);
    view.change();
    ready();
    return;
  }
  if (!changed || known === 0 || another) touched = false;
  place(kind, another, began);
}

function place(kind, fresh, began = performance.now()) {
  settle(false);
  arrange(view.scene, { kind, fresh, wide: Math.min(2.2, Math.max(0.7, view.size.width / view.size.height)) }, (first, done) => {
    if (!touched) view.fit();
    view.change();
    if (done) settle(true);
    if (first || done) {
      const painted = () => {
        if (first) root.dataset.firstPaint = String(Math.round(performance.now() - began));
        ready();
      };
      if (view.heavy) view.finished = () => (painted(), (view.finished = null));
      else requestAnimationFrame(() => requestAnimationFrame(painted));
    }
  });
}

function ready() {
  root.dataset.drawn = String(view.scene.nodes.length);
}

function settle(done) {
  byId("busy").hidden = done;
  if (done) root.dataset.settled = "true";
  else delete root.dataset.settled;
}

function choose(id, colors = view.look.colors) {
  const chosen = view.scene.nodeById.get(id) ?? view.scene.edgeById.get(id) ?? null;
  view.look = { colors, dark: colors.dark, chosen, near: false, ratio: view.ratio, tools: toolsBox() };
}

/** Where the buttons stand, on the canvas. */
function toolsBox() {
  const box = byId("tools");
  return { left: box.offsetLeft - 4, right: box.offsetLeft + box.offsetWidth, top: box.offsetTop, bottom: box.offsetTop + box.offsetHeight };
}

function toggleType(type) {
  if (!hiddenTypes.delete(type)) hiddenTypes.add(type);
  view.scene.nodes.forEach((node) => (node.hidden = hiddenTypes.has(node.type)));
  view.change();
  return !hiddenTypes.has(type);
}

function measure() {
  const { width, height } = byId("stage").getBoundingClientRect();
  view.resize(Math.max(1, Math.round(width) - 2), Math.max(1, Math.round(height) - 2));
}

// ---------------------------------------------------------------- what people do
function hover(target, x, y) {
  const next = target.node ?? target.edge ?? null;
  if (next === over) {
    if (over) moveTip(x, y);
    return;
  }
  over = next;
  canvas.style.cursor = next ? "pointer" : "";
  if (!next) {
    view.near = null;
    hideTip();
  } else {
    const edges = target.edge ? [target.edge] : next.edges.filter(visible).slice(0, 1500);
    const nodes = [...new Set([...edges.flatMap(({ s, t }) => [s, t]), ...(target.node ? [next] : [])])];
    view.near = { nodes, edges };
    showTip(target, words, x, y);
  }
  view.ask();
}

function pin(node, pinned = true) {
  node.pinned = pinned;
  node.placed = true;
  view.change();
  report("pin", node.id, pinned ? { x: Math.round(node.x), y: Math.round(node.y) } : {});
}

function unpin() {
  const { chosen } = view.look;
  if (chosen?.pinned) pin(chosen, false);
  else {
    view.scene.nodes.forEach((node) => (node.pinned = false));
    view.change();
    report("unpin", "");
  }
}

function zoomBy(factor) {
  touched = true;
  view.zoomAt(factor, view.size.width / 2, view.size.height / 2);
}

function fit() {
  touched = false;
  view.fit();
}

function keys(event) {
  const step = 60;
  const { chosen } = view.look ?? {};
  const actions = {
    "+": () => zoomBy(1.25),
    "=": () => zoomBy(1.25),
    "-": () => zoomBy(0.8),
    0: fit,
    p: () => chosen?.edges && pin(chosen, !chosen.pinned),
    ArrowLeft: () => view.panBy(step, 0),
    ArrowRight: () => view.panBy(-step, 0),
    ArrowUp: () => view.panBy(0, step),
    ArrowDown: () => view.panBy(0, -step),
  };
  if (!(event.key in actions) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  touched = touched || event.key.startsWith("Arrow");
  actions[event.key]();
}

// What tests, benchmarks and scripts that make pictures need: where things are, in pixels within the canvas.
window.__kgGraph = {
  nodes: () => view.scene.nodes.filter((node) => !node.hidden).map((node) => ({ id: node.id, label: node.label, pinned: node.pinned, ...at(node.x, node.y) })),
  edges: () => view.scene.edges.filter(visible).map((edge) => ({ id: edge.id, label: edge.label, loop: edge.loop >= 0, curve: edge.curve, ...at(...openPlace(edge)) })),
  zoom: () => view.camera.k,
  chosen: () => (view.look.chosen ? [view.look.chosen.id] : []),
  idle: () => view.idle,
};

/** The place on an edge nearest to its middle where nothing lies over it. */
function openPlace(edge) {
  const radius = radiusAt(view.camera.k);
  const points = sampled(curveOf(edge, radius), 16);
  const line = points.length === 2 ? [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8].map((u) => [0, 1].map((i) => points[0][i] * (1 - u) + points[1][i] * u)) : [8, 7, 9, 6, 10, 5, 11, 4, 12].map((i) => points[i]);
  if (view.heavy) return line[0];
  return line.find(([x, y]) => !nodeAt(view.scene, x, y, radius, 6) && edgeAt(view.scene, x, y, radius, 6) === edge) ?? line[0];
}

function at(x, y) {
  const [px, py] = view.toScreen(x, y);
  return { x: Math.round(px), y: Math.round(py) };
}

const pressed = {
  "zoom-in": () => zoomBy(1.25),
  "zoom-out": () => zoomBy(0.8),
  fit,
  arrange: () => ((touched = false), place(layout ?? "force", true)),
  unpin,
  png: () => savePng(view, "graph"),
  svg: () => saveSvg(view, "graph"),
};
for (const [id, action] of Object.entries(pressed)) byId(id).addEventListener("click", action);
canvas.addEventListener("keydown", keys);
listen(canvas, view, {
  hover,
  pin,
  node: (node) => report("node", node.id),
  edge: (edge) => report("edge", edge.id),
  expand: (node) => report("expand", node.id),
  touched: () => (touched = true),
});
byId("index").addEventListener("toggle", () => resize(byId("frame").scrollHeight));
new ResizeObserver(() => {
  if (view.scene !== null) measure();
  resize(byId("frame").scrollHeight);
}).observe(byId("frame"));
connect(render);
