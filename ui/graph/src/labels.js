// Which names show, and where: the weightiest first, none over another, each on the side that its edges leave free.

import { curveOf } from "./geometry.js";
import { shorten, visible } from "./scene.js";

const CELL = 64;
const EDGE_FONT = 11;
const SIDES = ["bottom", "right", "left", "top"];
const TRIES = 8;
const LIKED = { bottom: 0, right: 0.05, left: 0.06, top: 0.12 }; // where a name reads best, as a cost
const FEW = 40; // as many nodes keep their names whatever stands there, if they are not too close

/** The rectangles that are taken, in a grid so that asking stays cheap. */
class Taken {
  constructor() {
    this.cells = new Map();
  }

  /** How much of a box others cover already, in square pixels. */
  overlap({ left, top, right, bottom }) {
    let sum = 0;
    for (let i = Math.floor(left / CELL); i <= Math.floor(right / CELL); i += 1) {
      for (let j = Math.floor(top / CELL); j <= Math.floor(bottom / CELL); j += 1) {
        for (const other of this.cells.get(i * 100003 + j) ?? []) {
          const wide = Math.min(right, other.right, (i + 1) * CELL) - Math.max(left, other.left, i * CELL);
          const high = Math.min(bottom, other.bottom, (j + 1) * CELL) - Math.max(top, other.top, j * CELL);
          if (wide > 0 && high > 0) sum += wide * high;
        }
      }
    }
    return sum;
  }

  add(box) {
    for (let i = Math.floor(box.left / CELL); i <= Math.floor(box.right / CELL); i += 1) {
      for (let j = Math.floor(box.top / CELL); j <= Math.floor(box.bottom / CELL); j += 1) {
        const list = this.cells.get(i * 100003 + j);
        if (list) list.push(box);
        else this.cells.set(i * 100003 + j, [box]);
      }
    }
  }
}

/** A name on one line or two. */
export function linesOf(node) {
  if (node.lines) return node.lines;
  const text = shorten(node.label.replace(/\s+/gu, " ").trim(), 36);
  const characters = Array.from(text);
  const width = characters.reduce((sum, c) => sum + (c.codePointAt(0) > 0x2e7f ? 1.8 : 1), 0);
  node.lines = [text];
  if (width > 20) {
    const middle = characters.length / 2;
    let cut = -1;
    characters.forEach((c, i) => {
      if (c === " " && (cut < 0 || Math.abs(i - middle) < Math.abs(cut - middle))) cut = i;
    });
    if (cut > 3 && cut < characters.length - 3)
      node.lines = [characters.slice(0, cut).join(""), characters.slice(cut + 1).join("")];
    else if (width > 30) node.lines = [characters.slice(0, Math.ceil(middle)).join(""), characters.slice(Math.ceil(middle)).join("")];
  }
  return node.lines;
}

/** The size of a node's name in pixels: larger for the well connected, a little larger close by. */
function fontOf(node, zoom) {
  return Math.round(Math.min(12 * Math.sqrt(Math.min(Math.max(zoom, 0.85), 2.2)) + 0.8 * Math.log2(1 + node.degree / 4), 18));
}

/**
 * The names to draw for a camera, in pixels: `nodes` with {node, lines, size, x, y, align} (y is the first line's middle)
 * and `edges` with {edge, text, x, y, angle, width}. `only` (a set of nodes) asks for these alone,
 * however crowded; `tools` is a rectangle that is covered.
 */
export function placeLabels(scene, camera, size, measure, radius, { only = null, tools = null } = {}) {
  const taken = new Taken();
  if (tools) taken.add(tools);
  const seen = (node) => {
    const [x, y, r] = [node.x * camera.k + camera.x, node.y * camera.k + camera.y, radius(node) * camera.k];
    return x > -r - 60 && y > -r - 30 && x < size.width + r + 60 && y < size.height + r + 30 ? { x, y, r } : null;
  };
  const shown = [];
  for (const node of scene.byWeight) {
    if (node.hidden || (only && !only.has(node))) continue;
    const at = seen(node);
    if (at) shown.push({ node, ...at });
  }
  const few = only !== null || shown.length <= FEW / 2 || (shown.length <= FEW && camera.k > 0.75);
  if (shown.length <= 900)
    for (const { x, y, r } of shown) if (r > 3) taken.add({ left: x - r * 0.8, right: x + r * 0.8, top: y - r * 0.8, bottom: y + r * 0.8 });
  const nodes = [];
  const room = (size.width * size.height) / (shown.length > 400 ? 15000 : 6500); // a name for each piece of the picture
  const most = only ? 40 : Math.max(24, Math.round(room));
  // In a crowd, the names of the first few hundred have taken what room there is: to try all others takes long.
  for (const { node, x, y, r } of shown.slice(0, few ? shown.length : most * TRIES)) {
    if (nodes.length >= most) break;
    const label = sideOf(node, { x, y, r }, camera.k, size, taken, measure, few || node.root);
    if (!label) continue;
    taken.add(label.box);
    nodes.push(label);
  }
  return { nodes, edges: camera.k < 0.35 || only ? [] : edgeLabels(scene, camera, size, measure, radius, taken) };
}

