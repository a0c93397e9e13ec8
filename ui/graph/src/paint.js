// Paints the graph on a 2D canvas. `paint` is a generator that pauses now and then, so that a large graph is painted in
// slices between frames and nothing on the page waits for it.

import { curveOf } from "./geometry.js";
import { placeLabels } from "./labels.js";
import { visible } from "./scene.js";
import { FONT } from "./theme.js";

// How many are painted between two pauses: hairlines may cross the whole picture, curves are wide and have heads.
const [LINES, CURVES, DISCS] = [120, 40, 250];
const FINE = 4000; // as many edges in sight are drawn with arrows and curves; beyond, as hairlines

/** Node sizes for a zoom: where nodes would be specks, they are drawn a little larger. */
export function radiusAt(zoom) {
  const least = 1.7 / zoom;
  return (node) => Math.max(node.r, least);
}

const widths = new Map();

/** The width of a text in pixels; asked for the same texts again and again. */
export function measurer(ctx) {
  return (text, size, weight) => {
    const key = `${weight} ${size} ${text}`;
    let width = widths.get(key);
    if (width === undefined) {
      ctx.font = `${weight} ${size}px ${FONT}`;
      width = ctx.measureText(text).width;
      if (widths.size > 20000) widths.clear();
      widths.set(key, width);
    }
    return width;
  };
}

/** Call when another font has come. */
export function forgetWidths() {
  widths.clear();
}

/**
 * Paints everything for a camera ({x, y, k}: pixels = units * k + offset) on a canvas of `size` pixels.
 * `look` has the colours, the chosen element and whether to leave out names.
 */
export function* paint(ctx, scene, camera, size, look) {
  const radius = radiusAt(camera.k);
  ctx.save();
  ctx.fillStyle = look.colors.background;
  ctx.fillRect(0, 0, size.width, size.height);
  paintAxis(ctx, scene, camera, size, look);
  const frame = {
    left: -camera.x / camera.k, top: -camera.y / camera.k,
    right: (size.width - camera.x) / camera.k, bottom: (size.height - camera.y) / camera.k,
  };
  const edges = scene.edges.filter((edge) => visible(edge) && crosses(edge, frame));
  const nodes = scene.nodes.filter((node) => !node.hidden && holds(frame, node, radius(node)));
  yield;
  yield* edges.length > FINE ? hairlines(ctx, edges, camera, look) : curves(ctx, edges, camera, radius, look);
  yield* discs(ctx, nodes, camera, radius, look);
  if (look.named) {
    const labels = placeLabels(scene, camera, size, measurer(ctx), radius, { tools: look.tools });
    yield;
    yield* words(ctx, labels, look);
  }
  ctx.restore();
}

/** The names for a camera, to be drawn by `paintLabels` while the camera moves on. */
export function labelsFor(ctx, scene, camera, size, look) {
  const labels = placeLabels(scene, camera, size, measurer(ctx), radiusAt(camera.k), { tools: look.tools });
  const from = (label, x, y) => ({ ...label, at: [x, y], by: [label.x - x * camera.k - camera.x, label.y - y * camera.k - camera.y] });
  const middle = (label) => [(label.x - camera.x) / camera.k, (label.y - camera.y) / camera.k];
  return {
    nodes: labels.nodes.map((label) => from(label, label.node.x, label.node.y)),
    edges: labels.edges.map((label) => from(label, ...middle(label))),
  };
}

/** Draws names where their nodes and edges are now; they keep their size. */
export function paintLabels(ctx, labels, camera, look) {
  const now = (label) => ({ ...label, x: label.at[0] * camera.k + camera.x + label.by[0], y: label.at[1] * camera.k + camera.y + label.by[1] });
  ctx.save();
  run(words(ctx, { nodes: labels.nodes.map(now), edges: labels.edges.map(now) }, look));
  ctx.restore();
}

