import type { TestCase, TestModule } from "vitest/node";
import type {} from "../support/describe-with.ts"; // what a skipped test tells

/** A test that was skipped. */
export interface Skipped {
  readonly name: string;
  readonly reason: string | undefined;
  /** Debian's names of the packages for want of which it was skipped. */
  readonly packages: readonly string[];
}

/** A test that ran, and the time from its beginning to its end, without its suite's hooks. */
export interface Timed {
  readonly name: string;
  /** Path of its file. */
  readonly file: string;
  readonly milliseconds: number;
}

/** What became of a run's tests. */
export interface Outcome {
  readonly passed: number;
  /** Tests, test files that could not be loaded, and errors outside of both. */
  readonly failed: number;
  /** Tests that began and did not end. */
  readonly pending: number;
  readonly skipped: readonly Skipped[];
  readonly timed: readonly Timed[];
}

export function outcomeOf(modules: readonly TestModule[], errors: number): Outcome {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const inState = (state: string): readonly TestCase[] => tests.filter((test) => test.result().state === state);
  const unloadable = modules.filter((module) => module.errors().length > 0).length;
  return {
    passed: inState("passed").length,
    failed: inState("failed").length + unloadable + errors,
    pending: inState("pending").length,
    skipped: inState("skipped").map(skippedOf),
    timed: tests.flatMap(timedOf),
  };
}

function skippedOf(test: TestCase): Skipped {
  const result = test.result();
  const reason = result.state === "skipped" ? result.note : undefined;
  return { name: test.fullName, reason, packages: test.meta().missingPackages ?? [] };
}

function timedOf(test: TestCase): readonly Timed[] {
  const milliseconds = test.diagnostic()?.duration;
  if (milliseconds === undefined) return [];
  return [{ name: test.fullName, file: test.module.relativeModuleId, milliseconds }];
}
