import { pino } from "pino";
import { expect, test } from "vitest";
import { NamespaceReach } from "./reach.ts";

const log = pino({ level: "silent" });
const signal = new AbortController().signal;

test.each([
  [false, "unsaid", "all"],
  [false, "enabled", "all"],
  [false, "disabled", "none"],
  [false, undefined, "none"],
  [true, "unsaid", "labelled"],
  [true, "enabled", "all"],
  [true, "disabled", "none"],
] as const)("opting in: %s, a namespace that says %s: %s", async (optIn, word, reach) => {
  const rule = new NamespaceReach({ excluded: ["kube-system"], optIn, wordOf: async () => word, log });
  expect([await rule.of("team", signal), await rule.of("kube-system", signal)]).toEqual([reach, "none"]);
});

test("a namespace that cannot be read is unknown, and its excluded name counts all the same", async () => {
  const wordOf = () => Promise.reject(new Error("away"));
  const rule = new NamespaceReach({ excluded: ["kube-system"], optIn: false, wordOf, log });
  expect([await rule.of("team", signal), await rule.of("kube-system", signal)]).toEqual(["unknown", "none"]);
});

test("without a cluster only the excluded names count", async () => {
  const rule = new NamespaceReach({ excluded: ["kube-system"], optIn: true, log });
  expect([await rule.of("team", signal), await rule.of("kube-system", signal)]).toEqual(["all", "none"]);
});
