// sigma.js as it comes, with edges hidden in motion and its own layout in a worker.
import Graph from "graphology";
import FA2 from "graphology-layout-forceatlas2/worker";
import Sigma from "sigma";
const graph = new Graph({ multi: true });
const data = await (await fetch("graph.json")).json();
data.nodes.id.forEach((id, i) => graph.addNode(id, { label: data.nodes.label[i], size: data.nodes.size[i] / 14,
  color: data.types[data.nodes.type[i]][2], x: Math.cos(i * 2.4) * Math.sqrt(i), y: Math.sin(i * 2.4) * Math.sqrt(i) }));
data.edges.source.forEach((s, i) => graph.addEdge(data.nodes.id[s], data.nodes.id[data.edges.target[i]], { size: 1 }));
const began = performance.now();
const sigma = new Sigma(graph, document.getElementById("canvas"), { hideEdgesOnMove: true, allowInvalidContainer: true });
sigma.once("afterRender", () => requestAnimationFrame(() => (document.documentElement.dataset.drawn = performance.now() - began)));
const layout = new FA2(graph, { settings: { barnesHutOptimize: true } });
layout.start();
setTimeout(() => { layout.stop(); document.documentElement.dataset.settled = "true"; }, 8000);
