import { beforeEach, describe, expect, test } from "vitest";
import { bench, buildOf, imageOf, onNode, podWith, World } from "../../test/support/admission/bench.ts";
import { signedNotes } from "../../test/support/note-keys.ts";
import { digestOf } from "../../test/support/oci/indexes.ts";
import type { Pod } from "../api/pod.ts";
import { selectionAnnotation } from "../api/pod-keys.ts";
import { createSigningKey } from "../keys/signing-keys.ts";
import { parseSelection } from "../rewriting/notes/read.ts";

let world: World;
beforeEach(() => {
  world = new World();
  world.publish("qnib/bench", "latest", bench);
});
const strategy = (value: string): Record<string, string> => ({ "metahub.dev/strategy": value });
const noteOf = (pod: { metadata: { annotations?: Readonly<Record<string, string>> } }) =>
  parseSelection(pod.metadata.annotations?.[selectionAnnotation]).get("main");

describe("updates", () => {
  /** As the API server keeps it. */
  const stored = (pod: Pod): Pod => ({
    ...pod,
    metadata: { ...pod.metadata, creationTimestamp: "2026-11-23T12:00:01Z" },
  });
  const wishing = ({ metadata, ...rest }: Pod, wishes: Readonly<Record<string, string>>): Pod => ({
    ...rest,
    metadata: { ...metadata, annotations: { ...metadata.annotations, ...wishes } },
  });

  test("an annotation that was dropped comes back with the build", async () => {
    const { pod: made } = await world.review(podWith({ spec: onNode("node2") }));
    const old = { ...stored(made), spec: { ...made.spec, nodeName: "node2" } };
    world.publish("qnib/bench", "latest", { moved: "cpu:skylake" });
    world.registryAway = true;
    const { pod, warnings } = await world.review(podWith({ spec: { ...onNode("node2"), nodeName: "node2" } }), old);
    expect(imageOf(pod)).toBe(buildOf("skylake"));
    expect(warnings).toEqual([
      expect.stringMatching(/^metahub: image qnib\/bench of main is put back to qnib\/bench@sha256:/),
    ]);
    expect(pod.metadata.annotations).toEqual(made.metadata.annotations);
  });

  test("other wishes of a Pod that waits for its node are decided on at once, and undone the same way", async () => {
    const old = stored((await world.review(podWith())).pod);
    const flipped = await world.review(wishing(old, strategy("common")), old);
    expect([imageOf(flipped.pod), noteOf(flipped.pod)]).toEqual([
      buildOf("generic"),
      expect.objectContaining({ asked: "qnib/bench", variant: digestOf("generic") }),
    ]);
    const again = await world.review(wishing(flipped.pod, strategy("auto")), stored(flipped.pod));
    expect([imageOf(again.pod), noteOf(again.pod)?.code]).toEqual(["qnib/bench", "nodes-differ"]);
    expect((await world.review(again.pod, stored(again.pod))).operations).toEqual([]);
  });

  test.each([
    ["bind", "qnib/bench", "at-binding"],
    ["common", buildOf("generic"), "generic"],
  ])("strategy %s goes back to what was asked", async (value, image, code) => {
    const old = stored((await world.review(podWith({ spec: {} }))).pod);
    const { pod } = await world.review(wishing(old, strategy(value)), old);
    expect([imageOf(pod), noteOf(pod)?.code]).toEqual([image, code]);
  });

  test("while the registry is away the build is pinned, and the owner hears of it", async () => {
    const old = stored((await world.review(podWith({ annotations: strategy("common") }))).pod);
    world = new World();
    world.registryAway = true;
    const flipped = await world.review(wishing(old, strategy("auto")), old);
    expect([imageOf(flipped.pod), flipped.warnings]).toEqual([
      buildOf("generic"),
      [expect.stringContaining("does not answer")],
    ]);
    world.registryAway = false;
    world.publish("qnib/bench", "latest", bench);
    // Its note was signed under other wishes, so that nothing follows from it any more.
    const later = await world.review(wishing(flipped.pod, strategy("bind")), stored(flipped.pod));
    expect([imageOf(later.pod), later.warnings]).toEqual([
      buildOf("generic"),
      [expect.stringContaining("so it is pinned")],
    ]);
  });

  test("of a Pod that runs, other wishes change nothing, nor what is put back", async () => {
    const made = (await world.review(podWith({ spec: onNode("node2") }))).pod;
    let old = stored({ ...made, spec: { ...made.spec, nodeName: "node2" } });
    for (const value of ["common", "bind"]) {
      const wished = wishing(old, strategy(value));
      const containers = [{ name: "main", image: "qnib/bench" }];
      const { pod } = await world.review({ ...wished, spec: { ...wished.spec, containers } }, old);
      expect([imageOf(pod), pod.metadata.annotations]).toEqual([buildOf("skylake"), wished.metadata.annotations]);
      old = stored(pod);
    }
  });

  test.each<[string, Readonly<Record<string, string>> | undefined]>([
    ["removed", undefined],
    ["forged", { [selectionAnnotation]: '{"main":{"asked":"qnib/bench:evil"}}' }],
    ["taken from another Pod", signedNotes({ main: { asked: "qnib/bench", variant: digestOf("gpu") } })],
  ])("a note that is %s comes back", async (_, annotations) => {
    const old = stored((await world.review(podWith({ spec: onNode("node2") }))).pod);
    const { annotations: __, ...metadata } = old.metadata;
    const now = { ...old, metadata: { ...metadata, ...(annotations === undefined ? {} : { annotations }) } };
    const { pod } = await world.review(now, old);
    expect([imageOf(pod), pod.metadata.annotations]).toEqual([buildOf("skylake"), old.metadata.annotations]);
  });

  test("a note on a Pod that had none is dropped, though somebody signed it for another", async () => {
    const image = buildOf("broadwell");
    const old = stored((await world.review(podWith({ image, spec: onNode("node2") }))).pod);
    const note = { asked: "qnib/bench", index: digestOf("?"), variant: digestOf("broadwell") };
    const { pod } = await world.review(wishing(old, signedNotes({ main: note })), old);
    expect([imageOf(pod), pod.metadata.annotations]).toEqual([image, {}]);
  });

  describe("a note that no key proves", () => {
    const running = (created: string) => {
      const index = world.publish("qnib/bench", "latest", bench);
      const note = { asked: "qnib/bench", variant: digestOf("skylake"), index };
      const keys = [createSigningKey(new Date("2019-01-01T00:00:00Z"))];
      const annotations = signedNotes({ main: note }, { keys });
      const made = podWith({ image: buildOf("skylake"), annotations, spec: { nodeName: "node2" } });
      return { ...made, metadata: { name: "p", creationTimestamp: created, annotations } };
    };
    const again = podWith({ spec: { nodeName: "node2" } });
    test.each([
      ["restore", "2019-12-31T23:59:59Z", true],
      ["restore", "2020-01-01T00:00:00Z", false],
      ["restore", "", false],
      ["ignore", "2019-12-31T23:59:59Z", false],
    ] as const)("%s, on a Pod of %s: puts back %s", async (unprovenNotes, created, putsBack) => {
      world = new World({ unprovenNotes });
      const old = running(created);
      world.publish("qnib/bench", "latest", { moved: "cpu:skylake" });
      const { pod, warnings = [] } = await world.review(again, old);
      expect(imageOf(pod)).toBe(putsBack ? buildOf("skylake") : buildOf("moved"));
      expect(warnings).toEqual(putsBack ? [expect.stringContaining("unproven, as the Pod is older")] : []);
      if (putsBack) expect(noteOf(pod)).toEqual(noteOf(old));
    });

    test("never moves one", async () => {
      const made = running("2019-12-31T23:59:59Z");
      const old = { ...made, spec: { ...Reflect.get(made, "spec"), nodeName: "" } };
      const annotations = { ...old.metadata.annotations, ...strategy("common") };
      const { pod } = await world.review({ ...old, metadata: { ...old.metadata, annotations } }, old);
      expect(imageOf(pod)).toBe(buildOf("skylake"));
    });
  });

  test("an update that the webhook is asked about again, after what it wrote: nothing changes", async () => {
    world.publish("qnib/bench", "2", { two: "cpu:broadwell", "two-generic": "" });
    const old = stored((await world.review(podWith({ spec: onNode("node1") }))).pod);
    const asked = { ...old, spec: { ...onNode("node1"), containers: [{ name: "main", image: "qnib/bench:2" }] } };
    const { pod: first } = await world.review(asked, old);
    expect([imageOf(first), noteOf(first)?.asked]).toEqual([buildOf("two"), "qnib/bench:2"]);
    const again = await world.review(first, old);
    expect([again.operations, again.warnings ?? []]).toEqual([[], []]);
  });

  test("another image is decided on for the node that the Pod is on", async () => {
    world.publish("qnib/bench", "2", { two: "cpu:broadwell", "two-generic": "" });
    const { pod: old } = await world.review(podWith({ spec: { nodeName: "node1" } }));
    const { pod } = await world.review(podWith({ image: "qnib/bench:2", spec: { nodeName: "node1" } }), old);
    expect(imageOf(pod)).toBe(buildOf("two"));
    expect(noteOf(pod)).toMatchObject({ asked: "qnib/bench:2", variant: digestOf("two") });
  });
});
