// Bundles the program into one file, dist/metahub.mjs: it starts several times faster than the sources and needs no
// node_modules beside it (the container image holds this file and Node.js).
import { readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { bundle, root } from "./bundle.ts";

const { metafile } = await build(bundle);

// Chunks of earlier builds: nothing imports them any more.
const current = new Set(Object.keys(metafile.outputs).map((path) => basename(path)));
for (const file of await readdir(join(root, "dist"))) {
  if (!current.has(file)) await rm(join(root, "dist", file), { force: true });
}
