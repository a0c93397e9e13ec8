// The drawing as a file: PNG as it is seen, twice as fine; SVG of the whole graph, with its words as text.

import { curveOf } from "./geometry.js";
import { placeLabels } from "./labels.js";
import { measurer, paint, radiusAt, run } from "./paint.js";
import { extent, visible } from "./scene.js";
import { FONT } from "./theme.js";

const FINER = 2;

/** Hands the browser a picture of what is seen. */
export function savePng(view, name) {
  const canvas = document.createElement("canvas");
  canvas.width = view.size.width * FINER;
  canvas.height = view.size.height * FINER;
  const ctx = canvas.getContext("2d");
  ctx.scale(FINER, FINER);
  run(paint(ctx, view.scene, view.camera, view.size, { ...view.look, named: true, ratio: FINER }));
  canvas.toBlob((blob) => hand(blob, `${name}.png`), "image/png");
}

/** Hands the browser all that shows, as SVG. */
export function saveSvg(view, name) {
  hand(new Blob([svgOf(view.scene, view.look, view.ctx)], { type: "image/svg+xml" }), `${name}.svg`);
}

function hand(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

/** `text` as SVG can hold it: XML has no place for most control characters, nor for half a character. */
function safe(text) {
  return (text.toWellFormed?.() ?? text)
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

const n = (value) => (Math.round(value * 100) / 100).toString();

/** The graph as an SVG document. */
export function svgOf(scene, look, ctx) {
  const margin = 90;
  const box = extent(scene.nodes) ?? { left: 0, top: 0, right: 100, bottom: 100 };
  const size = { width: box.right - box.left + 2 * margin, height: box.bottom - box.top + 2 * margin };
  const camera = { k: 1, x: margin - box.left, y: margin - box.top };
  const radius = radiusAt(1);
  const { colors } = look;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${n(size.width)}" height="${n(size.height)}" viewBox="0 0 ${n(size.width)} ${n(size.height)}" font-family="system-ui, sans-serif">`,
    `<rect width="100%" height="100%" fill="${safe(colors.background)}"/>`,
    `<g transform="translate(${n(camera.x)} ${n(camera.y)})">`,
  ];
  for (const edge of scene.edges) if (visible(edge)) parts.push(edgeSvg(edge, curveOf(edge, radius, 8), edge === look.chosen, colors));
  for (const node of scene.nodes) {
    if (node.hidden) continue;
    const stroke = node === look.chosen ? colors.primary : node.root ? colors.text : colors.rim;
    parts.push(
      `<circle cx="${n(node.x)}" cy="${n(node.y)}" r="${n(node.r)}" fill="${safe(node.color)}" stroke="${safe(stroke)}" stroke-width="${node.root ? 3 : 2}"><title>${safe(node.label)}</title></circle>`,
    );
  }
  parts.push("</g>");
  const labels = placeLabels(scene, camera, size, measurer(ctx), radius);
  for (const { text, x, y, angle, size: font, width } of labels.edges) {
    parts.push(
      `<g transform="translate(${n(x)} ${n(y)}) rotate(${n((angle * 180) / Math.PI)})"><rect x="${n(-width / 2 - 2)}" y="${n(-font / 2 - 2)}" width="${n(width + 4)}" height="${font + 4}" fill="${safe(colors.background)}"/>` +
        `<text text-anchor="middle" dominant-baseline="central" font-size="${font}" fill="${safe(colors.words)}">${safe(text)}</text></g>`,
    );
  }
  for (const { lines, x, y, size: font } of labels.nodes) {
    lines.forEach((line, i) =>
      parts.push(
        `<text x="${n(x)}" y="${n(y + i * font * 1.18)}" text-anchor="middle" dominant-baseline="central" font-size="${font}" font-weight="600" fill="${safe(colors.text)}" stroke="${safe(colors.background)}" stroke-width="4" stroke-linejoin="round" paint-order="stroke">${safe(line)}</text>`,
      ),
    );
  }
  return `${parts.join("\n")}\n</svg>\n`;
}

function edgeSvg(edge, curve, chosen, colors) {
  const color = safe(chosen ? colors.primary : colors.line);
  const [first, ...rest] = curve.points.map(([x, y]) => `${n(x)} ${n(y)}`);
  const command = ["", "L", "Q", "C"][rest.length];
  const length = 5.5 + 1.6 * edge.width;
  const [ex, ey] = curve.points[curve.points.length - 1];
  const [c, s] = [Math.cos(curve.arrival), Math.sin(curve.arrival)];
  const [tx, ty] = [ex + c * length * 0.72, ey + s * length * 0.72];
  const head = [[tx, ty], [tx - c * length - s * length * 0.42, ty - s * length + c * length * 0.42], [tx - c * length + s * length * 0.42, ty - s * length - c * length * 0.42]];
  return (
    `<g opacity="${chosen ? 1 : n(edge.opacity)}"><title>${safe(`${edge.s.label} — ${edge.label} → ${edge.t.label}`)}</title>` +
    `<path d="M${first} ${command}${rest.join(" ")}" fill="none" stroke="${color}" stroke-width="${n(edge.width)}"/>` +
    `<polygon points="${head.map(([x, y]) => `${n(x)},${n(y)}`).join(" ")}" fill="${color}"/></g>`
  );
}
