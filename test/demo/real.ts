import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { parsePod } from "../../src/api/parse-pod.ts";
import type { Pod } from "../../src/api/pod.ts";
import { defaultSources, resolveBinaries } from "../cluster/binaries.ts";
import type { Cluster, ProviderName } from "../cluster/cluster.ts";
import { launchDistribution } from "../cluster/distribution.ts";
import { ClusterError } from "../cluster/error.ts";
import { freePorts } from "../cluster/ports.ts";
import { createProgress } from "../cluster/progress.ts";
import { attachCluster, endCluster, startCluster } from "../cluster/start.ts";
import { installOperator } from "../operator/install.ts";
import { type PublishedBuilds, publishBuilds } from "./builds.ts";
import { examplesFolder, readExample } from "./examples.ts";
import type { DemoPod } from "./report.ts";
import { readState, writeState } from "./state.ts";

export const demoFolder = join(tmpdir(), "metahub-demo");

export interface RealResult {
  readonly pods: readonly DemoPod[];
  readonly builds: PublishedBuilds;
  readonly cluster: Cluster;
  readonly warnings: readonly string[];
}

/** The demonstration on a real API server, scheduler and registry; the cluster stays until `--down`. */
export async function runReal(
  provider: ProviderName,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<RealResult> {
  const former = existsSync(join(demoFolder, "cluster.json")) ? readState(demoFolder) : undefined;
  if (former === undefined) await endCluster(demoFolder, signal); // What an interrupted demo left.
  const { cluster, builds } =
    former === undefined ? await setUp(provider, say, signal) : await attach(former.builds, say);
  const warnings: string[] = [];
  for (const file of ["pods.yaml", "deployment.yaml"]) {
    const { stderr } = await must(cluster, ["apply", "-f", join(examplesFolder, file)], signal);
    warnings.push(...stderr.split("\n").filter((line) => line.startsWith("Warning:")));
  }
  say("applied examples/pods.yaml and examples/deployment.yaml; waiting for the scheduler");
  await must(cluster, ["wait", "--for=condition=PodScheduled", "pod", "--all", "--timeout=60s"], signal);
  await must(cluster, ["rollout", "status", "deployment/bench", "--timeout=1s"], signal, { anyCode: true });
  return { pods: await demoPods(cluster, signal), builds, cluster, warnings };
}

export async function endReal(signal: AbortSignal): Promise<boolean> {
  const there = existsSync(demoFolder);
  await endCluster(demoFolder, signal);
  return there;
}

async function attach(
  builds: PublishedBuilds,
  say: (line: string) => void,
): Promise<{ cluster: Cluster; builds: PublishedBuilds }> {
  say("the cluster of the last demo is still up; `npm run demo -- --down` ends it");
  return { cluster: await attachCluster(demoFolder), builds };
}

async function setUp(provider: ProviderName, say: (line: string) => void, signal: AbortSignal) {
  const cluster = await startCluster({
    provider,
    level: "api",
    dir: demoFolder,
    detached: true,
    tools: ["kubectl", "helm", "registry"],
    progress: (line) => say(line.replace(/^\[\s*[\d.]+ ?s\]\s*/, "").trimEnd()),
    signal,
  });
  try {
    const binary = await resolveBinaries(["registry"], defaultSources(), createProgress(say), signal);
    const [port = 0] = await freePorts(1);
    const registry = await launchDistribution(
      { dir: cluster.dir, logs: cluster.logs, end: () => cluster.stop() },
      binary("registry"),
      port,
      signal,
    );
    const builds = await publishBuilds(registry, undefined, signal);
    say(
      `pushed ${builds.tags.size} builds of qnib/bench and their index to the registry at ${registry}, standing in for docker.io`,
    );
    for (const { object } of await readExample("inventory/nodes.yaml")) {
      const { metadata, status } = nodeSchema.parse(object);
      await cluster.createNode(
        { name: metadata.name, labels: metadata.labels, allocatable: status.allocatable ?? {} },
        signal,
      );
    }
    await installOperator({ cluster, registry, signal });
    say("installed the chart; webhook and controller run with its service accounts");
    await must(cluster, ["apply", "-f", join(examplesFolder, "inventory/machinetypes.yaml")], signal);
    await must(cluster, ["wait", "--for=condition=Ready", "machinetype", "--all", "--timeout=30s"], signal);
    await must(cluster, ["wait", "--for=jsonpath={.status.nodes}=1", "machinetype", "--all", "--timeout=30s"], signal);
    say("machine types are ready; the controller has labelled the nodes");
    writeState(demoFolder, { builds });
    return { cluster, builds };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

const nodeSchema = z.object({
  metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()) }),
  status: z.object({ allocatable: z.record(z.string(), z.string()).optional() }),
});

async function demoPods(cluster: Cluster, signal: AbortSignal): Promise<readonly DemoPod[]> {
  const { stdout } = await must(cluster, ["get", "pods", "-o", "json"], signal);
  const nodes = await must(cluster, ["get", "nodes", "-o", "json"], signal);
  const typeOf = new Map(
    list(nodes.stdout).map((node) => {
      const { name, labels } = z
        .object({ metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()) }) })
        .parse(node).metadata;
      return [name, labels["metahub.dev/machine-type"] ?? "none"];
    }),
  );
  return list(stdout).map((object) => {
    const after: Pod = parsePod(object);
    const node = after.spec.nodeName ?? "";
    return { name: after.metadata.name ?? "", node, machineType: typeOf.get(node) ?? "", asked: "qnib/bench", after };
  });
}

function list(json: string): readonly unknown[] {
  return z.object({ items: z.array(z.unknown()) }).parse(JSON.parse(json)).items;
}

async function must(cluster: Cluster, args: readonly string[], signal: AbortSignal, { anyCode = false } = {}) {
  const result = await cluster.kubectl(args, { signal });
  if (result.code !== 0 && !anyCode)
    throw new ClusterError("command", `kubectl ${args.join(" ")} failed: ${result.stderr.trim()}`);
  return result;
}
