import { beforeEach, describe, expect, test } from "vitest";
import { bench, buildOf, imageOf, onNode, podWith, World } from "../../test/support/admission/bench.ts";
import { digestOf } from "../../test/support/oci/indexes.ts";
import { selectionAnnotation } from "../api/pod-keys.ts";
import { parseSelection } from "../rewriting/notes/read.ts";

const linux = { os: "linux", architecture: "amd64" };
let world: World;
beforeEach(() => {
  world = new World();
  world.publish("qnib/bench", "latest", bench);
  world.publish("qnib/narrow", "latest", { narrow: "cpu:skylake" });
});
const strategy = (value: string): Record<string, string> => ({ "metahub.dev/strategy": value });
const noteOf = (pod: { metadata: { annotations?: Readonly<Record<string, string>> } }) =>
  parseSelection(pod.metadata.annotations?.[selectionAnnotation]).get("main");

describe("strategies", () => {
  const anywhere = {};
  test.each<[string | undefined, object, string, string, boolean]>([
    [undefined, onNode("node2"), buildOf("skylake"), "selected", false],
    [undefined, anywhere, "qnib/bench", "nodes-differ", false],
    ["auto", anywhere, "qnib/bench", "nodes-differ", false],
    ["admission", onNode("node2"), buildOf("skylake"), "selected", false],
    ["admission", anywhere, "qnib/bench", "nodes-differ", true],
    ["admission", onNode("node9"), "qnib/bench", "no-nodes", true],
    ["bind", onNode("node2"), "qnib/bench", "at-binding", false],
    ["bind", anywhere, "qnib/bench", "at-binding", false],
    ["bind", onNode("node9"), "qnib/bench", "at-binding", false],
    ["bind", { nodeName: "node2" }, buildOf("skylake"), "selected", false],
    ["common", anywhere, buildOf("generic"), "generic", false],
    ["never", anywhere, "qnib/bench", "nodes-differ", true],
  ])("%s with %j: %s, because %s", async (value, spec, image, code, warned) => {
    const annotations = value === undefined ? {} : strategy(value);
    const { pod, warnings } = await world.review(podWith({ annotations, spec }));
    expect(imageOf(pod)).toBe(image);
    expect(noteOf(pod)).toMatchObject({ asked: "qnib/bench", code });
    expect(warnings !== undefined).toBe(warned);
  });

  test("with bind, images without a choice get no note, and what fits nowhere is said at once", async () => {
    world.publish("qnib/one", "latest", { only: "" });
    const annotations = strategy("bind");
    const single = await world.review(podWith({ image: `qnib/one@${digestOf("only")}`, annotations }));
    expect(single.operations).toEqual([]);
    const { warnings } = await world.review(podWith({ image: "qnib/narrow", annotations, spec: onNode("node1") }));
    expect(warnings).toEqual([expect.stringContaining("cpu:skylake")]);
  });

  test("with bind, image volumes are decided all the same: they never change again", async () => {
    const volumes = [{ name: "model", image: { reference: "qnib/bench" } }];
    const { pod } = await world.review(podWith({ annotations: strategy("bind"), spec: { volumes } }));
    expect(pod.spec.volumes?.[0]?.image?.reference).toBe(buildOf("generic"));
  });

  test("bind where nothing is chosen at binding is auto, with a Warning", async () => {
    world = new World({ context: { atBinding: false } });
    world.publish("qnib/bench", "latest", bench);
    const { pod, warnings } = await world.review(podWith({ annotations: strategy("bind"), spec: onNode("node2") }));
    expect(imageOf(pod)).toBe(buildOf("skylake"));
    expect(warnings).toEqual([expect.stringContaining("taken as auto")]);
  });

  test("the webhook called again for its own result changes nothing", async () => {
    for (const value of ["auto", "admission", "bind", "common"]) {
      const once = await world.review(podWith({ annotations: strategy(value) }));
      expect((await world.review(once.pod)).operations, value).toEqual([]);
    }
  });
});

