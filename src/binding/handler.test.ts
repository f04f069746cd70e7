import { pino } from "pino";
import { beforeEach, describe, expect, test } from "vitest";
import {
  bindingOf,
  contextOf,
  EventShelf,
  nodeOf,
  PodShelf,
  podOf,
  Shelf,
} from "../../test/support/binding/shelves.ts";
import { digestOf } from "../../test/support/oci/indexes.ts";
import { KubernetesError } from "../kubernetes/error.ts";
import { RegistryError } from "../registry/error.ts";
import { parseSelection, selectionAnnotation } from "../rewriting/annotation.ts";
import { createRegistry } from "../telemetry/metrics.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { BindingEvents } from "./events.ts";
import { BindingHandler, type BindingHandlerOptions } from "./handler.ts";
import { heldMs } from "./hold.ts";
import { type BindingMetrics, createBindingMetrics } from "./metrics.ts";

const nodes = { s: nodeOf("s", ["cpu:skylake"]), b: nodeOf("b", ["cpu:broadwell"]) };
const at = (build: string): string => `qnib/bench@${digestOf(build)}`;
const signal = AbortSignal.timeout(30_000);

/** Time passes when somebody waits for it, and by nothing else. */
const clock: Clock = {
  now: () => now.getTime(),
  wall: () => now,
  after: (ms, call) => {
    // Deadlines are longer than any wait between two looks.
    if (ms > 1_000) return () => undefined;
    const turn = setImmediate(() => {
      now = new Date(now.getTime() + ms);
      waited.push(ms);
      call();
    });
    return () => clearImmediate(turn);
  },
};
let now: Date;
let waited: number[];
let shelf: Shelf;
let server: PodShelf;
let events: EventShelf;
let metrics: BindingMetrics;
beforeEach(() => {
  now = new Date("2026-11-23T12:00:00Z");
  waited = [];
  shelf = new Shelf();
  shelf.add("qnib/bench", "cpu:skylake", "cpu:broadwell");
  server = new PodShelf();
  events = new EventShelf();
  metrics = createBindingMetrics(createRegistry());
});

function handler(more: Partial<BindingHandlerOptions> = {}): BindingHandler {
  return new BindingHandler({
    pods: server,
    nodes: { find: (name) => Promise.resolve(name === "s" || name === "b" ? nodes[name] : undefined) },
    context: contextOf(shelf),
    events: new BindingEvents(events),
    metrics,
    log: pino({ level: "silent" }),
    now: () => now,
    clock,
    ...more,
  });
}

async function outcomes(): Promise<readonly string[]> {
  const { values } = await metrics.bindings.get();
  return values.flatMap(({ labels, value }) => Array.from({ length: value }, () => String(labels["outcome"])));
}

async function bind(...args: Parameters<typeof bindingOf>): Promise<readonly string[]> {
  const { response } = await handler().handle(bindingOf(...args), signal);
  expect(response.allowed).toBe(true);
  expect(response.patch).toBeUndefined();
  return outcomes();
}

const image = (name: string): string | undefined => server.pods.get(name)?.spec.containers?.[0]?.image;

test("one write: tests of uid, of nodeName being absent and of the image before anything changes", async () => {
  server.cache.set("p", server.set(podOf("p", "qnib/bench")));
  expect(await bind("p", "s")).toEqual(["written"]);
  expect(server.reads).toBe(0);
  expect(server.patches).toHaveLength(1);
  const [operations = []] = server.patches;
  expect(operations.map(({ op, path }) => `${op} ${path}`)).toEqual([
    "test /metadata/uid",
    "test /spec/nodeName",
    "test /spec/containers/0/image",
    "test /metadata/annotations",
    "replace /spec/containers/0/image",
    "add /metadata/annotations",
  ]);
  expect(image("p")).toBe(at("cpu:skylake"));
  expect(events.reasons).toEqual([]);
});

test("a Pod that is not in the cache is read", async () => {
  server.set(podOf("p", "qnib/bench", { annotations: { other: "1" } }));
  expect(await bind("p", "b")).toEqual(["written"]);
  expect([server.reads, image("p")]).toEqual([1, at("cpu:broadwell")]);
});

