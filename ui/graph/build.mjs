import { build } from "esbuild";
import { bundle } from "../bundle.mjs";

await bundle(build, { entryPoints: { graph: "src/main.js", worker: "src/worker.js" }, style: "graph.css" });
