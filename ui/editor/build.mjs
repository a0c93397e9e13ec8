import { build } from "esbuild";
import { bundle } from "../bundle.mjs";

await bundle(build, { entryPoints: { editor: "src/main.js" }, style: "editor.css" });
