import { expect, test } from "vitest";
import { podOf } from "../../test/support/binding/shelves.ts";
import { parseNode } from "../api/parse-node.ts";
import { plainContext } from "../inventory/inventory.ts";
import { type Snapshot, SnapshotBuilder } from "../inventory/snapshot.ts";
import { reviewPod } from "../rewriting/reviewed-pod.ts";
import { BindingNodes } from "./nodes.ts";

const builder = new SnapshotBuilder();
const snapshotOf = (...names: readonly string[]): Snapshot => {
  const nodes = names.map((name) => {
    const architecture = name.startsWith("arm") ? "arm64" : "amd64";
    return parseNode({
      metadata: { name, uid: name },
      status: { nodeInfo: { operatingSystem: "linux", architecture, kernelVersion: "" } },
    });
  });
  return builder.build(nodes, [], plainContext);
};

class Steps {
  readonly synced = Promise.resolve();
  readonly listeners = new Set<(snapshot: Snapshot) => void>();
  now: Snapshot | undefined;
  snapshot(): Snapshot | undefined {
    return this.now;
  }
  onChange(listener: (snapshot: Snapshot) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  publish(snapshot: Snapshot): void {
    this.now = snapshot;
    for (const listener of [...this.listeners]) listener(snapshot);
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

const signal = AbortSignal.timeout(30_000);
const pod = reviewPod(podOf("p", "qnib/bench"));

test("a node that is known: its profile as the only landing, the same object for equal nodes", async () => {
  const steps = new Steps();
  steps.publish(snapshotOf("a", "b", "arm"));
  const nodes = new BindingNodes(steps);
  const [a, b, arm] = await Promise.all(["a", "b", "arm"].map((name) => nodes.find(name, pod, signal)));
  expect(a?.landings).toBe(b?.landings);
  expect(a?.landings).not.toBe(arm?.landings);
  expect(a?.candidates).toBe(a?.landings);
  const common = reviewPod(podOf("c", "x", { annotations: { "metahub.dev/strategy": "common" } }));
  expect((await nodes.find("a", common, signal))?.candidates).toHaveLength(2);
  expect(steps.listeners.size).toBe(0);
});

test("one that comes a moment later gets known, and another does not", async () => {
  const steps = new Steps();
  steps.publish(snapshotOf("a"));
  expect(await new BindingNodes(steps, { waitMs: 0 }).isKnown("b", signal)).toBe(false);
  const nodes = new BindingNodes(steps, { waitMs: 20_000 });
  const known = nodes.isKnown("b", signal);
  steps.publish(snapshotOf("a", "b"));
  expect([await known, await nodes.isKnown("a", signal)]).toEqual([true, true]);
});

test("one that comes a moment later is waited for", async () => {
  const steps = new Steps();
  steps.publish(snapshotOf("a"));
  const found = new BindingNodes(steps, { waitMs: 20_000 }).find("b", pod, signal);
  steps.publish(snapshotOf("a", "c"));
  steps.publish(snapshotOf("a", "b"));
  expect((await found)?.name).toBe("b");
  expect(steps.listeners.size).toBe(0);
});

test("one that does not come is unknown", async () => {
  const steps = new Steps();
  steps.publish(snapshotOf("a"));
  expect(await new BindingNodes(steps, { waitMs: 0 }).find("b", pod, signal)).toBeUndefined();
  expect(steps.listeners.size).toBe(0);
});

test("before the first snapshot it waits until the time is over", async () => {
  const steps = new Steps();
  const nodes = new BindingNodes(steps, { waitMs: 0 });
  const early = nodes.find("a", pod, signal);
  steps.publish(snapshotOf("a"));
  expect((await early)?.name).toBe("a");
  steps.now = undefined;
  const ended = new AbortController();
  const never = nodes.find("a", pod, ended.signal);
  ended.abort();
  expect(await never).toBeUndefined();
  expect(steps.listeners.size).toBe(0);
});
