import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createApiClient } from "../cluster/api-client.ts";
import { requireLevel } from "../cluster/require.ts";
import { waitUntil } from "../cluster/wait.ts";
import { crowdNode } from "../support/cluster/crowd.ts";
import { imageOf, onType, pod } from "../support/cluster/pods.ts";
import { openStage, type Stage, soon } from "../support/cluster/stage.ts";
import { describeWith } from "../support/describe-with.ts";

// A cluster of its own: thousands of nodes would be in the way of others, and take longer to delete than to make.
const found = await requireLevel({
  provider: "local",
  level: "api",
  signal: new AbortController().signal,
  progress: (line) => void process.stderr.write(`${line}\n`),
  tools: ["kubectl", "helm"],
});
const count = 5_000;
const limitMiB = 150;

describeWith(found, `a cluster of ${count} nodes`, (ready) => {
  const { cluster } = ready;
  let stage: Stage;
  const known = (): Promise<number> => stage.operator.webhook.metric("metahub_inventory_nodes", "", soon());
  const knowsAll = () =>
    waitUntil({
      what: "the webhook's inventory",
      timeoutMs: 60_000,
      signal: soon(90_000),
      everyMs: 250,
      check: async () => ((await known()) >= count + 5 ? undefined : `it has ${await known()} nodes`),
    });
  /** Resident memory now and at its peak, in MiB. */
  const memory = async (pid: number): Promise<{ readonly now: number; readonly peak: number }> => {
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    const kib = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]);
    return { now: Math.round(kib("VmRSS") / 1024), peak: Math.round(kib("VmHWM") / 1024) };
  };

  beforeAll(async () => {
    stage = await openStage(cluster);
  });
  afterAll(async () => {
    await stage?.witness.close();
    await cluster.stop();
  });

  test(`the webhook stays below ${limitMiB} MiB, also when it starts again`, { timeout: 240_000 }, async ({
    annotate,
  }) => {
    // It would label each of them, which is not what is measured here and takes as long as making them.
    await stage.operator.controller.stop();
    const api = await createApiClient(cluster.kubeconfig);
    const began = performance.now();
    let next = 0;
    const make = async (): Promise<void> => {
      for (let index = next++; index < count; index = next++) {
        await api.must("POST", "/api/v1/nodes", { signal: soon(), body: crowdNode(index) });
      }
    };
    await Promise.all(Array.from({ length: 8 }, make));
    api.close();
    await knowsAll();
    await annotate(`made ${count} nodes in ${Math.round((performance.now() - began) / 1000)} s`);

    const grown = await memory(stage.operator.webhook.pid);
    await annotate(`webhook after all of them came, one by one: ${JSON.stringify(grown)} MiB`);
    expect(imageOf(await stage.admit(pod("crowded", onType("type4"))))).toBe(stage.image("cpu_broadwell-nvcap_52"));

    await stage.operator.webhook.stop();
    await stage.operator.webhook.restart(soon());
    await knowsAll();
    for (let round = 0; round < 50; round++) await stage.admit(pod("crowded", onType("type4")));
    const started = await memory(stage.operator.webhook.pid);
    await annotate(`webhook after its start with all of them: ${JSON.stringify(started)} MiB`);
    expect(grown.now).toBeLessThan(limitMiB);
    expect(started.now).toBeLessThan(limitMiB);
  });
});
