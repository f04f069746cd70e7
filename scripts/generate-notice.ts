/**
 * Writes NOTICE, the licences of what the bundle carries: `node scripts/generate-notice.ts`. With `--check` it writes
 * nothing and fails where NOTICE is not what it would write. No network: all of it is in node_modules.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { bundle, root } from "./bundle.ts";
import { consoleBundle } from "./console-bundle.ts";
import { packageFolders, readPackage } from "./notice/packages.ts";
import { headNotice, renderNotice } from "./notice/render.ts";

const { metafile } = await build({ ...bundle, write: false });
// The console's page is a bundle of its own.
const { metafile: page } = await build(consoleBundle);
const packages = packageFolders({ outputs: { ...metafile.outputs, ...page.outputs } }).map((folder) =>
  readPackage(join(root, folder)),
);
const tables = [
  {
    shown: "the table of CPUs of archspec (Apache-2.0 OR MIT)",
    title: "archspec, microarchitectures.json",
    file: "src/hardware/cpu/graph.generated.ts",
  },
  {
    shown: "the ids of AMD's GPUs in pci.ids (BSD-3-Clause) and in Linux's amdgpu driver (MIT)",
    title: "pci.ids and Linux, amdgpu_drv.c",
    file: "src/hardware/nodes/amd-targets.generated.ts",
  },
].map((table) => ({ ...table, notice: headNotice(readFileSync(join(root, table.file), "utf8")) }));
const text = renderNotice(packages, tables);
const file = join(root, "NOTICE");

if (!process.argv.includes("--check")) writeFileSync(file, text);
else if (readFileSync(file, "utf8") !== text) {
  console.error("NOTICE is not what the bundle carries: run `node scripts/generate-notice.ts`");
  process.exitCode = 1;
}
