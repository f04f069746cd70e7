import { beforeEach, describe, expect, test } from "vitest";
import { bench, buildOf, imageOf, onNode, podWith, World } from "../../test/support/admission/bench.ts";
import { signedNotes, testNoteKeys } from "../../test/support/note-keys.ts";
import { digestOf } from "../../test/support/oci/indexes.ts";
import type { Pod } from "../api/pod.ts";
import { selectionAnnotation } from "../api/pod-keys.ts";
import { createSigningKey } from "../keys/signing-keys.ts";
import { parseSelection } from "../rewriting/notes/read.ts";
import { reviewPod } from "../rewriting/reviewed-pod.ts";

let world: World;
let index: string;
let otherIndex: string;
let foreignIndex: string;

beforeEach(() => {
  world = new World();
  index = world.publish("qnib/bench", "latest", bench);
  otherIndex = world.publish("qnib/bench", "other", { "other-skylake": "cpu:skylake", "other-generic": "" });
  foreignIndex = world.publish("evil/bench", "latest", { broadwell: "cpu:broadwell", evil: "cpu:skylake" });
  world.publish("qnib/none", "latest", { never: "cpu:power9le", skylake: "cpu:skylake" });
});

/** The annotations of an older Pod with this note, as MetaHub signed it. */
const claim = (note: object, annotations = {}): Readonly<Record<string, string>> =>
  signedNotes({ main: { at: "2026-02-01T00:00:00Z", reason: "r", ...note } }, { annotations });
/** The note on a Pod that was made at noon, where it proves itself. */
const provenIn = (pod: Pod) => {
  const { metadata, spec } = pod;
  const made = { metadata: { ...metadata, creationTimestamp: "2026-11-23T12:00:00Z" }, spec };
  const proof = { keys: testNoteKeys, namespace: "default", copied: false };
  return reviewPod(made, { proof }).notes.get("main");
};
const honest = () => ({ asked: "qnib/bench:latest", index, variant: digestOf("broadwell"), node: "node1" });

