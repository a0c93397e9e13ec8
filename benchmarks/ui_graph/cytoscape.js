// Cytoscape.js on its 2D canvas, without a layout of its own: it has none for as many nodes.
import cytoscape from "cytoscape";
const data = await (await fetch("graph.json")).json();
const began = performance.now();
const elements = data.nodes.id.map((id, i) => ({ data: { id, label: data.nodes.label[i], color: data.types[data.nodes.type[i]][2] },
  position: { x: Math.cos(i * 2.4) * Math.sqrt(i) * 40, y: Math.sin(i * 2.4) * Math.sqrt(i) * 40 } }))
  .concat(data.edges.source.map((s, i) => ({ data: { id: "e" + i, source: data.nodes.id[s], target: data.nodes.id[data.edges.target[i]] } })));
const cy = cytoscape({ container: document.getElementById("canvas"), elements, layout: { name: "preset" },
  style: [{ selector: "node", style: { "background-color": "data(color)", label: "data(label)", "min-zoomed-font-size": 8 } },
          { selector: "edge", style: { width: 1, "curve-style": "straight", "target-arrow-shape": "triangle" } }] });
cy.fit();
cy.once("render", () => requestAnimationFrame(() => {
  document.documentElement.dataset.drawn = performance.now() - began;
  document.documentElement.dataset.settled = "true";
}));
