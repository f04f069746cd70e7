import { expect, test } from "vitest";
import type { Pod } from "../../api/pod.ts";
import { restorePatch } from "./restore-patch.ts";

const build = `qnib/bench@sha256:${"a".repeat(64)}`;
const podOf = (image: string, metadata: Pod["metadata"] = { uid: "1" }): Pod => ({
  metadata,
  spec: { initContainers: [{ name: "init", image }], containers: [{ name: "main", image: "other" }] },
});

test.each<[string, Pod, Pod, number]>([
  ["one image differs", podOf(build), podOf("qnib/bench:1"), 6],
  ["a registry's port is no tag", podOf(`host:5000/${build}`), podOf("host:5000/qnib/bench"), 6],
  ["nothing differs", podOf(build), podOf(build), 0],
  ["another Pod", podOf(build), podOf("qnib/bench", { uid: "2" }), 0],
  ["no uid", podOf(build, {}), podOf("qnib/bench", {}), 0],
  ["another repository", podOf(build), podOf("qnib/bench2"), 0],
  ["no build by digest", podOf("qnib/bench:2"), podOf("qnib/bench:1"), 0],
])("%s", (_, pod, original, operations) => {
  expect(restorePatch(pod, original)).toHaveLength(operations);
});