describe("a new Pod with the annotation of another", () => {
  test.each([
    ["the same machine", "node1", "broadwell"],
    ["another", "node2", "skylake"],
    ["one that runs the generic build", "node3", "generic"],
    ["one with more", "node4", "gpu"],
  ])("moves inside its index to the build for where it can land: %s", async (_, node, build) => {
    const copy = podWith({ image: buildOf("broadwell"), annotations: claim(honest()), spec: onNode(node) });
    const { pod, warnings } = await world.review(copy);
    expect([imageOf(pod), warnings]).toEqual([buildOf(build), undefined]);
    const note = parseSelection(pod.metadata.annotations?.[selectionAnnotation]).get("main");
    expect(note).toMatchObject({ asked: "qnib/bench:latest", index, variant: digestOf(build), machineType: node });
    expect(note).not.toHaveProperty("node");
    expect((await world.review(pod)).operations).toEqual([]);
  });

  test("has a note of its own time, also where that says what the other's said", async () => {
    const { node: _, ...note } = honest();
    const annotations = claim({ ...note, asked: "qnib/bench:latest", code: "selected" });
    const { pod } = await world.review(podWith({ image: buildOf("broadwell"), annotations, spec: onNode("node1") }));
    expect(provenIn(pod)).toMatchObject({ ...note, code: "selected", at: "2026-11-23T12:00:00Z" });
  });

  test("goes back to what was asked for where it can land on machines that need different builds", async () => {
    const { pod, warnings } = await world.review(
      podWith({ image: buildOf("broadwell"), annotations: claim(honest()) }),
    );
    expect([imageOf(pod), warnings]).toEqual(["qnib/bench:latest", undefined]);
    const note = parseSelection(pod.metadata.annotations?.[selectionAnnotation]).get("main");
    expect(note).toMatchObject({ asked: "qnib/bench:latest", code: "nodes-differ" });
    expect(note).not.toHaveProperty("variant");
  });

  test("goes back to the index where the tag that was asked for names another now", async () => {
    world.publish("qnib/bench", "latest", { other: "cpu:skylake" });
    const { pod } = await world.review(podWith({ image: buildOf("broadwell"), annotations: claim(honest()) }));
    expect(imageOf(pod)).toBe(`qnib/bench@${index}`);
  });

  test("runs no build of the old place where none fits the new one, and its owner hears of it", async () => {
    const none = world.publish("qnib/none", "latest", { never: "cpu:power9le", skylake: "cpu:skylake" });
    const note = { asked: "qnib/none", index: none, variant: digestOf("skylake") };
    const image = buildOf("skylake", "qnib/none");
    const { pod, warnings } = await world.review(podWith({ image, annotations: claim(note), spec: onNode("node1") }));
    expect(imageOf(pod)).toBe("qnib/none");
    expect(warnings).toEqual([expect.stringMatching(/of main is put back to qnib\/none: .*cpu:skylake/)]);
  });

  test("is left to its binding where it says strategy bind", async () => {
    const annotations = claim(honest(), { "metahub.dev/strategy": "bind" });
    const { pod } = await world.review(podWith({ image: buildOf("broadwell"), annotations, spec: onNode("node2") }));
    expect(imageOf(pod)).toBe("qnib/bench:latest");
  });

  test("is steered as the one that it is a copy of", async () => {
    const wide = world.publish("qnib/wide", "latest", { broadwell: "cpu:broadwell", skylake: "cpu:skylake" });
    const note = { asked: "qnib/wide", index: wide, variant: digestOf("skylake") };
    const annotations = claim(note, { "metahub.dev/no-match": "steer" });
    const { operations } = await world.review(podWith({ image: buildOf("skylake", "qnib/wide"), annotations }));
    expect(operations.some(({ path }) => path === "/spec/affinity")).toBe(true);
  });

  test("keeps its tag beside the digest, where it came so", async () => {
    const image = `qnib/bench:latest@${digestOf("broadwell")}`;
    const same = await world.review(podWith({ image, annotations: claim(honest()), spec: onNode("node1") }));
    expect(imageOf(same.pod)).toBe(image);
  });

  test("stays as it is while the registry is away, with a note of its own that says the same", async () => {
    world.registryAway = true;
    const annotations = claim(honest());
    const { pod, warnings } = await world.review(
      podWith({ image: buildOf("broadwell"), annotations, spec: onNode("node2") }),
    );
    expect(imageOf(pod)).toBe(buildOf("broadwell"));
    const { node: _, ...said } = honest();
    const note = provenIn(pod);
    expect(note).toMatchObject({ ...said, at: "2026-11-23T12:00:00Z" });
    expect(note).not.toHaveProperty("node");
    expect(warnings).toEqual([expect.stringContaining("docker.io does not answer")]);
  });

  test("stays as it is while no node is known yet", async () => {
    world = new World({ context: { place: () => undefined } });
    world.publish("qnib/bench", "latest", bench);
    const annotations = claim(honest());
    const { pod, warnings } = await world.review(podWith({ image: buildOf("broadwell"), annotations }));
    expect([imageOf(pod), provenIn(pod)?.variant]).toEqual([buildOf("broadwell"), digestOf("broadwell")]);
    expect(warnings).toEqual([expect.stringContaining("not known yet")]);
  });

  test("asks no registry when the webhook is called again for its own result", async () => {
    const once = await world.review(podWith({ spec: onNode("node2") }));
    world.registryAway = true;
    const { operations, warnings } = await world.review(once.pod);
    expect([operations, warnings]).toEqual([[], undefined]);
  });
});

describe("a note that does not prove itself: the build is pinned, its owner hears of it, and the note goes", () => {
  const given = (): Readonly<Record<string, object>> => ({ main: { ...honest(), reason: "r" } });
  const other = [createSigningKey(new Date("2026-01-01T00:00:00Z"))];
  test.each<[string, () => Readonly<Record<string, string>>]>([
    ["nobody signed it", () => ({ [selectionAnnotation]: JSON.stringify(given()) })],
    ["it is of another namespace", () => signedNotes(given(), { namespace: "other" })],
    ["it is of another container", () => renamed(signedNotes({ twin: honest() }))],
    ["it is of an init container", () => signedNotes(given(), { kind: "initContainers" })],
    ["it is of another installation, or its key is lost", () => signedNotes(given(), { keys: other })],
    ["the Pod wishes otherwise", () => ({ ...signedNotes(given()), "metahub.dev/accelerators": "always" })],
    ["the Pod is of another strategy", () => ({ ...signedNotes(given()), "metahub.dev/strategy": "common" })],
  ])("%s", async (_, annotations) => {
    const object = podWith({ image: buildOf("broadwell"), annotations: annotations(), spec: onNode("node2") });
    const { pod, warnings } = await world.review(object);
    expect(imageOf(pod)).toBe(buildOf("broadwell"));
    expect(warnings).toEqual([
      expect.stringContaining("its annotation does not prove that it was chosen for this Pod"),
    ]);
    expect(pod.metadata.annotations).not.toHaveProperty([selectionAnnotation]);
  });

  /** The notes of a container under the name of `main`. */
  const renamed = (annotations: Readonly<Record<string, string>>) => ({
    [selectionAnnotation]: (annotations[selectionAnnotation] ?? "").replace('"twin"', '"main"'),
  });

  test("of an index that is named by its digest a build is chosen all the same", async () => {
    const note = { asked: "qnib/bench", index: otherIndex, variant: index };
    const annotations = { [selectionAnnotation]: JSON.stringify({ main: note }) };
    const image = `qnib/bench:latest@${index}`;
    const { pod } = await world.review(podWith({ image, annotations, spec: onNode("node2") }));
    expect(imageOf(pod)).toBe(buildOf("skylake"));
    expect(provenIn(pod)).toMatchObject({ asked: image, index });
  });

  test("a copy is decided on among the builds of the index that was asked for then, though its tag has moved", async () => {
    world.publish("qnib/bench", "latest", { moved: "cpu:skylake" });
    const { pod } = await world.review(
      podWith({ image: buildOf("broadwell"), annotations: claim(honest()), spec: onNode("node2") }),
    );
    expect(imageOf(pod)).toBe(buildOf("skylake"));
  });
});

