import { join } from "node:path";
import { z } from "zod";
import type { Pod } from "../../../src/api/pod.ts";
import { selectionAnnotation } from "../../../src/api/pod-keys.ts";
import type { SelectionNote } from "../../../src/rewriting/notes/note.ts";
import { parseSelection } from "../../../src/rewriting/notes/read.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import { type Distribution, startDistribution } from "../../cluster/distribution.ts";
import { kubectl } from "../../cluster/kubectl.ts";
import type { Lack } from "../../cluster/lack.ts";
import { reachable, requireLevel } from "../../cluster/require.ts";
import { type PublishedBuilds, publishBuilds } from "../../demo/builds.ts";
import { examplesFolder, readExample } from "../../demo/examples.ts";
import { installOperator, type Operator, type OperatorOptions } from "../../operator/install.ts";
import { publishIndex } from "./binding-builds.ts";
import { adminWitness, refusalOf, type Witness } from "./witness.ts";

export const soon = (ms = 60_000): AbortSignal => AbortSignal.timeout(ms);

/** The tag of the build that belongs on each node of examples/inventory. */
export const buildOf: Readonly<Record<string, string>> = {
  node1: "cpu-broadwell",
  node2: "cpu-skylake",
  node3: "cpu-coffelake",
  node4: "cpu_broadwell-nvcap_52",
};

/** A cluster of level api with the four machines of the demonstration, the builds in a registry, and the operator. */
export interface BindingSite {
  readonly cluster: Cluster;
  readonly registry: Distribution;
  readonly builds: PublishedBuilds;
  readonly operator: Operator;
  readonly witness: Witness;
  /** Creates a Pod; `spec` is added to one container `main` with the image `qnib/bench`. */
  createPod(name: string, options?: PodOptions): Promise<Pod>;
  pod(name: string): Promise<Pod>;
  /** All Pods of `default` whose label `app` is this. */
  podsOf(app: string): Promise<readonly Pod[]>;
  /** Waits until the Pod has a node. */
  bound(name: string): Promise<Pod>;
  /** Waits until so many Pods of the app have nodes. */
  allBound(app: string, count: number, timeoutMs?: number): Promise<readonly Pod[]>;
  /** `cpu-skylake` where the container runs the build of that tag; `written` where it has what its owner wrote. */
  buildIn(pod: Pod, container?: number): string;
  note(pod: Pod, container?: string): SelectionNote | undefined;
  /** Reasons of the Events about a Pod. */
  eventsOf(name: string): Promise<readonly string[]>;
  outcome(outcome: string): Promise<number>;
  /** As a binder does. */
  bind(pod: Pod, node: string, options?: BindOptions): Promise<void>;
  deletePods(app: string): Promise<void>;
  /** Pushes builds and an index of them; features by tag. Returns digests by tag, the index's as `""`. */
  publish(image: string, builds: Readonly<Record<string, readonly string[]>>): Promise<ReadonlyMap<string, string>>;
  stop(): Promise<void>;
}

export interface PodOptions {
  readonly spec?: object;
  readonly image?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface BindOptions {
  readonly metadata?: object;
  readonly legacy?: boolean;
  readonly dryRun?: boolean;
}

/** With the bundle that is in dist/. */
export async function openBindingSite(
  options: Pick<OperatorOptions, "values" | "webhookArgs" | "controllerArgs"> & { readonly schedulerQps?: number } = {},
): Promise<BindingSite | Lack> {
  const signal = soon(600_000);
  const progress = (line: string): void => void process.stderr.write(`${line}\n`);
  const { schedulerQps, ...install } = options;
  const ready = await reachable(
    await requireLevel({
      level: "api",
      signal,
      progress,
      tools: ["kubectl", "helm", "registry"],
      ...(schedulerQps === undefined ? {} : { schedulerQps }),
    }),
  );
  if ("skip" in ready) return ready;
  const { cluster } = ready;
  try {
    return await setUp(cluster, install, signal);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

async function setUp(
  cluster: Cluster,
  install: Pick<OperatorOptions, "values" | "webhookArgs" | "controllerArgs">,
  signal: AbortSignal,
): Promise<BindingSite> {
  const registry = await startDistribution({ signal });
  try {
    const builds = await publishBuilds(registry.host, undefined, signal);
    await kubectl(cluster, ["wait", "--for=create", "serviceaccount/default", "--timeout=30s"]);
    await addNodes(cluster, signal);
    const operator = await installOperator({ cluster, registry: registry.host, signal, ...install });
    await kubectl(cluster, ["apply", "-f", join(examplesFolder, "inventory/machinetypes.yaml")]);
    await kubectl(cluster, ["wait", "--for=jsonpath={.status.nodes}=1", "machinetype", "--all", "--timeout=30s"]);
    return new Site(cluster, registry, builds, operator, adminWitness(cluster));
  } catch (error) {
    await registry.stop();
    throw error;
  }
}

/** Those of the example that a machine type has. */
async function addNodes(cluster: Cluster, signal: AbortSignal): Promise<void> {
  const node = z.object({
    metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()) }),
    status: z.object({ allocatable: z.record(z.string(), z.string()).optional() }),
  });
  for (const { object } of await readExample("inventory/nodes.yaml")) {
    const { metadata, status } = node.parse(object);
    if (buildOf[metadata.name] === undefined) continue;
    const allocatable = { pods: "1000", cpu: "1000", ...status.allocatable };
    await cluster.createNode({ ...metadata, allocatable }, signal);
  }
}

