import { beforeEach, describe, expect, test } from "vitest";
import { contextOf, nodeOf, podOf, Shelf } from "../../test/support/binding/shelves.ts";
import { signedNotes, testNoteKeys } from "../../test/support/note-keys.ts";
import { digestOf } from "../../test/support/oci/indexes.ts";
import { selectionAnnotation } from "../api/pod-keys.ts";
import { mostImages } from "../rewriting/image-bounds.ts";
import { ReselectMemory } from "../rewriting/memory.ts";
import { reviewPod } from "../rewriting/reviewed-pod.ts";
import { reselect } from "./reselect.ts";
import type { BoundNode, Reselection } from "./reselection.ts";

const skylake = nodeOf("s", ["cpu:skylake"]);
const broadwell = nodeOf("b", ["cpu:broadwell"]);
const gpu = nodeOf("g", ["cpu:broadwell", "nvcap:5.2"]);
const other = nodeOf("o", ["cpu:nehalem"]);
const builds = ["cpu:skylake", "cpu:broadwell", { name: "gpu", features: "cpu:broadwell,nvcap:5.2" }];
const at = (build: string, name = "qnib/bench"): string => `${name}@${digestOf(build)}`;
const now = new Date("2026-11-23T12:00:00Z");
const proof = { keys: testNoteKeys, namespace: "default", copied: false };
const asking = () => ({ namespace: "default", signal: AbortSignal.timeout(5_000), now });

let shelf: Shelf;
let index: string;
beforeEach(() => {
  shelf = new Shelf();
  index = shelf.add("qnib/bench", ...builds);
});

async function land(
  image: string,
  note: object | undefined,
  node: BoundNode,
  more: Parameters<typeof podOf>[2] = {},
  memory = new ReselectMemory(),
): Promise<Reselection> {
  const annotations = { ...more.annotations };
  const said = note === undefined ? annotations : signedNotes({ main: note }, { annotations });
  const pod = podOf("p", image, { ...more, annotations: said });
  const [found] = await reselect(reviewPod(pod, { proof }), node, contextOf(shelf, memory), asking());
  if (found === undefined) throw new Error("nothing was decided");
  return found;
}

describe("an image as its owner wrote it", () => {
  test.each<[string, BoundNode, string | undefined]>([
    ["qnib/bench", skylake, "cpu:skylake"],
    ["qnib/bench:latest", broadwell, "cpu:broadwell"],
    ["docker.io/qnib/bench", broadwell, "cpu:broadwell"],
    ["qnib/bench", gpu, "cpu:broadwell"],
    ["qnib/bench", other, undefined],
  ])("%s on %o", async (image, node, build) => {
    const found = await land(image, undefined, node);
    const name = image.replace(/:latest$/, "");
    expect(found.write?.image).toBe(build === undefined ? undefined : at(build, name));
    if (build === undefined) expect(found).toMatchObject({ kind: "keep", code: "nothing-fits", surprising: true });
    else expect(found.write?.note).toMatchObject({ asked: image, index, variant: digestOf(build), node: node.name });
  });

  test("a container with a device gets the build for it", async () => {
    const spec = {
      containers: [{ name: "main", image: "qnib/bench", resources: { limits: { "nvidia.com/gpu": "1" } } }],
    };
    expect((await land("qnib/bench", undefined, gpu, { spec })).write?.image).toBe(at("gpu"));
  });

  test.each([
    ["Not A Reference", "invalid-reference"],
    ["forbidden.example.com/a", "registry-not-asked"],
    ["qnib/nothing", "not-found"],
    [at("cpu:skylake"), "no-index"],
  ])("%s: %s", async (image, code) => {
    expect(await land(image, undefined, skylake)).toMatchObject({ kind: "keep", code, surprising: false });
  });

  test("the index that was read at its admission counts, although the tag has moved or the registry is away", async () => {
    const memory = new ReselectMemory();
    await land("qnib/bench", undefined, skylake, {}, memory);
    shelf.add("qnib/bench", "cpu:haswell");
    expect((await land("qnib/bench", { asked: "qnib/bench", index }, skylake, {}, memory)).write?.image).toBe(
      at("cpu:skylake"),
    );
    shelf.away(true);
    expect((await land("qnib/bench", { asked: "qnib/bench", index }, skylake, {}, memory)).write?.image).toBe(
      at("cpu:skylake"),
    );
    // Without having seen it, the annotation proves nothing.
    expect(await land("qnib/bench", { asked: "qnib/bench", index }, skylake)).toMatchObject({
      code: "registry-failed",
    });
    shelf.away(false);
    expect((await land("qnib/bench", { asked: "qnib/bench", index }, skylake)).write?.image).toBe(at("cpu:haswell"));
  });
});