describe("a forged annotation moves nothing", () => {
  const skylake = digestOf("skylake");
  test.each<[string, () => object, string | undefined]>([
    ["another repository was asked", () => ({ ...honest(), asked: "evil/bench" }), "names another repository"],
    ["nothing was asked", () => ({ ...honest(), asked: "" }), "names another repository"],
    ["no reference was asked", () => ({ ...honest(), asked: "A B" }), "names another repository"],
    ["an index of another repository", () => ({ ...honest(), index: foreignIndex }), "docker.io has no such image"],
    ["an index that does not hold it", () => ({ ...honest(), index: otherIndex }), "does not contain it"],
    ["a build as the index", () => ({ ...honest(), index: digestOf("generic") }), "does not contain it"],
    ["an index that is not there", () => ({ ...honest(), index: digestOf("?") }), "docker.io has no such image"],
    ["another build than the one it has", () => ({ ...honest(), variant: skylake }), undefined],
    ["no digest for the index", () => ({ ...honest(), index: "latest" }), undefined],
    ["no index", () => ({ asked: "qnib/bench", variant: digestOf("broadwell") }), undefined],
    ["a number", () => ({ ...honest(), index: 1, variant: 2 }), undefined],
  ])("%s", async (_, note, warning) => {
    const image = buildOf("broadwell");
    const object = podWith({ image, annotations: claim(note()), spec: onNode("node2") });
    const { pod, warnings = [] } = await world.review(object);
    expect(imageOf(pod)).toBe(image);
    expect(warnings).toEqual(warning === undefined ? [] : [expect.stringContaining(warning)]);
    expect((await world.review(pod)).operations).toEqual([]);
  });

  test("one that claims nothing of its image is not looked into", async () => {
    const annotations = claim({ ...honest(), variant: skylake });
    await world.review(podWith({ image: buildOf("broadwell"), annotations }));
    expect(world.asked).toEqual([`docker.io/${buildOf("broadwell")}`]);
  });

  test("names a registry that may not be asked", async () => {
    const image = buildOf("broadwell", "forbidden.example/bench");
    const note = { ...honest(), asked: "forbidden.example/bench" };
    const { pod } = await world.review(podWith({ image, annotations: claim(note), spec: onNode("node2") }));
    expect(imageOf(pod)).toBe(image);
    expect(world.asked).toEqual([]);
  });

  test("what it claims is not written again", async () => {
    const annotations = claim({ ...honest(), index: otherIndex });
    const { pod } = await world.review(podWith({ image: buildOf("broadwell"), annotations, spec: onNode("node2") }));
    expect(pod.metadata.annotations).toEqual({});
  });

  test.each([
    ["a build of the index", () => buildOf("skylake")],
    ["a build of another repository", () => buildOf("evil", "evil/bench")],
  ])("at an update nothing is re-selected: %s", async (_, image) => {
    const old = podWith({ image: buildOf("broadwell"), annotations: claim(honest()), spec: { nodeName: "node1" } });
    const note = { asked: "qnib/bench", index, variant: skylake };
    const { pod } = await world.review(
      podWith({ image: image(), annotations: claim(note), spec: { nodeName: "node1" } }),
      old,
    );
    expect(imageOf(pod)).toBe(image());
  });
});
