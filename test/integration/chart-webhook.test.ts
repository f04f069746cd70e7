import { once } from "node:events";
import { createServer, type Server } from "node:https";
import { fileURLToPath } from "node:url";
import { KubeConfig } from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebhookCaBundle } from "../../src/certificates/ca-bundle.ts";
import { CertificateKeeper } from "../../src/certificates/keeper.ts";
import { KubernetesSecretStore } from "../../src/certificates/secret-store.ts";
import type { ServingCertificate } from "../../src/certificates/source.ts";
import { findClusterAccess } from "../../src/kubernetes/access/find.ts";
import { KubernetesClient } from "../../src/kubernetes/client/client.ts";
import type { CommandResult } from "../cluster/command.ts";
import { reachable, requireLevel } from "../cluster/require.ts";
import { accountKubeconfig } from "../operator/account.ts";
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
  const controller = new AbortController();
  const clients: (KubernetesClient | Witness)[] = [];
  let server: Server;
  let port = 0;
  let keeping: Promise<void>;

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
      `webhook.deploy=false,controller.deploy=false,webhook.url=https://${host}:${port}`,
      ...values,
    ];
    const { code, stderr } = await cluster.helm(["upgrade", "--install", "metahub", chart, ...where, ...set], {
      signal: soon(),
    });
    expect(code, stderr).toBe(0);
  };
  /** With exactly the rights that the chart gives: a token of its service account. */
  const clientAs = async (account: string): Promise<KubernetesClient> => {
    const token = await must(["create", "token", account, "--namespace", releaseNamespace]);
    const access = await findClusterAccess({ kubeconfig: cluster.kubeconfig, environment: {} });
    const client = new KubernetesClient({ access: { ...access, user: { token } }, userAgent: "metahub-test/0" });
    clients.push(client);
    return client;
  };
  /** The same rights, to look at. */
  const witnessAs = async (account: string): Promise<Witness> => {
    const config = new KubeConfig();
    config.loadFromString(await accountKubeconfig(cluster, releaseNamespace, account, soon()));
    const witness = new Witness(config);
    clients.push(witness);
    return witness;
  };
  const keeper = async (): Promise<CertificateKeeper> => {
    const client = await clientAs("metahub-webhook");
    const store = new KubernetesSecretStore(client, releaseNamespace, "metahub-webhook-tls");
    const caBundle = new WebhookCaBundle(client, "MutatingWebhookConfiguration", "metahub");
    return new CertificateKeeper({ store, caBundle, hosts: [host], pollMs: 500 });
  };
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
        asked.add(`${name}`);
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
    const kept = await keeper();
    server.setSecureContext(await kept.obtain(soon()));
    keeping = kept.watch({
      signal: controller.signal,
      install: (certificate) => server.setSecureContext(certificate),
      report: (problem) => progress(problem.message),
    });
  });
  afterAll(async () => {
    controller.abort();
    await keeping;
    server.closeAllConnections();
    server.close();
    await Promise.all(clients.map((client) => client.close()));
    await cluster.stop();
  });

  test("lets the API server trust the webhook, with a certificate that the webhook made itself", async () => {
    // The API server learns of the authority by its watch.
    await expect.poll(() => reaches("plain"), { timeout: 20_000 }).toBe(true);
    const secret = JSON.parse(
      await must(["get", "secret", "metahub-webhook-tls", "-n", releaseNamespace, "-o", "json"]),
    );
    expect(secret.type).toBe("kubernetes.io/tls");
    expect(Object.keys(secret.data).sort()).toEqual(["ca.crt", "ca.key", "tls.crt", "tls.key"]);
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
    const bundle = () =>
      must(["get", "mutatingwebhookconfiguration", "metahub", "-o", "jsonpath={.webhooks[*].clientConfig.caBundle}"]);
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

  test("two replicas that start together make one certificate", async () => {
    await must(["delete", "secret", "metahub-webhook-tls", "-n", releaseNamespace]);
    const replicas = await Promise.all([keeper(), keeper(), keeper()]);
    const certificates = await Promise.all(replicas.map((replica) => replica.obtain(soon())));
    expect(new Set(certificates.map(({ cert }: ServingCertificate) => cert)).size).toBe(1);
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
      `get,patch ${configurations}.admissionregistration.k8s.io metahub`,
      "list,watch deviceclasses.resource.k8s.io",
      "list,watch machinetypes.metahub.dev",
      "list,watch nodes.",
      "list,watch resourceslices.resource.k8s.io",
      "list,watch runtimeclasses.node.k8s.io",
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
      ["create secrets.", "get,update secrets. metahub-webhook-tls", ...webhook].sort(),
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

  test("leaves nothing but CRDs and the certificate's Secret when it is uninstalled", async () => {
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
    ).toEqual(["customresourcedefinition.apiextensions.k8s.io/machinetypes.metahub.dev", "secret/metahub-webhook-tls"]);
  });
});

/** Mirror Pods must name a node. */
function nodeNameOf(metadata: object): { readonly nodeName?: string } {
  return "node" in metadata && typeof metadata.node === "string" ? { nodeName: metadata.node } : {};
}
