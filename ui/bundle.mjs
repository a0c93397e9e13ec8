// Bundles a component's src/ into its bundle/, the folder that the Python package serves. Its build.mjs calls this, in the
// component's folder. `--check` fails where the committed bundle is stale.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { basename } from "node:path";

/** `build` is esbuild's, `entryPoints` as esbuild takes them, `style` the style sheet in src/. */
export async function bundle(build, { entryPoints, style }) {
  const result = await build({
    entryPoints,
    outdir: "bundle",
    bundle: true,
    minify: true,
    format: "iife",
    target: ["es2020"],
    charset: "utf8",
    legalComments: "none", // the notices are in THIRD_PARTY.txt, complete
    metafile: true,
    write: false,
  });

  const outputs = {
    ...Object.fromEntries(result.outputFiles.map((file) => [basename(file.path), file.text])),
    [style]: await readFile(`src/${style}`, "utf8"),
    "index.html": await readFile("src/index.html", "utf8"),
    "BUILT_FROM.txt": `sha256 ${await sourceHash()}\n`,
    "THIRD_PARTY.txt": await licences(Object.keys(result.metafile.inputs)),
  };
  if (process.argv.includes("--check")) {
    for (const [name, text] of Object.entries(outputs)) {
      const committed = await readFile(`bundle/${name}`, "utf8").catch(() => "");
      if (committed !== text) {
        console.error(`bundle/${name} is stale: run "npm ci && npm run build" here`);
        process.exitCode = 1;
      }
    }
  } else {
    await mkdir("bundle", { recursive: true });
    for (const [name, text] of Object.entries(outputs)) await writeFile(`bundle/${name}`, text);
  }
}

// The licence of whatever the bundle took from node_modules.
async function licences(inputs) {
  const names = inputs.map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]).filter(Boolean);
  const notices = [];
  for (const name of [...new Set(names)].sort()) {
    const version = JSON.parse(await readFile(`node_modules/${name}/package.json`, "utf8")).version;
    const license = (await readFile(`node_modules/${name}/LICENSE`, "utf8")).replaceAll("\r\n", "\n").trim();
    notices.push(`${name} ${version}\n${"-".repeat(name.length + version.length + 1)}\n${license}\n`);
  }
  return notices.join("\n");
}

// What the bundle was made from, so that a test can tell a stale one without Node.
async function sourceHash() {
  const sources = (await readdir("src")).map((name) => `src/${name}`);
  const hash = createHash("sha256");
  for (const name of [...sources, "../bundle.mjs", "build.mjs", "package-lock.json"].sort()) {
    hash.update(`${name}\0`).update(await readFile(name)).update("\0");
  }
  return hash.digest("hex");
}
