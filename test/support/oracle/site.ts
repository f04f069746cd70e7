import { fileURLToPath } from "node:url";
import type { Pod, PodSpec } from "../../../src/api/pod.ts";
import { ClusterInventory } from "../../../src/inventory/cluster.ts";
import type { Snapshot } from "../../../src/inventory/snapshot.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import { kubectl } from "../../cluster/kubectl.ts";
import { type Lack, lack } from "../../cluster/lack.ts";
import { requireLevel } from "../../cluster/require.ts";
import { adminClient } from "../../operator/install.ts";
import { soon } from "../cluster/binding-site.ts";
import { adminWitness, type Witness } from "../cluster/witness.ts";
import { classManifests } from "./classes.ts";
import { eachOf } from "./each.ts";
import { devicesOf, nodesOf, type OracleNode } from "./nodes.ts";
import { servedResource } from "./vocabulary.ts";

const machineTypes = fileURLToPath(new URL("../../../crds/metahub.dev_machinetypes.yaml", import.meta.url));
/** The node that is made after all others. */
const last = "oracle-last";

/** A cluster of level api with the nodes and classes of a seed, without the operator. */
export interface OracleSite {
  readonly cluster: Cluster;
  readonly witness: Witness;
  /** The cluster as our own inventory read it. */
  readonly snapshot: Snapshot;
  readonly nodes: readonly OracleNode[];
  /** @returns the Pods as the API server stored them, in the same order. */
  createPods(label: string, list: readonly NamedSpec[]): Promise<readonly Pod[]>;
  deletePods(label: string): Promise<void>;
  stop(): Promise<void>;
}

export interface NamedSpec {
  readonly name: string;
  readonly spec: object;
}

export async function openOracleSite(seed: number): Promise<OracleSite | Lack> {
  const signal = soon(600_000);
  const progress = (line: string): void => void process.stderr.write(`${line}\n`);
  // At its default of 50 requests a second, the scheduler alone would take half of the test's time.
  const ready = await requireLevel({ level: "api", signal, progress, tools: ["kubectl"], schedulerQps: 1000 });
  if ("skip" in ready) return ready;
  const { cluster } = ready;
  if (cluster.provider === "existing") {
    await cluster.stop();
    return lack("it fills a cluster with nodes and Pods of its own: not one that is somebody's");
  }
  const witness = adminWitness(cluster);
  const stop = async (): Promise<void> => {
    await witness.close();
    await cluster.stop();
  };
  try {
    const deletePods = async (label: string): Promise<void> => {
      const query = `labelSelector=oracle%3D${label}&gracePeriodSeconds=0`;
      await kubectl(cluster, ["delete", "--raw", `/api/v1/namespaces/default/pods?${query}`]);
    };
    const made = await setUp(cluster, witness, seed);
    return { cluster, witness, createPods: createPodsWith(witness), deletePods, stop, ...made };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function setUp(
  cluster: Cluster,
  witness: Witness,
  seed: number,
): Promise<Pick<OracleSite, "snapshot" | "nodes">> {
  // The inventory waits for the definition; nobody makes machine types here.
  await kubectl(cluster, ["apply", "-f", machineTypes]);
  await kubectl(cluster, ["wait", "--for=condition=Established", "crd/machinetypes.metahub.dev", "--timeout=30s"]);
  await kubectl(cluster, ["wait", "--for=create", "serviceaccount/default", "--timeout=30s"]);
  const nodes = nodesOf(seed);
  await eachOf(nodes, async ({ spec }) => cluster.createNode(spec, soon()));
  const items = classManifests(new Map([...devicesOf(seed), [last, ["b"]]]));
  await kubectl(cluster, ["create", "-f", "-"], { apiVersion: "v1", kind: "List", items });
  await cluster.createNode({ name: last, labels: { "metahub.dev/feature.oracle": last } }, soon());
  await allSeen(cluster, witness);
  return { snapshot: await read(cluster), nodes };
}

/**
 * A watch brings changes of one resource in order: when the scheduler has given a Pod a device of the node that was
 * made last, it has seen all nodes, slices and the class.
 */
async function allSeen(cluster: Cluster, witness: Witness): Promise<void> {
  const limits = { [servedResource]: "1" };
  const spec: PodSpec = {
    nodeSelector: { "kubernetes.io/hostname": last },
    containers: [{ name: "main", image: "example/none", resources: { limits } }],
  };
  await createPodsWith(witness)("first", [{ name: "first", spec }]);
  await kubectl(cluster, ["wait", "--for=condition=PodScheduled", "pod/first", "--timeout=30s"]);
}

/** As the webhook reads it. */
async function read(cluster: Cluster): Promise<Snapshot> {
  const client = await adminClient(cluster);
  const inventory = new ClusterInventory({ client, observe: () => undefined });
  try {
    await inventory.synced;
    const snapshot = inventory.snapshot();
    if (snapshot === undefined) throw new Error("the inventory has no snapshot");
    return snapshot;
  } finally {
    await inventory.close();
    await client.close();
  }
}

function createPodsWith(witness: Witness): OracleSite["createPods"] {
  return async (label, list) =>
    eachOf(list, async ({ name, spec }) => {
      const metadata = { name, labels: { oracle: label } };
      const body = { apiVersion: "v1", kind: "Pod", metadata, spec };
      return witness.createPod("default", body);
    });
}
