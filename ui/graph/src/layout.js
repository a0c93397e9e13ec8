// Where things stand: the same graph gives the same picture, and what is already drawn stays near where it was.

/** Random numbers from a seed (mulberry32), in [0, 1). */
function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Runs `work` with a Math.random that always gives the same numbers: layouts draw from it. */
function reproducibly(work) {
  const original = Math.random;
  Math.random = seeded(7);
  try {
    work();
  } finally {
    Math.random = original;
  }
}

/** Lays out the whole graph. `known` are nodes that have a place already; with some, nothing starts from scratch. */
export function arrange(cy, { known = new Set(), fresh = false } = {}) {
  if (cy.nodes().length === 0) return;
  const crowded = cy.nodes().length > 30;
  const fromScratch = fresh || known.size === 0;
  if (!fromScratch) placeNewcomers(cy, known);
  reproducibly(() => {
    cy.layout({
      name: "fcose",
      quality: cy.nodes().length > 400 ? "draft" : "default",
      randomize: fromScratch,
      animate: false,
      fit: false,
      nodeDimensionsIncludeLabels: cy.nodes().length <= 60, // beyond, only the names of hubs are drawn
      idealEdgeLength: (edge) => (crowded ? 46 : 62) + (crowded ? 2 : 3.2) * edge.data("short").length,
      nodeRepulsion: () => 6500,
      nodeSeparation: 70,
      gravity: 0.2,
      packComponents: true,
      tile: true,
    }).run();
  });
}

const SIDES = { bottom: [0, 1], right: [1, 0], left: [-1, 0], top: [0, -1] };

/** Lets the well connected have larger names: far away, theirs are the ones that stay. */
export function sizeLabels(cy) {
  cy.batch(() => cy.nodes().forEach((node) => node.data("font", 12 + 1.8 * Math.log2(Math.max(1, node.degree(false) / 2)))));
}

/** Chooses for each node the side of its label that its edges leave free: a name must not cover an arrow's head. */
export function placeLabels(cy) {
  cy.batch(() => cy.nodes().forEach((node) => node.data("side", freeSide(node))));
}

function freeSide(node) {
  const at = node.position();
  const directions = node.neighborhood("node").map((other) => {
    const [x, y] = [other.position().x - at.x, other.position().y - at.y];
    const length = Math.hypot(x, y) || 1;
    return [x / length, y / length];
  });
  if (node.edgesWith(node).nonempty()) directions.push([-0.71, -0.71]); // where the style sheet draws a loop
  let best = "bottom";
  let least = Infinity;
  for (const [side, [x, y]] of Object.entries(SIDES)) {
    const wide = side === "left" || side === "right" ? 0.12 : 0; // a name beside its node needs more room than one below
    const crowding = Math.max(-1, ...directions.map(([dx, dy]) => dx * x + dy * y)) + wide + (side === "top" ? 0.05 : 0);
    if (crowding < least - 1e-9) [best, least] = [side, crowding];
  }
  return best;
}

/** Puts each new node on a circle around a neighbour that is drawn already, so that expanding reads as growing. */
function placeNewcomers(cy, known) {
  let turn = 0;
  cy.nodes().forEach((node) => {
    if (known.has(node.id())) return;
    const anchor = node.neighborhood("node").filter((other) => known.has(other.id())).first();
    const origin = anchor.nonempty() ? anchor.position() : { x: 0, y: 0 };
    const angle = (turn++ * 137.508 * Math.PI) / 180; // the golden angle spreads any number of points evenly
    node.position({ x: origin.x + 110 * Math.cos(angle), y: origin.y + 110 * Math.sin(angle) });
  });
}
