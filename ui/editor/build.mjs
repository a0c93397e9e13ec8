// Bundles src/ into bundle/, the folder that the Python package serves. `--check` fails where the committed bundle is stale.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";

const check = process.argv.includes("--check");
const result = await build({
  entryPoints: ["src/main.js"],
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2020"],
  charset: "utf8",
  legalComments: "none", // the notices are in THIRD_PARTY.txt, complete
  metafile: true,
  write: false,
});

// Whatever the bundle took from node_modules, with its licence.
const inputs = Object.keys(result.metafile.inputs).filter((path) => path.startsWith("node_modules/"));
const packages = [...new Set(inputs.map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)[1]))].sort();
const notices = [];
for (const name of packages) {
  const version = JSON.parse(await readFile(`node_modules/${name}/package.json`, "utf8")).version;
  const license = (await readFile(`node_modules/${name}/LICENSE`, "utf8")).replaceAll("\r\n", "\n").trim();
  notices.push(`${name} ${version}\n${"-".repeat(name.length + version.length + 1)}\n${license}\n`);
}

// What this was made from, so that a test can tell a stale bundle without Node.
const sources = [...(await readdir("src")).map((name) => `src/${name}`), "build.mjs", "package-lock.json"].sort();
const hash = createHash("sha256");
for (const name of sources) hash.update(`${name}\0`).update(await readFile(name)).update("\0");

const outputs = {
  "editor.js": result.outputFiles[0].text,
  "editor.css": await readFile("src/editor.css", "utf8"),
  "index.html": await readFile("src/index.html", "utf8"),
  "BUILT_FROM.txt": `sha256 ${hash.digest("hex")}\n`,
  "THIRD_PARTY.txt": notices.join("\n"),
};
if (check) {
  for (const [name, text] of Object.entries(outputs)) {
    const committed = await readFile(`bundle/${name}`, "utf8").catch(() => "");
    if (committed !== text) {
      console.error(`bundle/${name} is stale: run "npm ci && npm run build" in ui/editor`);
      process.exitCode = 1;
    }
  }
} else {
  await mkdir("bundle", { recursive: true });
  for (const [name, text] of Object.entries(outputs)) await writeFile(`bundle/${name}`, text);
}
