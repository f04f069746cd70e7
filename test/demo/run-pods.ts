import { join } from "node:path";
import { z } from "zod";
import { parsePod } from "../../src/api/parse-pod.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { ClusterError } from "../cluster/error.ts";
import type { Progress } from "../cluster/progress.ts";
import type { PublishedBuilds } from "./builds.ts";
import { examplesFolder } from "./examples.ts";
import type { DemoPod } from "./report.ts";

export interface RealResult extends PodsResult {
  readonly builds: PublishedBuilds;
  readonly cluster: Cluster;
}

interface PodsResult {
  readonly pods: readonly DemoPod[];
  readonly warnings: readonly string[];
}

/** The label of the Deployment's Pods, and of no other. */
const deployed = "app=bench";

/** Applies the examples' Pods and Deployment, waits until all are bound, or running where kubelets are, and looks. */
export async function runPods(cluster: Cluster, progress: Progress, signal: AbortSignal): Promise<PodsResult> {
  const kubectl = kubectlOf(cluster, signal);
  const warnings: string[] = [];
  for (const file of ["pods.yaml", "deployment.yaml"]) {
    const { stderr } = await kubectl(["apply", "-f", join(examplesFolder, file)]);
    warnings.push(...stderr.split("\n").filter((line) => line.startsWith("Warning:")));
  }
  const runs = cluster.level === "nodes";
  const what = runs ? "containers" : "scheduler";
  await progress.during(`applied pods.yaml and deployment.yaml; waiting for the ${what}`, async () => {
    // The ReplicaSet's Pods must be there before they can be waited for.
    const replicas = (await kubectl(["get", "deployment/bench", "-o", "jsonpath={.spec.replicas}"])).stdout;
    const made = `--for=jsonpath={.status.replicas}=${replicas}`;
    await kubectl(["wait", made, "replicaset", "-l", deployed, "--timeout=60s"]);
    const until = runs ? "Ready" : "PodScheduled";
    await kubectl(["wait", `--for=condition=${until}`, "pod", "--all", "--timeout=120s"]);
  });
  return { pods: await look(cluster, runs, signal), warnings };
}

const list = z.object({ items: z.array(z.unknown()) });
const node = z.object({ metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()) }) });

/** The Pods as they are now, with what their containers printed where they run. */
async function look(cluster: Cluster, runs: boolean, signal: AbortSignal): Promise<readonly DemoPod[]> {
  const kubectl = kubectlOf(cluster, signal);
  const items = async (what: string): Promise<readonly unknown[]> =>
    list.parse(JSON.parse((await kubectl(["get", what, "-o", "json"])).stdout)).items;
  const typeOf = new Map(
    (await items("nodes")).map((object) => {
      const { name, labels } = node.parse(object).metadata;
      return [name, labels["metahub.dev/machine-type"] ?? "none"];
    }),
  );
  const pods = (await items("pods")).map((object) => parsePod(object));
  return Promise.all(
    pods.map(async (after) => {
      const name = after.metadata.name ?? "";
      const on = after.spec.nodeName ?? "";
      const printed = runs ? (await kubectl(["logs", name])).stdout.trim() : undefined;
      return {
        name,
        deployed: after.metadata.labels?.["app"] === "bench",
        node: on,
        machineType: typeOf.get(on) ?? "",
        asked: "qnib/bench",
        after,
        ...(printed === undefined ? {} : { printed }),
      };
    }),
  );
}

function kubectlOf(cluster: Cluster, signal: AbortSignal) {
  return async (args: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> => {
    const result = await cluster.kubectl(args, { signal, timeoutMs: 150_000 });
    if (result.code !== 0)
      throw new ClusterError("COMMAND", `kubectl ${args.join(" ")} failed: ${result.stderr.trim()}`);
    return result;
  };
}
