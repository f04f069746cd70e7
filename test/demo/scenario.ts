import { readFile } from "node:fs/promises";
import { defaultSources, resolveBinaries } from "../cluster/binaries.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { ClusterError } from "../cluster/error.ts";
import type { Progress } from "../cluster/progress.ts";
import { waitUntil } from "../cluster/wait.ts";
import { type InstalledChart, installChart } from "../operator/chart.ts";
import { type PublishedBuilds, publishBuilds } from "./builds.ts";
import { createMachineTypes, dressMachines } from "./machines.ts";

/** What a cluster of level nodes holds when the scenario is set. */
export interface Scenario {
  readonly builds: PublishedBuilds;
  readonly chart: InstalledChart;
  /** `HOST:PORT` of the registry that has the builds and the operator's image; stands in for docker.io. */
  readonly registry: string;
}

export interface ScenarioOptions {
  /** Of level nodes, with nodes named as in examples/inventory. */
  readonly cluster: Cluster;
  /** More values for the chart. */
  readonly values?: Readonly<Record<string, unknown>>;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * Sets the scenario on real nodes: the four machines by their labels and resources, builds whose containers print what
 * they were built for, the operator as Pods of its chart, and the machine types.
 */
export async function setScenario({ cluster, values, progress, signal }: ScenarioOptions): Promise<Scenario> {
  const { registry } = cluster;
  if (registry === undefined)
    throw new ClusterError("UNSUPPORTED", `a cluster of provider ${cluster.provider} has no registry for its nodes`);
  await dressMachines(cluster, signal);
  progress.say("the nodes carry the labels and resources of four kinds of machine");
  const binary = await resolveBinaries(["printer"], defaultSources(), progress, signal);
  const builds = await publishBuilds(registry, { binary: await readFile(binary("printer")) }, signal);
  progress.say(`pushed ${builds.tags.size} builds and their index to ${registry} (as docker.io)`);
  const chart = await progress.during("installing the chart: two webhooks, two controllers", () =>
    installChart({ cluster, registry, signal, ...(values === undefined ? {} : { values }) }),
  );
  await createMachineTypes(cluster, signal);
  await awaitRewriting(cluster, signal);
  progress.say("operator ready; the machine types have found their nodes");
  return { builds, chart, registry };
}

/** Replicas of the webhook learn of new labels and machine types each by itself, within moments. */
async function awaitRewriting(cluster: Cluster, signal: AbortSignal): Promise<void> {
  const probe = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "probe", namespace: "default" },
    spec: {
      nodeSelector: { "metahub.dev/machine-type": "type4" },
      containers: [{ name: "probe", image: "qnib/bench" }],
    },
  };
  await waitUntil({
    what: "the webhook's first rewriting",
    timeoutMs: 60_000,
    signal,
    everyMs: 200,
    check: async (each) => {
      const args = ["create", "--dry-run=server", "-f", "-", "-o", "jsonpath={.spec.containers[0].image}"];
      const { stdout, stderr } = await cluster.kubectl(args, { signal: each, input: JSON.stringify(probe) });
      return stdout.includes("@sha256:") ? undefined : `a Pod for type4 gets ${stdout || stderr.trim()}`;
    },
  });
}
