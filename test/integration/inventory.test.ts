import { afterAll, beforeAll, expect, test } from "vitest";
import { parseNode } from "../../src/api/parse-node.ts";
import { reachable } from "../cluster/require.ts";
import { sharedCluster } from "../cluster/vitest.ts";
import { waitUntil } from "../cluster/wait.ts";
import { followMachineTypes } from "../support/cluster/following.ts";
import { machineTypeNodes, relabel } from "../support/cluster/machine-types.ts";
import { imageOf, onType, pod } from "../support/cluster/pods.ts";
import { readServing } from "../support/cluster/serving.ts";
import { openStage, type Stage, soon } from "../support/cluster/stage.ts";
import { startStandby, writesOf } from "../support/cluster/standby.ts";
import { plain } from "../support/cluster/witness.ts";
import { describeWith } from "../support/describe-with.ts";

const found = await reachable(await sharedCluster("api"));
const instanceType = "node.kubernetes.io/instance-type";
/** A machine that does other work too may stall. */
const patient = { timeout: 30_000 };

describeWith(found, "nodes and machine types", (shared) => {
  let stage: Stage;
  /** The node that fits no machine type. */
  let node: string;
  const aProfile = expect.stringMatching(/^[0-9a-f]{12}$/);
  const labelsOf = async (name: string): Promise<readonly (string | undefined)[]> => {
    const { labels } = parseNode(plain(await stage.witness.core.readNode({ name })));
    return [labels["metahub.dev/machine-type"], labels["metahub.dev/profile"]];
  };

  beforeAll(async () => {
    stage = await openStage(shared.cluster);
    node = `${stage.prefix}-node5`;
  });
  afterAll(async () => {
    await stage?.close();
    await shared.cluster.stop();
  });

  test("status follows a change of a node's labels, and nothing is written twice", {
    timeout: 180_000,
  }, async ({ annotate }) => {
    // What an earlier stage left in the status of these types is written over first.
    for (const [type, nodes] of [
      ["m4.xlarge", 2],
      ["t3.large", 1],
    ] as const) {
      await relabel(stage, node, { [instanceType]: type });
      await stage.must(["wait", `--for=jsonpath={.status.nodes}=${nodes}`, "machinetype/type1", "--timeout=30s"]);
    }
    // The first status of each is no answer to what follows.
    await expect.poll(() => machineTypeNodes(stage), patient).toEqual({ type1: 1, type2: 1, type3: 1, type4: 1 });
    const following = await followMachineTypes(stage);
    const took: number[] = [];
    for (let round = 0; round < 6; round++) {
      const joins = round % 2 === 0;
      const from = following.seen.length;
      const began = performance.now();
      await relabel(stage, node, { [instanceType]: joins ? "m4.xlarge" : "t3.large" });
      const { at } = await following.until(
        ({ metadata, status }) => metadata.name === "type1" && status?.nodes === (joins ? 2 : 1),
        from,
      );
      took.push(Math.round(at - began));
    }
    await annotate(`from the patch of the node to the status: ${took.join(", ")} ms`);
    expect(Math.min(...took)).toBeLessThan(5_000);
    // One write for each change: nothing is written twice, and nothing that did not change.
    expect([following.writes("type1"), following.writes("type2")]).toEqual([6, 0]);
    await following.close();
  });

  test("nodes carry their machine type and profile, and a machine type what its nodes offer", async () => {
    await relabel(stage, node, { [instanceType]: "m4.xlarge" });
    await expect.poll(() => labelsOf(node), patient).toEqual(["type1", aProfile]);
    await relabel(stage, node, { [instanceType]: "t3.large" });
    await expect.poll(() => labelsOf(node), patient).toEqual([undefined, aProfile]);
    await expect
      .poll(() => stage.must(["get", "mt", "type4"]), patient)
      .toMatch(/type4 +1 +linux\/amd64 +\["cpu:broadwell",.*"nvcap:5\.2".*\] +True/);
  });

  test("a label of ours that somebody else changes or takes away is put back", async () => {
    const name = `${stage.prefix}-node2`;
    await expect.poll(() => labelsOf(name), patient).toEqual(["type2", aProfile]);
    const before = await labelsOf(name);
    await relabel(stage, name, { "metahub.dev/machine-type": "type4", "metahub.dev/profile": null });
    await expect.poll(() => labelsOf(name), patient).toEqual(before);
    // Of a node that is of no machine type such a label is taken away: it would draw Pods there.
    await relabel(stage, node, { "metahub.dev/machine-type": "type4" });
    await expect.poll(() => labelsOf(node), patient).toEqual([undefined, aProfile]);
  });

  test("machine types that claim the same node, or nodes that differ, say so in status and Events", async () => {
    await stage.must(["create", "-f", "-"], {
      apiVersion: "metahub.dev/v1alpha1",
      kind: "MachineType",
      metadata: { name: `${stage.prefix}-greedy` },
      spec: { nodeSelector: { matchLabels: { [instanceType]: "c5.xlarge" } }, priority: -1 },
    });
    try {
      const exclusive = "--for=condition=Exclusive=False";
      await stage.must(["wait", exclusive, "mt/type2", `mt/${stage.prefix}-greedy`, "--timeout=30s"]);
      const events = () => stage.must(["get", "events", "-A", "-o", "jsonpath={.items[*].involvedObject.name}"]);
      await expect.poll(events, patient).toContain(`${stage.prefix}-greedy`);
    } finally {
      await stage.must(["delete", "mt", `${stage.prefix}-greedy`]);
    }
    await stage.must(["wait", "--for=condition=Exclusive=True", "mt/type2", "--timeout=30s"]);
  });

  test.concurrent("of two controllers one leads; when it is killed the other takes over, and nothing is written twice", {
    timeout: 180_000,
  }, async ({ annotate, expect }) => {
    const { controller } = stage.operator;
    // What an earlier test asked for may still be to be written.
    await expect.poll(() => machineTypeNodes(stage), patient).toMatchObject({ type1: 1 });
    await expect.poll(() => labelsOf(node), patient).toEqual([undefined, aProfile]);
    const standby = await startStandby(stage);
    const following = await followMachineTypes(stage);
    try {
      /** Moves the node to that type of instance; the status of type1 that comes of it. */
      const moved = async (type: string, nodes: number) => {
        const from = following.seen.length;
        await relabel(stage, node, { [instanceType]: type });
        return following.until(({ metadata, status }) => metadata.name === "type1" && status?.nodes === nodes, from);
      };
      const before = await writesOf(controller);
      await moved("m4.xlarge", 2);
      // One status and one label.
      await expect.poll(async () => (await writesOf(controller)) - before, patient).toBe(2);
      expect([following.writes("type1"), await writesOf(standby)]).toEqual([1, 0]);

      const killed = performance.now();
      await controller.kill();
      const { at } = await moved("t3.large", 1);
      await annotate(`the other one wrote ${((at - killed) / 1000).toFixed(1)} s after the leader was killed`);
      await expect.poll(() => writesOf(standby), patient).toBe(2);
      expect(following.writes("type1")).toBe(2);

      await controller.restart(soon());
      await moved("m4.xlarge", 2);
      await expect.poll(() => writesOf(standby), patient).toBe(4);
      expect([await writesOf(controller), following.writes("type1")]).toEqual([0, 3]);
    } finally {
      await following.close();
      // A leader that is told to stop gives the Lease back: the first one need not wait for it.
      await standby.stop();
    }
    await relabel(stage, node, { [instanceType]: "t3.large" });
    await expect.poll(() => machineTypeNodes(stage), patient).toMatchObject({ type1: 1 });
  });

  test.concurrent("the certificate's Secret is deleted: another certificate is made and served within seconds, and no Pod is missed", {
    timeout: 150_000,
  }, async ({ annotate, expect }) => {
    const before = await readServing(stage);
    expect(before.authority).toBe(before.caBundle);
    const { pid } = stage.operator.webhook;
    await stage.must(["delete", "secret", "metahub-webhook-tls", "-n", "metahub-system"]);
    const began = performance.now();
    const outcomes = { rewritten: 0, missed: 0 };
    const ask = async (): Promise<boolean> => {
      const image = imageOf(await stage.admit(pod("rotation", onType("type2"))));
      const rewritten = image === stage.image("cpu-skylake");
      outcomes[rewritten ? "rewritten" : "missed"]++;
      return rewritten;
    };
    await waitUntil({
      what: "another certificate",
      timeoutMs: 60_000,
      signal: soon(100_000),
      everyMs: 20,
      check: async () => {
        await ask();
        const now = await readServing(stage);
        return now.fingerprint === before.fingerprint ? "the old one is served" : undefined;
      },
    });
    await annotate(
      `${Math.round(performance.now() - began)} ms; Pods asked about meanwhile: ${JSON.stringify(outcomes)}`,
    );
    for (let round = 0; round < 20; round++) expect(await ask()).toBe(true);
    // The authority is the same, so that the API server trusts the new one at once.
    expect(outcomes.missed).toBe(0);
    expect((await readServing(stage)).caBundle).toBe(before.caBundle);
    expect(stage.operator.webhook.pid).toBe(pid);
    expect(() => process.kill(pid, 0)).not.toThrow();
  });

  test("no match condition failed", async () => {
    expect(await stage.conditionErrors()).toEqual([]);
  });
});
