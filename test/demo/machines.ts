import { join } from "node:path";
import { z } from "zod";
import type { Cluster } from "../cluster/cluster.ts";
import { ClusterError } from "../cluster/error.ts";
import { examplesFolder, readExample } from "./examples.ts";

const node = z.object({
  metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()) }),
  status: z.object({ allocatable: z.record(z.string(), z.string()).default({}) }),
});
const named = z.object({ items: z.array(z.object({ metadata: z.object({ name: z.string() }) })) });

/** The nodes of examples/inventory as objects that nobody runs, for a cluster without kubelets. */
export async function createMachines(cluster: Cluster, signal: AbortSignal): Promise<void> {
  for (const { metadata, status } of await machines())
    await cluster.createNode({ ...metadata, allocatable: status.allocatable }, signal);
}

/**
 * Gives real nodes the labels and extended resources that their namesakes of examples/inventory have: what Node Feature
 * Discovery, GPU Feature Discovery and a device plugin would have written on such machines.
 */
export async function dressMachines(cluster: Cluster, signal: AbortSignal): Promise<void> {
  const there = named.parse(JSON.parse(await must(cluster, ["get", "nodes", "-o", "json"], signal)));
  const names = new Set(there.items.map(({ metadata }) => metadata.name));
  for (const { metadata, status } of await machines()) {
    if (!names.has(metadata.name)) continue;
    const patch = (body: object, ...args: readonly string[]): Promise<string> =>
      must(cluster, ["patch", "node", metadata.name, "--type=merge", "-p", JSON.stringify(body), ...args], signal);
    await patch({ metadata: { labels: metadata.labels } });
    // A kubelet keeps the extended resources that it does not know.
    const resources = { capacity: status.allocatable, allocatable: status.allocatable };
    if (Object.keys(status.allocatable).length > 0) await patch({ status: resources }, "--subresource=status");
  }
}

/** Makes the machine types of examples/inventory, and waits until each has found its node and the nodes are labelled. */
export async function createMachineTypes(cluster: Cluster, signal: AbortSignal): Promise<void> {
  await must(cluster, ["apply", "-f", join(examplesFolder, "inventory/machinetypes.yaml")], signal);
  for (const state of ["condition=Ready", "jsonpath={.status.nodes}=1"])
    await must(cluster, ["wait", `--for=${state}`, "machinetype", "--all", "--timeout=60s"], signal);
}

async function machines(): Promise<readonly z.infer<typeof node>[]> {
  return (await readExample("inventory/nodes.yaml")).map(({ object }) => node.parse(object));
}

async function must(cluster: Cluster, args: readonly string[], signal: AbortSignal): Promise<string> {
  const { code, stdout, stderr } = await cluster.kubectl(args, { signal });
  if (code !== 0) throw new ClusterError("COMMAND", `kubectl ${args.slice(0, 3).join(" ")} failed: ${stderr.trim()}`);
  return stdout;
}