/** Paints some nodes and edges over what is there already: those under the pointer, or chosen. */
export function paintSome(ctx, scene, camera, size, look, nodes, edges, { named = true } = {}) {
  const radius = radiusAt(camera.k);
  ctx.save();
  run(edges.length > 250 ? hairlines(ctx, edges, camera, look) : curves(ctx, edges, camera, radius, look));
  run(discs(ctx, nodes, camera, radius, look));
  if (named) {
    const labels = placeLabels(scene, camera, size, measurer(ctx), radius, { only: new Set(nodes), tools: look.tools });
    if (edges.length <= 12 && camera.k > 0.3)
      labels.edges = edges.filter(visible).map((edge) => {
        const curve = curveOf(edge, radius);
        const [x, y] = curve.middle.map((value, i) => value * camera.k + (i ? camera.y : camera.x));
        const angle = edge.loop >= 0 ? 0 : ((curve.angle + Math.PI * 2.5) % Math.PI) - Math.PI / 2;
        return { edge, text: edge.short, x, y, angle, size: 11, width: measurer(ctx)(edge.short, 11, 400) };
      });
    run(words(ctx, labels, look));
  }
  ctx.restore();
}

/** Runs a painting to its end at once. */
export function run(steps) {
  while (!steps.next().done);
}

function crosses({ s, t, curve, loop }, frame) {
  const more = Math.abs(curve) + (loop >= 0 ? (s.r + 46 + 30 * loop) * 1.5 : 0);
  return (
    Math.max(s.x, t.x) + more >= frame.left && Math.min(s.x, t.x) - more <= frame.right &&
    Math.max(s.y, t.y) + more >= frame.top && Math.min(s.y, t.y) - more <= frame.bottom
  );
}

function holds(frame, node, r) {
  return node.x + r >= frame.left && node.x - r <= frame.right && node.y + r >= frame.top && node.y - r <= frame.bottom;
}

function* hairlines(ctx, edges, camera, look) {
  // At most a pixel wide: wider lines take the browser ten times as long where it has no graphics card.
  ctx.lineWidth = 1 / look.ratio;
  ctx.strokeStyle = look.near ? look.colors.primary : look.colors.line;
  ctx.globalAlpha = Math.min(0.55, Math.max(0.16, 4200 / edges.length)) * (look.dark ? 0.9 : 1);
  const { k, x, y } = camera;
  for (let i = 0; i < edges.length; i += LINES) {
    ctx.beginPath();
    for (let j = i; j < Math.min(i + LINES, edges.length); j += 1) {
      const { s, t } = edges[j];
      if (s === t) continue;
      ctx.moveTo(s.x * k + x, s.y * k + y);
      ctx.lineTo(t.x * k + x, t.y * k + y);
    }
    ctx.stroke();
    yield;
  }
  ctx.globalAlpha = 1;
}

function* curves(ctx, edges, camera, radius, look) {
  const { k, x, y } = camera;
  ctx.lineCap = "butt";
  let done = 0;
  for (const edge of edges) {
    const strong = edge === look.chosen || look.near;
    ctx.strokeStyle = ctx.fillStyle = strong ? look.colors.primary : look.colors.line;
    ctx.globalAlpha = strong ? 1 : edge.opacity;
    const width = Math.max(0.6, edge.width * Math.min(1, Math.max(k, 0.3)) + (strong ? 0.8 : 0));
    ctx.lineWidth = width;
    const head = k > 0.16 ? Math.max(5, 5.5 + 1.6 * width) * Math.min(1, Math.max(k, 0.45)) : 0;
    const curve = curveOf(edge, radius, (1.5 + head * 0.7) / k);
    const points = curve.points.map(([px, py]) => [px * k + x, py * k + y]);
    ctx.beginPath();
    ctx.moveTo(...points[0]);
    if (points.length === 2) ctx.lineTo(...points[1]);
    else if (points.length === 3) ctx.quadraticCurveTo(...points[1], ...points[2]);
    else ctx.bezierCurveTo(...points[1], ...points[2], ...points[3]);
    ctx.stroke();
    if (head) arrow(ctx, points[points.length - 1], curve.arrival, head);
    done += 1;
    if (done % CURVES === 0) yield;
  }
  ctx.globalAlpha = 1;
  yield;
}

