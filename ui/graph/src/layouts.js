// Where nodes stand. The same graph always gets the same places; what is drawn already stays near where it was.

import { neighbours, tree } from "./tree.js";
import { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY } from "d3-force";

const LARGE = 1500; // beyond as many nodes, the forces are coarser
const PATIENCE = 300; // beyond as many, what has been found so far is shown now and then
const SHOW_MS = 450; // between two pictures of a large graph that is being arranged

/**
 * Places for `nodes` ({r, type, name (its length), root, x, y, placed, pinned}) and `edges` ({s, t, name, time}), by index. `kind`
 * is force, circle, layers or time. Gives {positions: Float32Array of x and y, axis, done}, perhaps several times.
 */
export function* arrange({ kind, nodes, edges, wide }) {
  if (kind === "circle") yield finished(circle(nodes));
  else if (kind === "layers") yield finished(layers(nodes, edges));
  else if (kind === "time") yield finished(...byTime(nodes, edges));
  else yield* force(nodes, edges, wide);
}

function finished(places, axis = []) {
  return { positions: Float32Array.from(places.flat()), axis, done: true };
}

// ---------------------------------------------------------------- by forces
function* force(nodes, edges, wide) {
  const count = nodes.length;
  const fresh = !nodes.some((node) => node.placed && !node.pinned);
  const start = fresh ? tree(nodes, edges) : grown(nodes, edges);
  const points = nodes.map((node, i) => ({ x: start[i][0], y: start[i][1], node }));
  points.forEach((point) => {
    if (point.node.pinned) [point.fx, point.fy] = [point.node.x, point.node.y];
  });
  const places = () => {
    const positions = new Float32Array(2 * count);
    points.forEach((point, i) => positions.set([point.x, point.y], 2 * i));
    return positions;
  };
  const simulation = forcesOf(points, edges, wide);
  const ticks = count <= 200 ? 320 : count <= 600 ? 220 : count <= LARGE ? 160 : 110;
  simulation.alpha(fresh ? 1 : 0.35).alphaDecay(1 - 0.002 ** (1 / ticks));
  let shown = Date.now();
  for (let tick = 0; tick < ticks; tick += 1) {
    simulation.tick();
    if (count > PATIENCE && Date.now() - shown > SHOW_MS) {
      yield { positions: places(), axis: [], done: false };
      shown = Date.now();
    }
  }
  yield { positions: places(), axis: [], done: true };
}

function forcesOf(points, edges, wide) {
  const crowded = points.length > 30;
  const large = points.length > LARGE;
  const link = forceLink(edges.map((edge) => ({ source: edge.s, target: edge.t, name: edge.name })))
    .distance(({ source, target, name }) => source.node.r + target.node.r + (crowded ? 34 + 2.2 * name : 46 + 4.2 * name))
    .iterations(large ? 1 : 2);
  const simulation = forceSimulation(points)
    .stop()
    .force("link", link)
    .force("charge", forceManyBody().strength(large ? -160 : -620).theta(large ? 1.1 : 0.9).distanceMax(large ? 2500 : 900))
    // A frame is wider than it is high, and so should be what stands in it.
    .force("x", forceX(0).strength(large ? 0.035 : 0.07 / wide))
    .force("y", forceY(0).strength(large ? 0.035 * wide : 0.07 * wide));
  if (!large) {
    const room = (point) => point.node.r + (crowded ? 10 : Math.min(14 + 2.2 * point.node.name, 44));
    simulation.force("collide", forceCollide(room).strength(0.8).iterations(2));
  }
  return simulation;
}

/** What is known keeps its place; each newcomer begins on a circle around a neighbour, so that expanding reads as growing. */
function grown(nodes, edges) {
  const near = neighbours(nodes.length, edges);
  let turn = 0;
  return nodes.map((node, i) => {
    if (node.placed) return [node.x, node.y];
    const anchor = near[i].find((other) => nodes[other].placed);
    const [x, y] = anchor === undefined ? [0, 0] : [nodes[anchor].x, nodes[anchor].y];
    const angle = (turn++ * 137.508 * Math.PI) / 180; // the golden angle spreads any number of points evenly
    return [x + 110 * Math.cos(angle), y + 110 * Math.sin(angle)];
  });
}

