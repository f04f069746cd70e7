import { pino } from "pino";
import { expect, test } from "vitest";
import { facts, machineType } from "../../../test/support/inventory.ts";
import { plainContext } from "../../inventory/inventory.ts";
import { SnapshotBuilder } from "../../inventory/snapshot.ts";
import type { KubernetesClient } from "../../kubernetes/client/client.ts";
import type { WatchEvent } from "../../kubernetes/client/requests.ts";
import { KubernetesError } from "../../kubernetes/error.ts";
import type { KubernetesObject } from "../../kubernetes/object.ts";
import { createRegistry } from "../../telemetry/metrics.ts";
import { aborted } from "../../time/aborted.ts";
import { systemClock } from "../../time/clock.ts";
import { createControllerMetrics } from "../metrics.ts";
import { BoundCheck } from "./bound-check.ts";
import { WaitingPods } from "./waiting-pods.ts";

const digest = `sha256:${"a".repeat(64)}`;
const build = `qnib/bench@${digest}`;
const open = { asked: "qnib/bench", code: "nodes-differ" };
const chosenFor = (node: string) => ({ asked: "qnib/bench", code: "selected", variant: digest, node });

interface Given {
  readonly uid?: string;
  readonly image?: string;
  readonly node?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

const podOf = (name: string, note: object, given: Given = {}): KubernetesObject => ({
  metadata: {
    name,
    namespace: "default",
    uid: given.uid ?? name,
    labels: given.labels ?? {},
    annotations: { "metahub.dev/selection": JSON.stringify({ main: note }), ...given.annotations },
  },
  spec: {
    containers: [{ name: "main", image: given.image ?? ("variant" in note ? build : "qnib/bench") }],
    ...(given.node === undefined ? {} : { nodeName: given.node }),
  },
});

/** What happens, in its order. `wait` lets milliseconds pass; without a `lead` the process leads from the beginning. */
type Step = ObjectEvent | { readonly type: "wait"; readonly ms: number } | { readonly type: "lead" | "resign" };
type ObjectEvent = Extract<WatchEvent, { readonly object: unknown }>;

const added = (object: KubernetesObject): ObjectEvent => ({ type: "added", object });
const modified = (object: KubernetesObject): ObjectEvent => ({ type: "modified", object });
/** As the API server sends it to a watch with a field selector: what the Pod was before. */
const left = (object: KubernetesObject): ObjectEvent => ({ type: "deleted", object });
const waited = (ms: number): Step => ({ type: "wait", ms });
const lead: Step = { type: "lead" };
const resign: Step = { type: "resign" };
const seen = (object: KubernetesObject): readonly ObjectEvent[] => [added(object), left(object)];

interface World {
  /** Pods as they are now, or what reading them is refused with. */
  readonly now?: readonly (KubernetesObject | KubernetesError)[];
  /** The leader's first looks at the nodes find nothing yet. */
  readonly unsynced?: number;
  /** So often a Pod is read before it ends. */
  readonly reads?: number;
}

const nodes = new SnapshotBuilder().build(
  [facts("a1", { pool: "a" }), facts("b1", { pool: "b" })],
  [
    machineType("a", { pool: "a" }, { features: ["cpu:broadwell"] }),
    machineType("b", { pool: "b" }, { features: ["cpu:skylake"] }),
  ],
  plainContext,
);

interface Played {
  /** Names of the Pods that were read. */
  readonly read: readonly string[];
  /** `reason name`, for each Event. */
  readonly told: readonly string[];
  readonly counted: Readonly<Record<string, number>>;
  /** How often something was put off. */
  readonly later: number;
}

/** Plays the steps, and gives what was done up to the last Pod, whose name is `last`. */
async function play(steps: readonly Step[], { now = [], unsynced = 0, reads }: World = {}): Promise<Played> {
  const ended = new AbortController();
  const read: string[] = [];
  const told: string[] = [];
  let passed = 0;
  let looks = 0;
  let later = 0;
  const metrics = createControllerMetrics(createRegistry());
  const answers = [...now];
  const get: KubernetesClient["get"] = ({ name }: { name: string }) => {
    if (name !== "last") read.push(name);
    if (reads === undefined ? name === "last" : read.length === reads) queueMicrotask(() => ended.abort());
    const index = answers.findIndex((one) => one instanceof KubernetesError || one.metadata.name === name);
    const [found] = index < 0 ? [] : answers.splice(index, 1);
    if (found === undefined || found instanceof KubernetesError) {
      return Promise.reject(found ?? new KubernetesError("NOT_FOUND", name));
    }
    return Promise.resolve(found);
  };
  const pods = new WaitingPods({
    client: {
      each: () => Promise.resolve("1"),
      async *watch(_target, { signal }) {
        yield* happen();
        await aborted(signal);
      },
    },
  });
  const check = new BoundCheck({
    pods,
    client: { get },
    inventory: { snapshot: () => (looks++ < unsynced ? undefined : nodes) },
    events: { record: ({ reason, regarding }) => void told.push(`${reason} ${regarding.name}`) },
    metrics,
    log: pino({ level: "silent" }),
    clock: {
      ...systemClock,
      now: () => passed,
      // What is to come again comes soon; the patience of its end stays as it is.
      after: (ms, call) => {
        if (ms > 1_000) return systemClock.after(ms, call);
        later++;
        return systemClock.after(5, call);
      },
    },
  });
  let term: AbortController | undefined;
  const terms: Promise<void>[] = [];
  const begin = (): void => {
    term = new AbortController();
    terms.push(check.run(AbortSignal.any([term.signal, ended.signal])));
  };
  async function* happen(): AsyncGenerator<WatchEvent> {
    for (const step of steps) {
      if ("object" in step) yield step;
      else if (step.type === "wait") passed += step.ms;
      else if (step.type === "lead") begin();
      else {
        // What was to be done at once is done by then.
        await new Promise(setImmediate);
        term?.abort();
        await Promise.all(terms);
      }
    }
    yield* seen(podOf("last", open));
  }
  if (!steps.includes(lead)) begin();
  await pods.follow(ended.signal);
  await Promise.all(terms);
  const { values } = await metrics.boundPods.get();
  const counted = Object.fromEntries(values.map(({ labels, value }) => [labels.outcome ?? "", value]));
  return { read, told, counted, later };
}

const none = { "as-written": 0, "for-another-node": 0 };

test("a Pod that was bound with an open choice: told and counted", async () => {
  const done = await play(seen(podOf("p", open)), { now: [podOf("p", open, { node: "b1" })] });
  expect(done).toEqual({
    read: ["p"],
    told: ["SelectionMissed p"],
    counted: { ...none, "as-written": 1 },
    later: 0,
  });
});

test("a Pod that was written for another node some time before: told and counted", async () => {
  const pod = podOf("p", chosenFor("a1"));
  const steps = [added(podOf("p", open)), modified(pod), waited(1_001), left(pod)];
  expect(await play(steps, { now: [podOf("p", chosenFor("a1"), { node: "b1" })] })).toEqual({
    read: ["p"],
    told: ["SelectionForAnotherNode p"],
    counted: { ...none, "for-another-node": 1 },
    later: 0,
  });
});

test("two containers are two Events about one Pod", async () => {
  const both = { main: open, side: open, init: { code: "selected" } };
  const annotations = { "metahub.dev/selection": JSON.stringify(both) };
  const containers = ["main", "side"].map((name) => ({ name, image: "qnib/bench" }));
  const pod = { ...podOf("p", open, { annotations }), spec: { nodeName: "b1", containers } };
  const done = await play(seen(podOf("p", open)), { now: [pod] });
  expect(done.told).toEqual(["SelectionMissed p", "SelectionMissed p"]);
  expect(done.counted).toEqual({ ...none, "as-written": 1 });
});

test.each<[string, KubernetesObject | KubernetesError]>([
  ["chosen, which was not seen", podOf("p", chosenFor("b1"), { node: "b1" })],
  ["left for its node, which was not seen", podOf("p", { code: "nothing-fits", node: "b1" }, { node: "b1" })],
  ["not bound", podOf("p", open)],
  ["another Pod of the same name", podOf("p", open, { uid: "2", node: "b1" })],
  ["opted out meanwhile", podOf("p", open, { node: "b1", labels: { "metahub.dev/rewrite": "disabled" } })],
  ["deleted", new KubernetesError("NOT_FOUND", "no")],
  ["not to be read", new KubernetesError("FORBIDDEN", "no")],
  ["not to be understood", new KubernetesError("MALFORMED", "no")],
])("read once and not told: %s", async (_, now) => {
  expect(await play(seen(podOf("p", open)), { now: [now] })).toEqual({
    read: ["p"],
    told: [],
    counted: none,
    later: 0,
  });
});

const written = podOf("p", chosenFor("a1"));
const again = podOf("p", chosenFor("b1"));
const plain = podOf("p", { code: "selected" });
test.each<[string, readonly Step[]]>([
  ["bound at once after it was written", [added(podOf("p", open)), modified(written), waited(1_000), left(written)]],
  [
    "written again for another node",
    [added(podOf("p", open)), modified(written), waited(5_000), modified(again), waited(10), left(again)],
  ],
  [
    "given back what it had",
    [added(plain), modified(written), waited(5_000), modified(plain), waited(5_000), left(plain)],
  ],
  [
    "made anew under its name",
    [added(written), waited(5_000), modified(podOf("p", chosenFor("a1"), { uid: "2" })), waited(10), left(written)],
  ],
  ["chosen at admission", [...seen(podOf("p", { code: "selected", variant: digest })), waited(5_000)]],
  ["left for a node", seen(podOf("p", { code: "nothing-fits", node: "b1" }))],
  ["opted out", seen(podOf("p", open, { labels: { "metahub.dev/rewrite": "disabled" } }))],
  ["final at admission", seen(podOf("p", open, { annotations: { "metahub.dev/strategy": "admission" } }))],
  ["no annotation of ours", seen(podOf("p", open, { annotations: { "metahub.dev/selection": '"code":' } }))],
])("not read: %s", async (_, steps) => {
  const bound = podOf("p", chosenFor("a1"), { node: "b1" });
  expect(await play(steps, { now: [bound] })).toEqual({ read: [], told: [], counted: none, later: 0 });
});

test("a change that is none of ours does not begin the time anew", async () => {
  const other = podOf("p", chosenFor("a1"), { annotations: { "metahub.dev/other": "x" } });
  const steps = [added(written), waited(900), modified(other), waited(200), left(other)];
  expect((await play(steps)).read).toEqual(["p"]);
});

const gone = (name: string): readonly Step[] => seen(podOf(name, open));
const bound = (...names: readonly string[]) => names.map((name) => podOf(name, open, { node: "b1" }));
test.each<[string, readonly Step[], readonly string[]]>([
  ["what left while nobody led", [...gone("p"), waited(29_000), ...gone("q"), lead], ["p", "q"]],
  ["not what left long before", [...gone("p"), waited(30_001), ...gone("q"), lead], ["q"]],
  ["what left between two terms", [lead, resign, ...gone("p"), lead], ["p"]],
  ["nothing twice", [lead, ...gone("p"), resign, ...gone("q"), lead], ["p", "q"]],
])("a new leader judges %s", async (_, steps, names) => {
  const { read, told } = await play(steps, { now: bound("p", "q") });
  expect(read).toEqual(names);
  expect(told).toEqual(names.map((name) => `SelectionMissed ${name}`));
});

test("of many that left while nobody led the last 1,000 are judged", async () => {
  const names = Array.from({ length: 1_005 }, (_, index) => `p${index}`);
  // The last one is played when there is a leader already.
  const { read } = await play([...names.flatMap(gone), lead]);
  expect(read).toEqual(names.slice(5));
});

test("what cannot be read for now is read again", async () => {
  const now = [new KubernetesError("UNREACHABLE", "no"), ...bound("p")];
  const { read, told, later } = await play(gone("p"), { now, reads: 2 });
  expect([read, told, later]).toEqual([["p", "p"], ["SelectionMissed p"], 1]);
});

test("nothing is judged before the nodes are known", async () => {
  const { read, told } = await play(gone("p"), { now: bound("p"), unsynced: 3, reads: 1 });
  expect([read, told]).toEqual([["p"], ["SelectionMissed p"]]);
});
