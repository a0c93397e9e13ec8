// What is seen of the scene: the camera, and frames that stay quick however large the graph is.
//
// A small graph is painted anew for each frame. A large one is painted in slices on a canvas that nobody sees; each frame
// shows the last finished painting, moved and stretched to where the camera is now. So moving is as quick as copying a
// picture, and the sharp picture follows a moment later.

import { extent } from "./scene.js";
import { labelsFor, paint, paintLabels, paintSome, run } from "./paint.js";

const LIGHT = 900; // as many nodes and edges are painted for every frame
const SPARE = 0.3; // of the frame's size, painted on each side beyond its border, for the camera to move into
const [MOVING_MS, RESTING_MS, FIRST_MS] = [6, 14, 80]; // painting in one frame; at first there is nothing to move
const TOOLS = 34; // pixels at the right that the buttons cover
const [LEAST, MOST] = [0.012, 5];

export class View {
  /** `canvas` is shown; `look` gives colours and the chosen element. */
  constructor(canvas) {
    this.canvas = canvas;
    this.ctx = canvas.getContext("2d");
    this.camera = { x: 0, y: 0, k: 1 };
    this.size = { width: 1, height: 1 };
    this.ratio = 1;
    this.scene = null;
    this.look = null;
    this.near = null; // what is under the pointer, and its neighbours: {nodes, edges}
    this.front = sheet();
    this.back = sheet();
    this.job = null;
    this.stale = true; // what is painted is not what should be
    this.movedAt = -Infinity;
    this.frames = 0;
    this.asked = false;
  }

  get heavy() {
    return this.scene !== null && this.scene.nodes.length + this.scene.edges.length > LIGHT;
  }

  resize(width, height) {
    const ratio = Math.min(window.devicePixelRatio || 1, this.heavy ? 1 : 2);
    if (width === this.size.width && height === this.size.height && ratio === this.ratio) return;
    if (this.size.width > 1) {
      this.camera.x += (width - this.size.width) / 2;
      this.camera.y += (height - this.size.height) / 2;
    }
    this.size = { width, height };
    this.ratio = ratio;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.change();
  }

  /** The drawing itself has changed: paint it again. */
  change() {
    this.stale = true;
    this.ask();
  }

