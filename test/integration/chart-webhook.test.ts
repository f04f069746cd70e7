import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { KubeConfig } from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CommandResult } from "../cluster/command.ts";
import { freePorts } from "../cluster/ports.ts";
import { reachable, requireLevel } from "../cluster/require.ts";
import { accountKubeconfig } from "../operator/account.ts";
import { type ServerProcess, startServer } from "../operator/server-process.ts";
import { rulesOf } from "../support/cluster/rights.ts";
import { Witness } from "../support/cluster/witness.ts";
import { describeWith } from "../support/describe-with.ts";

const progress = (line: string): void => void process.stderr.write(`${line}\n`);
const soon = (): AbortSignal => AbortSignal.timeout(60_000);
const chart = fileURLToPath(new URL("../../charts/metahub", import.meta.url));
const releaseNamespace = "metahub-system";

const found = await reachable(
  await requireLevel({
    level: "api",
    signal: new AbortController().signal,
    progress,
    tools: ["kubectl", "helm"],
  }),
);

describeWith(found, "the installed chart", ({ cluster }) => {
  const host = cluster.hostAddress ?? "";
  /** Names of the Pods that the API server asked about. */
  const asked = new Set<string>();
  const segment = "5f".repeat(32);
  const clients: Witness[] = [];
  const keepers: ServerProcess[] = [];
  let server: Server;
  let port = 0;

  const kubectl = (args: readonly string[], input?: object): Promise<CommandResult> =>
    cluster.kubectl(args, { signal: soon(), ...(input === undefined ? {} : { input: JSON.stringify(input) }) });
  const must = async (args: readonly string[], input?: object): Promise<string> => {
    const { code, stdout, stderr } = await kubectl(args, input);
    expect(code, stderr).toBe(0);
    return stdout.trim();
  };
  const install = async (...values: readonly string[]): Promise<void> => {
    const where = ["--namespace", releaseNamespace, "--create-namespace"];
    const set = [
      "--set",
      `webhook.deploy=false,controller.deploy=false,keeper.deploy=false,webhook.url=https://${host}:${port}/${segment}`,
      ...values,
    ];
    const { code, stderr } = await cluster.helm(["upgrade", "--install", "metahub", chart, ...where, ...set], {
      signal: soon(),
    });
    expect(code, stderr).toBe(0);
  };
  /** With exactly the rights that the chart gives. */
  const witnessAs = async (account: string): Promise<Witness> => {
    const config = new KubeConfig();
    config.loadFromString(await accountKubeconfig(cluster, releaseNamespace, account, soon()));
    const witness = new Witness(config);
    clients.push(witness);
    return witness;
  };
  /** `metahub keeper` with exactly the rights that the chart gives: a token of its service account. */
  const startKeeper = async (): Promise<void> => {
    const [health = 0] = await freePorts(1);
    const kubeconfig = join(cluster.dir, "keeper.kubeconfig");
    await writeFile(kubeconfig, await accountKubeconfig(cluster, releaseNamespace, "metahub-keeper", soon()));
    const secret = (name: string): string => `${releaseNamespace}/metahub-webhook-${name}`;
    const keeper = await startServer({
      run: { dir: cluster.dir, logs: cluster.logs },
      name: `metahub-keeper-${keepers.length}`,
      healthPort: health,
      signal: soon(),
      args: [
        "keeper",
        ...["--kubeconfig", kubeconfig, "--address", "127.0.0.1", "--health-port", String(health)],
        ...["--keys-secret", secret("keys"), "--tls-secret", secret("tls"), "--authority-secret", secret("authority")],
        ...["--tls-host", host, "--webhook-configuration", "metahub-webhook"],
      ],
    });
    keepers.push(keeper);
  };
  const secretOf = async (name: string): Promise<{ readonly type: string; readonly data: Record<string, string> }> =>
    JSON.parse(await must(["get", "secret", `metahub-webhook-${name}`, "-n", releaseNamespace, "-o", "json"]));
  const textOf = async (name: string, key: string): Promise<string> =>
    Buffer.from((await secretOf(name)).data[key] ?? "", "base64").toString();
  const bundle = () =>
    must([
      ...["get", "mutatingwebhookconfiguration", "metahub-webhook"],
      ...["-o", "jsonpath={.webhooks[*].clientConfig.caBundle}"],
    ]);
  /** Makes the Pod without storing it, and says whether the webhook was asked. */
  const reaches = async (name: string, metadata: object = {}, args: readonly string[] = []): Promise<boolean> => {
    const spec = { containers: [{ name: "main", image: "registry.invalid/none" }], ...nodeNameOf(metadata) };
    const { node: _, ...rest } = { node: undefined, ...metadata };
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "default", ...rest }, spec };
    asked.delete(name);
    await must(["create", "--dry-run=server", "-f", "-", ...args], pod);
    return asked.has(name);
  };

  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on("end", () => {
        const { uid, name } = JSON.parse(body).request;
        if (request.url?.startsWith(`/${segment}/mutate/pods`)) asked.add(`${name}`);
        const review = { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response: { uid, allowed: true } };
        response.setHeader("content-type", "application/json").end(JSON.stringify(review));
      });
    });
    server.listen(0, host);
    await once(server, "listening");
    const address = server.address();
    port = typeof address === "object" && address !== null ? address.port : 0;
    await install();
    await must(["wait", "--for=create", "serviceaccount/default", "--timeout=30s"]);
    await startKeeper();
    server.setSecureContext({ cert: await textOf("tls", "tls.crt"), key: await textOf("tls", "tls.key") });
  });
  afterAll(async () => {
    await Promise.all(keepers.map((keeper) => keeper.stop()));
    server.closeAllConnections();
    server.close();
    await Promise.all(clients.map((client) => client.close()));
    await cluster.stop();
  });

  test("lets the API server trust the webhook, and keeps each secret where only those who need it can read it", async () => {
    // The API server learns of the authority by its watch.
    await expect.poll(() => reaches("plain"), { timeout: 20_000 }).toBe(true);
    const [authority, tls, keys] = [await secretOf("authority"), await secretOf("tls"), await secretOf("keys")];
    expect([authority.type, tls.type, keys.type]).toEqual(["Opaque", "kubernetes.io/tls", "Opaque"]);
    expect([authority, tls, keys].map(({ data }) => Object.keys(data).sort())).toEqual([
      ["ca.crt", "ca.key"],
      ["ca.crt", "tls.crt", "tls.key"],
      ["note-keys", "paths"],
    ]);
  });

  test("asks about the Pods it should, and no others", async () => {
    await must(["create", "namespace", "out"]);
    await must(["label", "namespace", "out", "metahub.dev/rewrite=disabled"]);
    await must(["wait", "--for=create", "serviceaccount/default", "--timeout=30s", "-n", "out"]);
    await must(["wait", "--for=create", "serviceaccount/default", "--timeout=30s", "-n", releaseNamespace]);
    await must(["wait", "--for=create", "serviceaccount/default", "--timeout=30s", "-n", "kube-system"]);
    await must([
      "create",
      "clusterrolebinding",
      "test-webhook",
      "--clusterrole=cluster-admin",
      `--serviceaccount=${releaseNamespace}:metahub-webhook`,
    ]);
    const rows: readonly (readonly [boolean, string, object, readonly string[]])[] = [
      [true, "no-annotations", {}, []],
      [true, "annotations", { annotations: { a: "b" } }, []],
      [true, "labelled-otherwise", { labels: { "metahub.dev/rewrite": "enabled" } }, []],
      [false, "opted-out", { labels: { "metahub.dev/rewrite": "disabled" } }, []],
      [false, "opted-out-by-namespace", { namespace: "out" }, []],
      [false, "kube-system", { namespace: "kube-system" }, []],
      [false, "own-namespace", { namespace: releaseNamespace }, []],
      [false, "mirror", { node: "n", annotations: { "kubernetes.io/config.mirror": "x" } }, []],
      [false, "own-write", {}, ["--as", `system:serviceaccount:${releaseNamespace}:metahub-webhook`]],
      [true, "other-account", {}, ["--as", "system:serviceaccount:default:default", "--as-group", "system:masters"]],
    ];
    const found = [];
    for (const [, name, metadata, args] of rows) found.push([await reaches(name, metadata, args), name]);
    expect(found).toEqual(rows.map(([expected, name]) => [expected, name]));
    await must(["delete", "clusterrolebinding", "test-webhook"]);
    const metrics = await must(["get", "--raw", "/metrics"]);
    const errors = metrics
      .split("\n")
      .filter((line) => line.startsWith("apiserver_admission_match_condition_evaluation_errors_total{"));
    expect(errors.filter((line) => line.includes("metahub"))).toEqual([]);
  });

  test("keeps the authority over an upgrade, and asks only where opted in", async () => {
    const before = await bundle();
    await install();
    expect(await bundle()).toBe(before);
    await install("--set", "rewrite.mode=optIn");
    // Two webhooks now: the keeper's next look gives the authority to both.
    await expect
      .poll(async () => (await bundle()).split(" ").filter((one) => one === before).length, { timeout: 20_000 })
      .toBe(2);
    const labels = { "metahub.dev/rewrite": "enabled" };
    await expect.poll(() => reaches("in", { labels }), { timeout: 20_000 }).toBe(true);
    await expect.poll(() => reaches("not-in"), { timeout: 20_000 }).toBe(false);
    await must(["label", "namespace", "default", "metahub.dev/rewrite=enabled"]);
    await expect.poll(() => reaches("in-by-namespace"), { timeout: 20_000 }).toBe(true);
    expect(await reaches("in-by-both", { labels })).toBe(true);
    expect(await reaches("out-again", { labels: { "metahub.dev/rewrite": "disabled" } })).toBe(false);
    await must(["label", "namespace", "default", "metahub.dev/rewrite-"]);
  });

  test("two keepers agree, also where all that they keep is lost", async () => {
    await startKeeper();
    const before = await bundle();
    const names = ["authority", "tls", "keys"].map((name) => `metahub-webhook-${name}`);
    await must(["delete", "secret", ...names, "-n", releaseNamespace]);
    const isWhole = async (): Promise<string> => {
      const { code, stdout } = await kubectl(["get", "secret", ...names, "-n", releaseNamespace, "-o", "name"]);
      if (code !== 0) return `only ${stdout}`;
      const [trusted = ""] = (await bundle()).split(" ");
      const authorities = Buffer.from(trusted, "base64").toString();
      if (trusted === before || authorities !== (await textOf("authority", "ca.crt")))
        return "another authority is told";
      const leaf = new X509Certificate(await textOf("tls", "tls.crt"));
      return leaf.verify(new X509Certificate(authorities).publicKey)
        ? "whole"
        : "the certificate is of another authority";
    };
    await expect.poll(isWhole, { timeout: 20_000 }).toBe("whole");
    // They look at all of it once more, find it right, and write nothing.
    const all = async (): Promise<unknown> =>
      Promise.all(["authority", "tls", "keys"].map(async (name) => (await secretOf(name)).data));
    const [looks, held] = [await looksOf(keepers), await all()];
    await must(["label", "secret", ...names, "-n", releaseNamespace, "looked=at"]);
    const looked = async (): Promise<boolean> =>
      (await looksOf(keepers)).every((now, index) => now > (looks[index] ?? Number.POSITIVE_INFINITY));
    await expect.poll(looked, { timeout: 20_000 }).toBe(true);
    expect(await all()).toEqual(held);
    expect(await isWhole()).toBe("whole");
  });

  test("gives its accounts what they need and nothing else", async () => {
    /** The account's rights in the namespace, without those that Kubernetes gives to every account. */
    const rights = async (account: string, namespace: string): Promise<readonly string[]> => {
      const everybody = new Set(await rulesOf(await witnessAs("default"), namespace));
      return (await rulesOf(await witnessAs(account), namespace)).filter((rule) => !everybody.has(rule));
    };
    const configurations = "mutatingwebhookconfigurations,validatingwebhookconfigurations";
    const webhook = [
      "create,patch events.events.k8s.io",
      "get resourceclaims.resource.k8s.io",
      "get,list,patch,watch pods.",
      "get,list,watch namespaces.",
      "list,watch deviceclasses.resource.k8s.io",
      "list,watch machinetypes.metahub.dev",
      "list,watch manifestlists,clustermanifestlists.metahub.dev",
      "list,watch nodes.",
      "list,watch resourceslices.resource.k8s.io",
      "list,watch runtimeclasses.node.k8s.io",
      "patch manifestlists/status,clustermanifestlists/status.metahub.dev",
    ];
    const controllerRights = [
      "create,patch events.events.k8s.io",
      "get,list,patch,watch pods.",
      "list,patch,watch nodes.",
      "list,watch deviceclasses.resource.k8s.io",
      "list,watch machinetypes.metahub.dev",
      "list,watch runtimeclasses.node.k8s.io",
      "patch machinetypes/status.metahub.dev",
    ];
    expect(await rights("metahub-webhook", "default")).toEqual(webhook);
    expect(await rights("metahub-webhook", releaseNamespace)).toEqual(
      ["get,list,watch secrets. metahub-webhook-tls,metahub-webhook-keys", ...webhook].sort(),
    );
    const keeper = [
      `delete ${configurations}.admissionregistration.k8s.io metahub`,
      `get,list,patch,watch ${configurations}.admissionregistration.k8s.io metahub-webhook,metahub`,
    ];
    expect(await rights("metahub-keeper", "default")).toEqual(keeper);
    expect(await rights("metahub-keeper", releaseNamespace)).toEqual(
      [
        "create secrets.",
        "get,list,update,watch secrets. metahub-webhook-keys,metahub-webhook-tls,metahub-webhook-authority",
        "list endpointslices.discovery.k8s.io",
        ...keeper,
      ].sort(),
    );
    expect(await rights("metahub-controller", "default")).toEqual(controllerRights);
    expect(await rights("metahub-controller", releaseNamespace)).toEqual(
      [
        "create leases.coordination.k8s.io",
        "get,patch,update leases.coordination.k8s.io metahub-controller",
        ...controllerRights,
      ].sort(),
    );
    await install("--set", "pullSecrets.mode=namespaces,pullSecrets.namespaces={out}");
    expect(await rights("metahub-webhook", "out")).toEqual(["get secrets.", ...webhook].sort());
    expect(await rights("metahub-webhook", "default")).toEqual(webhook);
  });

  test("leaves nothing but CRDs and the keeper's Secrets when it is uninstalled", async () => {
    const { code, stderr } = await cluster.helm(["uninstall", "metahub", "--namespace", releaseNamespace], {
      signal: soon(),
    });
    expect(code, stderr).toBe(0);
    const kinds =
      "crd,clusterrole,clusterrolebinding,mutatingwebhookconfiguration,validatingwebhookconfiguration,flowschema,prioritylevelconfiguration,validatingadmissionpolicy,validatingadmissionpolicybinding,role,rolebinding,serviceaccount,networkpolicy,pdb,secret";
    const left = await must(["get", kinds, "-A", "-o", "name"]);
    expect(
      left
        .split("\n")
        .filter((name) => name.includes("metahub"))
        .sort(),
    ).toEqual([
      "customresourcedefinition.apiextensions.k8s.io/clustermanifestlists.metahub.dev",
      "customresourcedefinition.apiextensions.k8s.io/machinecredentials.metahub.dev",
      "customresourcedefinition.apiextensions.k8s.io/machinetypes.metahub.dev",
      "customresourcedefinition.apiextensions.k8s.io/manifestlists.metahub.dev",
      "secret/metahub-webhook-authority",
      "secret/metahub-webhook-keys",
      "secret/metahub-webhook-tls",
    ]);
  });
});

/** Mirror Pods must name a node. */
function nodeNameOf(metadata: object): { readonly nodeName?: string } {
  return "node" in metadata && typeof metadata.node === "string" ? { nodeName: metadata.node } : {};
}

/** How often each of the keepers looked. */
function looksOf(keepers: readonly ServerProcess[]): Promise<readonly number[]> {
  return Promise.all(keepers.map((each) => each.metric("metahub_keeper_looks_total", 'outcome="done"', soon())));
}
