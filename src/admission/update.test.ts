import { expect, test } from "vitest";
import { signedNotes, testNoteKeys } from "../../test/support/note-keys.ts";
import type { Pod } from "../api/pod.ts";
import { reviewPod } from "../rewriting/reviewed-pod.ts";
import { compareImages, type ImageChanges } from "./update.ts";

const variant = `sha256:${"c".repeat(64)}`;
const chosen = `qnib/bench@${variant}`;
const list = `ClusterManifestList/bench - ${variant}`;
const creationTimestamp = "2026-11-23T12:00:00Z";
const proof = { keys: testNoteKeys, namespace: "default", copied: false };

function compare(now: Pod, before: Pod): ImageChanges {
  const old = reviewPod(before, { proof });
  return compareImages(reviewPod(now, { proof }), old, old.notes);
}

function pod(images: Record<string, string>, note?: object): Pod {
  return {
    metadata: { creationTimestamp, ...(note === undefined ? {} : { annotations: signedNotes({ bench: note }) }) },
    spec: { containers: Object.entries(images).map(([name, image]) => ({ name, image })) },
  };
}
const old = pod({ sidecar: "busybox", bench: chosen }, { asked: "qnib/bench", variant });

test.each<[string, Pod, Pod, string[], string[]]>([
  ["nothing changed", pod({ sidecar: "busybox", bench: chosen }), old, [], []],
  ["applied again", pod({ sidecar: "busybox", bench: "qnib/bench" }), old, ["bench"], []],
  [
    "applied again with the containers in another order",
    pod({ bench: "qnib/bench", sidecar: "busybox" }),
    old,
    ["bench"],
    [],
  ],
  ["asked for something else", pod({ sidecar: "busybox", bench: "qnib/bench:2" }), old, [], ["bench"]],
  ["another container changed too", pod({ sidecar: "busybox:2", bench: "qnib/bench" }), old, ["bench"], ["sidecar"]],
  ["no annotation", pod({ bench: "qnib/bench" }), pod({ bench: chosen }), [], ["bench"]],
  [
    "an annotation that is not about the image that is there",
    pod({ bench: "qnib/bench" }),
    pod({ bench: "other@sha256:1" }, { asked: "qnib/bench", variant }),
    [],
    ["bench"],
  ],
  [
    "an annotation that was forged to keep an image of another repository",
    pod({ bench: "qnib/bench:fixed" }),
    pod({ bench: `evil/bench@${variant}` }, { asked: "qnib/bench:fixed", variant }),
    [],
    ["bench"],
  ],
  [
    "an annotation that is no annotation of ours",
    pod({ bench: "x" }),
    pod({ bench: chosen }, { asked: "x", variant: 1 }),
    [],
    ["bench"],
  ],
])("%s", (_name, now, before, restored, anew) => {
  const changes = compare(now, before);
  expect(changes.restored.map(({ place }) => place.name)).toEqual(restored);
  expect(changes.restored.every(({ image }) => image === chosen)).toBe(true);
  // Whoever sent the update is told: where the annotation is forged, it is not what they asked for.
  expect(changes.restored.every(({ warn }) => warn)).toBe(true);
  expect(changes.asked.places.map(({ name }) => name)).toEqual(anew);
});

test("a build of another repository is kept where its note proves that a manifest list led to it", () => {
  const image = `other/bench@${variant}`;
  const applied = pod({ bench: "qnib/bench:fixed" });
  const before = pod({ bench: image }, { asked: "qnib/bench:fixed", variant, list });
  expect(compare(applied, before).restored).toMatchObject([{ image, code: "restored", warn: true }]);
  // Before there were keys anybody may have written it: then the note is among those that only put back.
  const old = reviewPod(before, { proof: { ...proof, keys: [] } });
  const { restored, asked } = compareImages(reviewPod(applied, { proof }), old, old.claims);
  expect([restored, asked.places.map(({ name }) => name)]).toEqual([[], ["bench"]]);
});

test("ephemeral containers that are there are never decided on again, new ones are", () => {
  const podHaving = (...ephemeralContainers: { name: string; image: string }[]): Pod => ({
    metadata: {},
    spec: { ephemeralContainers },
  });
  const { restored, asked } = compare(
    podHaving({ name: "a", image: "other" }, { name: "b", image: "qnib/bench" }),
    podHaving({ name: "a", image: chosen }),
  );
  expect([restored, asked.places.map(({ name }) => name)]).toEqual([[], ["b"]]);
});

test("places stay where they are, so that a patch meets the right container", () => {
  const { asked } = compare(pod({ sidecar: "busybox", bench: "qnib/bench:2" }), old);
  expect(asked.places.map(({ pointer }) => pointer)).toEqual(["/spec/containers/1/image"]);
});

test("an image volume keeps its build when it is asked for again, and is never decided on anew", () => {
  const podHaving = (reference: string, note?: object): Pod => ({
    metadata: {
      creationTimestamp,
      ...(note === undefined ? {} : { annotations: signedNotes({ "volume/v": note }) }),
    },
    spec: { volumes: [{ name: "v", image: { reference } }] },
  });
  const before = podHaving(chosen, { asked: "qnib/bench", variant });
  const again = compare(podHaving("qnib/bench"), before);
  expect([again.restored.map(({ image }) => image), again.asked.places]).toEqual([[chosen], []]);
  const wishes = podHaving("qnib/bench");
  const annotations = { "metahub.dev/strategy": "bind" };
  const wished = compare({ ...wishes, metadata: { ...wishes.metadata, annotations } }, before);
  expect(wished.restored.map(({ image }) => image)).toEqual([chosen]);
  const other = compare(podHaving("qnib/bench:2"), before);
  expect([other.restored, other.asked.places]).toEqual([[], []]);
});
