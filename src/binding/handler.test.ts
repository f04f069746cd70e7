import { pino } from "pino";
import { beforeEach, expect, test } from "vitest";
import { at, BindingBench, signal } from "../../test/support/binding/bench.ts";
import { bindingOf, contextOf, podOf } from "../../test/support/binding/shelves.ts";
import { signedNotes } from "../../test/support/note-keys.ts";
import { digestOf } from "../../test/support/oci/indexes.ts";
import { RegistryError } from "../registry/error.ts";
import { systemClock } from "../time/clock.ts";

let bench: BindingBench;
beforeEach(() => {
  bench = new BindingBench();
});

test("one write: tests of uid, of nodeName being absent and of the image before anything changes", async () => {
  bench.server.cache.set("p", bench.server.set(podOf("p", "qnib/bench")));
  expect(await bench.bind("p", "s")).toEqual(["written"]);
  expect(bench.server.reads).toBe(0);
  expect(bench.server.patches).toHaveLength(1);
  const [operations = []] = bench.server.patches;
  expect(operations.map(({ op, path }) => `${op} ${path}`)).toEqual([
    "test /metadata/uid",
    "test /spec/nodeName",
    "test /spec/containers/0/image",
    "test /metadata/annotations",
    "replace /spec/containers/0/image",
    "add /metadata/annotations",
  ]);
  expect(bench.image("p")).toBe(at("cpu:skylake"));
  expect(bench.events.reasons).toEqual([]);
});

test("a Pod that is not in the cache is read", async () => {
  bench.server.set(podOf("p", "qnib/bench", { annotations: { other: "1" } }));
  expect(await bench.bind("p", "b")).toEqual(["written"]);
  expect([bench.server.reads, bench.image("p")]).toEqual([1, at("cpu:broadwell")]);
});

test("one of the same name that is another is read", async () => {
  bench.server.cache.set("p", { ...podOf("p", "qnib/old"), metadata: { name: "p", uid: "gone" } });
  bench.server.set(podOf("p", "qnib/bench"));
  expect(await bench.bind("p", "s")).toEqual(["written"]);
  expect(bench.image("p")).toBe(at("cpu:skylake"));
});

test("bound again after a bind that failed: written for the other node, then not again", async () => {
  bench.server.set(podOf("p", "qnib/bench"));
  await bench.bind("p", "s");
  await bench.bind("p", "b");
  expect(bench.image("p")).toBe(at("cpu:broadwell"));
  expect(await bench.bind("p", "b")).toEqual(["written", "written", "unchanged"]);
  expect(bench.server.patches).toHaveLength(2);
});

test.each<[string, Parameters<typeof podOf>[2]]>([
  ["the label disabled", { labels: { "metahub.dev/rewrite": "disabled" } }],
  ["strategy admission", { annotations: { "metahub.dev/strategy": "admission" } }],
])("%s: left alone", async (_, more) => {
  bench.server.set(podOf("p", "qnib/bench", more));
  expect(await bench.bind("p", "s")).toEqual(["skipped"]);
  expect(bench.server.patches).toEqual([]);
});

test("where only labelled Pods are meant, others are left alone", async () => {
  bench.server.set(podOf("p", "qnib/bench"));
  await bench.handler({ labelledOnly: true }).handle(bindingOf("p", "s"), signal);
  bench.server.set(podOf("q", "qnib/bench", { labels: { "metahub.dev/rewrite": "enabled" } }));
  await bench.handler({ labelledOnly: true }).handle(bindingOf("q", "s"), signal);
  expect([bench.image("p"), bench.image("q")]).toEqual(["qnib/bench", at("cpu:skylake")]);
});

test.each(["none", "unknown"] as const)("a namespace of which %s is meant is left alone, unread", async (reach) => {
  bench.server.set(podOf("p", "qnib/bench"));
  const asked: string[] = [];
  const of = async (namespace: string) => {
    asked.push(namespace);
    return reach;
  };
  const { response } = await bench.handler({ reach: { of } }).handle(bindingOf("p", "s"), signal);
  expect([response.allowed, asked, bench.server.reads, bench.image("p")]).toEqual([true, ["default"], 0, "qnib/bench"]);
});

test("in a namespace that did not opt in, only Pods that did are meant", async () => {
  bench.server.set(podOf("p", "qnib/bench"));
  bench.server.set(podOf("q", "qnib/bench", { labels: { "metahub.dev/rewrite": "enabled" } }));
  const handler = bench.handler({ reach: { of: async () => "labelled" as const } });
  for (const name of ["p", "q"]) await handler.handle(bindingOf(name, "s"), signal);
  expect([bench.image("p"), bench.image("q")]).toEqual(["qnib/bench", at("cpu:skylake")]);
});