// ---------------------------------------------------------------- on a circle, by type
function circle(nodes) {
  const order = nodes.map((_, i) => i).sort((a, b) => (nodes[a].type < nodes[b].type ? -1 : nodes[a].type > nodes[b].type ? 1 : a - b));
  const room = nodes.reduce((sum, node) => sum + 2 * node.r + 26, 0);
  const types = new Set(nodes.map((node) => node.type)).size;
  const gap = types > 1 ? Math.max(40, room * 0.02) : 0;
  const radius = Math.max(160, (room + gap * types) / (2 * Math.PI));
  const places = [];
  let along = 0;
  let before = order.length ? nodes[order[0]].type : "";
  for (const i of order) {
    if (nodes[i].type !== before) along += gap;
    before = nodes[i].type;
    const half = nodes[i].r + 13;
    const angle = (along + half) / radius - Math.PI / 2;
    places[i] = keep(nodes[i], [Math.cos(angle) * radius, Math.sin(angle) * radius]);
    along += 2 * half;
  }
  return places;
}

function keep(node, place) {
  return node.pinned ? [node.x, node.y] : place;
}

// ---------------------------------------------------------------- in layers, by distance from the centre
const ROW = 14; // nodes side by side before a layer takes another row

function layers(nodes, edges) {
  const near = neighbours(nodes.length, edges);
  const level = new Array(nodes.length).fill(-1);
  const order = nodes.map((_, i) => i).sort((a, b) => nodes[b].root - nodes[a].root || near[b].length - near[a].length || a - b);
  walk(order.filter((i) => nodes[i].root), near, level);
  for (const i of order) if (level[i] < 0) walk([i], near, level);
  const rows = [];
  level.forEach((depth, i) => (rows[depth] ??= []).push(i));
  const where = new Array(nodes.length).fill(0);
  rows.forEach((row, depth) => {
    const middle = (i) => {
      const above = near[i].filter((other) => level[other] === depth - 1);
      return above.length ? above.reduce((sum, other) => sum + where[other], 0) / above.length : 0;
    };
    const keys = new Map(row.map((i) => [i, middle(i)]));
    row.sort((a, b) => keys.get(a) - keys.get(b) || a - b);
    row.forEach((i, at) => (where[i] = row.length > 1 ? at / (row.length - 1) - 0.5 : 0));
  });
  const places = [];
  let y = 0;
  for (const row of rows) {
    const across = Math.max(ROW, Math.ceil(Math.sqrt(row.length * 6)));
    const lines = Math.ceil(row.length / across);
    row.forEach((i, at) => {
      const line = at % lines; // neighbours in order stand below each other, so that a long layer stays narrow
      const column = Math.floor(at / lines);
      const columns = Math.ceil(row.length / lines);
      places[i] = keep(nodes[i], [(column - (columns - 1) / 2) * 150 + (line % 2) * 40, y + line * 90]);
    });
    y += (lines - 1) * 90 + 190;
  }
  return places;
}

/** Gives everything that can be reached from `first` its distance, in `level`. */
function walk(first, near, level) {
  first.forEach((i) => (level[i] = 0));
  const reached = [...first];
  for (let at = 0; at < reached.length; at += 1) {
    for (const other of near[reached[at]]) {
      if (level[other] >= 0) continue;
      level[other] = level[reached[at]] + 1;
      reached.push(other);
    }
  }
}

// ---------------------------------------------------------------- by time
const COLUMN = 150;

/** Columns by year, of the earliest fact that says when; at the left what says nothing. */
function byTime(nodes, edges) {
  const year = new Array(nodes.length).fill("");
  for (const { s, t, time } of edges) {
    const found = /^(-?\d+)/.exec(time ?? "")?.[1] ?? "";
    if (found === "") continue;
    for (const i of [s, t]) if (year[i] === "" || Number(found) < Number(year[i])) year[i] = found;
  }
  const years = [...new Set(year)].sort((a, b) => (a === "" ? -Infinity : Number(a)) - (b === "" ? -Infinity : Number(b)));
  const places = [];
  const axis = [];
  let x = 0;
  for (const each of years) {
    const members = nodes.map((_, i) => i).filter((i) => year[i] === each);
    const high = Math.max(7, Math.ceil(Math.sqrt(members.length * 1.5)));
    const columns = Math.ceil(members.length / high);
    members.forEach((i, at) => {
      const inColumn = Math.min(high, members.length - Math.floor(at / high) * high);
      places[i] = keep(nodes[i], [x + Math.floor(at / high) * COLUMN + (at % 2 ? 38 : 0), ((at % high) - (inColumn - 1) / 2) * 82]);
    });
    if (each !== "") axis.push({ x: x, text: String(Number(each)) });
    x += columns * COLUMN + 30;
  }
  return [places, axis];
}
