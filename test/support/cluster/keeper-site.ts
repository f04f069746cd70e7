import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";
import { type Renewal, renew, toStored } from "../../../src/certificates/renew.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import type { CommandResult } from "../../cluster/command.ts";
import { freePorts } from "../../cluster/ports.ts";
import { sharedRegistry } from "../../cluster/vitest.ts";
import { publishBuilds } from "../../demo/builds.ts";
import { accountKubeconfig } from "../../operator/account.ts";
import { type ServerProcess, startServer } from "../../operator/server-process.ts";

export const chart = fileURLToPath(new URL("../../../charts/metahub", import.meta.url));
export const namespace = "metahub-system";
const service = `metahub-webhook.${namespace}.svc`;
export const kinds = ["mutatingwebhookconfiguration", "validatingwebhookconfiguration"] as const;

export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

export interface ClientConfig {
  readonly caBundle?: string;
  readonly service: { readonly path?: string };
}

/** The one node has them. */
const labels = { "node.kubernetes.io/instance-type": "m4.large", "kubernetes.io/arch": "amd64" };
const dayMs = 86_400_000;
const soon = (ms = 60_000): AbortSignal => AbortSignal.timeout(ms);

export function list(items: readonly object[]): object {
  return { apiVersion: "v1", kind: "List", items };
}

/**
 * Keeper and webhook as processes with the rights of the chart's accounts, on a real API server that calls the webhook by
 * its Service. The Service's address is a name of this machine, because no node is here to run a Pod behind it.
 */
export class KeeperSite {
  readonly cluster: Cluster;
  readonly servers: ServerProcess[] = [];
  readonly port: number;
  #digests: ReadonlySet<string> = new Set();

