import { afterAll, beforeAll, expect, test } from "vitest";
import { type Distribution, startDistribution } from "../cluster/distribution.ts";
import { reachable } from "../cluster/require.ts";
import { sharedCluster } from "../cluster/vitest.ts";
import { waitUntil } from "../cluster/wait.ts";
import { machineTypeNodes, relabel } from "../support/cluster/machine-types.ts";
import { container, imageOf, onType, pod } from "../support/cluster/pods.ts";
import { openStage, type Stage, soon } from "../support/cluster/stage.ts";
import { tagIndex } from "../support/cluster/tags.ts";
import { describeWith } from "../support/describe-with.ts";
import { type RunningRegistry, startRegistry } from "../support/registry/start.ts";

const found = await reachable(await sharedCluster("api"));

describeWith(found, "outages", (shared) => {
  let registry: Distribution;
  let hanging: RunningRegistry;
  let stage: Stage;
  let namespace: string;
  const asking = (name: string, image: string) => pod(name, { ...onType("type1"), containers: [container(image)] });
  /** Waits until an image that was not asked for before is rewritten; returns how long that took, in milliseconds. */
  const rewritesAgain = async (image: string): Promise<number> => {
    const began = performance.now();
    await waitUntil({
      what: "rewriting",
      timeoutMs: 60_000,
      signal: soon(90_000),
      check: async () => {
        const got = imageOf(await stage.admit(asking("again", image)));
        return got === stage.image("cpu-broadwell") ? undefined : `the image is ${got}`;
      },
    });
    return Math.round(performance.now() - began);
  };

  beforeAll(async () => {
    registry = await startDistribution({ signal: soon() });
    hanging = await startRegistry();
    hanging.faults.add({ path: /./, fault: { kind: "hang" } });
    stage = await openStage(shared.cluster, {
      registry: registry.host,
      webhookArgs: ["--plain-http", hanging.host],
    });
    namespace = await stage.namespace();
    await tagIndex(registry.host, ["fresh1", "fresh2", "fresh3", "fresh4"]);
  });
  afterAll(async () => {
    await stage?.close();
    await hanging?.close();
    await registry?.stop();
    await shared.cluster.stop();
  });

  test("a registry that is down: Pods are admitted as written in time, with a Warning; then rewriting resumes", async ({
    annotate,
  }) => {
    const { pid } = stage.operator.webhook;
    // What an index digest means never changes: one that was asked for once needs no registry.
    const pinned = asking("pinned", `qnib/bench@${stage.builds.index.digest}`);
    expect(imageOf(await stage.admit(pinned))).toBe(stage.image("cpu-broadwell"));
    await registry.halt();
    const down = await stage.kubectl(
      ["create", "-n", namespace, "-o", "json", "-f", "-"],
      asking("down", "qnib/bench:fresh1"),
    );
    expect(down.code, down.stderr).toBe(0);
    expect(JSON.parse(down.stdout).spec.containers[0].image).toBe("qnib/bench:fresh1");
    // Were it the API server's timeout that ended it, there would be no Warning.
    expect(down.stderr).toMatch(/^Warning: metahub: image qnib\/bench:fresh1 of main is left as written: docker\.io /m);
    expect(imageOf(await stage.admit(pinned))).toBe(stage.image("cpu-broadwell"));

    // Many Pods at once do not wait for one another.
    const many = Array.from({ length: 8 }, (_, index) => asking(`many-${index}`, "qnib/bench:fresh2"));
    const create = ["create", "-n", namespace, "-o", "json", "-f", "-"];
    for (const { stdout, stderr } of await Promise.all(many.map((one) => stage.kubectl(create, one)))) {
      expect(JSON.parse(stdout).spec.containers[0].image).toBe("qnib/bench:fresh2");
      expect(stderr).toMatch(/^Warning: metahub: image qnib\/bench:fresh2 of main is left as written: /m);
    }

    await registry.resume(soon());
    await annotate(`rewriting again ${await rewritesAgain("qnib/bench:fresh3")} ms after the registry came back`);
    expect(stage.operator.webhook.pid).toBe(pid);
    expect(() => process.kill(pid, 0)).not.toThrow();
  });

  test("a webhook that is told to end answers the review that is under way; it starts again and rewrites", async () => {
    const image = `${hanging.host}/team/app:ending`;
    const asked = hanging.requests.length;
    const created = stage.kubectl(["create", "-n", namespace, "-o", "json", "-f", "-"], asking("ending", image));
    await expect.poll(() => hanging.requests.length, { timeout: 10_000 }).toBeGreaterThan(asked);
    await stage.operator.webhook.stop();
    const { code, stdout, stderr } = await created;
    expect([code, JSON.parse(stdout).spec.containers[0].image]).toEqual([0, image]);
    // Where the API server admits a Pod because the webhook went away, there is no Warning.
    expect(stderr).toContain(`Warning: metahub: image ${image} of main is left as written: ${hanging.host}`);
    await stage.operator.webhook.restart(soon());
    await rewritesAgain("qnib/bench");
  });

  test("a registry that takes connections and never answers: the Pod is admitted in time, with a Warning", async ({
    annotate,
  }) => {
    const image = `${hanging.host}/team/app:1`;
    const began = performance.now();
    const { code, stdout, stderr } = await stage.kubectl(
      ["create", "-n", namespace, "-o", "json", "-f", "-"],
      asking("hanging", image),
    );
    const took = performance.now() - began;
    await annotate(`admitted after ${Math.round(took)} ms`);
    expect([code, JSON.parse(stdout).spec.containers[0].image]).toEqual([0, image]);
    // Were it the API server's timeout that ended it, there would be no Warning.
    expect(stderr).toContain(`Warning: metahub: image ${image} of main is left as written: ${hanging.host}`);
  });

  test("a webhook that is killed: Pods are admitted as written; it starts again and rewrites", async () => {
    await stage.operator.webhook.kill();
    expect(imageOf(await stage.admit(asking("dead", "qnib/bench")))).toBe("qnib/bench");
    await stage.operator.webhook.restart(soon());
    await rewritesAgain("qnib/bench");
  });

  test("an API server that is killed: watches resume, and no change around its restart is lost", async ({
    annotate,
    skip,
  }) => {
    skip(shared.cluster.provider !== "local", "the API server of another provider cannot be killed");
    const pids = [stage.operator.webhook.pid, stage.operator.controller.pid];
    const counts = (): Promise<Readonly<Record<string, number>>> => machineTypeNodes(stage);
    expect(await counts()).toEqual({ type1: 1, type2: 1, type3: 1, type4: 1 });

    await stage.cluster.restartApiServer({ signal: soon(120_000) });
    // At once: the watches of webhook and controller are still broken.
    await relabel(stage, `${stage.prefix}-node5`, { "node.kubernetes.io/instance-type": "m4.xlarge" });
    await stage.witness.core.deleteNode({ name: `${stage.prefix}-node4` });
    const began = performance.now();
    const late = `${stage.prefix}-late`;
    await stage.createNode({ name: late, labels: { "node.kubernetes.io/instance-type": "c5.xlarge" } });

    await expect.poll(counts, { timeout: 60_000 }).toEqual({ type1: 2, type2: 2, type3: 1, type4: 0 });
    await annotate(`status is right ${Math.round(performance.now() - began)} ms after the changes`);
    await rewritesAgain("qnib/bench:fresh4");
    await expect
      .poll(
        async () => [
          imageOf(await stage.admit(pod("late", { nodeSelector: { "kubernetes.io/hostname": late } }))),
          imageOf(await stage.admit(pod("gone", onType("type4")))),
        ],
        { timeout: 20_000 },
      )
      .toEqual([stage.image("cpu-skylake"), "qnib/bench"]);
    expect([stage.operator.webhook.pid, stage.operator.controller.pid]).toEqual(pids);
    for (const pid of pids) expect(() => process.kill(pid, 0)).not.toThrow();
  });

  test("no match condition failed", async () => {
    expect(await stage.conditionErrors()).toEqual([]);
  });
});
