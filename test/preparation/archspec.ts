/** For vitest's globalSetup: archspec's Python package, the oracle of the CPU tests, is fetched before the first test. */
import type { TestProject } from "vitest/node";
import { type ArchspecOrLack, fetchArchspec } from "../archspec/package.ts";
import { progress } from "./progress.ts";

declare module "vitest" {
  interface ProvidedContext {
    archspec: ArchspecOrLack;
  }
}

export default async function setup(project: TestProject): Promise<void> {
  project.provide("archspec", await progress.during("looking for archspec's Python package", fetchArchspec));
}