test("one of the same name that is another is read", async () => {
  server.cache.set("p", { ...podOf("p", "qnib/old"), metadata: { name: "p", uid: "gone" } });
  server.set(podOf("p", "qnib/bench"));
  expect(await bind("p", "s")).toEqual(["written"]);
  expect(image("p")).toBe(at("cpu:skylake"));
});

test("bound again after a bind that failed: written for the other node, then not again", async () => {
  server.set(podOf("p", "qnib/bench"));
  await bind("p", "s");
  await bind("p", "b");
  expect(image("p")).toBe(at("cpu:broadwell"));
  expect(await bind("p", "b")).toEqual(["written", "written", "unchanged"]);
  expect(server.patches).toHaveLength(2);
});

describe("written for another node a moment ago, whose binding may be under way", () => {
  const chosenFor = (node: string, at: string, image = atSkylake()) =>
    podOf("p", image, {
      annotations: { [selectionAnnotation]: JSON.stringify({ main: { ...provenNote(), node, at } }) },
    });
  const atSkylake = (): string => at("cpu:skylake");
  const provenNote = () => ({
    asked: "qnib/bench",
    index: shelf.add("qnib/bench", "cpu:skylake", "cpu:broadwell"),
    variant: digestOf("cpu:skylake"),
  });
  const total = (): number => waited.reduce((sum, ms) => sum + ms, 0);

  test("bound meanwhile: nothing is written, so that it runs the build of its node", async () => {
    server.set(chosenFor("s", "2026-11-23T12:00:00Z"));
    const reading = server.read.bind(server);
    server.read = (namespace, name) => {
      if (waited.length === 2) server.set(podOf("p", at("cpu:skylake"), { spec: { nodeName: "s" } }));
      return reading(namespace, name);
    };
    expect(await bind("p", "b")).toEqual(["stale"]);
    expect([image("p"), server.patches]).toEqual([at("cpu:skylake"), []]);
  });

  test("not bound: written after a while, which has a bound", async () => {
    server.set(chosenFor("s", "2026-11-23T12:00:00Z"));
    expect(await bind("p", "b")).toEqual(["written"]);
    expect([image("p"), total()]).toEqual([at("cpu:broadwell"), heldMs]);
  });

  test("put back meanwhile: written at once", async () => {
    server.set(chosenFor("s", "2026-11-23T12:00:00Z"));
    server.cache.set("p", chosenFor("s", "2026-11-23T12:00:00Z"));
    server.set(podOf("p", "qnib/bench"));
    expect(await bind("p", "b")).toEqual(["written"]);
    expect(waited).toHaveLength(1);
  });

  test.each<[string, () => ReturnType<typeof podOf>, string]>([
    ["for the same node", () => chosenFor("b", "2026-11-23T12:00:00Z"), "b"],
    ["a while ago", () => chosenFor("s", "2026-11-23T11:59:53Z"), "b"],
    ["at a time that is to come", () => chosenFor("s", "2026-11-23T12:00:05Z"), "b"],
    ["at no time", () => chosenFor("s", "soon"), "b"],
  ])("nobody waits where it was written %s", async (_, pod, node) => {
    server.set(pod());
    await bind("p", node);
    expect([image("p"), waited]).toEqual([at("cpu:broadwell"), []]);
  });

  test("its time is over before the other's: refused, since one of two is refused anyway", async () => {
    server.set(chosenFor("s", "2026-11-23T12:00:00Z"));
    const ended = new AbortController();
    const reading = server.read.bind(server);
    server.read = (namespace, name) => {
      if (waited.length === 2) ended.abort(new Error("over"));
      return reading(namespace, name);
    };
    const { response } = await handler().handle(bindingOf("p", "b"), ended.signal);
    expect(response).toMatchObject({ allowed: false, status: { code: 409, reason: "Conflict" } });
    expect([await outcomes(), server.patches]).toEqual([["conflict"], []]);
  });

  test("nobody waits where the build is the same", async () => {
    server.set(chosenFor("other", "2026-11-23T12:00:00Z"));
    expect(await bind("p", "s")).toEqual(["unchanged"]);
    expect(waited).toEqual([]);
  });
});

