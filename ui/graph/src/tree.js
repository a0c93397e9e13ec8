// A first arrangement, found in no time: better ones begin with it, and a large graph shows it meanwhile.

/** Places: each part of the graph as a tree around its best connected node, the parts beside each other. */
export function tree(nodes, edges) {
  const near = neighbours(nodes.length, edges);
  const places = new Array(nodes.length);
  const parts = [];
  const order = nodes.map((_, i) => i).sort((a, b) => nodes[b].root - nodes[a].root || near[b].length - near[a].length || a - b);
  for (const root of order) {
    if (places[root]) continue;
    const part = grow(root, near, places);
    parts.push(part);
  }
  // The largest part in the middle, the others on rings around it.
  let [ring, angle, reach] = [0, 0, parts[0]?.radius ?? 0];
  parts.forEach((part, index) => {
    if (index === 0) return;
    const radius = reach + part.radius + 60 + ring;
    for (const i of part.members) {
      places[i][0] += Math.cos(angle) * radius;
      places[i][1] += Math.sin(angle) * radius;
    }
    angle += (2 * part.radius + 60) / radius;
    if (angle > 2 * Math.PI) [angle, ring] = [0, ring + 2 * part.radius + 80];
  });
  return places;
}

/** One part: children share their parent's sector by the size of what hangs on them. */
function grow(root, near, places) {
  const members = [root];
  const parent = new Map([[root, -1]]);
  const depth = new Map([[root, 0]]);
  for (let at = 0; at < members.length; at += 1) {
    for (const other of near[members[at]]) {
      if (parent.has(other)) continue;
      parent.set(other, members[at]);
      depth.set(other, depth.get(members[at]) + 1);
      members.push(other);
    }
  }
  const weight = new Map(members.map((i) => [i, 1]));
  for (let at = members.length - 1; at > 0; at -= 1) {
    const up = parent.get(members[at]);
    weight.set(up, weight.get(up) + weight.get(members[at]));
  }
  const step = Math.max(90, 26 * Math.sqrt(members.length));
  const sector = new Map([[root, [0, 2 * Math.PI]]]);
  const used = new Map();
  let radius = 20;
  for (const i of members) {
    const up = parent.get(i);
    if (up >= 0) {
      const [from, to] = sector.get(up);
      const begin = used.get(up) ?? from;
      const share = ((to - from) * weight.get(i)) / Math.max(weight.get(up) - 1, 1);
      sector.set(i, [begin, begin + share]);
      used.set(up, begin + share);
    }
    const [from, to] = sector.get(i);
    const away = step * depth.get(i);
    places[i] = [Math.cos((from + to) / 2) * away, Math.sin((from + to) / 2) * away];
    radius = Math.max(radius, away + 20);
  }
  return { members, radius };
}

/** For each node those that an edge connects it with, by index. */
export function neighbours(count, edges) {
  const near = Array.from({ length: count }, () => []);
  for (const { s, t } of edges) {
    if (s === t) continue;
    near[s].push(t);
    near[t].push(s);
  }
  return near;
}
