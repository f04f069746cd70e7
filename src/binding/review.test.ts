import { beforeEach, describe, expect, test } from "vitest";
import { at, BindingBench } from "../../test/support/binding/bench.ts";
import { bindingOf, podOf } from "../../test/support/binding/shelves.ts";
import { signedNotes } from "../../test/support/note-keys.ts";
import { digestOf } from "../../test/support/oci/indexes.ts";
import { heldMs } from "./hold.ts";

let bench: BindingBench;
beforeEach(() => {
  bench = new BindingBench();
});

describe("written for another node a moment ago, whose binding may be under way", () => {
  const chosenFor = (node: string, at: string, image = atSkylake()) =>
    podOf("p", image, {
      annotations: signedNotes({ main: { ...provenNote(), node, at } }),
    });
  const atSkylake = (): string => at("cpu:skylake");
  const provenNote = () => ({
    asked: "qnib/bench",
    index: bench.shelf.add("qnib/bench", "cpu:skylake", "cpu:broadwell"),
    variant: digestOf("cpu:skylake"),
  });
  const total = (): number => bench.waited.reduce((sum, ms) => sum + ms, 0);

  test("bound meanwhile: nothing is written, so that it runs the build of its node", async () => {
    bench.server.set(chosenFor("s", "2026-11-23T12:00:00Z"));
    const reading = bench.server.read.bind(bench.server);
    bench.server.read = (namespace, name) => {
      if (bench.waited.length === 2) bench.server.set(podOf("p", at("cpu:skylake"), { spec: { nodeName: "s" } }));
      return reading(namespace, name);
    };
    expect(await bench.bind("p", "b")).toEqual(["stale"]);
    expect([bench.image("p"), bench.server.patches]).toEqual([at("cpu:skylake"), []]);
  });

  test("not bound: written after a while, which has a bound", async () => {
    bench.server.set(chosenFor("s", "2026-11-23T12:00:00Z"));
    expect(await bench.bind("p", "b")).toEqual(["written"]);
    expect([bench.image("p"), total()]).toEqual([at("cpu:broadwell"), heldMs]);
  });

  test("put back meanwhile: written at once", async () => {
    bench.server.set(chosenFor("s", "2026-11-23T12:00:00Z"));
    bench.server.cache.set("p", chosenFor("s", "2026-11-23T12:00:00Z"));
    bench.server.set(podOf("p", "qnib/bench"));
    expect(await bench.bind("p", "b")).toEqual(["written"]);
    expect(bench.waited).toHaveLength(1);
  });

  test.each<[string, () => ReturnType<typeof podOf>, string]>([
    ["for the same node", () => chosenFor("b", "2026-11-23T12:00:00Z"), "b"],
    ["a while ago", () => chosenFor("s", "2026-11-23T11:59:53Z"), "b"],
    ["at a time that is to come", () => chosenFor("s", "2026-11-23T12:00:05Z"), "b"],
  ])("nobody waits where it was written %s", async (_, pod, node) => {
    bench.server.set(pod());
    await bench.bind("p", node);
    expect([bench.image("p"), bench.waited]).toEqual([at("cpu:broadwell"), []]);
  });

  test("its time is over before the other's: refused, since one of two is refused anyway", async () => {
    bench.server.set(chosenFor("s", "2026-11-23T12:00:00Z"));
    const ended = new AbortController();
    const reading = bench.server.read.bind(bench.server);
    bench.server.read = (namespace, name) => {
      if (bench.waited.length === 2) ended.abort(new Error("over"));
      return reading(namespace, name);
    };
    const { response } = await bench.handler().handle(bindingOf("p", "b"), ended.signal);
    expect(response).toMatchObject({ allowed: false, status: { code: 409, reason: "Conflict" } });
    expect([await bench.outcomes(), bench.server.patches]).toEqual([["conflict"], []]);
  });

  test("nobody waits where the build is the same", async () => {
    bench.server.set(chosenFor("other", "2026-11-23T12:00:00Z"));
    expect(await bench.bind("p", "s")).toEqual(["unchanged"]);
    expect(bench.waited).toEqual([]);
  });
});

test("a note of any container holds the Pod where an image is to change", async () => {
  const containers = ["one", "two"].map((name) => ({ name, image: "qnib/bench" }));
  const one = { asked: "qnib/bench", node: "s", at: "2026-11-23T12:00:00Z", code: "registry-failed" };
  const annotations = signedNotes({ one });
  bench.server.set(podOf("p", "", { annotations, spec: { containers } }));
  await bench.bind("p", "b");
  expect(bench.waited.reduce((sum, ms) => sum + ms, 0)).toBe(heldMs);
});

describe("a Pod with very many images, created while nobody reviewed it", () => {
  const podWith = (count: number, annotations = {}): ReturnType<typeof podOf> => {
    const containers = Array.from({ length: count }, (_, row) => ({ name: `c${row}`, image: `qnib/y:${row}` }));
    return podOf("p", "", { spec: { containers }, annotations });
  };
  const told = (): readonly string[] => bench.events.facts.map(({ reason, note }) => `${reason}: ${note}`);

  test.each([
    ["the images that are beyond the bound are told of in one Event", 300, {}, 256],
    ["one that is too large is bound as it is, and nothing of it is looked at", 20_000, {}, 0],
    ["also where it wants the build that all nodes have in common", 20_000, { "metahub.dev/strategy": "common" }, 0],
  ])("%s", async (_, count, annotations, asked) => {
    bench.server.set(podWith(count, annotations));
    expect(await bench.bind("p", "s")).toEqual(["too-many-images"]);
    const why =
      asked === 0
        ? "it has 20000 containers and volumes, at most 1024 are looked at; its images are left as written"
        : "44 of its images: only the first 256 images of a Pod are looked at";
    expect(told()).toEqual([`TooManyImages: images are left as they are on node s: ${why}`]);
    expect([bench.shelf.asked.length, bench.server.patches]).toEqual([asked, []]);
  });

  test("a dry run tells nobody", async () => {
    bench.server.set(podWith(2_000));
    expect(await bench.bind("p", "s", { dryRun: true })).toEqual(["too-many-images"]);
    expect(told()).toEqual([]);
  });
});
