/**
 * Writes NOTICE, the licences of what the bundle carries: `node scripts/generate-notice.ts`. With `--check` it writes
 * nothing and fails where NOTICE is not what it would write. No network: all of it is in node_modules.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { bundle, root } from "./bundle.ts";
import { packageFolders, readPackage } from "./notice/packages.ts";
import { headNotice, renderNotice } from "./notice/render.ts";

const { metafile } = await build({ ...bundle, write: false });
const packages = packageFolders(metafile).map((folder) => readPackage(join(root, folder)));
const archspec = headNotice(readFileSync(join(root, "src/hardware/cpu/graph.generated.ts"), "utf8"));
const text = renderNotice(packages, archspec);
const file = join(root, "NOTICE");

if (!process.argv.includes("--check")) writeFileSync(file, text);
else if (readFileSync(file, "utf8") !== text) {
  console.error("NOTICE is not what the bundle carries: run `node scripts/generate-notice.ts`");
  process.exitCode = 1;
}