describe("an image that was chosen earlier", () => {
  const chosen = (build: string, more: object = {}): object => ({
    asked: "qnib/bench",
    index,
    variant: digestOf(build),
    ...more,
  });

  test.each<[string, string, object, BoundNode, string, string | undefined]>([
    ["right", "cpu:skylake", {}, skylake, "keep", undefined],
    ["chosen at admission, and the node is another", "cpu:skylake", {}, broadwell, "correct", at("cpu:broadwell")],
    ["chosen for another node", "cpu:skylake", { node: "s" }, broadwell, "move", at("cpu:broadwell")],
    ["chosen for another node, and nothing fits here", "cpu:skylake", { node: "s" }, other, "return", "qnib/bench"],
  ])("%s", async (_, build, note, node, kind, image) => {
    const found = await land(at(build), chosen(build, note), node);
    expect([found.kind, found.write?.image]).toEqual([kind, image]);
    expect(found.surprising).toBe(kind === "correct" || kind === "return");
    if (image !== undefined) expect(found.write?.note).toMatchObject({ asked: "qnib/bench", index });
    expect(found.write?.note.node).toBe(image === undefined ? undefined : node.name);
  });

  test("right for this node too, though it was chosen for another: only the note changes", async () => {
    const twin = nodeOf("twin", ["cpu:skylake", "nvcap:7.0"]);
    const found = await land(at("cpu:skylake"), chosen("cpu:skylake", { node: "s", code: "selected" }), twin);
    expect(found).toMatchObject({ kind: "keep", surprising: false, write: { image: at("cpu:skylake") } });
    const variant = digestOf("cpu:skylake");
    expect(found.write?.note).toMatchObject({
      asked: "qnib/bench",
      index,
      variant,
      node: "twin",
      machineType: "type-twin",
    });
  });

  test.each<[string, object]>([
    ["another repository", { asked: "evil/bench" }],
    ["no reference", { asked: "Not A Reference" }],
    ["nothing", { asked: 3 }],
  ])("asked: %s proves nothing", async (_, forged) => {
    const found = await land(at("cpu:skylake"), chosen("cpu:skylake", forged), broadwell);
    expect(found).toMatchObject({ kind: "keep", code: "unproven", surprising: true });
  });

  test("an index without the build proves nothing", async () => {
    const foreign = shelf.add("qnib/bench:other", "cpu:broadwell");
    const found = await land(at("cpu:skylake"), chosen("cpu:skylake", { index: foreign }), broadwell);
    expect(found).toMatchObject({ kind: "keep", code: "unproven" });
  });

  test("an index that is not in the repository is not found there", async () => {
    const foreign = shelf.add("evil/bench", "cpu:skylake", "cpu:broadwell");
    const found = await land(at("cpu:skylake"), chosen("cpu:skylake", { index: foreign }), broadwell);
    expect(found).toMatchObject({ kind: "keep", code: "not-found" });
    expect(shelf.asked).not.toContain(`docker.io/evil/bench@${foreign}`);
  });

  test("a note about another build says nothing of this one", async () => {
    const found = await land(at("cpu:skylake"), chosen("cpu:broadwell"), broadwell);
    expect(found).toMatchObject({ kind: "keep", code: "no-index" });
  });

  test("what was asked comes back only where it still names the index", async () => {
    const forged = chosen("cpu:skylake", { node: "s", asked: "qnib/bench:evil" });
    shelf.add("qnib/bench:evil", "cpu:skylake");
    expect((await land(at("cpu:skylake"), forged, other)).write?.image).toBe(`qnib/bench@${index}`);
    const pinned = chosen("cpu:skylake", { node: "s", asked: `qnib/bench@${index}` });
    expect((await land(at("cpu:skylake"), pinned, other)).write?.image).toBe(`qnib/bench@${index}`);
  });

  test("a registry that is away is a surprise, but for a build that admission chose", async () => {
    shelf.away(true);
    const failed = { kind: "keep", code: "registry-failed" };
    expect(await land(at("cpu:skylake"), chosen("cpu:skylake"), skylake)).toMatchObject({ surprising: false });
    const note = chosen("cpu:skylake", { node: "s" });
    expect(await land(at("cpu:skylake"), note, broadwell)).toMatchObject({ ...failed, surprising: true });
    expect(await land("qnib/bench", undefined, broadwell)).toMatchObject({ ...failed, surprising: true });
  });
});