describe("two bindings of a Pod at once", () => {
  /** The first one's look-up at a registry, which the test ends. */
  let answer: PromiseWithResolvers<void>;
  let first: BindingHandler;
  beforeEach(() => {
    answer = Promise.withResolvers();
    const context = contextOf(shelf);
    const lookup: typeof context.lookup = async (...asked) => {
      await answer.promise;
      return context.lookup(...asked);
    };
    first = handler({ context: { ...context, lookup } });
    server.set(podOf("p", "qnib/bench"));
  });
  /** Until somebody has looked again. */
  const looked = (count: number) => expect.poll(() => waited.length).toBeGreaterThanOrEqual(count);

  test("the second waits for the first, and finds the Pod bound", async () => {
    const one = first.handle(bindingOf("p", "s"), signal);
    const two = first.handle(bindingOf("p", "b"), signal);
    await looked(3);
    expect(server.patches).toEqual([]);
    answer.resolve();
    await one;
    const written = server.pods.get("p");
    server.set(podOf("p", at("cpu:skylake"), { spec: { nodeName: "s" } }));
    expect((await two).response.allowed).toBe(true);
    expect(written?.spec.containers?.[0]?.image).toBe(at("cpu:skylake"));
    expect([await outcomes(), server.patches.length]).toEqual([["written", "stale"], 1]);
  });

  test("the first came to nothing: the second goes on a little later", async () => {
    const one = first.handle(bindingOf("p", "s"), signal);
    const two = first.handle(bindingOf("p", "b"), signal);
    answer.resolve();
    await Promise.all([one, two]);
    expect([image("p"), await outcomes()]).toEqual([at("cpu:broadwell"), ["written", "written"]]);
  });

  test("the first runs out of time, and may be carried out all the same: the second does not write yet", async () => {
    const ended = new AbortController();
    const one = first.handle(bindingOf("p", "s"), ended.signal);
    await expect.poll(() => server.reads).toBe(1);
    ended.abort(new Error("over"));
    answer.resolve();
    await one;
    const reading = server.read.bind(server);
    server.read = (namespace, name) => {
      if (waited.length === 2) server.set(podOf("p", "qnib/bench", { spec: { nodeName: "s" } }));
      return reading(namespace, name);
    };
    await first.handle(bindingOf("p", "b"), signal);
    expect([await outcomes(), server.patches]).toEqual([["deadline", "stale"], []]);
  });

  test("the second runs out of time: it is refused", async () => {
    const ended = new AbortController();
    const one = first.handle(bindingOf("p", "s"), signal);
    const two = first.handle(bindingOf("p", "b"), ended.signal);
    await looked(1);
    ended.abort(new Error("over"));
    expect((await two).response).toMatchObject({ allowed: false, status: { code: 409 } });
    answer.resolve();
    await one;
    expect(await outcomes()).toEqual(["conflict", "written"]);
  });

  test("the second's time is over while it reads the Pod: it is refused too", async () => {
    const ended = new AbortController();
    const one = first.handle(bindingOf("p", "s"), signal);
    const reading = server.read.bind(server);
    server.read = (namespace, name) => {
      if (waited.length !== 1) return reading(namespace, name);
      ended.abort(new Error("over"));
      return Promise.reject(new KubernetesError("ABORTED", "over"));
    };
    const two = first.handle(bindingOf("p", "b"), ended.signal);
    expect((await two).response).toMatchObject({ allowed: false, status: { code: 409 } });
    answer.resolve();
    await one;
    expect(image("p")).toBe(at("cpu:skylake"));
  });

  test("one that was refused holds the Pod no longer", async () => {
    const note = { asked: "qnib/bench", index: shelf.add("qnib/bench", "cpu:skylake", "cpu:broadwell") };
    const main = { ...note, variant: digestOf("cpu:skylake"), node: "s", at: "2026-11-23T12:00:00Z" };
    const annotations = { [selectionAnnotation]: JSON.stringify({ main }) };
    server.set(podOf("p", at("cpu:skylake"), { annotations }));
    answer.resolve();
    const ended = new AbortController();
    const reading = server.read.bind(server);
    server.read = (namespace, name) => {
      if (waited.length === 1) ended.abort(new Error("over"));
      return reading(namespace, name);
    };
    const refused = await first.handle(bindingOf("p", "b"), ended.signal);
    expect(refused.response.allowed).toBe(false);
    const looks = waited.length;
    expect((await first.handle(bindingOf("p", "s"), signal)).response.allowed).toBe(true);
    expect(waited).toHaveLength(looks);
  });

  test("a crowd does not wait: it is refused at once", async () => {
    const names = Array.from({ length: 20 }, (_, index) => `crowd-${index}`);
    for (const name of names) server.set(podOf(name, "qnib/bench"));
    const firsts = names.map((name) => first.handle(bindingOf(name, "s"), signal));
    const ended = new AbortController();
    const seconds = names.map((name) => first.handle(bindingOf(name, "b"), ended.signal));
    const refused = (await Promise.all(seconds.slice(16))).map(({ response }) => response.status?.code);
    expect(refused).toEqual([409, 409, 409, 409]);
    ended.abort(new Error("over"));
    answer.resolve();
    await Promise.all([...firsts, ...seconds]);
  });

  test("the same node twice, another Pod of that name, and a dry run wait for nobody", async () => {
    const one = first.handle(bindingOf("p", "s"), signal);
    const again = first.handle(bindingOf("p", "s"), signal);
    const dry = first.handle(bindingOf("p", "b", { dryRun: true }), signal);
    const object = { metadata: { name: "p", uid: "uid-new" }, target: { kind: "Node", name: "b" } };
    expect((await first.handle(bindingOf("p", "b", { object }), signal)).response.allowed).toBe(true);
    answer.resolve();
    await Promise.all([one, again, dry]);
    expect(waited).toEqual([]);
    expect(image("p")).toBe(at("cpu:skylake"));
  });
});