class Site implements BindingSite {
  readonly cluster: Cluster;
  readonly registry: Distribution;
  readonly builds: PublishedBuilds;
  readonly operator: Operator;
  readonly witness: Witness;

  constructor(cluster: Cluster, registry: Distribution, builds: PublishedBuilds, operator: Operator, witness: Witness) {
    this.cluster = cluster;
    this.registry = registry;
    this.builds = builds;
    this.operator = operator;
    this.witness = witness;
  }

  createPod(name: string, options: PodOptions = {}): Promise<Pod> {
    const { spec, image = "qnib/bench", labels, annotations } = options;
    const body = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, labels: labels ?? {}, ...(annotations === undefined ? {} : { annotations }) },
      spec: { containers: [{ name: "main", image }], terminationGracePeriodSeconds: 0, ...spec },
    };
    return this.witness.createPod("default", body);
  }

  pod(name: string): Promise<Pod> {
    return this.witness.pod("default", name);
  }

  podsOf(app: string): Promise<readonly Pod[]> {
    return this.witness.pods("default", `app=${app}`);
  }

  async bound(name: string): Promise<Pod> {
    await kubectl(this.cluster, ["wait", "--for=condition=PodScheduled", `pod/${name}`, "--timeout=60s"]);
    return this.pod(name);
  }

  async allBound(app: string, count: number, timeoutMs = 60_000): Promise<readonly Pod[]> {
    const until = Date.now() + timeoutMs;
    for (;;) {
      const found = await this.podsOf(app);
      const bound = found.filter(({ spec }) => spec.nodeName !== undefined);
      if (bound.length === count) return found;
      if (Date.now() > until)
        throw new Error(`${bound.length} of ${found.length} Pods of ${app} are bound, not ${count}`);
      await kubectl(this.cluster, ["get", "--raw", "/readyz"]);
    }
  }

  buildIn(pod: Pod, container = 0): string {
    const image = pod.spec.containers?.[container]?.image ?? "";
    const [name, digest] = image.split("@", 2);
    if (digest === undefined) return name === "qnib/bench" ? "written" : image;
    return name === "qnib/bench" ? (this.builds.tags.get(digest) ?? image) : image;
  }

  note(pod: Pod, container = "main"): SelectionNote | undefined {
    return parseSelection(pod.metadata.annotations?.[selectionAnnotation]).get(container);
  }

  async eventsOf(name: string): Promise<readonly string[]> {
    const { items } = await this.witness.events.listNamespacedEvent({ namespace: "default" });
    return items.filter(({ regarding }) => regarding?.name === name).map(({ reason = "" }) => reason);
  }

  outcome(outcome: string): Promise<number> {
    return this.operator.webhook.metric("metahub_binding_total", `outcome="${outcome}"`, soon());
  }

  async bind(pod: Pod, node: string, { metadata, legacy = false, dryRun = false }: BindOptions = {}): Promise<void> {
    const { name = "", uid } = pod.metadata;
    const body = {
      apiVersion: "v1",
      kind: "Binding",
      metadata: { name, ...(uid === undefined ? {} : { uid }), ...metadata },
      target: { apiVersion: "v1", kind: "Node", name: node },
    };
    const request = { namespace: "default", body, ...(dryRun ? { dryRun: "All" } : {}) };
    if (legacy) await this.witness.core.createNamespacedBinding(request);
    else await this.witness.core.createNamespacedPodBinding({ ...request, name });
  }

  async deletePods(app: string): Promise<void> {
    // One request for all; kubectl by itself deletes them one by one.
    const query = `labelSelector=app%3D${app}&gracePeriodSeconds=0`;
    await kubectl(this.cluster, ["delete", "--raw", `/api/v1/namespaces/default/pods?${query}`]);
  }

  publish(image: string, builds: Readonly<Record<string, readonly string[]>>): Promise<ReadonlyMap<string, string>> {
    return publishIndex(this.registry.host, image, builds, soon());
  }

  async stop(): Promise<void> {
    await this.witness.close();
    await this.cluster.stop();
    await this.registry.stop();
  }
}

/** The reason that the API server refuses it with, e.g. `Conflict`; `none` where it does not. */
export async function reasonOf(asked: Promise<unknown>): Promise<string> {
  return (await refusalOf(asked))?.reason ?? "none";
}