test("of an index that could not be read whole, nothing is said of what it lacks", async () => {
  const note = { asked: "qnib/bench", index, variant: digestOf("cpu:broadwell"), code: "selected" };
  shelf.incomplete = true;
  const found = await land(at("cpu:broadwell"), note, broadwell);
  // Not `unproven`, which would pin it for good: asked for again, it is proven.
  expect(found).toMatchObject({ kind: "keep", code: "registry-failed" });
  shelf.incomplete = false;
  expect(await land(at("cpu:broadwell"), note, broadwell)).toMatchObject({ kind: "keep", chosen: true });
});

test("an index that could not be read whole is not remembered for Pods that wait", async () => {
  const memory = new ReselectMemory();
  shelf.incomplete = true;
  await land("qnib/bench", undefined, broadwell, {}, memory);
  shelf.incomplete = false;
  const note = { asked: "qnib/bench", index, code: "at-binding" };
  const found = await land("qnib/bench", note, broadwell, {}, memory);
  expect(found.write?.image).toBe(at("cpu:broadwell"));
});

describe("strategy common", () => {
  const annotations = { "metahub.dev/strategy": "common" };
  const both = nodeOf("s", ["cpu:skylake"], ["cpu:broadwell"]);

  test("what all nodes run, where nothing was chosen", async () => {
    expect((await land("qnib/bench", undefined, both, { annotations })).write?.image).toBe(at("cpu:broadwell"));
  });

  test("what runs here stays, although this node has a better one", async () => {
    const note = { asked: "qnib/bench", index, variant: digestOf("cpu:broadwell") };
    expect((await land(at("cpu:broadwell"), note, both, { annotations })).kind).toBe("keep");
    expect((await land(at("cpu:broadwell"), note, both)).kind).toBe("correct");
  });

  test("what does not run here is replaced", async () => {
    const note = { asked: "qnib/bench", index, variant: digestOf("cpu:skylake") };
    expect((await land(at("cpu:skylake"), note, broadwell, { annotations })).write?.image).toBe(at("cpu:broadwell"));
  });
});

test("ephemeral containers and image volumes are not looked at", async () => {
  const spec = {
    containers: [],
    ephemeralContainers: [{ name: "debug", image: "qnib/bench" }],
    volumes: [{ name: "data", image: { reference: "qnib/bench" } }],
  };
  const pod = podOf("p", "qnib/bench", { spec });
  expect(await reselect(reviewPod(pod), skylake, contextOf(shelf), asking())).toEqual([]);
});

describe("a Pod that was created while nobody reviewed it", () => {
  const containers = (count: number, image: (row: number) => string): object => ({
    containers: Array.from({ length: count }, (_, row) => ({ name: `c${row}`, image: image(row) })),
  });

  test("so many distinct images are looked at, in turns, and the rest is left", async () => {
    // The last is one of the first: it costs no further image, and is decided on.
    const count = mostImages + 11;
    const image = (row: number): string => (row % (count - 1) === 0 ? "qnib/bench" : `qnib/other:${row}`);
    const context = contextOf(shelf);
    let running = 0;
    let most = 0;
    const lookup: typeof context.lookup = async (...asked) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return await context.lookup(...asked);
    };
    const pod = podOf("p", "", { spec: containers(count, image) });
    const made = await reselect(reviewPod(pod), skylake, { ...context, lookup }, asking());
    expect(new Set(shelf.asked).size).toBe(mostImages);
    expect(most).toBe(16);
    const written = made.flatMap(({ place, write }) => (write === undefined ? [] : [[place.name, write.image]]));
    expect(written).toEqual([
      ["c0", at("cpu:skylake")],
      [`c${count - 1}`, at("cpu:skylake")],
    ]);
    const left = made.filter(({ code }) => code === "too-many-images");
    expect(left.map(({ place }) => place.name)).toEqual(Array.from({ length: 10 }, (_, row) => `c${row + mostImages}`));
    expect(left[0]).toMatchObject({ kind: "keep", surprising: true });
    expect(made).toHaveLength(count);
  });

  test("a note that left the choice to the binding tells that it was not made", async () => {
    const note = { asked: "qnib/other:last", code: "at-binding", reason: "r", at: "" };
    const annotations = { [selectionAnnotation]: JSON.stringify({ [`c${mostImages}`]: note }) };
    const spec = containers(mostImages + 1, (row) => (row === mostImages ? "qnib/other:last" : `qnib/other:${row}`));
    const pod = podOf("p", "", { spec, annotations });
    const made = await reselect(reviewPod(pod), skylake, contextOf(shelf), asking());
    expect(made.at(-1)?.write).toMatchObject({
      image: "qnib/other:last",
      note: { code: "too-many-images", node: "s" },
    });
  });
});
