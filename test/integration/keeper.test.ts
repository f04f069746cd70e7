import { X509Certificate } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { renew, toStored } from "../../src/certificates/renew.ts";
import type { CommandResult } from "../cluster/command.ts";
import { freePorts } from "../cluster/ports.ts";
import { reachable, requireLevel } from "../cluster/require.ts";
import { sharedRegistry } from "../cluster/vitest.ts";
import { publishBuilds } from "../demo/builds.ts";
import { accountKubeconfig } from "../operator/account.ts";
import { type ServerProcess, startServer } from "../operator/server-process.ts";
import { describeWith } from "../support/describe-with.ts";

const progress = (line: string): void => void process.stderr.write(`${line}\n`);
const soon = (ms = 60_000): AbortSignal => AbortSignal.timeout(ms);
const chart = fileURLToPath(new URL("../../charts/metahub", import.meta.url));
const namespace = "metahub-system";
const service = `metahub-webhook.${namespace}.svc`;
const kinds = ["mutatingwebhookconfiguration", "validatingwebhookconfiguration"] as const;
const dayMs = 86_400_000;

const found = await reachable(
  await requireLevel({
    level: "api",
    signal: new AbortController().signal,
    progress,
    tools: ["kubectl", "helm", "registry"],
  }),
);

/**
 * Keeper and webhook as processes with the rights of the chart's accounts, on a real API server that calls the webhook by
 * its Service. The Service's address is a name of this machine, because no node is here to run a Pod behind it.
 */
