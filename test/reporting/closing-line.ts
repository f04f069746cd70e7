import type { Reporter, TestModule, Vitest } from "vitest/node";
import { notRun } from "./not-run.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { slowestTests } from "./slowest.ts";

/**
 * Ends a run with the slowest tests, what was not run and why, and `N passed, N failed, N skipped` alone on the last
 * line. With METAHUB_TEST_NO_SKIP, as CI sets it, a skip is a failure: that machine has all that the tests need.
 */
export default class ClosingLine implements Reporter {
  #named = false;

  onInit(vitest: Vitest): void {
    this.#named = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const strict = (process.env["METAHUB_TEST_NO_SKIP"] ?? "") !== "";
    const outcome = asked(outcomeOf(modules, errors.length), this.#named);
    if (outcome.pending > 0 || (strict && outcome.skipped.length > 0)) process.exitCode = 1;
    for (const paragraph of closing(outcome, strict)) console.log(`\n${paragraph.join("\n")}`);
  }
}

/** Where tests were chosen by name, vitest counts the others as skipped; they have no reason, and nobody misses them. */
export function asked(outcome: Outcome, named: boolean): Outcome {
  return named ? { ...outcome, skipped: outcome.skipped.filter(({ reason }) => reason !== undefined) } : outcome;
}

/** The paragraphs that end a run. `strict`: a skip is a failure. */
export function closing(outcome: Outcome, strict: boolean, osRelease?: string): readonly (readonly string[])[] {
  const { passed, failed, pending, skipped, timed } = outcome;
  const forbidden = strict && skipped.length > 0 ? ["Nothing may be skipped here (METAHUB_TEST_NO_SKIP)."] : [];
  const unended = pending > 0 ? [`${pending} tests did not end`] : [];
  const line = [`${passed} passed, ${failed + pending} failed, ${skipped.length} skipped`];
  const paragraphs = [slowestTests(timed), [...notRun(skipped, osRelease), ...forbidden], unended, line];
  return paragraphs.filter(({ length }) => length > 0);
}
