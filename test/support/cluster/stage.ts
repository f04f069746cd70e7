import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import { expect } from "vitest";
import { z } from "zod";
import type { Pod } from "../../../src/api/pod.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import type { CommandResult } from "../../cluster/command.ts";
import { sharedRegistry } from "../../cluster/vitest.ts";
import { waitUntil } from "../../cluster/wait.ts";
import { type PublishedBuilds, publishBuilds } from "../../demo/builds.ts";
import { installOperator, type Operator, operatorNamespace } from "../../operator/install.ts";
import { type PodManifest, pod } from "./pods.ts";
import { adminWitness, type Witness } from "./witness.ts";

const examples = join(import.meta.dirname, "../../../examples");

/** Bound of one step of a test, on a machine that does other work too. */
export const soon = (ms = 60_000): AbortSignal => AbortSignal.timeout(ms);

export interface StageOptions {
  /** Stands in for docker.io. Default: the registry that all files share. */
  readonly registry?: string;
  readonly values?: Readonly<Record<string, string>>;
  readonly webhookArgs?: readonly string[];
}

/**
 * The scenario on a real API server: the operator as its chart installs it, a registry with the builds of `qnib/bench`,
 * four machine types, a node for each and one that fits none.
 */
export interface Stage {
  readonly cluster: Cluster;
  /** With the rights of an administrator. */
  readonly witness: Witness;
  readonly operator: Operator;
  readonly builds: PublishedBuilds;
  /** Begins the names of this stage's nodes: `<prefix>-node1` to `<prefix>-node5`. */
  readonly prefix: string;
  /** The reference of the build that was pushed under this tag, as a Pod must have it. */
  image(tag: string): string;
  /** Makes a namespace that ends with the stage; Pods can be created in it at once. */
  namespace(labels?: Readonly<Record<string, string>>): Promise<string>;
  /** Makes a node that ends with the stage. */
  createNode(node: Parameters<Cluster["createNode"]>[0]): Promise<void>;
  kubectl(args: readonly string[], input?: object): Promise<CommandResult>;
  /** kubectl's output; the test fails with its error otherwise. */
  must(args: readonly string[], input?: object): Promise<string>;
  /** Makes the Pod without storing it, and returns what would have been stored. */
  admit(manifest: PodManifest, namespace?: string): Promise<Pod>;
  /** Failed evaluations of the webhook's match conditions since the API server started, as lines of its metrics. */
  conditionErrors(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export async function openStage(cluster: Cluster, options: StageOptions = {}): Promise<Stage> {
  const registry = options.registry ?? (await sharedRegistry());
  const witness = adminWitness(cluster);
  const prefix = `t${randomBytes(3).toString("hex")}`;
  const namespaces: string[] = [];
  const madeNodes: string[] = [];
  let operator: Operator | undefined;

  const kubectl: Stage["kubectl"] = (args, input) =>
    cluster.kubectl(args, { signal: soon(), ...(input === undefined ? {} : { input: JSON.stringify(input) }) });
  const must: Stage["must"] = async (args, input) => {
    const { code, stdout, stderr } = await kubectl(args, input);
    expect(code, stderr).toBe(0);
    return stdout.trim();
  };
  const admit: Stage["admit"] = (manifest, namespace = "default") =>
    witness.createPod(namespace, manifest, { dryRun: true });
  const createNode: Stage["createNode"] = async (node) => {
    madeNodes.push(node.name);
    await cluster.createNode(node, soon());
  };
  const close = async (): Promise<void> => {
    await operator?.stop(soon());
    for (const namespace of namespaces) {
      await kubectl(["delete", "pods,deployments", "--all", "-n", namespace, "--force", "--grace-period=0"]);
    }
    const gone = ["--ignore-not-found", "--wait=false"];
    await kubectl(["delete", "namespace", ...namespaces, ...gone]);
    await kubectl(["delete", "-f", join(examples, "inventory/machinetypes.yaml"), ...gone]);
    if (madeNodes.length > 0) await kubectl(["delete", "node", ...madeNodes, ...gone]);
    await witness.close();
  };

  try {
    const builds = await publishBuilds(registry, undefined, soon());
    for (const { name, labels, allocatable } of await exampleNodes()) {
      const own = { ...labels, "kubernetes.io/hostname": `${prefix}-${name}` };
      await createNode({ name: `${prefix}-${name}`, labels: own, allocatable });
    }
    operator = await installOperator({
      cluster,
      registry,
      signal: soon(120_000),
      values: options.values ?? {},
      webhookArgs: options.webhookArgs ?? [],
    });
    await must(["apply", "-f", join(examples, "inventory/machinetypes.yaml")]);
    const image: Stage["image"] = (tag) => {
      const found = [...builds.tags].find(([, pushed]) => pushed === tag);
      expect(found, `a build with the tag ${tag}`).toBeDefined();
      return `qnib/bench@${found?.[0]}`;
    };
    const probe = pod("probe", { nodeSelector: { "metahub.dev/machine-type": "type4" } });
    await waitUntil({
      what: "the webhook's first rewriting",
      timeoutMs: 60_000,
      signal: soon(),
      check: async () => {
        const got = (await admit(probe)).spec.containers?.[0]?.image;
        return got === image("cpu_broadwell-nvcap_52") ? undefined : `the image is ${got}`;
      },
    });
    return {
      cluster,
      witness,
      operator,
      builds,
      prefix,
      image,
      createNode,
      kubectl,
      must,
      admit,
      close,
      namespace: async (labels = {}) => {
        const name = `${prefix}-${namespaces.length + 1}`;
        namespaces.push(name);
        await must(["create", "-f", "-"], { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
        // Pods are refused before the controller manager has made their service account.
        await must(["wait", "--for=create", "serviceaccount/default", "-n", name, "--timeout=30s"]);
        return name;
      },
      conditionErrors: async () => {
        const metrics = await must(["get", "--raw", "/metrics"]);
        return metrics
          .split("\n")
          .filter((line) => line.startsWith("apiserver_admission_match_condition_evaluation_errors_total{"))
          .filter((line) => line.includes("metahub") && !line.endsWith(" 0"));
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const nodeSchema = z.object({
  metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()) }),
  status: z.object({ allocatable: z.record(z.string(), z.string()).default({}) }),
});

/** The nodes of the examples. */
async function exampleNodes() {
  const documents = loadAll(await readFile(join(examples, "inventory/nodes.yaml"), "utf8"));
  return documents.map((document) => {
    const { metadata, status } = nodeSchema.parse(document);
    return { ...metadata, ...status };
  });
}

/** Where the operator's own account and Pods are. */
export { operatorNamespace };