describeWith(found, "the keeper", ({ cluster }) => {
  const servers: ServerProcess[] = [];
  let port = 0;
  let manifests: readonly Manifest[] = [];
  let digests: ReadonlySet<string> = new Set();

  const kubectl = (args: readonly string[], input?: object): Promise<CommandResult> =>
    cluster.kubectl(args, { signal: soon(), ...(input === undefined ? {} : { input: JSON.stringify(input) }) });
  const must = async (args: readonly string[], input?: object): Promise<string> => {
    const { code, stdout, stderr } = await kubectl(args, input);
    expect(code, stderr).toBe(0);
    return stdout.trim();
  };
  const list = (items: readonly object[]): object => ({ apiVersion: "v1", kind: "List", items });
  const template = async (...args: readonly string[]): Promise<readonly Manifest[]> => {
    const set = ["--set", ["webhook.deploy=true", ...args].join(",")];
    const { code, stdout, stderr } = await cluster.helm(
      ["template", "metahub", chart, "--namespace", namespace, "--kube-version", "1.37.2", ...set],
      { signal: soon() },
    );
    expect(code, stderr).toBe(0);
    return parseAllDocuments(stdout)
      .map((document): Manifest => document.toJS())
      .filter((object) => object !== null && !["Deployment", "Service"].includes(object.kind))
      .map(withPort);
  };
  /** The chart's configurations name port 443 of a Service's own address. */
  const withPort = (object: Manifest): Manifest =>
    JSON.parse(JSON.stringify(object).replaceAll('"port":443', `"port":${port}`));
  const run = async (name: "keeper" | "webhook", args: readonly string[]): Promise<ServerProcess> => {
    const [health = 0] = await freePorts(1);
    const kubeconfig = join(cluster.dir, `${name}.kubeconfig`);
    await writeFile(kubeconfig, await accountKubeconfig(cluster, namespace, `metahub-${name}`, soon()));
    const server = await startServer({
      run: { dir: cluster.dir, logs: cluster.logs },
      name: `metahub-${name}-${servers.length}`,
      healthPort: health,
      signal: soon(),
      args: [
        name,
        ...["--kubeconfig", kubeconfig, "--address", "127.0.0.1", "--health-port", String(health)],
        ...["--keys-secret", `${namespace}/metahub-webhook-keys`, "--tls-secret", `${namespace}/metahub-webhook-tls`],
        ...args,
      ],
    });
    servers.push(server);
    return server;
  };
  const startKeeper = (...more: readonly string[]): Promise<ServerProcess> =>
    run("keeper", [
      ...["--authority-secret", `${namespace}/metahub-webhook-authority`, "--tls-host", service],
      ...["--webhook-configuration", "metahub-webhook", "--service", `${namespace}/metahub-webhook`, ...more],
    ]);
  const startWebhook = async (): Promise<ServerProcess> => {
    const registry = await sharedRegistry();
    digests = new Set((await publishBuilds(registry, undefined, soon())).tags.keys());
    return run("webhook", [
      ...["--port", String(port), "--mirror", `docker.io=http://${registry}`, "--plain-http", registry],
    ]);
  };
  /** Makes a Pod without storing it; true where its image was rewritten. */
  const isRewritten = async (): Promise<boolean> => {
    const spec = {
      containers: [{ name: "main", image: "qnib/bench" }],
      nodeSelector: { "metahub.dev/machine-type": "type1" },
    };
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { generateName: "p-", namespace: "default" }, spec };
    const image = await must(
      ["create", "--dry-run=server", "-f", "-", "-o", "jsonpath={.spec.containers[0].image}"],
      pod,
    );
    return digests.has(image.split("@")[1] ?? "");
  };
  /** Asks about Pods for as long as the work goes on. Resolves with how many were missed, of how many. */
  const asking = async (work: () => Promise<void>): Promise<{ readonly missed: number; readonly asked: number }> => {
    const over = new AbortController();
    const counts = { missed: 0, asked: 0 };
    const ask = async (): Promise<void> => {
      while (!over.signal.aborted) {
        if (!(await isRewritten())) counts.missed++;
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
  };
  const configuration = async (kind: string, name = "metahub-webhook"): Promise<readonly ClientConfig[]> => {
    const text = await must(["get", kind, name, "-o", "json"]);
    return JSON.parse(text).webhooks.map(({ clientConfig }: { clientConfig: ClientConfig }) => clientConfig);
  };
  const paths = async (): Promise<readonly string[]> =>
    (await Promise.all(kinds.map((kind) => configuration(kind)))).flat().map(({ service: { path } }) => path ?? "");
  const secret = async (name: string): Promise<Record<string, string>> => {
    const text = await must(["get", "secret", `metahub-webhook-${name}`, "-n", namespace, "-o", "json"]);
    const data: Record<string, string> = JSON.parse(text).data;
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]),
    );
  };
  const logs = async (): Promise<string> =>
    (await Promise.all(servers.map(({ log }) => readFile(log, "utf8")))).join("");

  beforeAll(async () => {
    [port = 0] = await freePorts(1);
    await must(["create", "namespace", namespace]);
    await must(["create", "-f", "-"], {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "metahub-webhook", namespace },
      spec: { type: "ExternalName", externalName: "localhost" },
    });
    manifests = await template();
    await must(["apply", "-f", "-"], list(manifests));
    const labels = { "node.kubernetes.io/instance-type": "m4.large", "kubernetes.io/arch": "amd64" };
    await cluster.createNode({ name: "node1", labels }, soon());
    await must(["wait", "--for=condition=Established", "crd/machinetypes.metahub.dev", "--timeout=30s"]);
    await must(["apply", "-f", "-"], {
      apiVersion: "metahub.dev/v1alpha1",
      kind: "MachineType",
      metadata: { name: "type1" },
      spec: { nodeSelector: { matchLabels: labels }, features: ["cpu:broadwell"] },
    });
    await must(["wait", "--for=create", "serviceaccount/default", "--timeout=30s"]);
  }, 120_000);
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await cluster.stop();
  });

  test("an installation without a path and an authority is given both, and Pods are rewritten", async () => {
    expect(await paths()).toEqual(["", ""]);
    const [keeper] = await Promise.all([startKeeper(), startWebhook()]);
    expect(await keeper.metric("metahub_keeper_writes_total", 'what="keys"', soon())).toBe(1);
    await expect.poll(isRewritten, { timeout: 20_000 }).toBe(true);
    const [mutating = "", validating = ""] = await paths();
    expect(mutating).toMatch(/^\/[0-9a-f]{64}\/mutate\/pods$/);
    expect(validating).toBe(mutating.replace("/mutate/pods", "/validate/bindings"));
  });

  test.each([
    ["applied again", ["apply", "-f", "-"]],
    ["applied by the server", ["apply", "--server-side", "--force-conflicts", "--field-manager=gitops", "-f", "-"]],
    ["applied by the server once more", ["apply", "--server-side", "--field-manager=gitops", "-f", "-"]],
  ])("the chart %s takes neither path nor authority away, and no Pod is missed", async (_name, args) => {
    const before = await Promise.all(kinds.map((kind) => configuration(kind)));
    const { missed } = await asking(async () => void (await must(args, list(manifests))));
    expect(missed).toBe(0);
    expect(await Promise.all(kinds.map((kind) => configuration(kind)))).toEqual(before);
  });

  test("somebody takes path and authority away: they are back within seconds", async () => {
    const [before] = await paths();
    await must(["replace", "-f", "-"], list(manifests.filter(({ kind }) => kind.endsWith("WebhookConfiguration"))));
    await expect.poll(isRewritten, { timeout: 10_000 }).toBe(true);
    expect((await paths())[0]).toBe(before);
  });

  test.each([
    ["the Secret of the keys is deleted", ["delete", "secret", "metahub-webhook-keys"], true],
    [
      "the keys are overwritten",
      ["patch", "secret", "metahub-webhook-keys", "-p", '{"data":{"paths":"eA==","note-keys":"eA=="}}'],
      true,
    ],
    ["the authority is deleted", ["delete", "secret", "metahub-webhook-authority"], false],
    [
      "the authority is overwritten",
      ["patch", "secret", "metahub-webhook-authority", "-p", '{"data":{"ca.key":"eA=="}}'],
      false,
    ],
    [
      "the certificate is overwritten",
      ["patch", "secret", "metahub-webhook-tls", "-p", '{"data":{"tls.crt":"eA=="}}'],
      false,
    ],
  ])(
    "%s: all is made anew within seconds, and no Pod is missed",
    async (_name, args, isPath) => {
      const [before = ""] = await paths();
      const held = await Promise.all(["keys", "authority", "tls"].map(secret));
      const mended = async (): Promise<boolean> => {
        const { code } = await kubectl([
          "get",
          "secret",
          "metahub-webhook-keys",
          "metahub-webhook-authority",
          "-n",
          namespace,
        ]);
        if (code !== 0) return false;
        const [keys, authority, tls] = await Promise.all(["keys", "authority", "tls"].map(secret));
        const isNew = JSON.stringify([keys, authority, tls]) !== JSON.stringify(held);
        const [path = ""] = await paths();
        const leaf = tls?.["tls.crt"]?.startsWith("-----BEGIN") ? new X509Certificate(tls["tls.crt"]) : undefined;
        const authorities = authority?.["ca.crt"]?.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? [];
        const signed = authorities.some((one) => leaf?.verify(new X509Certificate(one).publicKey) === true);
        const told =
          (await configuration(kinds[0]))[0]?.caBundle === Buffer.from(authority?.["ca.crt"] ?? "").toString("base64");
        return (
          isNew &&
          signed &&
          told &&
          (keys?.["paths"] ?? "").includes(path.split("/")[1] ?? "-") &&
          (path !== before) === isPath
        );
      };
      const { missed, asked } = await asking(async () => {
        await must([...args, "-n", namespace]);
        await expect.poll(mended, { timeout: 30_000 }).toBe(true);
      });
      expect(asked).toBeGreaterThan(0);
      expect(missed).toBe(0);
    },
    60_000,
  );

  test("a path has a short life: the API server is told another one again and again, and no Pod is missed", async () => {
    const keeper = await startKeeper("--path-life", "2000");
    const renewals = (): Promise<number> =>
      keeper.metric("metahub_keeper_writes_total", 'what="path-in-configuration"', soon());
    const { missed, asked } = await asking(async () => {
      await expect.poll(renewals, { timeout: 50_000 }).toBeGreaterThanOrEqual(6);
    });
    await keeper.stop();
    expect(asked).toBeGreaterThan(0);
    expect(missed).toBe(0);
    expect((await secret("keys"))["paths"]?.trim().split("\n").length).toBeLessThanOrEqual(4);
  }, 90_000);

  test("the keeper is killed: Pods are rewritten as before, and another one goes on with what there is", async () => {
    const [keeper] = servers;
    const before = await paths();
    const { missed } = await asking(async () => {
      await keeper?.kill();
      for (let round = 0; round < 5; round++) expect(await isRewritten()).toBe(true);
      await keeper?.restart(soon());
    });
    expect(missed).toBe(0);
    expect(await paths()).toEqual(before);
  });

  test("nothing that is secret is logged", async () => {
    const { paths: segments = "", "note-keys": noteKeys = "" } = await secret("keys");
    const secrets = `${segments} ${noteKeys}`.split(/\s+/).filter((word) => word.length >= 32);
    expect(secrets.length).toBeGreaterThanOrEqual(2);
    const text = await logs();
    expect(text).toContain('"message":"ready: all is kept"');
    expect(secrets.filter((word) => text.includes(word))).toEqual([]);
    expect(text).not.toMatch(/PRIVATE KEY|\/mutate\/pods/);
  });

  test("an upgrade from a version without paths: the old configurations go on for a path's life, and no Pod is missed", async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop()));
    await must(["delete", ...[kinds.join(",")], "metahub-webhook"]);
    const names = ["authority", "tls", "keys"].map((name) => `metahub-webhook-${name}`);
    await must(["delete", "secret", ...names, "-n", namespace]);
    // As the version before left it: one Secret, with the authority's key in it, and configurations of another name.
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
    const metadata = { name: "metahub-webhook-tls", namespace };
    const data = Object.fromEntries(stored);
    await must(["create", "-f", "-"], { apiVersion: "v1", kind: "Secret", metadata, type: "kubernetes.io/tls", data });
    const former = (await template("webhook.formerConfiguration=true")).filter(({ kind }) =>
      kind.endsWith("WebhookConfiguration"),
    );
    const bundle = [{ op: "add", path: "/webhooks/0/clientConfig/caBundle", value: data["ca.crt"] }];
    await must(["create", "-f", "-"], list(former.filter(({ metadata: { name } }) => name === "metahub")));
    for (const kind of kinds) await must(["patch", kind, "metahub", "--type=json", "-p", JSON.stringify(bundle)]);
    await must(["apply", "-f", "-"], list(former));
    // A replica of the version before answers a path without a segment; ours does where the keeper says so.
    const keeper = await startKeeper("--former-configuration", "metahub", "--path-life", "20000");
    await startWebhook();
    await expect.poll(isRewritten, { timeout: 20_000 }).toBe(true);
    expect((await secret("tls"))["tls.crt"]).toBe(material.serving.certificate);
    expect((await secret("authority"))["ca.key"]).toBe(material.authority.key);
    expect((await secret("tls"))["ca.key"]).toBeUndefined();
    const { missed, asked } = await asking(async () => {
      const gone = async (): Promise<string> =>
        (await kubectl(["get", kinds.join(","), "metahub", "-o", "name"])).stdout;
      await expect.poll(gone, { timeout: 60_000 }).toBe("");
    });
    expect(asked).toBeGreaterThan(3);
    expect(missed).toBe(0);
    const dropped = async (): Promise<boolean> => / -$/m.test((await secret("keys"))["paths"] ?? "");
    await expect.poll(dropped, { timeout: 60_000 }).toBe(false);
    expect(await isRewritten()).toBe(true);
    expect(await keeper.metric("metahub_keeper_looks_total", 'outcome="failed"', soon())).toBe(0);
  }, 240_000);
});

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

interface ClientConfig {
  readonly caBundle?: string;
  readonly service: { readonly path?: string };
}
