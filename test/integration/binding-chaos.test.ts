import { afterAll, expect, test } from "vitest";
import { kubectl } from "../cluster/kubectl.ts";
import { asWritten, createMany, wrong } from "../support/cluster/binding-crowd.ts";
import { openBindingSite, soon } from "../support/cluster/binding-site.ts";
import { startStandby, writesOf } from "../support/cluster/standby.ts";
import { describeWith } from "../support/describe-with.ts";

const found = await openBindingSite();
const count = 120;

/** Each part of MetaHub, and what it depends on, fails while the scheduler binds Pods as fast as it may. */
describeWith(found, "while Pods are being bound", (site) => {
  const { webhook, controller } = site.operator;
  afterAll(() => site.stop());

  /** Resolves when some of the crowd's Pods are bound and most are not. */
  const underWay = async (): Promise<void> => {
    const written = await site.outcome("written");
    await expect.poll(() => site.outcome("written"), { timeout: 30_000, interval: 20 }).toBeGreaterThan(written + 5);
  };
  const missed = (outcome: string): Promise<number> =>
    controller.metric("metahub_bound_pods_total", `outcome="${outcome}"`, soon());

  test("the webhook is killed and started again: those bound in the gap run what was written, and are told of", async () => {
    const creating = createMany(site, "webhook", count);
    await underWay();
    await webhook.kill();
    await webhook.restart(soon());
    await creating;
    const found = await site.allBound("webhook", count);
    expect(wrong(site, found, ["written"])).toEqual([]);
    const inTheGap = asWritten(site, found);
    expect(inTheGap.length).toBeGreaterThan(0);
    // Pods that came while it was away have no annotation, and nothing tells that there was a choice in their image.
    const noted = found.filter((pod) => inTheGap.includes(pod.metadata.name ?? "") && site.note(pod) !== undefined);
    await expect.poll(() => missed("as-written"), { timeout: 30_000 }).toBe(noted.length);
    for (const pod of noted) {
      await expect.poll(() => site.eventsOf(pod.metadata.name ?? ""), { timeout: 30_000 }).toContain("SelectionMissed");
    }
    await site.deletePods("webhook");
  }, 120_000);

  test("the registry is stopped: what was read before is chosen all the same, the rest is bound as written and told of", async () => {
    const unseen = (index: number): string => `qnib/unseen-${index % 8}`;
    for (let index = 0; index < 8; index++) await site.publish(unseen(index), { [`s${index}`]: ["cpu:skylake"] });
    const undecided = await site.outcome("undecided");
    const known = createMany(site, "known", count);
    await underWay();
    await site.registry.halt();
    try {
      await createMany(site, "unseen", 16, (index) => ({ image: unseen(index) }));
      await known;
      expect(wrong(site, await site.allBound("known", count))).toEqual([]);
      const found = await site.allBound("unseen", 16);
      expect(found.map((pod) => pod.spec.containers?.[0]?.image).sort()).toEqual(
        Array.from({ length: 16 }, (_, index) => unseen(index)).sort(),
      );
      expect(await site.outcome("undecided")).toBe(undecided + 16);
      for (const { metadata } of found) {
        await expect.poll(() => site.eventsOf(metadata.name ?? ""), { timeout: 30_000 }).toContain("SelectionFailed");
      }
    } finally {
      await site.registry.resume(soon());
    }
    await site.deletePods("known");
    await site.deletePods("unseen");
  }, 120_000);

  test("a node is relabelled: each Pod runs the build for what its node was when it was bound", async () => {
    const relabel = (type: string): Promise<string> =>
      kubectl(site.cluster, ["label", "node", "node2", `node.kubernetes.io/instance-type=${type}`, "--overwrite"]);
    const creating = createMany(site, "relabelled", count);
    await underWay();
    await relabel("m4.xlarge");
    await kubectl(site.cluster, ["wait", "--for=jsonpath={.status.nodes}=2", "machinetype/type1", "--timeout=30s"]);
    await createMany(site, "relabelled-since", count);
    await creating;
    const crowds = [await site.allBound("relabelled", count), await site.allBound("relabelled-since", count)];
    const found = crowds.flat();
    await relabel("c5.xlarge");
    const onNode2 = found.filter(({ spec }) => spec.nodeName === "node2");
    const others = found.filter(({ spec }) => spec.nodeName !== "node2");
    expect(wrong(site, others)).toEqual([]);
    const builds = new Set(onNode2.map((pod) => `${site.note(pod)?.["machineType"]} ${site.buildIn(pod)}`));
    expect(builds).toEqual(new Set(["type2 cpu-skylake", "type1 cpu-broadwell"]));
    expect(new Set(onNode2.map((pod) => site.note(pod)?.["node"]))).toEqual(new Set(["node2"]));
    await kubectl(site.cluster, ["wait", "--for=jsonpath={.status.nodes}=1", "machinetype", "--all", "--timeout=30s"]);
    await site.deletePods("relabelled");
    await site.deletePods("relabelled-since");
  }, 120_000);

  test("the API server is killed and started again: none runs another node's build", async () => {
    // Those that the API server does not take are no Pods.
    const creating = createMany(site, "api", count).catch(() => undefined);
    await underWay();
    await site.cluster.restartApiServer({ signal: soon(120_000) });
    await creating;
    const { length } = await site.podsOf("api");
    const found = await site.allBound("api", length, 90_000);
    expect(wrong(site, found, ["written"])).toEqual([]);
    const inTheGap = asWritten(site, found);
    expect(inTheGap.length).toBeLessThan(length);
    for (const name of inTheGap) {
      if (site.note(await site.pod(name)) === undefined) continue;
      await expect.poll(() => site.eventsOf(name), { timeout: 60_000 }).toContain("SelectionMissed");
    }
    await site.deletePods("api");
  }, 240_000);

  test("the leading controller is killed: bindings do not need it, and another one takes over", async () => {
    const standby = await startStandby(site);
    try {
      const creating = createMany(site, "leader", count);
      await underWay();
      await controller.kill();
      await creating;
      expect(wrong(site, await site.allBound("leader", count))).toEqual([]);
      // What a leader does is done again: a label that somebody took away comes back.
      await kubectl(site.cluster, ["label", "node", "node1", "metahub.dev/machine-type-"]);
      await kubectl(site.cluster, [
        ...["wait", "node/node1", "--timeout=60s"],
        "--for=jsonpath={.metadata.labels.metahub\\.dev/machine-type}=type1",
      ]);
      expect(await writesOf(standby)).toBeGreaterThan(0);
    } finally {
      await standby.stop();
      await controller.restart(soon());
    }
    await site.deletePods("leader");
  }, 180_000);
});
