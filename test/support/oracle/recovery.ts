import { nodeResource } from "../../../src/inventory/cluster.ts";
import { kubectl } from "../../cluster/kubectl.ts";
import { soon } from "../cluster/binding-site.ts";
import type { OracleSite } from "./site.ts";

/**
 * Some nodes are uncordoned, ready, and are not removed after all. When a Pod that tolerates nothing has been given each
 * of them, the scheduler knows.
 */
export async function recover({ client, cluster, nodes, createPods }: OracleSite): Promise<void> {
  const names = nodes.filter(({ transient }) => transient === "recovers").map(({ spec }) => spec.name);
  for (const name of names) {
    const conditions = [{ type: "Ready", status: "True" }];
    const target = { resource: nodeResource, name };
    await client.patch(
      { ...target, subresource: "status" },
      { type: "strategic", body: { status: { conditions } } },
      { signal: soon() },
    );
    // Both the taint of the autoscaler, and those that the node lifecycle controller is about to take away.
    const spec = { unschedulable: null, taints: null };
    await client.patch(target, { type: "merge", body: { spec } }, { signal: soon() });
  }
  const pinned = names.map((name) => ({
    name: `back-${name}`,
    spec: {
      nodeSelector: { "kubernetes.io/hostname": name },
      containers: [{ name: "main", image: "example/none" }],
    },
  }));
  await createPods("back", pinned);
  await kubectl(cluster, ["wait", "--for=condition=PodScheduled", "pod", "-l", "oracle=back", "--timeout=30s"]);
}
