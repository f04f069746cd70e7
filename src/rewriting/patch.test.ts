import jsonpatch from "fast-json-patch";
import { expect, test } from "vitest";
import { testNoteKeys } from "../../test/support/note-keys.ts";
import type { Pod } from "../api/pod.ts";
import { selectionAnnotation } from "../api/pod-keys.ts";
import type { ImageDecision } from "./decision.ts";
import { patchPod } from "./patch.ts";
import { type ReviewedPod, reviewPod } from "./reviewed-pod.ts";

const now = new Date("2026-11-23T12:00:00.123Z");
const later = new Date("2026-11-23T12:00:09Z");
const child = `qnib/bench@sha256:${"c".repeat(64)}`;

function decisions(pod: Pod, given: Partial<ImageDecision>): ImageDecision[] {
  return reviewPod(pod).places.map((place) => ({
    place,
    code: "selected",
    machineTypes: ["type1"],
    reason: "r",
    warn: false,
    ...given,
  }));
}

const proof = { keys: testNoteKeys, namespace: "default", copied: true };
const reviewed = (pod: Pod): ReviewedPod => reviewPod(pod, { proof });

function apply(pod: Pod, patch: ReturnType<typeof patchPod>): Pod {
  return jsonpatch.applyPatch(structuredClone(pod), patch).newDocument;
}

const bare: Pod = { metadata: {}, spec: { containers: [{ name: "bench", image: "qnib/bench" }] } };
const rewritten = {
  image: child,
  variant: child.split("@")[1] ?? "",
  index: `sha256:${"1".repeat(64)}`,
  requires: "cpu:skylake",
};

test("writes the image and the annotation, and nothing else", () => {
  const patch = patchPod(reviewed(bare), decisions(bare, rewritten), now);
  expect(patch.map(({ op, path }) => `${op} ${path}`).sort()).toEqual([
    "add /metadata/annotations",
    "replace /spec/containers/0/image",
  ]);
  const result = apply(bare, patch);
  expect(result.spec.containers?.[0]?.image).toBe(child);
  expect(JSON.parse(result.metadata.annotations?.[selectionAnnotation] ?? "")).toEqual({
    bench: {
      asked: "qnib/bench",
      index: rewritten.index,
      variant: rewritten.variant,
      requires: "cpu:skylake",
      machineType: "type1",
      at: "2026-11-23T12:00:00Z",
      code: "selected",
      reason: "r",
      key: testNoteKeys[0]?.id,
      mac: expect.stringMatching(/^[\w-]{22}$/),
    },
  });
});

test("keeps annotations of others, also with names that JSON Pointer escapes", () => {
  const pod = { ...bare, metadata: { annotations: { "a/b~c": "d" } } };
  const result = apply(pod, patchPod(reviewed(pod), decisions(pod, rewritten), now));
  expect(result.metadata.annotations?.["a/b~c"]).toBe("d");
});

test("the webhook called again for its own result changes nothing", () => {
  const once = apply(bare, patchPod(reviewed(bare), decisions(bare, rewritten), now));
  expect(patchPod(reviewed(once), decisions(once, { code: "no-index", machineTypes: [] }), later)).toEqual([]);
});

test("a Pod whose image is left for a reason that concerns it says so, and the same again is no change", () => {
  const left: Partial<ImageDecision> = { code: "nodes-differ", reason: "two builds" };
  const once = apply(bare, patchPod(reviewed(bare), decisions(bare, left), now));
  expect(once.spec).toEqual(bare.spec);
  expect(once.metadata.annotations?.[selectionAnnotation]).toContain("two builds");
  expect(patchPod(reviewed(once), decisions(once, left), later)).toEqual([]);
});

test.each(["no-index", "runtime-matched", "registry-failed", "not-found", "deadline", "invalid-reference"] as const)(
  "a Pod with nothing to choose gets no annotation: %s",
  (code) => {
    expect(patchPod(reviewed(bare), decisions(bare, { code }), now)).toEqual([]);
  },
);

test("what a user wrote into the annotation does not stay beside what is true", () => {
  const forged = {
    ...bare,
    metadata: {
      annotations: { [selectionAnnotation]: '{"bench":{"asked":"evil","variant":"sha256:1"},"x":{"variant":"y"}}' },
    },
  };
  const result = apply(forged, patchPod(reviewed(forged), decisions(forged, rewritten), now));
  expect(result.metadata.annotations?.[selectionAnnotation]).not.toContain("evil");
  const none = apply(forged, patchPod(reviewed(forged), decisions(forged, { code: "no-index" }), now));
  expect(none.metadata.annotations?.[selectionAnnotation]).toBeUndefined();
});