describe("a choice that admission left open", () => {
  const open = (image: string, code = "nodes-differ") =>
    podOf("p", image, {
      annotations: { [selectionAnnotation]: JSON.stringify({ main: { asked: image, code, at: "", reason: "" } }) },
    });
  const note = () => parseSelection(server.pods.get("p")?.metadata.annotations?.[selectionAnnotation]).get("main");

  test.each<[string, string, string, string]>([
    ["nothing fits", "qnib/gpu", "nothing-fits", "nothing-fits"],
    ["no registry tells", "qnib/away", "undecided", "not-found"],
  ])("%s: the image stays, and the annotation says why", async (_, name, outcome, code) => {
    shelf.add("qnib/gpu", "nvcap:9.0");
    server.set(open(name));
    expect(await bind("p", "s")).toEqual([outcome]);
    expect(image("p")).toBe(name);
    expect(note()).toMatchObject({ asked: name, code, node: "s", machineType: "type-s" });
    expect(note()?.["reason"]).not.toBe("");
    // Bound again it is the same, and there is nothing to write.
    await bind("p", "s");
    expect(server.patches).toHaveLength(1);
    await bind("p", "b");
    expect(note()).toMatchObject({ code, node: "b", machineType: "type-b" });
  });

  test("a policy that refuses the note is no matter: the Pod is bound as it was to be", async () => {
    shelf.add("qnib/gpu", "nvcap:9.0");
    server.set(open("qnib/gpu"));
    server.refuse = new KubernetesError("INVALID", "no", { causes: [{ message: "signature missing" }] });
    expect(await bind("p", "s")).toEqual(["nothing-fits"]);
    expect(events.reasons).toEqual(["NothingFits"]);
  });

  test("a note that is not about the image that is there is left", async () => {
    server.set(open("qnib/away"));
    server.meanwhile = () => void server.set(podOf("p", "qnib/bench"));
    expect(await bind("p", "s")).toEqual(["written"]);
    expect(image("p")).toBe(at("cpu:skylake"));
  });
});

test.each<[string, Parameters<typeof podOf>[2]]>([
  ["the label disabled", { labels: { "metahub.dev/rewrite": "disabled" } }],
  ["strategy admission", { annotations: { "metahub.dev/strategy": "admission" } }],
])("%s: left alone", async (_, more) => {
  server.set(podOf("p", "qnib/bench", more));
  expect(await bind("p", "s")).toEqual(["skipped"]);
  expect(server.patches).toEqual([]);
});

test("where only labelled Pods are meant, others are left alone", async () => {
  server.set(podOf("p", "qnib/bench"));
  await handler({ labelledOnly: true }).handle(bindingOf("p", "s"), signal);
  server.set(podOf("q", "qnib/bench", { labels: { "metahub.dev/rewrite": "enabled" } }));
  await handler({ labelledOnly: true }).handle(bindingOf("q", "s"), signal);
  expect([image("p"), image("q")]).toEqual(["qnib/bench", at("cpu:skylake")]);
});

