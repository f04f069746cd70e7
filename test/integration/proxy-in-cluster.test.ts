import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { request } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { metahubProgram } from "../cli/metahub.ts";
import { freePorts } from "../cluster/ports.ts";
import { reachable, requireLevel } from "../cluster/require.ts";
import { sharedRegistry } from "../cluster/vitest.ts";
import { publishBuilds } from "../demo/builds.ts";
import { accountKubeconfig } from "../operator/account.ts";
import { startServer } from "../operator/server-process.ts";
import { KeeperSite, list, namespace } from "../support/cluster/keeper-site.ts";
import { describeWith } from "../support/describe-with.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
const found = await reachable(
  await requireLevel({
    level: "api",
    signal: new AbortController().signal,
    progress: (line) => void process.stderr.write(`${line}\n`),
    tools: ["kubectl", "helm", "registry"],
  }),
);

/** Keeper and registry as processes with the rights of the chart's accounts, and no more. */
describeWith(found, "the filtering registry in a cluster", ({ cluster }) => {
  const metahub = metahubProgram();
  let site: KeeperSite;
  let tags: ReadonlyMap<string, string>;
  let base: string;
  let health: string;
  let config: string;

  const create = async (name: string, ...more: readonly string[]): Promise<string> => {
    const args = ["credentials", "create", name, "-n", namespace, "--kubeconfig", cluster.kubeconfig, "-o", "json"];
    const { code, stdout, stderr } = await metahub([...args, ...more]);
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout).authorization;
  };
  const pull = async (authorization: string, repository = "qnib/bench") => {
    const { statusCode, headers, body } = await request(`${base}/v2/${repository}/manifests/latest`, {
      headers: { authorization },
      signal: soon(),
    });
    await body.dump();
    return { status: statusCode, build: tags.get(String(headers["docker-content-digest"])) };
  };
  const until = async (wanted: object, authorization: string, repository?: string): Promise<void> => {
    await expect.poll(() => pull(authorization, repository), { timeout: 20_000 }).toMatchObject(wanted);
  };

  beforeAll(async () => {
    site = await KeeperSite.open(cluster);
    const values = ["proxy.enabled=true", "proxy.externalUrl=https://hub.example.com", "proxy.tls.mode=terminated"];
    await site.must(["apply", "-f", "-"], list(await site.template(...values)));
    await site.declare();
    const keys = `${namespace}/metahub-proxy-keys`;
    await site.startKeeper("--token-keys-secret", keys);
    const registry = await sharedRegistry();
    tags = (await publishBuilds(registry, undefined, soon())).tags;
    config = join(cluster.dir, "proxy-config");
    await mkdir(config);
    const settings = { apiVersion: "metahub.dev/v1alpha1", kind: "ProxyConfig", metadata: { name: "proxy" } };
    await writeFile(join(config, "proxy.yaml"), JSON.stringify({ ...settings, spec: { machinePaths: true } }));
    const kubeconfig = join(cluster.dir, "proxy.kubeconfig");
    await writeFile(kubeconfig, await accountKubeconfig(cluster, namespace, "metahub-proxy", soon()));
    const [port = 0, healthPort = 0] = await freePorts(2);
    base = `http://127.0.0.1:${port}`;
    const server = await startServer({
      run: { dir: cluster.dir, logs: cluster.logs },
      name: "metahub-proxy",
      healthPort,
      signal: soon(),
      args: [
        ...["proxy", "--http", "--address", "127.0.0.1", "--port", String(port), "--health-port", String(healthPort)],
        ...["--external-url", "https://hub.example.com", "--kubeconfig", kubeconfig, "--config", config],
        ...["--token-keys-secret", keys, "--record-file", join(cluster.dir, "made-indexes")],
        ...["--mirror", `docker.io=http://${registry}`, "--plain-http", registry],
      ],
    });
    site.servers.push(server);
    health = server.health;
  }, 180_000);
  afterAll(() => site?.close());

  test("a login of a machine type gets what the controller saw its nodes have in common; nothing else is read", async () => {
    const authorization = await create("login", "--machine-type", "type1");
    await until({ status: 200, build: "cpu-broadwell" }, authorization);
    const status = { nodes: 1, platform: "linux/amd64", features: ["cpu:skylake"] };
    await site.must([
      ...["patch", "machinetype", "type1", "--subresource=status", "--type=merge"],
      ...["-p", JSON.stringify({ status })],
    ]);
    await until({ build: "cpu-skylake" }, authorization);
  });

  test("a machine type outside of the cluster is what it declares", async () => {
    await site.must(["create", "-f", "-"], {
      apiVersion: "metahub.dev/v1alpha1",
      kind: "MachineType",
      metadata: { name: "laptops" },
      spec: { external: true, platform: { os: "linux", architecture: "amd64" }, features: ["cpu:broadwell"] },
    });
    await until({ build: "cpu-broadwell" }, await create("laptop", "--machine-type", "laptops"));
  });

  test("a list for everybody speaks for a name, as it changes; one of a namespace is nothing to machines outside", async () => {
    const authorization = await create("listed", "--machine-type", "laptops");
    const manifestList = (kind: string, metadata: object, build: string) => ({
      apiVersion: "metahub.dev/v1alpha1",
      kind,
      metadata,
      spec: { image: "qnib/listed:latest", manifests: [{ image: `qnib/bench:${build}` }] },
    });
    const own = { ...manifestList("ManifestList", { name: "own", namespace }, "cpu-broadwell") };
    await site.must(["apply", "-f", "-"], { ...own, spec: { ...own.spec, manifests: [{ image: "qnib/listed:x" }] } });
    expect((await pull(authorization, "qnib/listed")).status).toBe(404);
    const all = (build: string) => manifestList("ClusterManifestList", { name: "all" }, build);
    await site.must(["apply", "-f", "-"], all("generic"));
    await until({ status: 200, build: "generic" }, authorization, "qnib/listed");
    const counted = async (): Promise<string> => await (await request(`${health}/metrics`)).body.text();
    const one = 'metahub_manifest_lists{kind="ClusterManifestList",state="counts"} 1';
    await expect.poll(counted, { timeout: 20_000 }).toContain(one);
    await site.must(["apply", "-f", "-"], all("cpu-broadwell"));
    await until({ status: 200, build: "cpu-broadwell" }, authorization, "qnib/listed");
    await site.must(["delete", "clustermanifestlist", "all"]);
    await until({ status: 404 }, authorization, "qnib/listed");
  });

  test("its use is told to the hour, and a revocation ends it", async () => {
    const authorization = await create("short", "--machine-type", "type1");
    await until({ status: 200 }, authorization);
    const used = () =>
      site.must(["get", "machinecredential", "short", "-n", namespace, "-o", "jsonpath={.status.lastUsed}"]);
    await expect.poll(used, { timeout: 20_000 }).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const { code } = await metahub([
      ...["credentials", "revoke", "short", "-n", namespace, "--kubeconfig", cluster.kubeconfig],
    ]);
    expect(code).toBe(0);
    await until({ status: 401 }, authorization);
  });

  test("a mistake in its settings changes nothing, and /readyz tells of it", async () => {
    const authorization = await create("other", "--machine-type", "type1");
    await until({ status: 200 }, authorization);
    await writeFile(
      join(config, "proxy.yaml"),
      "kind: ProxyConfig\napiVersion: metahub.dev/v1alpha1\nspec: {hints: 5}\n",
    );
    const told = async (): Promise<string> => await (await request(`${health}/readyz`)).body.text();
    await expect.poll(told, { timeout: 20_000 }).toContain("not applied");
    expect((await pull(authorization)).status).toBe(200);
  });
});
