import { expect, test } from "vitest";
import { asked, closing } from "./closing-line.ts";
import type { Outcome, Skipped } from "./outcome.ts";

const debian = "ID=debian\n";
const none: Outcome = { passed: 0, failed: 0, pending: 0, skipped: [], timed: [] };
const skipped = (name: string, reason: string, ...packages: readonly string[]): Skipped => ({ name, reason, packages });
const text = (change: Partial<Outcome>, strict = false, osRelease = debian): string =>
  closing({ ...none, ...change }, strict, osRelease)
    .map((paragraph) => paragraph.join("\n"))
    .join("\n\n");

test("a run in which nothing was skipped ends with its slowest tests and the counts", () => {
  const timed = [
    { name: "quick", file: "a.test.ts", milliseconds: 40 },
    { name: "slow", file: "b.test.ts", milliseconds: 61_250 },
  ];
  expect(text({ passed: 2, timed })).toBe(`Slowest 2 tests:
   61.3 s  b.test.ts > slow
    0.0 s  a.test.ts > quick

2 passed, 0 failed, 0 skipped`);
});

test("twenty are listed, the slowest first", () => {
  const timed = Array.from({ length: 25 }, (_, index) => ({
    name: `t${index}`,
    file: "f",
    milliseconds: index * 1000,
  }));
  const [slowest = []] = closing({ ...none, timed }, false);
  expect(slowest).toHaveLength(21);
  expect([slowest[1], slowest[20]]).toEqual(["   24.0 s  f > t24", "    5.0 s  f > t5"]);
});

test("what was not run is named once for each reason, with one command for all of it", () => {
  const nodes = "no cluster of level nodes; missing: runc, nft. To get it: apt-get install runc nftables";
  const lacking = [
    skipped("the chart on real nodes", nodes, "runc", "nftables"),
    skipped("zsh", "no zsh on the PATH", "zsh"),
    skipped("real nodes", nodes, "runc", "nftables"),
    skipped("an outage", "the API server of another provider cannot be killed"),
  ];
  expect(text({ passed: 7, skipped: lacking })).toBe(`Not run on this machine:
  the chart on real nodes; real nodes: ${nodes}
  zsh: no zsh on the PATH
  an outage: the API server of another provider cannot be killed
To run them: apt-get install nftables runc zsh

7 passed, 0 failed, 4 skipped`);
});

test("another system's package manager is not guessed", () => {
  const lacking = [skipped("zsh", "no zsh on the PATH", "zsh")];
  expect(text({ skipped: lacking }, false, 'ID="fedora"\n')).toContain(
    "To run them: install the packages that Debian calls zsh\n",
  );
});

test("no command is promised where none helps", () => {
  expect(text({ skipped: [skipped("nodes", "missing: root")] })).not.toContain("To run them");
});

test("where nothing may be skipped, that is said; what did not end counts as failed", () => {
  const said = text({ passed: 1, failed: 1, pending: 2, skipped: [skipped("zsh", "no zsh")] }, true);
  expect(said).toContain("Nothing may be skipped here (METAHUB_TEST_NO_SKIP).");
  expect(said).toMatch(/2 tests did not end\n\n1 passed, 3 failed, 1 skipped$/);
});

test("tests that were not chosen by their name are not missed, others without a reason are", () => {
  const all = { ...none, skipped: [skipped("zsh", "no zsh"), { name: "other", reason: undefined, packages: [] }] };
  expect(asked(all, true).skipped).toEqual([skipped("zsh", "no zsh")]);
  expect(closing(asked(all, false), false).flat()).toContain("  other: no reason is given");
});