test("a dry run writes nothing and makes no Event", async () => {
  bench.server.set(podOf("p", "qnib/bench"));
  expect(await bench.bind("p", "s", { dryRun: true })).toEqual(["dry-run"]);
  expect([bench.server.patches, bench.events.reasons]).toEqual([[], []]);
});

test.each<[string, object]>([
  ["another resource", { resource: { group: "", version: "v1", resource: "configmaps" } }],
  ["another subresource", { subResource: "eviction" }],
  ["another operation", { operation: "UPDATE" }],
  ["no target", { object: {} }],
  ["a target that is no node", { object: { target: { kind: "Machine", name: "s" } } }],
])("%s is not looked at", async (_, more) => {
  bench.server.set(podOf("p", "qnib/bench"));
  expect(await bench.bind("p", "s", more)).toEqual([]);
  expect(bench.server.reads).toBe(0);
});

test.each<[string, object]>([
  ["a Pod's name", { name: "p".repeat(254) }],
  ["a node's name", { object: { target: { kind: "Node", name: "s".repeat(254) } } }],
  ["a uid", { object: { metadata: { uid: "u".repeat(65) }, target: { kind: "Node", name: "s" } } }],
])("%s that is longer than any passes unread, and nothing of it is logged", async (_, more) => {
  bench.server.set(podOf("p", "qnib/bench"));
  const lines: string[] = [];
  const log = pino({ level: "debug" }, { write: (line: string) => void lines.push(line) });
  const { response } = await bench.handler({ log }).handle({ ...bindingOf("p", "s"), ...more }, signal);
  expect([response.allowed, bench.server.reads, lines.length]).toEqual([true, 0, 1]);
  expect(lines[0]?.length).toBeLessThan(250);
});

test("the legacy resource names the Pod in the object", async () => {
  bench.server.set(podOf("p", "qnib/bench"));
  const legacy = { resource: { group: "", version: "v1", resource: "bindings" }, name: "" };
  const { subResource: _, ...request } = { ...bindingOf("p", "s"), ...legacy };
  await bench.handler().handle(request, signal);
  expect(bench.image("p")).toBe(at("cpu:skylake"));
});

test.each<[string, string, string, string]>([
  ["a node that nobody knows", "qnib/bench", "unknown-node", "x"],
  ["a registry that is away", "qnib/away", "undecided", "s"],
])("%s: bound as it is", async (_, name, outcome, node) => {
  bench.server.set(podOf("p", name));
  expect(await bench.bind("p", node)).toEqual([outcome]);
  expect(bench.server.patches).toEqual([]);
});

test("nothing fits: an Event", async () => {
  bench.shelf.add("qnib/gpu", "nvcap:9.0");
  bench.server.set(podOf("p", "qnib/gpu"));
  expect(await bench.bind("p", "s")).toEqual(["nothing-fits"]);
  expect(bench.events.reasons).toEqual(["NothingFits"]);
});

test("a correction of what admission chose: an Event", async () => {
  const index = bench.shelf.add("qnib/bench", "cpu:skylake", "cpu:broadwell");
  const note = { main: { asked: "qnib/bench", index, variant: digestOf("cpu:skylake") } };
  bench.server.set(podOf("p", at("cpu:skylake"), { annotations: signedNotes(note) }));
  expect(await bench.bind("p", "b")).toEqual(["corrected"]);
  expect([bench.image("p"), bench.events.reasons]).toEqual([at("cpu:broadwell"), ["SelectionCorrected"]]);
});

test("once its time is over nothing is written", async () => {
  bench.server.set(podOf("p", "qnib/bench"));
  const ended = new AbortController();
  const lookup = (): Promise<never> => {
    ended.abort(new Error("over"));
    return Promise.reject(ended.signal.reason);
  };
  const late = await bench
    .handler({ context: { ...contextOf(bench.shelf), lookup } })
    .handle(bindingOf("p", "s"), ended.signal);
  expect(late.response.allowed).toBe(true);
  expect([await bench.outcomes(), bench.server.patches]).toEqual([["deadline"], []]);
});

test("a registry that hangs keeps nobody from writing what is known of another container", async () => {
  const containers = ["qnib/bench", "slow.example.com/a"].map((name, index) => ({ name: `c${index}`, image: name }));
  bench.server.set(podOf("p", "", { spec: { containers } }));
  const context = contextOf(bench.shelf);
  const lookup: typeof context.lookup = (reference, pod, namespace, until) => {
    if (reference.registry === "docker.io") return context.lookup(reference, pod, namespace, until);
    return new Promise((_, reject) => {
      until.addEventListener("abort", () => reject(new RegistryError("ABORTED", "over")));
    });
  };
  await bench
    .handler({ context: { ...context, lookup }, lookupMs: 20, clock: systemClock })
    .handle(bindingOf("p", "s"), signal);
  expect(bench.server.pods.get("p")?.spec.containers?.map(({ image: is }) => is)).toEqual([
    at("cpu:skylake"),
    "slow.example.com/a",
  ]);
});
