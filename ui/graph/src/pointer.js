// Mouse, touch and pen on the canvas: pan, zoom, point, click, double click, and dragging a node, which pins it.

import { edgeAt, nodeAt } from "./geometry.js";
import { radiusAt } from "./paint.js";

const DOUBLE_MS = 260;
const STILL_PX = 5;

/** Listens on `canvas`. `on` has the functions hover(target, x, y), node(n), expand(n), edge(e), pin(n), touched(). */
export function listen(canvas, view, on) {
  const down = new Map(); // fingers and buttons that are down, by pointer
  let start = null; // {x, y, node, moved}
  let pending = null; // a click that may become a double click
  let spread = 0;

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const targetAt = (x, y, coarse) => {
    const { k } = view.camera;
    const [ux, uy] = view.toScene(x, y);
    const radius = radiusAt(k);
    const slack = (coarse ? 12 : 3) / k;
    const node = nodeAt(view.scene, ux, uy, radius, slack);
    if (node) return { node };
    // Among thousands of hairlines, none can be meant.
    if (view.heavy && k < 0.3) return {};
    const edge = edgeAt(view.scene, ux, uy, radius, (coarse ? 14 : 7) / k);
    return edge ? { edge } : {};
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (view.scene === null || (event.pointerType === "mouse" && event.button !== 0)) return;
    const [x, y] = place(event);
    canvas.setPointerCapture(event.pointerId);
    down.set(event.pointerId, [x, y]);
    spread = distance(down);
    if (down.size > 1) {
      // A second finger zooms: it takes nothing along, and what the first one held is let go.
      if (start?.node) start.node.held = false;
      start = { moved: true };
    } else start = { x, y, moved: false, ...targetAt(x, y, event.pointerType === "touch") };
    on.touched();
  });

  canvas.addEventListener("pointermove", (event) => {
    if (view.scene === null) return;
    const [x, y] = place(event);
    const before = down.get(event.pointerId);
    if (!before) {
      if (down.size === 0) on.hover(targetAt(x, y, false), x, y);
      return;
    }
    down.set(event.pointerId, [x, y]);
    if (down.size === 2) {
      pinch();
      return;
    }
    if (!start.moved && Math.hypot(x - start.x, y - start.y) < STILL_PX) return;
    if (!start.moved) on.hover({}, x, y);
    start.moved = true;
    if (start.node) {
      start.node.held = true;
      [start.node.x, start.node.y] = view.toScene(x, y);
      view.change();
    } else view.panBy(x - before[0], y - before[1]);
  });

  function pinch() {
    const now = distance(down);
    const points = [...down.values()];
    if (spread > 0) view.zoomAt(now / spread, (points[0][0] + points[1][0]) / 2, (points[0][1] + points[1][1]) / 2);
    spread = now;
  }

  function release(event) {
    if (!down.delete(event.pointerId) || start === null) return;
    const { node, edge, moved } = start;
    if (node) node.held = false;
    if (down.size > 0) return;
    start = null;
    if (event.type === "pointercancel") return;
    if (moved) {
      if (node) on.pin(node);
      return;
    }
    if (node) click(node);
    else if (edge) on.edge(edge);
  }

  function click(node) {
    if (pending !== null && pending.node === node) {
      clearTimeout(pending.timer);
      pending = null;
      on.expand(node);
      return;
    }
    if (pending !== null) clearTimeout(pending.timer);
    const timer = setTimeout(() => {
      pending = null;
      on.node(node);
    }, DOUBLE_MS);
    pending = { node, timer };
  }

  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", () => down.size === 0 && on.hover({}, 0, 0));
  canvas.addEventListener("contextmenu", (event) => {
    if (view.scene === null) return;
    const { node } = targetAt(...place(event), false);
    if (!node) return;
    event.preventDefault();
    on.pin(node, !node.pinned);
  });
  canvas.addEventListener(
    "wheel",
    (event) => {
      if (view.scene === null) return;
      event.preventDefault();
      on.touched();
      on.hover({}, 0, 0);
      const lines = event.deltaMode === 1 ? 16 : 1;
      view.zoomAt(Math.exp(-Math.max(-240, Math.min(240, event.deltaY * lines)) * 0.0016), ...place(event));
    },
    { passive: false },
  );
}

function distance(points) {
  const [a, b] = [...points.values()];
  return b ? Math.hypot(a[0] - b[0], a[1] - b[1]) : 0;
}
