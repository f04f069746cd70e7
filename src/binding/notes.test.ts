import { beforeEach, describe, expect, test } from "vitest";
import { at, BindingBench } from "../../test/support/binding/bench.ts";
import { podOf } from "../../test/support/binding/shelves.ts";
import { signedNotes, testNoteKeys } from "../../test/support/note-keys.ts";
import { digestOf } from "../../test/support/oci/indexes.ts";
import { selectionAnnotation } from "../api/pod-keys.ts";
import { KubernetesError } from "../kubernetes/error.ts";
import { parseSelection } from "../rewriting/notes/read.ts";
import { reviewPod } from "../rewriting/reviewed-pod.ts";

let bench: BindingBench;
beforeEach(() => {
  bench = new BindingBench();
});

test("what is written proves itself at the next binding; what others wrote beside it is kept, and does not", async () => {
  const index = bench.shelf.add("qnib/bench", "cpu:skylake", "cpu:broadwell");
  const forged = { asked: "qnib/bench", code: "selected", at: "2026-11-23T12:00:00Z" };
  const side = { ...forged, index, variant: digestOf("cpu:broadwell") };
  const containers = [
    { name: "side", image: at("cpu:broadwell") },
    { name: "main", image: "qnib/bench" },
  ];
  const annotations = { [selectionAnnotation]: JSON.stringify({ side }) };
  bench.server.set(podOf("p", "", { annotations, spec: { containers } }));
  await bench.bind("p", "s");
  const pod = bench.server.pods.get("p");
  if (pod === undefined) throw new Error("the Pod is there");
  const proof = { keys: testNoteKeys, namespace: "default", copied: false };
  const { notes, claims } = reviewPod(pod, { proof });
  expect([[...notes.keys()], [...claims.keys()]]).toEqual([["main"], ["side", "main"]]);
  expect(pod.spec.containers?.map(({ image }) => image)).toEqual([at("cpu:broadwell"), at("cpu:skylake")]);
});

describe("a choice that admission left open", () => {
  const open = (image: string, code = "nodes-differ") =>
    podOf("p", image, {
      annotations: { [selectionAnnotation]: JSON.stringify({ main: { asked: image, code, at: "", reason: "" } }) },
    });
  const note = () =>
    parseSelection(bench.server.pods.get("p")?.metadata.annotations?.[selectionAnnotation]).get("main");

  test.each<[string, string, string, string]>([
    ["nothing fits", "qnib/gpu", "nothing-fits", "nothing-fits"],
    ["no registry tells", "qnib/away", "undecided", "not-found"],
  ])("%s: the image stays, and the annotation says why", async (_, name, outcome, code) => {
    bench.shelf.add("qnib/gpu", "nvcap:9.0");
    bench.server.set(open(name));
    expect(await bench.bind("p", "s")).toEqual([outcome]);
    expect(bench.image("p")).toBe(name);
    expect(note()).toMatchObject({ asked: name, code, node: "s", machineType: "type-s" });
    expect(note()?.["reason"]).not.toBe("");
    // Bound again it is the same, and there is nothing to write.
    await bench.bind("p", "s");
    expect(bench.server.patches).toHaveLength(1);
    await bench.bind("p", "b");
    expect(note()).toMatchObject({ code, node: "b", machineType: "type-b" });
  });

  test("an index that nobody proved does not come into the note", async () => {
    bench.shelf.add("qnib/gpu", "nvcap:9.0");
    const main = { asked: "qnib/gpu", code: "nodes-differ", index: digestOf("evil") };
    const annotations = { [selectionAnnotation]: JSON.stringify({ main }) };
    bench.server.set(podOf("p", "qnib/gpu", { annotations }));
    await bench.bind("p", "s");
    expect(note()).toMatchObject({ code: "nothing-fits", node: "s" });
    expect(note()).not.toHaveProperty("index");
    bench.server.set(podOf("p", "qnib/gpu", { annotations: signedNotes({ main }) }));
    await bench.bind("p", "s");
    expect(note()).toMatchObject({ code: "nothing-fits", index: digestOf("evil") });
  });

  test("a policy that refuses the note is no matter: the Pod is bound as it was to be", async () => {
    bench.shelf.add("qnib/gpu", "nvcap:9.0");
    bench.server.set(open("qnib/gpu"));
    bench.server.refuse = new KubernetesError("INVALID", "no", { causes: [{ message: "signature missing" }] });
    expect(await bench.bind("p", "s")).toEqual(["nothing-fits"]);
    expect(bench.events.reasons).toEqual(["NothingFits"]);
  });

  test("a note that is not about the image that is there is left", async () => {
    bench.server.set(open("qnib/away"));
    bench.server.meanwhile = () => void bench.server.set(podOf("p", "qnib/bench"));
    expect(await bench.bind("p", "s")).toEqual(["written"]);
    expect(bench.image("p")).toBe(at("cpu:skylake"));
  });
});