function sideOf(node, { x, y, r }, zoom, size, taken, measure, always) {
  const lines = linesOf(node);
  const inside = x > 0 && y > 0 && x < size.width && y < size.height;
  const font = fontOf(node, zoom);
  const width = Math.max(...lines.map((line) => measure(line, font, 600)));
  const height = lines.length * font * 1.18;
  let best = null;
  for (const side of SIDES) {
    const beside = side === "left" || side === "right";
    const cx = beside ? x + (side === "right" ? 1 : -1) * (r + 5 + width / 2) : x;
    const cy = beside ? y : y + (side === "bottom" ? 1 : -1) * (r + 4 + height / 2);
    const box = { left: cx - width / 2, right: cx + width / 2, top: cy - height / 2, bottom: cy + height / 2 };
    const under = taken.overlap(box);
    const cost = under / (width * height) + crowding(node, side) + LIKED[side] + (inside ? 2 * outside(box, size) / width : 0);
    const covered = under > width * height * 0.04;
    if ((!covered || always) && (best === null || cost < best.cost - 1e-9))
      best = { cost, node, lines, size: font, x: cx, y: cy - height / 2 + font * 0.59, align: "center", box };
  }
  return best;
}

/** How many pixels of a name the frame would cut off. */
function outside(box, size) {
  return Math.max(0, -box.left) + Math.max(0, box.right - size.width) + Math.max(0, -box.top) + Math.max(0, box.bottom - size.height);
}

const WAYS = { bottom: [0, 1], right: [1, 0], left: [-1, 0], top: [0, -1] };

/** How much a node's edges leave towards a side: 0 for none, about 0.5 for one right through the name. */
function crowding(node, side) {
  if (node.degree > 60) return 0;
  const [wx, wy] = WAYS[side];
  let worst = -1;
  for (const edge of node.edges) {
    const other = edge.s === node ? edge.t : edge.s;
    const [dx, dy] = other === node ? [-0.71, -0.71] : [other.x - node.x, other.y - node.y];
    const length = Math.hypot(dx, dy) || 1;
    worst = Math.max(worst, (dx * wx + dy * wy) / length);
  }
  return Math.max(0, worst - 0.4) * 0.9;
}

function edgeLabels(scene, camera, size, measure, radius, taken) {
  const result = [];
  const candidates = [];
  for (const edge of scene.edges) {
    if (!visible(edge)) continue;
    const span = edge.loop >= 0 ? 200 : Math.hypot(edge.s.x - edge.t.x, edge.s.y - edge.t.y) * camera.k;
    if (span < 46) continue;
    const [mx, my] = [(edge.s.x + edge.t.x) / 2, (edge.s.y + edge.t.y) / 2];
    const [x, y] = [mx * camera.k + camera.x, my * camera.k + camera.y];
    if (x < -80 || y < -40 || x > size.width + 80 || y > size.height + 40) continue;
    candidates.push(edge);
    if (candidates.length > 700) return [];
  }
  candidates.sort((a, b) => b.support - a.support || a.index - b.index);
  for (const edge of candidates) {
    const curve = curveOf(edge, radius);
    const width = measure(edge.short, EDGE_FONT, 400);
    if (edge.loop < 0 && width > curve.length * camera.k - 10) continue;
    const [x, y] = [curve.middle[0] * camera.k + camera.x, curve.middle[1] * camera.k + camera.y];
    let { angle } = curve;
    if (edge.loop >= 0) angle = 0;
    else if (angle > Math.PI / 2) angle -= Math.PI;
    else if (angle < -Math.PI / 2) angle += Math.PI;
    const [c, s] = [Math.abs(Math.cos(angle)), Math.abs(Math.sin(angle))];
    const [halfWide, halfHigh] = [(width * c + EDGE_FONT * s) / 2, (width * s + EDGE_FONT * c) / 2];
    const box = { left: x - halfWide, right: x + halfWide, top: y - halfHigh, bottom: y + halfHigh };
    const area = width * EDGE_FONT * 1.2;
    if (taken.overlap(box) > area * (candidates.length <= 60 ? 0.35 : 0.08)) continue;
    taken.add({ left: x - halfWide * 0.8, right: x + halfWide * 0.8, top: y - halfHigh * 0.8, bottom: y + halfHigh * 0.8 });
    result.push({ edge, text: edge.short, x, y, angle, width, size: EDGE_FONT });
  }
  return result;
}
