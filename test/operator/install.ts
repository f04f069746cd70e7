import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { formatSigningKeys } from "../../src/keys/signing-keys.ts";
import { loadKubeconfig } from "../../src/kubernetes/access/kubeconfig.ts";
import { KubernetesClient } from "../../src/kubernetes/client/client.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { ClusterError } from "../cluster/error.ts";
import { freePorts } from "../cluster/ports.ts";
import { testNoteKeys } from "../support/note-keys.ts";
import { accountKubeconfig } from "./account.ts";
import { type ServerProcess, startServer } from "./server-process.ts";

const chart = join(import.meta.dirname, "../../charts/metahub");
export const operatorNamespace = "metahub-system";

export interface OperatorOptions {
  readonly cluster: Cluster;
  /** `HOST:PORT` of a plain HTTP registry that stands in for docker.io. */
  readonly registry: string;
  /** More values for the chart, e.g. `{"pullSecrets.mode": "cluster"}`. */
  readonly values?: Readonly<Record<string, string>>;
  readonly webhookArgs?: readonly string[];
  readonly controllerArgs?: readonly string[];
  readonly signal: AbortSignal;
}

/** The operator as its chart installs it, with its servers as processes of this machine. */
export interface Operator {
  /** What every path begins with. */
  readonly segment: string;
  readonly webhook: ServerProcess;
  readonly controller: ServerProcess;
  readonly keeper: ServerProcess;
  /** Ends them and uninstalls the chart; MachineTypes stay. */
  stop(signal: AbortSignal): Promise<void>;
}

/**
 * Installs the chart (CRDs, accounts, rights, webhook configuration) with Helm and runs `metahub keeper`, `metahub webhook`
 * and `metahub controller` on this machine, each with a token of the very service account that the chart makes for it.
 */
export async function installOperator(options: OperatorOptions): Promise<Operator> {
  const { cluster, registry, signal } = options;
  const [port = 0, health = 0, controllerHealth = 0, keeperHealth = 0] = await freePorts(4);
  const segment = randomBytes(32).toString("hex");
  const host = cluster.hostAddress;
  if (host === undefined) {
    throw new ClusterError(
      "UNSUPPORTED",
      "it is not known how this cluster's API server reaches this machine; set METAHUB_TEST_HOST_ADDRESS",
    );
  }
  const values: Readonly<Record<string, string>> = {
    "webhook.deploy": "false",
    "webhook.url": `https://${host}:${port}/${segment}`,
    "controller.deploy": "false",
    "keeper.deploy": "false",
    ...options.values,
  };
  const set = Object.entries(values).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
  await mustHelm(
    cluster,
    ["upgrade", "--install", "metahub", chart, "--namespace", operatorNamespace, "--create-namespace", ...set],
    signal,
  );
  const folder = join(cluster.dir, "operator");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const kubeconfigs = await Promise.all(
    (["webhook", "controller", "keeper"] as const).map(async (component) => {
      const path = join(folder, `${component}.kubeconfig`);
      await writeFile(path, await accountKubeconfig(cluster, operatorNamespace, `metahub-${component}`, signal), {
        mode: 0o600,
      });
      return path;
    }),
  );
  const secrets = ["--keys-secret", `${operatorNamespace}/metahub-webhook-keys`];
  secrets.push("--tls-secret", `${operatorNamespace}/metahub-webhook-tls`);
  const keeper = await startServer({
    run: { dir: cluster.dir, logs: cluster.logs },
    name: "metahub-keeper",
    healthPort: keeperHealth,
    signal,
    args: [
      "keeper",
      ...["--kubeconfig", kubeconfigs[2] ?? ""],
      ...["--address", "127.0.0.1", "--health-port", String(keeperHealth)],
      ...secrets,
      ...["--authority-secret", `${operatorNamespace}/metahub-webhook-authority`, "--tls-host", host],
      ...["--webhook-configuration", "metahub-webhook"],
      ...["--at-binding", values["rewrite.atBinding"] ?? "true"],
    ],
  });
  const noteKeys = join(folder, "note-keys");
  await writeFile(noteKeys, formatSigningKeys(testNoteKeys), { mode: 0o600 });
  const webhook = await startServer({
    run: { dir: cluster.dir, logs: cluster.logs },
    name: "metahub-webhook",
    healthPort: health,
    signal,
    args: [
      "webhook",
      ...["--kubeconfig", kubeconfigs[0] ?? ""],
      ...[
        "--address",
        host === "127.0.0.1" ? host : "0.0.0.0",
        "--port",
        String(port),
        "--health-port",
        String(health),
      ],
      ...secrets,
      ...["--note-key-file", noteKeys],
      // The chart's default; it names the release's own namespace too.
      ...["--excluded-namespace", "kube-system", "--excluded-namespace", operatorNamespace],
      ...["--mirror", `docker.io=http://${registry}`],
      ...["--plain-http", registry],
      ...(options.webhookArgs ?? []),
    ],
  });
  const controller = await startServer({
    run: { dir: cluster.dir, logs: cluster.logs },
    name: "metahub-controller",
    healthPort: controllerHealth,
    signal,
    args: [
      "controller",
      ...["--kubeconfig", kubeconfigs[1] ?? ""],
      ...["--address", "127.0.0.1", "--health-port", String(controllerHealth)],
      ...["--lease", `${operatorNamespace}/metahub-controller`],
      ...(options.controllerArgs ?? []),
    ],
  });
  return {
    segment,
    webhook,
    controller,
    keeper,
    async stop(ended) {
      await Promise.all([webhook.stop(), controller.stop(), keeper.stop()]);
      await mustHelm(cluster, ["uninstall", "metahub", "--namespace", operatorNamespace, "--wait"], ended);
    },
  };
}

async function mustHelm(cluster: Cluster, args: readonly string[], signal: AbortSignal): Promise<void> {
  const { code, stdout, stderr } = await cluster.helm(args, { signal });
  if (code !== 0) throw new ClusterError("COMMAND", `helm ${args[0]} failed: ${(stderr || stdout).trim()}`);
}

/** The project's own client with the administrator's rights, where it is what is tried; tests ask by `adminWitness`. */
export async function adminClient(cluster: Cluster): Promise<KubernetesClient> {
  const access = await loadKubeconfig({ path: cluster.kubeconfig });
  return new KubernetesClient({ access, userAgent: "metahub-test" });
}