describe("ephemeral containers", () => {
  const debugContainer = { name: "debugger", image: "qnib/bench" };
  const there = { name: "first", image: buildOf("generic") };
  const bound = { nodeName: "node2", ephemeralContainers: [there] };

  test("a new one gets the build for the Pod's node, and nothing else is written", async () => {
    const old = podWith({ spec: bound });
    const now = podWith({ spec: { ...bound, ephemeralContainers: [there, debugContainer] } });
    const { operations } = await world.review(now, old, "ephemeralcontainers");
    expect(operations).toEqual([
      { op: "replace", path: "/spec/ephemeralContainers/1/image", value: buildOf("skylake") },
    ]);
  });

  test("one that is there never changes, whatever is sent", async () => {
    const old = podWith({ spec: bound });
    const now = podWith({
      image: "qnib/other",
      spec: { ...bound, ephemeralContainers: [{ ...there, image: "qnib/bench" }] },
    });
    expect((await world.review(now, old, "ephemeralcontainers")).operations).toEqual([]);
    expect(world.asked).toEqual([]);
  });

  test("of a Pod that waits for its node, it gets what all of its nodes can run", async () => {
    const now = podWith({ spec: { ephemeralContainers: [debugContainer] } });
    const { operations } = await world.review(now, podWith(), "ephemeralcontainers");
    expect(operations.map((operation) => ("value" in operation ? operation.value : ""))).toEqual([buildOf("generic")]);
  });

  test("one for which nothing fits is left, with a Warning", async () => {
    const spec = { nodeName: "node1", ephemeralContainers: [{ ...debugContainer, image: "qnib/narrow" }] };
    const { operations, warnings } = await world.review(
      podWith({ spec }),
      podWith({ spec: { nodeName: "node1" } }),
      "ephemeralcontainers",
    );
    expect(operations).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining("image qnib/narrow of debugger is left as written")]);
  });

  test("other subresources are none of ours", async () => {
    expect((await world.review(podWith(), podWith({ image: "x" }), "resize")).operations).toEqual([]);
  });
});

test("deny refuses what fits nowhere, and only that", async () => {
  const annotations = { "metahub.dev/no-match": "deny" };
  const narrow = { image: "qnib/narrow", annotations };
  const refused = await world.review(podWith({ ...narrow, spec: onNode("node1") }));
  expect([refused.allowed, refused.status?.message]).toEqual([false, expect.stringContaining("main: qnib/narrow")]);
  expect((await world.review(podWith({ ...narrow, spec: onNode("node2") }))).allowed).toBe(true);
  expect((await world.review(podWith(narrow))).allowed).toBe(true);
});

test.each([
  ["an entry that could not be read", { unread: [1] }],
  ["an attestation that runtimes take for an image", { written: [{ platform: linux, leads: "artifact" }] }],
] as const)("deny refuses nothing where it is not certain: %s", async (_, more) => {
  world.publish("qnib/unsure", "latest", { narrow: "cpu:skylake" }, more);
  const annotations = { "metahub.dev/no-match": "deny" };
  const pod = podWith({ image: "qnib/unsure", annotations, spec: onNode("node1") });
  expect(await world.review(pod)).toMatchObject({ allowed: true, operations: [] });
  const fits = await world.review(podWith({ image: "qnib/unsure", annotations, spec: onNode("node2") }));
  expect(imageOf(fits.pod)).toBe(`qnib/unsure@${digestOf("narrow")}`);
});

test("a Pod that opted out, and a mirror Pod, pass untouched", async () => {
  const mirror = await world.review(podWith({ annotations: { "kubernetes.io/config.mirror": "x" } }));
  const optedOut = await world.review({
    metadata: { labels: { "metahub.dev/rewrite": "disabled" } },
    spec: { containers: [{ name: "main", image: "qnib/bench" }] },
  });
  expect([mirror.operations, optedOut.operations, world.asked]).toEqual([[], [], []]);
});

describe("namespaces", () => {
  const labelled = (rewrite: string) => ({
    metadata: { name: "p", labels: { "metahub.dev/rewrite": rewrite } },
    spec: { containers: [{ name: "main", image: "qnib/bench" }], ...onNode("node2") },
  });
  test.each([
    ["all", undefined, true],
    ["all", "disabled", false],
    ["labelled", undefined, false],
    ["labelled", "enabled", true],
    ["none", "enabled", false],
    ["unknown", "enabled", false],
  ] as const)("of which %s are meant: a Pod that says %s", async (reach, word, rewritten) => {
    world = new World({ reach });
    world.publish("qnib/bench", "latest", bench);
    const { pod, warnings } = await world.review(
      word === undefined ? podWith({ spec: onNode("node2") }) : labelled(word),
    );
    expect(imageOf(pod)).toBe(rewritten ? buildOf("skylake") : "qnib/bench");
    expect(warnings).toEqual(reach === "unknown" ? [expect.stringContaining("namespace cannot be read")] : undefined);
    expect(world.asked.length > 0).toBe(rewritten);
  });
});