  /** With one node of machine type `type1`, for which the namespace `default` makes Pods. */
  static async open(cluster: Cluster): Promise<KeeperSite> {
    const [port = 0] = await freePorts(1);
    const site = new KeeperSite(cluster, port);
    await site.must(["create", "namespace", namespace]);
    await site.must(["create", "-f", "-"], {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "metahub-webhook", namespace },
      spec: { type: "ExternalName", externalName: "localhost" },
    });
    await cluster.createNode({ name: "node1", labels }, soon());
    await site.must(["wait", "--for=create", "serviceaccount/default", "--timeout=30s"]);
    return site;
  }

  constructor(cluster: Cluster, port: number) {
    this.cluster = cluster;
    this.port = port;
  }

  /** What the node offers: once the chart's resources are there. */
  async declare(): Promise<void> {
    await this.must(["wait", "--for=condition=Established", "crd/machinetypes.metahub.dev", "--timeout=30s"]);
    await this.must(["apply", "-f", "-"], {
      apiVersion: "metahub.dev/v1alpha1",
      kind: "MachineType",
      metadata: { name: "type1" },
      spec: { nodeSelector: { matchLabels: labels }, features: ["cpu:broadwell"] },
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
    await this.cluster.stop();
  }

  kubectl(args: readonly string[], input?: object): Promise<CommandResult> {
    return this.cluster.kubectl(args, {
      signal: soon(),
      ...(input === undefined ? {} : { input: JSON.stringify(input) }),
    });
  }

  /** @throws Error where kubectl fails, with its words */
  async must(args: readonly string[], input?: object): Promise<string> {
    return done("kubectl", args, await this.kubectl(args, input));
  }

  /** @throws Error where Helm fails, with its words */
  async helm(args: readonly string[]): Promise<string> {
    return done("helm", args, await this.cluster.helm([...args, "--namespace", namespace], { signal: soon() }));
  }

  /** The chart's objects, but for those that need nodes. */
  async template(...args: readonly string[]): Promise<readonly Manifest[]> {
    const set = ["--set", ["webhook.deploy=true", ...args].join(",")];
    const text = await this.helm(["template", "metahub", chart, "--kube-version", "1.37.2", ...set]);
    return parseAllDocuments(text)
      .map((document): Manifest => document.toJS())
      .filter((object) => object !== null && !["Deployment", "Service"].includes(object.kind))
      .map((object) => this.#withPort(object));
  }

  /** The chart's configurations name port 443 of a Service's own address. */
  #withPort(object: Manifest): Manifest {
    return JSON.parse(JSON.stringify(object).replaceAll('"port":443', `"port":${this.port}`));
  }

  startKeeper(...more: readonly string[]): Promise<ServerProcess> {
    return this.#run("keeper", [
      ...["--authority-secret", `${namespace}/metahub-webhook-authority`, "--tls-host", service],
      ...["--webhook-configuration", "metahub-webhook", "--service", `${namespace}/metahub-webhook`, ...more],
    ]);
  }

  async startWebhook(): Promise<ServerProcess> {
    const registry = await sharedRegistry();
    this.#digests = new Set((await publishBuilds(registry, undefined, soon())).tags.keys());
    const source = ["--mirror", `docker.io=http://${registry}`, "--plain-http", registry];
    return await this.#run("webhook", ["--port", String(this.port), ...source]);
  }

  async #run(name: "keeper" | "webhook", args: readonly string[]): Promise<ServerProcess> {
    const { dir, logs } = this.cluster;
    const [health = 0] = await freePorts(1);
    const kubeconfig = join(dir, `${name}.kubeconfig`);
    await writeFile(kubeconfig, await accountKubeconfig(this.cluster, namespace, `metahub-${name}`, soon()));
    const server = await startServer({
      run: { dir, logs },
      name: `metahub-${name}-${this.servers.length}`,
      healthPort: health,
      signal: soon(),
      args: [
        name,
        ...["--kubeconfig", kubeconfig, "--address", "127.0.0.1", "--health-port", String(health)],
        ...["--keys-secret", `${namespace}/metahub-webhook-keys`, "--tls-secret", `${namespace}/metahub-webhook-tls`],
        ...args,
      ],
    });
    this.servers.push(server);
    return server;
  }

  /** Makes a Pod without storing it; true where its image was rewritten. */
  async isRewritten(): Promise<boolean> {
    const spec = {
      containers: [{ name: "main", image: "qnib/bench" }],
      nodeSelector: { "metahub.dev/machine-type": "type1" },
    };
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { generateName: "p-", namespace: "default" }, spec };
    const args = ["create", "--dry-run=server", "-f", "-", "-o", "jsonpath={.spec.containers[0].image}"];
    return this.#digests.has((await this.must(args, pod)).split("@")[1] ?? "");
  }

  /** Asks about Pods for as long as the work goes on. Resolves with how many were missed, of how many. */
  async asking(work: () => Promise<void>): Promise<{ readonly missed: number; readonly asked: number }> {
    const over = new AbortController();
    const counts = { missed: 0, asked: 0 };
    const ask = async (): Promise<void> => {
      while (!over.signal.aborted) {
        if (!(await this.isRewritten())) counts.missed++;
        counts.asked++;
      }
    };
    const asks = ask();
    try {
      await work();
    } finally {
      over.abort();
      await asks;
    }
    return counts;
  }

  async configuration(kind: string, name = "metahub-webhook"): Promise<readonly ClientConfig[]> {
    const text = await this.must(["get", kind, name, "-o", "json"]);
    return JSON.parse(text).webhooks.map(({ clientConfig }: { clientConfig: ClientConfig }) => clientConfig);
  }

  /** Of both configurations. */
  async paths(): Promise<readonly string[]> {
    const configs = await Promise.all(kinds.map((kind) => this.configuration(kind)));
    return configs.flat().map(({ service: { path } }) => path ?? "");
  }

  /** What one of the keeper's Secrets holds, by its short name. */
  async secret(name: string): Promise<Record<string, string>> {
    const text = await this.must(["get", "secret", `metahub-webhook-${name}`, "-n", namespace, "-o", "json"]);
    const data: Record<string, string> = JSON.parse(text).data;
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]),
    );
  }

  /** A certificate as a version without a keeper left it: one Secret, with the authority's key in it. */
  async leaveCertificate(): Promise<{
    readonly material: Renewal["material"];
    readonly data: Readonly<Record<string, string>>;
  }> {
    const { material } = await renew(undefined, {
      hosts: [service],
      now: new Date(),
      authorityName: "metahub",
      authorityLifetimeMs: 730 * dayMs,
      certificateLifetimeMs: 90 * dayMs,
    });
    const stored = Object.entries(toStored(material)).map(([key, text]) => [
      key,
      Buffer.from(text ?? "").toString("base64"),
    ]);
    const data: Record<string, string> = Object.fromEntries(stored);
    const metadata = { name: "metahub-webhook-tls", namespace };
    await this.must(["create", "-f", "-"], {
      apiVersion: "v1",
      kind: "Secret",
      metadata,
      type: "kubernetes.io/tls",
      data,
    });
    return { material, data };
  }

  async logs(): Promise<string> {
    return (await Promise.all(this.servers.map(({ log }) => readFile(log, "utf8")))).join("");
  }
}

function done(program: string, args: readonly string[], { code, stdout, stderr }: CommandResult): string {
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} failed: ${stderr}`);
  return stdout.trim();
}
