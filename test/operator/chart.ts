import { join } from "node:path";
import type { Cluster } from "../cluster/cluster.ts";
import { ClusterError } from "../cluster/error.ts";
import { type OperatorImage, pushOperatorImage } from "./image.ts";

const chart = join(import.meta.dirname, "../../charts/metahub");
const release = "metahub";

export interface ChartOptions {
  /** A cluster of level nodes. */
  readonly cluster: Cluster;
  /** `HOST:PORT` of a plain HTTP registry that nodes and Pods reach; it stands in for docker.io. */
  readonly registry: string;
  /** More values for the chart, as a values file has them. */
  readonly values?: Readonly<Record<string, unknown>>;
  /** Default: metahub-system. */
  readonly namespace?: string;
  readonly signal: AbortSignal;
}

/** The operator as users run it: Pods of the chart, with the chart's own accounts. */
export interface InstalledChart {
  readonly namespace: string;
  readonly image: OperatorImage;
  /** Remarks of Helm and the API server, e.g. Pods that the namespace's PodSecurity level would refuse. */
  readonly warnings: readonly string[];
  /** Uninstalls the release and waits until its objects and its Pods are gone; the namespace stays. */
  uninstall(signal: AbortSignal): Promise<void>;
}

/**
 * Pushes the operator's image, and installs the chart with Helm into a namespace that enforces PodSecurity `restricted`;
 * or upgrades what is installed there. Returns when all of its Pods are Ready.
 */
export async function installChart(options: ChartOptions): Promise<InstalledChart> {
  const { cluster, registry, values = {}, namespace = "metahub-system", signal } = options;
  await cluster.mirrorRegistry("docker.io", registry);
  const image = await pushOperatorImage(registry, signal);
  await must(cluster.kubectl(["apply", "-f", "-"], { signal, input: JSON.stringify(restricted(namespace)) }));
  const given = {
    image: { repository: image.repository, digest: image.digest },
    registries: { plainHttp: [registry], mirrors: { "docker.io": `http://${registry}` } },
    ...values,
  };
  const { stderr } = await must(
    cluster.helm(
      ["upgrade", "--install", release, chart, "--namespace", namespace, "--values", "-", "--wait", "--timeout=120s"],
      { signal, input: JSON.stringify(given), timeoutMs: 150_000 },
    ),
  );
  return {
    namespace,
    image,
    warnings: stderr.split("\n").filter((line) => line.trim() !== ""),
    async uninstall(ended) {
      const args = ["uninstall", release, "--namespace", namespace, "--wait", "--timeout=90s"];
      await must(cluster.helm(args, { signal: ended }));
      await must(
        cluster.kubectl(["wait", "--for=delete", "pod", "--all", "-n", namespace, "--timeout=60s"], { signal: ended }),
      );
    },
  };
}

/** The strictest level of the Pod Security Standards, enforced. */
function restricted(name: string): object {
  const labels = Object.fromEntries(
    ["enforce", "warn"].map((mode) => [`pod-security.kubernetes.io/${mode}`, "restricted"]),
  );
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

async function must(running: ReturnType<Cluster["kubectl"]>): Promise<{ stdout: string; stderr: string }> {
  const result = await running;
  if (result.code !== 0)
    throw new ClusterError("command", `installing the chart failed: ${(result.stderr || result.stdout).trim()}`);
  return result;
}