  /** Ask for a frame. */
  ask() {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      this.frame();
    });
  }

  moved() {
    this.movedAt = performance.now();
    this.ask();
  }

  panBy(dx, dy) {
    this.camera.x += dx;
    this.camera.y += dy;
    this.moved();
  }

  zoomAt(factor, x, y) {
    const k = Math.min(Math.max(this.camera.k * factor, LEAST), MOST);
    const [ux, uy] = this.toScene(x, y);
    this.camera = { k, x: x - ux * k, y: y - uy * k };
    this.moved();
  }

  /** Shows all nodes; a handful must not fill the frame like balloons. */
  fit() {
    const box = extent(this.scene.nodes);
    if (!box) return;
    const { width, height } = this.size;
    const count = this.scene.nodes.length;
    const beside = count > 60 || width < 420 ? 34 : count > 14 ? 60 : 110; // for names: few are all shown
    const margin = { x: Math.min(beside, width * 0.17), y: count > 60 ? 30 : 44 };
    const k = Math.min(
      (width - 2 * margin.x - TOOLS) / Math.max(box.right - box.left, 1),
      (height - 2 * margin.y) / Math.max(box.bottom - box.top, 1),
      1.35,
    );
    const zoom = Math.max(k, LEAST);
    this.camera = {
      k: zoom,
      x: (width - TOOLS) / 2 - ((box.left + box.right) / 2) * zoom,
      y: height / 2 - ((box.top + box.bottom) / 2) * zoom,
    };
    this.moved();
  }

  toScene(x, y) {
    return [(x - this.camera.x) / this.camera.k, (y - this.camera.y) / this.camera.k];
  }

  toScreen(x, y) {
    return [x * this.camera.k + this.camera.x, y * this.camera.k + this.camera.y];
  }

  frame() {
    if (this.scene === null || this.look === null) return;
    this.frames += 1;
    this.look.ratio = this.ratio;
    if (this.heavy) this.slices();
    else this.direct();
    this.overlay();
  }

  direct() {
    this.ctx.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    run(paint(this.ctx, this.scene, this.camera, this.size, { ...this.look, named: true }));
    this.stale = false;
  }

  slices() {
    const resting = performance.now() - this.movedAt > 140;
    const shown = this.front.camera;
    const same = shown !== null && shown.k === this.camera.k && shown.x === this.camera.x && shown.y === this.camera.y;
    if (this.job === null && (this.stale || !same)) this.begin();
    if (this.job !== null) this.work(shown === null ? FIRST_MS : resting ? RESTING_MS : MOVING_MS);
    this.show();
    if (this.job !== null || !resting || this.stale) this.ask();
  }

  begin() {
    const spare = { x: Math.round(this.size.width * SPARE), y: Math.round(this.size.height * SPARE) };
    const size = { width: this.size.width + 2 * spare.x, height: this.size.height + 2 * spare.y };
    const { back, ratio } = this;
    const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    if (back.canvas.width !== width || back.canvas.height !== height) [back.canvas.width, back.canvas.height] = [width, height];
    back.ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    back.camera = { ...this.camera };
    back.spare = spare;
    back.size = size;
    this.stale = false;
    const camera = { k: this.camera.k, x: this.camera.x + spare.x, y: this.camera.y + spare.y };
    this.job = paint(back.ctx, this.scene, camera, size, { ...this.look, named: false });
  }

  work(budget) {
    const until = performance.now() + budget;
    do {
      const { done } = this.job.next();
      this.back.ctx.getImageData(0, 0, 1, 1); // makes the browser paint now what it would else put off, all at once
      if (done) {
        this.job = null;
        [this.front, this.back] = [this.back, this.front];
        this.front.labels = labelsFor(this.ctx, this.scene, this.front.camera, this.size, this.look);
        this.finished?.();
        return;
      }
    } while (performance.now() < until);
  }

  show() {
    const { ctx, front, camera, ratio } = this;
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.fillStyle = this.look.colors.background;
    ctx.fillRect(0, 0, this.canvas.width, this.canvas.height);
    if (front.camera === null) return;
    const scale = camera.k / front.camera.k;
    const x = camera.x - (front.camera.x + front.spare.x) * scale;
    const y = camera.y - (front.camera.y + front.spare.y) * scale;
    ctx.imageSmoothingEnabled = scale > 0.5 && scale < 2;
    ctx.imageSmoothingQuality = "low";
    const at = scale === 1 ? [Math.round(x * ratio), Math.round(y * ratio)] : [x * ratio, y * ratio];
    ctx.drawImage(front.canvas, ...at, front.canvas.width * scale, front.canvas.height * scale);
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (this.near === null) paintLabels(ctx, front.labels, camera, this.look);
  }

  /** What is under the pointer stands out of the rest; what is chosen shows at once. */
  overlay() {
    const { ctx, scene, look, near } = this;
    ctx.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    if (near !== null) {
      ctx.globalAlpha = 0.78;
      ctx.fillStyle = look.colors.background;
      ctx.fillRect(0, 0, this.size.width, this.size.height);
      ctx.globalAlpha = 1;
      paintSome(ctx, scene, this.camera, this.size, { ...look, near: true }, near.nodes, near.edges);
    } else if (this.heavy && look.chosen) {
      const { chosen } = look;
      const [nodes, edges] = chosen.s ? [[chosen.s, chosen.t], [chosen]] : [[chosen], []];
      if (!nodes.some((node) => node.hidden)) paintSome(ctx, scene, this.camera, this.size, look, nodes, edges);
    }
  }

  /** Whether what is seen is all there is to see. */
  get idle() {
    if (!this.heavy) return !this.asked;
    const { camera } = this.front;
    return this.job === null && !this.stale && camera !== null && ["x", "y", "k"].every((each) => camera[each] === this.camera[each]);
  }
}

function sheet() {
  const canvas = document.createElement("canvas");
  // Kept in the computer's own memory: painting there in slices needs no graphics card, and reading a pixel is cheap.
  return { canvas, ctx: canvas.getContext("2d", { willReadFrequently: true, alpha: false }), camera: null, spare: { x: 0, y: 0 }, size: null };
}
