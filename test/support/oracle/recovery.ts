import { kubectl } from "../../cluster/kubectl.ts";
import { patchAs } from "../cluster/witness.ts";
import type { OracleSite } from "./site.ts";

/**
 * Some nodes are uncordoned, ready, and are not removed after all. When a Pod that tolerates nothing has been given each
 * of them, the scheduler knows.
 */
export async function recover({ witness, cluster, nodes, createPods }: OracleSite): Promise<void> {
  const names = nodes.filter(({ transient }) => transient === "recovers").map(({ spec }) => spec.name);
  for (const name of names) {
    const conditions = [{ type: "Ready", status: "True" }];
    await witness.core.patchNodeStatus({ name, body: { status: { conditions } } }, patchAs.strategic);
    // Both the taint of the autoscaler, and those that the node lifecycle controller is about to take away.
    const spec = { unschedulable: null, taints: null };
    await witness.core.patchNode({ name, body: { spec } }, patchAs.merge);
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