function arrow(ctx, [x, y], angle, length) {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const [tipX, tipY] = [x + c * length * 0.72, y + s * length * 0.72];
  ctx.beginPath();
  ctx.moveTo(tipX, tipY);
  ctx.lineTo(tipX - c * length - s * length * 0.42, tipY - s * length + c * length * 0.42);
  ctx.lineTo(tipX - c * length + s * length * 0.42, tipY - s * length - c * length * 0.42);
  ctx.fill();
}

function* discs(ctx, nodes, camera, radius, look) {
  const { k, x, y } = camera;
  const small = nodes.length > 2500;
  const ordered = small ? nodes : [...nodes].sort((a, b) => b.r - a.r);
  let done = 0;
  for (const node of ordered) {
    const [cx, cy, r] = [node.x * k + x, node.y * k + y, radius(node) * k];
    ctx.fillStyle = node.color;
    if (r < 2.4) ctx.fillRect(cx - r * 0.89, cy - r * 0.89, r * 1.78, r * 1.78); // too small to tell from a disc
    else {
      ctx.beginPath();
      ctx.arc(cx, cy, r, 0, 2 * Math.PI);
      ctx.fill();
      if (r > 5 || node.root || node === look.chosen) rim(ctx, node, r, look);
      if (node.pinned) pin(ctx, cx, cy, r, look);
    }
    done += 1;
    if (done % DISCS === 0) yield;
  }
  yield;
}

function rim(ctx, node, r, look) {
  const chosen = node === look.chosen;
  ctx.lineWidth = chosen ? 4 : node.root ? 3 : Math.min(2, r / 5);
  ctx.strokeStyle = chosen ? look.colors.primary : node.root ? look.colors.text : look.colors.rim;
  ctx.stroke();
}

function pin(ctx, x, y, r, look) {
  const [px, py] = [x + r * 0.72, y - r * 0.72];
  ctx.beginPath();
  ctx.arc(px, py, 4.5, 0, 2 * Math.PI);
  ctx.fillStyle = look.colors.background;
  ctx.fill();
  ctx.beginPath();
  ctx.arc(px, py, 3, 0, 2 * Math.PI);
  ctx.fillStyle = look.colors.text;
  ctx.fill();
}

function* words(ctx, labels, look) {
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.lineJoin = "round";
  for (const { edge, text, x, y, angle, width, size } of labels.edges) {
    const strong = edge === look.chosen || look.near;
    ctx.save();
    ctx.translate(x, y);
    ctx.rotate(angle);
    ctx.globalAlpha = 0.9;
    ctx.fillStyle = look.colors.background;
    ctx.fillRect(-width / 2 - 2.5, -size / 2 - 2, width + 5, size + 4);
    ctx.globalAlpha = 1;
    ctx.font = `${strong ? 700 : 400} ${size}px ${FONT}`;
    ctx.fillStyle = strong ? look.colors.primary : look.colors.words;
    ctx.fillText(text, 0, 0.5);
    ctx.restore();
  }
  yield;
  ctx.strokeStyle = look.colors.background;
  let done = 0;
  for (const { lines, size, x, y } of labels.nodes) {
    ctx.font = `600 ${size}px ${FONT}`;
    ctx.lineWidth = 4;
    lines.forEach((line, i) => ctx.strokeText(line, x, y + i * size * 1.18));
    ctx.fillStyle = look.colors.text;
    lines.forEach((line, i) => ctx.fillText(line, x, y + i * size * 1.18));
    done += 1;
    if (done % 20 === 0) yield;
  }
}

/** The years under a drawing that is laid out by time. */
function paintAxis(ctx, scene, camera, size, look) {
  if (scene.axis.length === 0) return;
  ctx.font = `500 11px ${FONT}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  let last = -Infinity;
  for (const { x, text } of scene.axis) {
    const at = x * camera.k + camera.x;
    if (at < -40 || at > size.width + 40) continue;
    ctx.strokeStyle = look.colors.line;
    ctx.globalAlpha = 0.25;
    ctx.lineWidth = 1;
    ctx.beginPath();
    ctx.moveTo(at, 0);
    ctx.lineTo(at, size.height);
    ctx.stroke();
    ctx.globalAlpha = 1;
    if (at - last < 52) continue;
    last = at;
    ctx.fillStyle = look.colors.words;
    ctx.fillText(text, at, 12);
  }
}
