/** For vitest's globalSetup: `npm run test:full` has its box of current clients before the first test. */
import { makeBox } from "../clients/box/make.ts";
import { findProgram } from "../cluster/programs.ts";
import { progress } from "./progress.ts";

export default async function setup(): Promise<void> {
  // Where it cannot be made, its tests are skipped, and say why.
  const able = process.getuid?.() === 0 && findProgram("mmdebstrap") !== undefined;
  if (process.env["METAHUB_TEST_FULL"] === "1" && able) await makeBox(progress.say);
}
