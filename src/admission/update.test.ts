import { expect, test } from "vitest";
import type { Pod } from "../api/pod.ts";
import { selectionAnnotation } from "../api/pod-keys.ts";
import { reviewPod } from "../rewriting/reviewed-pod.ts";
import { compareImages } from "./update.ts";

const variant = `sha256:${"c".repeat(64)}`;
const chosen = `qnib/bench@${variant}`;

function pod(images: Record<string, string>, note?: object): Pod {
  return {
    metadata: note === undefined ? {} : { annotations: { [selectionAnnotation]: JSON.stringify({ bench: note }) } },
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
  const changes = compareImages(reviewPod(now), reviewPod(before));
  expect(changes.restored.map(({ place }) => place.name)).toEqual(restored);
  expect(changes.restored.every(({ image }) => image === chosen)).toBe(true);
  // Whoever sent the update is told: where the annotation is forged, it is not what they asked for.
  expect(changes.restored.every(({ warn }) => warn)).toBe(true);
  expect(changes.asked.places.map(({ name }) => name)).toEqual(anew);
});

test("ephemeral containers that are there are never decided on again, new ones are", () => {
  const podHaving = (...ephemeralContainers: { name: string; image: string }[]): Pod => ({
    metadata: {},
    spec: { ephemeralContainers },
  });
  const { restored, asked } = compareImages(
    reviewPod(podHaving({ name: "a", image: "other" }, { name: "b", image: "qnib/bench" })),
    reviewPod(podHaving({ name: "a", image: chosen })),
  );
  expect([restored, asked.places.map(({ name }) => name)]).toEqual([[], ["b"]]);
});

test("places stay where they are, so that a patch meets the right container", () => {
  const { asked } = compareImages(reviewPod(pod({ sidecar: "busybox", bench: "qnib/bench:2" })), reviewPod(old));
  expect(asked.places.map(({ pointer }) => pointer)).toEqual(["/spec/containers/1/image"]);
});

test("an image volume keeps its build when it is asked for again, and is never decided on anew", () => {
  const podHaving = (reference: string, note?: object): Pod => ({
    metadata:
      note === undefined ? {} : { annotations: { [selectionAnnotation]: JSON.stringify({ "volume/v": note }) } },
    spec: { volumes: [{ name: "v", image: { reference } }] },
  });
  const before = reviewPod(podHaving(chosen, { asked: "qnib/bench", variant }));
  const again = compareImages(reviewPod(podHaving("qnib/bench")), before);
  expect([again.restored.map(({ image }) => image), again.asked.places]).toEqual([[chosen], []]);
  const other = compareImages(reviewPod(podHaving("qnib/bench:2")), before);
  expect([other.restored, other.asked.places]).toEqual([[], []]);
});
