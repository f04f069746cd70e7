/** For vitest's globalSetup: the program's bundle, which many tests run, is there and new before the first test. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { systemCode } from "../cluster/error.ts";
import { build } from "../demo/bundle.ts";
import { progress } from "./progress.ts";

const root = join(import.meta.dirname, "../..");

export default async function setup(project: TestProject): Promise<void> {
  await refresh();
  project.onTestsRerun(refresh);
}

/** Test files that run side by side read it: nobody may write it once they have begun. */
async function refresh(): Promise<void> {
  if (await isStale()) await progress.during("bundling the program", build);
}

/** As bin/metahub asks: whether a source is newer than the bundle. */
async function isStale(): Promise<boolean> {
  const bundle = await modified(join(root, "dist/metahub.mjs"));
  const sources = (await readdir(join(root, "src"), { recursive: true })).map((file) => join(root, "src", file));
  const files = [...sources, join(root, "scripts/build.ts"), join(root, "package-lock.json")];
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
