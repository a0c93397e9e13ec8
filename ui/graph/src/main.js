// The drawn graph: nodes, directed and labelled edges, a legend, and the same things once more as a list for the keyboard.
// Every text from the data is set as text, never as markup.

import cytoscape from "cytoscape";
import fcose from "cytoscape-fcose";
import { arrange, placeLabels, sizeLabels } from "./layout.js";
import { connect, report, resize } from "./streamlit.js";
import { applyTheme, loadFont, styleSheet } from "./theme.js";

cytoscape.use(fcose);

const byId = (id) => document.getElementById(id);
const hiddenTypes = new Set();
let cy = null;
let words = {};
let drawn = ""; // the ids on the canvas, to see whether a new layout is due
let colors = null;

function shorten(text, limit) {
  const characters = Array.from(text);
  return characters.length > limit ? characters.slice(0, limit - 1).join("") + "…" : text;
}

function elements(args) {
  const nodes = args.nodes.map((node) => ({
    group: "nodes",
    data: { font: 12, ...node, short: shorten(node.label, 30) },
  }));
  const edges = args.edges.map((edge) => ({
    group: "edges",
    data: { ...edge, short: shorten(edge.label, 28) },
  }));
  return [...nodes, ...edges];
}

function start() {
  cy = cytoscape({
    container: byId("canvas"),
    minZoom: 0.08,
    maxZoom: 4,
    wheelSensitivity: 0.6,
    boxSelectionEnabled: false,
    autounselectify: true,
  });
  cy.on("onetap", "node", (event) => report("node", event.target.id()));
  cy.on("dbltap", "node", (event) => report("expand", event.target.id()));
  cy.on("tap", "edge", (event) => report("edge", event.target.id()));
  cy.on("mouseover", "node, edge", (event) => hover(event.target, event.renderedPosition));
  cy.on("mousemove", "node, edge", (event) => moveTip(event.renderedPosition));
  cy.on("mouseout", "node, edge", leave);
  cy.on("free", "node", () => placeLabels(cy));
  cy.on("pan zoom drag", () => (byId("tip").hidden = true));
  window.__kgGraph = hook();
}

// What tests (and scripts that make pictures) need to point at a node or an edge: rendered pixels within the frame.
function hook() {
  const at = (point) => ({ x: Math.round(point.x), y: Math.round(point.y) });
  return {
    nodes: () => cy.nodes(":visible").map((node) => ({ id: node.id(), label: node.data("label"), ...at(node.renderedPosition()) })),
    edges: () => cy.edges(":visible").map((edge) => ({ id: edge.id(), label: edge.data("label"), ...at(edge.renderedMidpoint()) })),
    zoom: () => cy.zoom(),
    chosen: () => cy.$(".chosen").map((element) => element.id()),
  };
}

function describe(target) {
  if (target.isNode()) return { title: target.data("label"), rows: target.data("tip") ?? [] };
  const title = `${target.source().data("label")} — ${target.data("label")} → ${target.target().data("label")}`;
  return { title, rows: target.data("tip") ?? [] };
}

function hover(target, position) {
  const near = target.isNode() ? target.closedNeighborhood() : target.union(target.connectedNodes());
  cy.batch(() => {
    cy.elements().difference(near).addClass("faded");
    near.addClass("near");
  });
  const tip = byId("tip");
  const { title, rows } = describe(target);
  tip.replaceChildren();
  const heading = document.createElement("strong");
  heading.textContent = title;
  tip.append(heading);
  for (const row of rows) {
    const line = document.createElement("span");
    line.textContent = row;
    tip.append(line);
  }
  tip.hidden = false;
  moveTip(position);
  byId("canvas").style.cursor = "pointer";
}

function moveTip(position) {
  const tip = byId("tip");
  if (!position || tip.hidden) return;
  const stage = byId("stage").getBoundingClientRect();
  const left = Math.min(position.x + 14, stage.width - tip.offsetWidth - 6);
  const below = position.y + 16;
  const top = below + tip.offsetHeight > stage.height ? position.y - tip.offsetHeight - 10 : below;
  tip.style.left = `${Math.max(4, left)}px`;
  tip.style.top = `${Math.max(4, top)}px`;
}

function leave() {
  byId("tip").hidden = true;
  byId("canvas").style.cursor = "";
  cy.elements().removeClass("faded near");
}

function choose(id) {
  cy.batch(() => {
    cy.$(".chosen").removeClass("chosen");
    if (id) cy.getElementById(id).addClass("chosen");
  });
}

function fit() {
  const visible = cy.nodes(":visible");
  if (visible.length === 0) return;
  // The frame holds every node; names may reach into the margin, or a few long ones would make everything tiny.
  const box = visible.boundingBox({ includeLabels: false });
  const margin = { x: visible.length > 60 || cy.width() < 420 ? 32 : Math.min(110, cy.width() * 0.17), y: 40 };
  const zoom = Math.min((cy.width() - 2 * margin.x) / box.w, (cy.height() - 2 * margin.y) / box.h);
  cy.zoom(Math.min(Math.max(zoom, cy.minZoom()), 1.35)); // a handful of nodes must not fill the frame like balloons
  cy.center(visible);
}

