// Bundles the program into one file, dist/metahub.mjs: it starts several times faster than the sources and needs no
// node_modules beside it (the container image holds this file and Node.js).
import { readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
const { metafile } = await build({
  metafile: true,
  entryPoints: [join(root, "src/main.ts")],
  outdir: join(root, "dist"),
  entryNames: "metahub",
  chunkNames: "chunk-[hash]",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node22.19",
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: false,
  legalComments: "linked",
  logLevel: "warning",
  // Bundled CommonJS packages call require() for Node's own modules.
  banner: {
    js: 'import { createRequire as metahubRequire } from "node:module"; const require = metahubRequire(import.meta.url);',
  },
});

// Chunks of earlier builds: nothing imports them any more.
const current = new Set(Object.keys(metafile.outputs).map((path) => basename(path)));
for (const file of await readdir(join(root, "dist"))) {
  if (!current.has(file)) await rm(join(root, "dist", file), { force: true });
}
