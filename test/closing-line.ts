import type { Reporter, TestCase, TestModule } from "vitest/node";

/**
 * Ends a run with `N passed, N failed, N skipped` alone on a line, and names every skipped test before it. With
 * METAHUB_TEST_NO_SKIP, as CI sets it, a skip is a failure: that machine has all that the tests need.
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0, pending: 0 };
    const skipped: TestCase[] = [];
    for (const module of modules) {
      if (module.errors().length > 0) counts.failed += 1; // It did not even load, so none of its tests is counted.
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        counts[state] += 1;
        if (state === "skipped") skipped.push(test);
      }
    }
    const strict = (process.env["METAHUB_TEST_NO_SKIP"] ?? "") !== "";
    for (const test of skipped) {
      const result = test.result();
      const note = result.state === "skipped" && result.note !== undefined ? `: ${result.note}` : "";
      console.log(`${strict ? "skipped, which is a failure here" : "skipped"}: ${test.fullName}${note}`);
    }
    if (counts.pending > 0) console.log(`${counts.pending} tests did not end`);
    if (counts.pending > 0 || (strict && skipped.length > 0)) process.exitCode = 1;
    console.log(`\n${counts.passed} passed, ${counts.failed + counts.pending} failed, ${counts.skipped} skipped`);
  }
}
