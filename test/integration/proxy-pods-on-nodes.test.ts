import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Agent, request } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hostsToml } from "../../src/identity/client-lines.ts";
import { parseReference } from "../../src/oci/reference.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import { metahubProgram } from "../cli/metahub.ts";
import { prints } from "../clients/site.ts";
import { defaultSources, resolveBinaries } from "../cluster/binaries.ts";
import { kubectl } from "../cluster/kubectl.ts";
import { requireMachineNodes } from "../cluster/machine-nodes.ts";
import { nodeFolders } from "../cluster/node-config.ts";
import { type Authority, createAuthority } from "../cluster/pki.ts";
import { createProgress } from "../cluster/progress.ts";
import { publishBuilds } from "../demo/builds.ts";
import { installChart } from "../operator/chart.ts";
import { describeWith } from "../support/describe-with.ts";

const nodes = ["node1", "node2"] as const;
const soon = (ms = 60_000): AbortSignal => AbortSignal.timeout(ms);
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const found = await requireMachineNodes({
  nodes: [...nodes],
  tools: ["kubectl", "helm", "printer"],
  signal: new AbortController().signal,
  progress: say,
});

const namespace = "metahub-system";
const hub = "hub.example.com";
const path = "/v2/qnib/bench";

describeWith(found, "the registry as Pods of the chart", ({ cluster }) => {
  const metahub = metahubProgram();
  let authority: Authority;
  let dispatcher: Agent;
  /** Of the Service. */
  let address = "";
  let authorization = "";
  let login = { username: "", secret: "" };
  let blob: Buffer;
  let tags: ReadonlyMap<string, string>;
  const sha = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

  /** The Secret with a certificate for the registry's name, and more addresses. */
  async function certify(...addresses: readonly string[]): Promise<void> {
    const { certificate, key } = await authority.issue({ commonName: hub, server: true, hosts: [hub], addresses });
    await kubectl(cluster, ["apply", "-n", namespace, "-f", "-"], {
      apiVersion: "v1",
      kind: "Secret",
      type: "kubernetes.io/tls",
      metadata: { name: "metahub-proxy-tls" },
      stringData: { "tls.crt": certificate, "tls.key": key },
    });
  }
  const ask = (host: string, asked: string, method: "GET" | "HEAD" = "GET", login = authorization) =>
    request(`https://${host}${asked}`, { method, dispatcher, headers: { authorization: login }, signal: soon() });
  const statusOf = async (host: string, asked: string, login = authorization): Promise<number | string> => {
    try {
      const { statusCode, body } = await ask(host, asked, "HEAD", login);
      await body.dump();
      return statusCode;
    } catch (error) {
      return String(error);
    }
  };
  /** Names and addresses of the replicas that are ready. */
  async function pods(): Promise<readonly { readonly name: string; readonly host: string }[]> {
    const selector = ["-l", "app.kubernetes.io/component=proxy", "-n", namespace];
    const { items } = JSON.parse(await kubectl(cluster, ["get", "pods", ...selector, "-o", "json"]));
    return items.map(({ metadata, status }: { metadata: { name: string }; status: { podIP: string } }) => ({
      name: metadata.name,
      host: `${status.podIP}:5443`,
    }));
  }
  async function create(name: string, type: string) {
    const args = ["credentials", "create", name, "-n", namespace, "--kubeconfig", cluster.kubeconfig];
    const { code, stdout, stderr } = await metahub([...args, "--machine-type", type, "-o", "json"]);
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout);
  }

  beforeAll(async () => {
    const registry = cluster.registry ?? "";
    const binary = await resolveBinaries(["printer"], defaultSources(), createProgress(undefined), soon());
    const printer = { binary: await readFile(binary("printer")), once: true };
    ({ tags } = await publishBuilds(registry, printer, soon()));
    blob = randomBytes(48 * 1_048_576);
    const client = new RegistryClient({ mirrors: new Map([["docker.io", registry]]), plainHttp: () => true });
    await client.pushBlob(parseReference("qnib/bench"), blob, { credentials: undefined, signal: soon() });
    await client.close();
    await kubectl(cluster, ["create", "namespace", namespace]);
    authority = await createAuthority();
    await certify();
    const proxy = {
      enabled: true,
      externalUrl: `https://${hub}`,
      config: { answerIndex: ["indexed"] },
      extraArgs: [`--mirror=docker.io=http://${registry}`],
    };
    await installChart({ cluster, registry, values: { proxy, crds: { keep: false } }, signal: soon(170_000) });
    for (const name of ["laptops", "indexed"]) {
      await kubectl(cluster, ["create", "-f", "-"], {
        apiVersion: "metahub.dev/v1alpha1",
        kind: "MachineType",
        metadata: { name },
        spec: { external: true, platform: { os: "linux", architecture: "amd64" }, features: ["cpu:broadwell"] },
      });
    }
    dispatcher = new Agent({ connect: { ca: authority.certificate, servername: hub } });
    const service = ["get", "service", "metahub-proxy", "-n", namespace, "-o", "jsonpath={.spec.clusterIP}"];
    address = await kubectl(cluster, service);
    const created = await create("login", "laptops");
    authorization = created.authorization;
    login = { username: created.username, secret: created.secret };
  }, 240_000);
  afterAll(async () => {
    await dispatcher?.close();
    await cluster.stop();
  });

  test("a client with a credential of the cluster pulls its build through the Service", async () => {
    await expect.poll(() => statusOf(address, `${path}/manifests/latest`), { timeout: 30_000 }).toBe(200);
    const { headers, body } = await ask(address, `${path}/manifests/latest`);
    await body.dump();
    expect(tags.get(String(headers["docker-content-digest"]))).toBe("cpu-broadwell");
  });

  test("the kubelet of a node pulls through the Service as a mirror, once its certificate has the address", async () => {
    await certify(address);
    const byAddress = new Agent({ connect: { ca: authority.certificate } });
    try {
      const status = () =>
        request(`https://${address}/v2/`, { dispatcher: byAddress, headers: { authorization }, signal: soon() }).then(
          ({ statusCode, body }) => body.dump().then(() => statusCode),
          String,
        );
      // Each replica follows the Secret by itself.
      for (let times = 0; times < 8; times += 1) await expect.poll(status, { timeout: 60_000 }).toBe(200);
    } finally {
      await byAddress.close();
    }
    const folder = join(nodeFolders(cluster.dir, nodes[1]).certs, "docker.io");
    await mkdir(folder, { recursive: true });
    const caFile = join(folder, "ca.crt");
    await writeFile(caFile, authority.certificate);
    const ca = `ca = ${JSON.stringify(caFile)}`;
    const text = hostsToml({ ...login, server: address });
    const trusting = text.replace(/^server = .*$/m, `$&\n${ca}`).replace(/^\s*capabilities = .*$/m, `$&\n${ca}`);
    await writeFile(join(folder, "hosts.toml"), trusting);
    await kubectl(cluster, ["create", "-f", "-"], {
      apiVersion: "v1",
      kind: "Pod",
      // A namespace that the webhook leaves alone: what runs is the registry's choice.
      metadata: { name: "mirrored", namespace: "kube-system" },
      spec: {
        nodeName: nodes[1],
        restartPolicy: "Never",
        containers: [{ name: "main", image: "qnib/bench", imagePullPolicy: "Always" }],
      },
    });
    await kubectl(cluster, [
      "wait",
      "--for=jsonpath={.status.phase}=Succeeded",
      "pod/mirrored",
      "-n",
      "kube-system",
      "--timeout=50s",
    ]);
    expect(await kubectl(cluster, ["logs", "mirrored", "-n", "kube-system"])).toBe(prints.type1);
  });

  test("when a replica is killed, what began with it goes on elsewhere, and what began elsewhere goes on", async () => {
    const { authorization: indexed } = await create("indexed", "indexed");
    const [one, two] = await pods();
    if (one === undefined || two === undefined) throw new Error("there are not two replicas");
    for (const { host } of [one, two]) {
      await expect.poll(() => statusOf(host, "/v2/", indexed), { timeout: 30_000 }).toBe(200);
    }
    const made = await ask(two.host, `${path}/manifests/latest`, "HEAD", indexed);
    await made.body.dump();
    const digest = String(made.headers["docker-content-digest"]);
    expect(tags.has(digest)).toBe(false);
    const streamed = await ask(one.host, `${path}/blobs/${sha(blob)}`);
    expect(streamed.statusCode).toBe(200);
    const pieces = streamed.body[Symbol.asyncIterator]();
    const hash = createHash("sha256").update((await pieces.next()).value);
    await kubectl(cluster, ["delete", "pod", two.name, "-n", namespace, "--grace-period=0", "--force"]);
    await expect.poll(() => statusOf(address, `${path}/manifests/${digest}`, indexed), { timeout: 30_000 }).toBe(200);
    const again = await ask(one.host, `${path}/manifests/${digest}`, "GET", indexed);
    expect(sha(Buffer.from(await again.body.arrayBuffer()))).toBe(digest);
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) hash.update(next.value);
    expect(`sha256:${hash.digest("hex")}`).toBe(sha(blob));
  });
});