test("a dry run writes nothing and makes no Event", async () => {
  server.set(podOf("p", "qnib/bench"));
  expect(await bind("p", "s", { dryRun: true })).toEqual(["dry-run"]);
  expect([server.patches, events.reasons]).toEqual([[], []]);
});

test.each<[string, object]>([
  ["another resource", { resource: { group: "", version: "v1", resource: "configmaps" } }],
  ["another subresource", { subResource: "eviction" }],
  ["another operation", { operation: "UPDATE" }],
  ["no target", { object: {} }],
  ["a target that is no node", { object: { target: { kind: "Machine", name: "s" } } }],
])("%s is not looked at", async (_, more) => {
  server.set(podOf("p", "qnib/bench"));
  expect(await bind("p", "s", more)).toEqual([]);
  expect(server.reads).toBe(0);
});

test("the legacy resource names the Pod in the object", async () => {
  server.set(podOf("p", "qnib/bench"));
  const legacy = { resource: { group: "", version: "v1", resource: "bindings" }, name: "" };
  const { subResource: _, ...request } = { ...bindingOf("p", "s"), ...legacy };
  await handler().handle(request, signal);
  expect(image("p")).toBe(at("cpu:skylake"));
});

describe("somebody else writes between our reading and our writing", () => {
  test("another image: computed anew from what is there", async () => {
    shelf.add("qnib/bench:2", { name: "second", features: "cpu:skylake" });
    server.cache.set("p", server.set(podOf("p", "qnib/bench")));
    server.meanwhile = (attempt) => void (attempt === 1 && server.set(podOf("p", "qnib/bench:2")));
    expect(await bind("p", "s")).toEqual(["written"]);
    expect([image("p"), server.patches.length]).toEqual([at("second"), 2]);
  });

  test("other annotations: theirs stay", async () => {
    server.cache.set("p", server.set(podOf("p", "qnib/bench")));
    server.meanwhile = (attempt) =>
      attempt === 1 &&
      server.set({ ...podOf("p", "qnib/bench"), metadata: { name: "p", uid: "uid-p", annotations: { theirs: "1" } } });
    expect(await bind("p", "s")).toEqual(["written"]);
    expect(server.pods.get("p")?.metadata.annotations).toMatchObject({ theirs: "1" });
  });

  test.each<[string, () => void]>([
    ["it is bound", () => server.set(podOf("p", "qnib/bench", { spec: { nodeName: "b" } }))],
    ["it is gone", () => server.pods.delete("p")],
    ["it is another", () => server.set({ ...podOf("p", "qnib/bench"), metadata: { name: "p", uid: "new" } })],
  ])("%s: nothing is written", async (_, change) => {
    server.cache.set("p", server.set(podOf("p", "qnib/bench")));
    server.meanwhile = change;
    expect(await bind("p", "s")).toEqual(["stale"]);
    expect(image("p") ?? "qnib/bench").toBe("qnib/bench");
  });

  test("over and over: given up", async () => {
    server.set(podOf("p", "qnib/bench"));
    server.meanwhile = (attempt) =>
      server.set(
        podOf("p", "qnib/bench", { annotations: { "metahub.dev/x": "", [selectionAnnotation]: `${attempt}` } }),
      );
    expect(await bind("p", "s")).toEqual(["failed"]);
    expect(server.patches).toHaveLength(5);
  });
});

test.each(["INVALID", "FORBIDDEN"] as const)(
  "a refusal with %s is a policy's: one try, an Event, the Pod as it was",
  async (code) => {
    server.set(podOf("p", "qnib/bench"));
    server.refuse = new KubernetesError(code, "no", { causes: [{ message: "signature missing" }] });
    expect(await bind("p", "s")).toEqual(["refused"]);
    expect([image("p"), server.patches.length, events.reasons]).toEqual(["qnib/bench", 1, ["SelectionRefused"]]);
    expect(events.facts[0]?.note).toContain("signature missing");
  },
);

