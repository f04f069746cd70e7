/**
 * For vitest's globalSetup: the program's bundle is there and new before the first test. Test files that run side by side
 * run it: nobody may write it once they have begun.
 */
import type { TestProject } from "vitest/node";
import { build } from "../demo/bundle.ts";
import { progress } from "./progress.ts";

export default async function setup(project: TestProject): Promise<void> {
  await progress.during("bundling the program where it has changed", build);
  project.onTestsRerun(build);
}
