// Asks the worker for places, and puts the nodes there.

import { tree } from "./tree.js";

const PATIENCE = 300; // beyond as many nodes, a first arrangement is shown at once

let worker = null;
let job = 0;

/**
 * Arranges `scene`. `placed` runs after each change of places with (first, done); a later call overtakes an earlier one.
 * `fresh` forgets where things stood.
 */
export function arrange(scene, { kind, wide, fresh = false }, placed) {
  stop();
  job += 1;
  const mine = job;
  let first = true;
  const edges = scene.edges.map((edge) => ({
    s: edge.s.index, t: edge.t.index, name: Math.min(Array.from(edge.short).length, 24), time: edge.from || edge.to,
  }));
  if (scene.nodes.length > PATIENCE && kind === "force" && !scene.nodes.some((node) => node.placed && !node.pinned)) {
    tree(scene.nodes, edges).forEach(([x, y], i) => scene.nodes[i].pinned || Object.assign(scene.nodes[i], { x, y }));
    placed(true, false);
    first = false;
  }
  worker ??= new Worker("worker.js");
  worker.onmessage = ({ data }) => {
    if (data.job !== mine) return;
    scene.nodes.forEach((node, i) => {
      if (node.held) return; // somebody has it under the pointer
      if (!node.pinned) [node.x, node.y] = [data.positions[2 * i], data.positions[2 * i + 1]];
      node.placed = true;
    });
    scene.axis = data.axis;
    if (data.done) busy = false;
    placed(first, data.done);
    first = false;
  };
  worker.onerror = () => {
    // Without a worker there is still something to see: everything on a ring.
    scene.nodes.forEach((node, i) => {
      const angle = (2 * Math.PI * i) / scene.nodes.length;
      if (!node.placed) [node.x, node.y] = [Math.cos(angle) * 20 * scene.nodes.length ** 0.75, Math.sin(angle) * 20 * scene.nodes.length ** 0.75];
    });
    busy = false;
    placed(first, true);
  };
  busy = true;
  worker.postMessage({
    job: mine,
    kind,
    wide,
    nodes: scene.nodes.map((node) => ({
      r: node.r, type: node.type, name: Math.min(Array.from(node.label).length, 24), root: node.root,
      x: node.x, y: node.y, placed: node.placed && !fresh, pinned: node.pinned,
    })),
    edges,
  });
}

let busy = false;

/** Ends an arrangement that is under way: a worker that computes cannot be asked to stop. */
function stop() {
  if (!busy || worker === null) return;
  worker.terminate();
  worker = null;
  busy = false;
}