test.each<[string, string, string, string]>([
  ["a node that nobody knows", "qnib/bench", "unknown-node", "x"],
  ["a registry that is away", "qnib/away", "undecided", "s"],
])("%s: bound as it is", async (_, name, outcome, node) => {
  server.set(podOf("p", name));
  expect(await bind("p", node)).toEqual([outcome]);
  expect(server.patches).toEqual([]);
});

test("a write that was lost on its way is sent again, and counts once", async () => {
  server.cache.set("p", server.set(podOf("p", "qnib/bench")));
  const writing = server.write.bind(server);
  let lost = 0;
  server.write = async (...args) => {
    await writing(...args);
    if (lost++ === 0) throw new KubernetesError("UNREACHABLE", "the connection was closed");
  };
  expect(await bind("p", "s")).toEqual(["unchanged"]);
  expect([image("p"), lost]).toEqual([at("cpu:skylake"), 1]);
});

test("a write that took long, and was written over by another replica: this binding is refused", async () => {
  server.set(podOf("p", "qnib/bench"));
  const writing = server.write.bind(server);
  server.write = async (...args) => {
    await writing(...args);
    now = new Date(now.getTime() + heldMs);
    server.set(podOf("p", at("cpu:broadwell")));
  };
  const { response } = await handler().handle(bindingOf("p", "s"), signal);
  expect(response).toMatchObject({ allowed: false, status: { code: 409 } });
});

test("a note of any container holds the Pod where an image is to change", async () => {
  const containers = ["one", "two"].map((name) => ({ name, image: "qnib/bench" }));
  const one = { asked: "qnib/bench", node: "s", at: "2026-11-23T12:00:00Z", code: "registry-failed" };
  const annotations = { [selectionAnnotation]: JSON.stringify({ one }) };
  server.set(podOf("p", "", { annotations, spec: { containers } }));
  await bind("p", "b");
  expect(waited.reduce((sum, ms) => sum + ms, 0)).toBe(heldMs);
});

test("nothing fits: an Event", async () => {
  shelf.add("qnib/gpu", "nvcap:9.0");
  server.set(podOf("p", "qnib/gpu"));
  expect(await bind("p", "s")).toEqual(["nothing-fits"]);
  expect(events.reasons).toEqual(["NothingFits"]);
});

test("a correction of what admission chose: an Event", async () => {
  const index = shelf.add("qnib/bench", "cpu:skylake", "cpu:broadwell");
  const note = { main: { asked: "qnib/bench", index, variant: digestOf("cpu:skylake") } };
  server.set(podOf("p", at("cpu:skylake"), { annotations: { [selectionAnnotation]: JSON.stringify(note) } }));
  expect(await bind("p", "b")).toEqual(["corrected"]);
  expect([image("p"), events.reasons]).toEqual([at("cpu:broadwell"), ["SelectionCorrected"]]);
});

test("once its time is over nothing is written", async () => {
  server.set(podOf("p", "qnib/bench"));
  const ended = new AbortController();
  const lookup = (): Promise<never> => {
    ended.abort(new Error("over"));
    return Promise.reject(ended.signal.reason);
  };
  const late = await handler({ context: { ...contextOf(shelf), lookup } }).handle(bindingOf("p", "s"), ended.signal);
  expect(late.response.allowed).toBe(true);
  expect([await outcomes(), server.patches]).toEqual([["deadline"], []]);
});

test("a registry that hangs keeps nobody from writing what is known of another container", async () => {
  const containers = ["qnib/bench", "slow.example.com/a"].map((name, index) => ({ name: `c${index}`, image: name }));
  server.set(podOf("p", "", { spec: { containers } }));
  const context = contextOf(shelf);
  const lookup: typeof context.lookup = (reference, pod, namespace, until) => {
    if (reference.registry === "docker.io") return context.lookup(reference, pod, namespace, until);
    return new Promise((_, reject) => {
      until.addEventListener("abort", () => reject(new RegistryError("ABORTED", "over")));
    });
  };
  await handler({ context: { ...context, lookup }, lookupMs: 20, clock: systemClock }).handle(
    bindingOf("p", "s"),
    signal,
  );
  expect(server.pods.get("p")?.spec.containers?.map(({ image: is }) => is)).toEqual([
    at("cpu:skylake"),
    "slow.example.com/a",
  ]);
});
