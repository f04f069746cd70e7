import { execFile } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { systemCode } from "../cluster/error.ts";

const root = join(import.meta.dirname, "../..");

/**
 * Bundles the program where a source is newer than the bundle, so that what is shown is what a container image holds.
 * Takes well under a second. A bundle that is new enough is left as it is: others may be running it.
 */
export async function build(): Promise<void> {
  if (await isStale()) await promisify(execFile)(process.execPath, [join(root, "scripts/build.ts")]);
}

/** As bin/metahub asks. */
async function isStale(): Promise<boolean> {
  const bundle = await modified(join(root, "dist/metahub.mjs"));
  const sources = (await readdir(join(root, "src"), { recursive: true })).map((file) => join(root, "src", file));
  const files = [
    ...sources,
    join(root, "scripts/build.ts"),
    join(root, "scripts/bundle.ts"),
    join(root, "scripts/console-bundle.ts"),
    join(root, "package-lock.json"),
  ];
  return (await Promise.all(files.map(modified))).some((time) => time > bundle);
}

/** Milliseconds since the epoch; 0 where there is no such file. */
async function modified(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return 0;
    throw error;
  }
}