function draw(args) {
  const ids = args.nodes.map((node) => node.id).concat(args.edges.map((edge) => edge.id)).sort().join("\n");
  const places = new Map(cy.nodes().map((node) => [node.id(), { ...node.position() }]));
  const fresh = elements(args);
  const changed = ids !== drawn;
  if (changed) {
    const view = { zoom: cy.zoom(), pan: { ...cy.pan() } };
    cy.batch(() => {
      cy.elements().remove();
      cy.add(fresh);
      cy.nodes().forEach((node) => {
        const place = places.get(node.id());
        if (place) node.position(place);
      });
    });
    sizeLabels(cy);
    const known = new Set(args.nodes.map((node) => node.id).filter((id) => places.has(id)));
    const onlyFewer = known.size === args.nodes.length; // a filter took things away: leave the rest where it is
    if (onlyFewer) cy.viewport(view);
    else arrange(cy, { known });
    placeLabels(cy);
    drawn = ids;
    if (!onlyFewer) fit();
  } else {
    cy.batch(() => fresh.forEach((element) => cy.getElementById(element.data.id).data(element.data)));
    sizeLabels(cy);
  }
  filterTypes();
  choose(args.chosen);
}

function filterTypes() {
  cy.batch(() => cy.nodes().forEach((node) => node.toggleClass("hidden", hiddenTypes.has(node.data("type")))));
}

// New children for a list. A page may be drawn anew while somebody stands on one of them with the keyboard: they stay there.
function refill(list, children) {
  const held = list.contains(document.activeElement) ? document.activeElement.dataset.id : undefined;
  list.replaceChildren(...children);
  if (held !== undefined) list.querySelector(`[data-id="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
}

function legend(args) {
  const types = new Map();
  for (const node of args.nodes) {
    const entry = types.get(node.type) ?? { color: node.color, label: node.typeLabel, count: 0 };
    entry.count += 1;
    types.set(node.type, entry);
  }
  const buttons = [...types].sort(([, a], [, b]) => b.count - a.count).map(([type, entry]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.id = type;
    button.title = words.toggle ?? "";
    button.setAttribute("aria-pressed", String(!hiddenTypes.has(type)));
    const dot = document.createElement("i");
    dot.style.backgroundColor = entry.color;
    const count = document.createElement("span");
    count.textContent = String(entry.count);
    button.append(dot, document.createTextNode(entry.label), count);
    button.addEventListener("click", () => {
      if (!hiddenTypes.delete(type)) hiddenTypes.add(type);
      button.setAttribute("aria-pressed", String(!hiddenTypes.has(type)));
      filterTypes();
    });
    return button;
  });
  refill(byId("legend"), buttons);
}

function listItem(kind, id, text, chosen) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.testid = `graph-${kind}`;
  button.dataset.id = id;
  button.textContent = text;
  if (chosen) button.setAttribute("aria-current", "true");
  button.addEventListener("click", () => report(kind, id));
  item.append(button);
  return item;
}

function lists(args) {
  const names = new Map(args.nodes.map((node) => [node.id, node.label]));
  byId("index").querySelector("summary").textContent = words.list ?? "";
  const nodes = args.nodes.map((node) => listItem("node", node.id, node.label, node.id === args.chosen));
  const edges = args.edges.map((edge) => {
    const text = `${names.get(edge.source)} — ${edge.label} → ${names.get(edge.target)}`;
    return listItem("edge", edge.id, text, edge.id === args.chosen);
  });
  refill(byId("nodes"), nodes);
  refill(byId("edges"), edges);
}

function label(args) {
  words = args.words ?? {};
  document.documentElement.lang = args.language ?? "en";
  document.title = words.graph ?? "";
  byId("canvas").setAttribute("aria-label", words.canvas ?? "");
  byId("tools").setAttribute("aria-label", words.tools ?? "");
  for (const [id, word] of [["zoom-in", words.zoomIn], ["zoom-out", words.zoomOut], ["fit", words.fit], ["arrange", words.arrange]]) {
    byId(id).title = word ?? "";
    byId(id).setAttribute("aria-label", word ?? "");
  }
}

function zoomBy(factor) {
  cy.zoom({ level: cy.zoom() * factor, renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } });
}

function rearrange() {
  arrange(cy, { fresh: true });
  placeLabels(cy);
  fit();
}

function keys(event) {
  const step = 60;
  const actions = {
    "+": () => zoomBy(1.25),
    "=": () => zoomBy(1.25),
    "-": () => zoomBy(0.8),
    0: fit,
    ArrowLeft: () => cy.panBy({ x: step, y: 0 }),
    ArrowRight: () => cy.panBy({ x: -step, y: 0 }),
    ArrowUp: () => cy.panBy({ x: 0, y: step }),
    ArrowDown: () => cy.panBy({ x: 0, y: -step }),
  };
  if (!(event.key in actions) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  actions[event.key]();
}

function render({ args, theme }) {
  colors = applyTheme(theme);
  byId("stage").style.height = `${args.height ?? 480}px`;
  if (cy === null) start();
  loadFont(args.font, () => cy.style().update());
  cy.resize();
  cy.style(styleSheet(colors));
  label(args);
  draw(args);
  legend(args);
  lists(args);
  resize(byId("frame").scrollHeight);
  document.documentElement.dataset.drawn = String(args.nodes.length);
}

byId("zoom-in").addEventListener("click", () => zoomBy(1.25));
byId("zoom-out").addEventListener("click", () => zoomBy(0.8));
byId("fit").addEventListener("click", fit);
byId("arrange").addEventListener("click", rearrange);
byId("canvas").addEventListener("keydown", keys);
byId("index").addEventListener("toggle", () => resize(byId("frame").scrollHeight));
new ResizeObserver(() => {
  if (cy !== null) cy.resize();
  resize(byId("frame").scrollHeight);
}).observe(byId("frame"));
connect(render);
