// Bundles the program into one file, dist/metahub.mjs, and the console's page into dist/console: they start several times
// faster than the sources and need no node_modules beside them (the container image holds these files and Node.js).
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { bundle, root } from "./bundle.ts";
import { buildPage } from "./console-bundle.ts";

const dist = join(root, "dist");
// The page first: whether a build is new is read off the program.
await writePage();
const { metafile } = await build(bundle);
// Chunks of earlier builds: nothing imports them any more.
await removeOthers(dist, [...Object.keys(metafile.outputs).map((path) => basename(path)), "console"]);

async function writePage(): Promise<void> {
  const folder = join(dist, "console");
  const files = await buildPage(await readFile(join(root, "src/console/web/index.html"), "utf8"));
  await mkdir(folder, { recursive: true });
  // index.html last, and whole: it names the others, and a server may be reading.
  for (const { name, bytes } of [...files].reverse()) {
    await writeFile(join(folder, `.${name}`), bytes);
    await rename(join(folder, `.${name}`), join(folder, name));
  }
  await removeOthers(
    folder,
    files.map(({ name }) => name),
  );
}

async function removeOthers(folder: string, current: readonly string[]): Promise<void> {
  for (const file of await readdir(folder)) {
    if (!current.includes(file)) await rm(join(folder, file), { force: true, recursive: true });
  }
}
