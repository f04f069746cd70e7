import fc from "fast-check";
import { expect, test } from "vitest";
import { cachedPrograms } from "../../test/cluster/require.ts";
import { afterPatch } from "../../test/support/admission/patched.ts";
import { describeWith } from "../../test/support/describe-with.ts";
import { casesToTry } from "../../test/support/oracle/ask.ts";
import { comparison } from "../../test/support/oracle/comparison.ts";
import type { Pod } from "../api/pod.ts";
import { selectionAnnotation } from "../api/pod-keys.ts";
import { patchPod } from "./patch.ts";
import { reviewPod } from "./reviewed-pod.ts";

// The API server carries our patches out with a library of its own (evanphx/json-patch), not with ours.

const { seed, count } = casesToTry(4_000);

/** Keys that JSON Pointer escapes are among them. */
const annotationKey = fc.constantFrom("a/b~c", "~1", "~0/", "plain", "metahub.dev/strategy", selectionAnnotation, "");
const name = fc.constantFrom("a", "b", "c", "d");
const containers = fc
  .uniqueArray(name, { maxLength: 3 })
  .map((names) => names.map((each) => ({ name: each, image: "i" })));
const madePod: fc.Arbitrary<Pod> = fc.record({
  metadata: fc.record(
    { annotations: fc.dictionary(annotationKey, fc.constantFrom("", "x", '{"a":{"asked":"i"}}'), { maxKeys: 4 }) },
    { requiredKeys: [] },
  ),
  spec: fc.record({ containers, initContainers: containers }, { requiredKeys: ["containers"] }),
});

const digest = `sha256:${"c".repeat(64)}`;
const now = new Date("2026-11-28T12:00:00Z");

function patchOf(pod: Pod) {
  const reviewed = reviewPod(pod);
  const decisions = reviewed.places.map((place) => ({
    place,
    code: "selected" as const,
    machineTypes: ["type1"],
    reason: 'a "quoted" reason, a line\nand é',
    warn: false,
    image: `i@${digest}`,
    variant: digest,
    index: digest,
    requires: "cpu:skylake",
  }));
  return patchPod(reviewed, decisions, now);
}

describeWith(cachedPrograms("matching"), `patches as the API server carries them out, seed ${seed}`, ({ path }) => {
  test(`${count} Pods`, { timeout: 60_000 + count * 10 }, async () => {
    const compare = comparison(path("matching"), seed, count);
    const seen = await compare("patches", {
      cases: madePod,
      question: (pod) => ({ document: pod, patch: patchOf(pod) }),
      ours: (pod) => sorted(afterPatch(pod, patchOf(pod))),
      theirs: ({ document }) => sorted(document),
    });
    expect(seen.get("value")).toBe(count);
  });
});

/** The order of members says nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return members.map(([key, member]) => [key, sorted(member)]);
}
