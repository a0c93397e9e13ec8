// The shapes of edges, and what lies under a point. All in the drawing's own units.

const LOOP_AT = (-135 * Math.PI) / 180; // loops stand up and to the left
const LOOP_OPEN = (32 * Math.PI) / 180;

/**
 * An edge's curve from border to border: `points` are the start, none to two control points, and the end; `middle` is
 * on the curve, `angle` its direction there, `arrival` its direction at the end. `scale` makes nodes larger than they are
 * where they would be too small to see; `gap` leaves room before the arrow.
 */
export function curveOf(edge, radius, gap = 0) {
  const { s, t } = edge;
  if (edge.loop >= 0) return loopOf(edge, radius(s), gap);
  const [dx, dy] = [t.x - s.x, t.y - s.y];
  const length = Math.hypot(dx, dy) || 1e-6;
  const [ux, uy] = [dx / length, dy / length];
  if (edge.curve === 0) {
    const [a, b] = [Math.min(radius(s), length / 2), Math.min(radius(t) + gap, length / 2)];
    const points = [[s.x + ux * a, s.y + uy * a], [t.x - ux * b, t.y - uy * b]];
    const middle = [(points[0][0] + points[1][0]) / 2, (points[0][1] + points[1][1]) / 2];
    const angle = Math.atan2(dy, dx);
    return { points, middle, angle, arrival: angle, length: length - a - b };
  }
  const control = [(s.x + t.x) / 2 - uy * edge.curve, (s.y + t.y) / 2 + ux * edge.curve];
  const start = toward([s.x, s.y], control, radius(s));
  const end = toward([t.x, t.y], control, radius(t) + gap);
  const middle = [0, 1].map((k) => (start[k] + 2 * control[k] + end[k]) / 4);
  const angle = Math.atan2(end[1] - start[1], end[0] - start[0]);
  const arrival = Math.atan2(end[1] - control[1], end[0] - control[0]);
  return { points: [start, control, end], middle, angle, arrival, length: Math.hypot(end[0] - start[0], end[1] - start[1]) };
}

function toward([x, y], [px, py], distance) {
  const length = Math.hypot(px - x, py - y) || 1e-6;
  const part = Math.min(distance / length, 0.9);
  return [x + (px - x) * part, y + (py - y) * part];
}

function loopOf(edge, r, gap) {
  const { s: node, loop } = edge;
  const reach = r + 46 + 30 * loop;
  const on = (angle, distance) => [node.x + Math.cos(angle) * distance, node.y + Math.sin(angle) * distance];
  const [first, last] = [LOOP_AT - LOOP_OPEN, LOOP_AT + LOOP_OPEN];
  const points = [on(first, r), on(first - 0.12, reach * 1.25), on(last + 0.12, reach * 1.25), on(last, r + gap)];
  const middle = [0, 1].map((k) => (points[0][k] + 3 * points[1][k] + 3 * points[2][k] + points[3][k]) / 8);
  const arrival = Math.atan2(points[3][1] - points[2][1], points[3][0] - points[2][0]);
  return { points, middle, angle: LOOP_AT + Math.PI / 2, arrival, length: reach };
}

/** Points on a curve, for measuring. */
export function sampled({ points }, steps = 14) {
  if (points.length === 2) return points;
  const result = [];
  for (let i = 0; i <= steps; i += 1) {
    const u = i / steps;
    const v = 1 - u;
    const weights = points.length === 3 ? [v * v, 2 * v * u, u * u] : [v * v * v, 3 * v * v * u, 3 * v * u * u, u * u * u];
    result.push([0, 1].map((k) => weights.reduce((sum, w, j) => sum + w * points[j][k], 0)));
  }
  return result;
}

/** The node under a point, or null; the smallest of several, since it would be hidden otherwise. */
export function nodeAt(scene, x, y, radius, slack) {
  let best = null;
  for (const node of scene.nodes) {
    if (node.hidden) continue;
    const reach = radius(node) + slack;
    const [dx, dy] = [node.x - x, node.y - y];
    if (Math.abs(dx) > reach || Math.abs(dy) > reach || dx * dx + dy * dy > reach * reach) continue;
    if (best === null || node.r < best.r) best = node;
  }
  return best;
}

/** The edge that passes a point at most `slack` away, or null; the nearest of several. */
export function edgeAt(scene, x, y, radius, slack) {
  let best = null;
  let least = slack;
  for (const edge of scene.edges) {
    if (edge.s.hidden || edge.t.hidden) continue;
    const reach = slack + Math.abs(edge.curve) / 2 + (edge.loop >= 0 ? (edge.s.r + 46 + 30 * edge.loop) * 1.4 : 0);
    if (x < Math.min(edge.s.x, edge.t.x) - reach || x > Math.max(edge.s.x, edge.t.x) + reach) continue;
    if (y < Math.min(edge.s.y, edge.t.y) - reach || y > Math.max(edge.s.y, edge.t.y) + reach) continue;
    const points = sampled(curveOf(edge, radius));
    for (let i = 1; i < points.length; i += 1) {
      const away = fromSegment(x, y, points[i - 1], points[i]);
      if (away < least) [best, least] = [edge, away];
    }
  }
  return best;
}

function fromSegment(x, y, [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const part = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1e-9)));
  return Math.hypot(x - ax - part * dx, y - ay - part * dy);
}
