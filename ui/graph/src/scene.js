// The graph as it is drawn: nodes and edges as objects, made from the columns that the page sends.

/** `text` cut to `limit` characters. */
export function shorten(text, limit) {
  const characters = Array.from(text);
  return characters.length > limit ? characters.slice(0, limit - 1).join("") + "…" : text;
}

/** What is drawn. Places (`x`, `y`) are in the drawing's own units; `at` says where a node stood before. */
export function makeScene(graph, at = new Map()) {
  const { types, nodes: n, relations, edges: e } = graph;
  const roots = new Set(n.root);
  const nodes = n.id.map((id, index) => {
    const place = at.get(id);
    const [type, typeLabel, color] = types[n.type[index]];
    return {
      index, id, type, typeLabel, color,
      label: n.label[index],
      r: n.size[index] / 2,
      tip: n.tip[index],
      root: roots.has(index),
      x: place?.x ?? 0,
      y: place?.y ?? 0,
      placed: place !== undefined,
      pinned: place?.pinned ?? false,
      hidden: false,
      degree: 0,
      edges: [],
    };
  });
  const edges = e.source.map((source, index) => {
    const [s, t] = [nodes[source], nodes[e.target[index]]];
    const label = relations[e.relation[index]];
    const edge = {
      index, s, t, label,
      id: e.id?.[index] ?? `${s.id}~${t.id}~${label}`,
      short: shorten(label, 28),
      support: e.support[index],
      confidence: e.confidence[index],
      from: e.from?.[index] ?? "",
      to: e.to?.[index] ?? "",
      curve: 0, // how far the curve's control point stands off the line between the ends
      loop: -1, // which of its node's loops this is; -1 for none
    };
    edge.width = Math.min(1.4 + 0.9 * Math.log2(Math.max(edge.support, 1)), 7);
    edge.opacity = 0.45 + 0.5 * Math.min(Math.max(edge.confidence, 0), 1);
    s.edges.push(edge);
    if (t !== s) t.edges.push(edge);
    s.degree += 1;
    t.degree += 1;
    return edge;
  });
  bend(edges);
  const nodeById = new Map(nodes.map((node) => [node.id, node]));
  const edgeById = new Map(edges.map((edge) => [edge.id, edge]));
  const byWeight = [...nodes].sort((a, b) => b.root - a.root || b.degree - a.degree || b.r - a.r || a.index - b.index);
  return { nodes, edges, nodeById, edgeById, byWeight, axis: [] };
}

const STEP = 46;

/** Gives edges between the same two nodes curves of their own, and loops sizes of their own. */
function bend(edges) {
  const groups = new Map();
  for (const edge of edges) {
    const [a, b] = edge.s.index < edge.t.index ? [edge.s.index, edge.t.index] : [edge.t.index, edge.s.index];
    const key = a * 16777216 + b;
    const group = groups.get(key);
    if (group) group.push(edge);
    else groups.set(key, [edge]);
  }
  for (const group of groups.values()) {
    group.forEach((edge, place) => {
      if (edge.s === edge.t) edge.loop = place;
      else if (group.length > 1) {
        const along = edge.s.index < edge.t.index ? 1 : -1; // seen from the same end, whichever way the edge points
        edge.curve = along * STEP * (place - (group.length - 1) / 2);
      }
    });
  }
}

/** True where neither the edge nor one of its ends is hidden. */
export function visible(edge) {
  return !edge.s.hidden && !edge.t.hidden;
}

/** The frame around all nodes that show, in the drawing's units; null where there is none. */
export function extent(nodes) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const node of nodes) {
    if (node.hidden) continue;
    left = Math.min(left, node.x - node.r);
    right = Math.max(right, node.x + node.r);
    top = Math.min(top, node.y - node.r);
    bottom = Math.max(bottom, node.y + node.r);
  }
  return left > right ? null : { left, top, right, bottom };
}
