import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { request } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseReference } from "../../src/oci/reference.ts";
import { ClusterRecord } from "../../src/proxy/cluster-record.ts";
import { madeForm } from "../../src/proxy/made-record.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import { metahubProgram } from "../cli/metahub.ts";
import { freePorts } from "../cluster/ports.ts";
import { reachable, requireLevel } from "../cluster/require.ts";
import { sharedRegistry } from "../cluster/vitest.ts";
import { publishBuilds } from "../demo/builds.ts";
import { accountKubeconfig } from "../operator/account.ts";
import { adminClient } from "../operator/install.ts";
import { type ServerProcess, startServer } from "../operator/server-process.ts";
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

interface Replica {
  readonly base: string;
  readonly server: ServerProcess;
}

const apiVersion = "metahub.dev/v1alpha1";
const record = "metahub-proxy-made";
const indexType = "application/vnd.oci.image.index.v1+json";

/** Keeper and two replicas of the registry as processes with the rights of the chart's accounts, and no more. */
describeWith(found, "the filtering registry in a cluster", ({ cluster }) => {
  const metahub = metahubProgram();
  let site: KeeperSite;
  let tags: ReadonlyMap<string, string>;
  let registry: string;
  let replicas: readonly [Replica, Replica];
  let config: string;

  const create = async (name: string, ...more: readonly string[]): Promise<string> => {
    const args = ["credentials", "create", name, "-n", namespace, "--kubeconfig", cluster.kubeconfig, "-o", "json"];
    const { code, stdout, stderr } = await metahub([...args, ...more]);
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout).authorization;
  };
  const ask = async (replica: 0 | 1, path: string, authorization: string, method: "GET" | "HEAD" = "GET") => {
    const { base } = replicas[replica];
    const { statusCode, headers, body } = await request(`${base}${path}`, {
      method,
      headers: { authorization },
      signal: soon(),
    });
    const bytes = Buffer.from(await body.arrayBuffer());
    return { status: statusCode, digest: String(headers["docker-content-digest"]), bytes };
  };
  const pull = async (authorization: string, path = "/v2/qnib/bench/manifests/latest") => {
    const { status, digest } = await ask(0, path, authorization);
    return { status, build: tags.get(digest) };
  };
  const until = async (wanted: object, authorization: string, path?: string): Promise<void> => {
    await expect.poll(() => pull(authorization, path), { timeout: 20_000 }).toMatchObject(wanted);
  };
  const tokenFor = async (authorization: string): Promise<string> => {
    const { bytes } = await ask(0, "/token?service=hub.example.com&scope=repository:qnib/bench:pull", authorization);
    return `Bearer ${JSON.parse(bytes.toString()).token}`;
  };
  const push = async (tag: string, document: object): Promise<string> => {
    const client = new RegistryClient({ mirrors: new Map([["docker.io", registry]]), plainHttp: () => true });
    try {
      const bytes = Buffer.from(JSON.stringify(document));
      const access = { credentials: undefined, signal: soon() };
      return (await client.pushManifest(parseReference(`qnib/bench:${tag}`), indexType, bytes, access)).digest;
    } finally {
      await client.close();
    }
  };
  const upstreamIndex = async (): Promise<{ readonly manifests: readonly object[] }> => {
    const { body } = await request(`http://${registry}/v2/qnib/bench/manifests/latest`, {
      headers: { accept: indexType },
    });
    return JSON.parse(await body.text());
  };
  /** A login of a machine type whose tags are answered with an index. */
  const createIndexed = async (name: string): Promise<string> => {
    const authorization = await create(name, "--machine-type", "indexed");
    for (const replica of [0, 1] as const) {
      const status = async () => (await ask(replica, "/v2/", authorization)).status;
      await expect.poll(status, { timeout: 20_000 }).toBe(200);
    }
    return authorization;
  };
  const sha = (bytes: Buffer): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

  beforeAll(async () => {
    site = await KeeperSite.open(cluster);
    const values = ["proxy.enabled=true", "proxy.externalUrl=https://hub.example.com", "proxy.tls.mode=terminated"];
    await site.must(["apply", "-f", "-"], list(await site.template(...values)));
    await site.declare();
    const keys = `${namespace}/metahub-proxy-keys`;
    await site.startKeeper("--token-keys-secret", keys);
    registry = await sharedRegistry();
    tags = (await publishBuilds(registry, undefined, soon())).tags;
    config = join(cluster.dir, "proxy-config");
    await mkdir(config);
    const settings = { apiVersion: "metahub.dev/v1alpha1", kind: "ProxyConfig", metadata: { name: "proxy" } };
    await writeFile(
      join(config, "proxy.yaml"),
      JSON.stringify({ ...settings, spec: { machinePaths: true, answerIndex: ["indexed"] } }),
    );
    const kubeconfig = join(cluster.dir, "proxy.kubeconfig");
    await writeFile(kubeconfig, await accountKubeconfig(cluster, namespace, "metahub-proxy", soon()));
    const start = async (name: string): Promise<Replica> => {
      const [port = 0, healthPort = 0] = await freePorts(2);
      const server = await startServer({
        run: { dir: cluster.dir, logs: cluster.logs },
        name,
        healthPort,
        signal: soon(),
        args: [
          ...["proxy", "--http", "--address", "127.0.0.1", "--port", String(port), "--health-port", String(healthPort)],
          ...["--external-url", "https://hub.example.com", "--kubeconfig", kubeconfig, "--config", config],
          ...["--token-keys-secret", keys, "--record-configmap", `${namespace}/${record}`],
          ...["--mirror", `docker.io=http://${registry}`, "--plain-http", registry],
        ],
      });
      site.servers.push(server);
      return { base: `http://127.0.0.1:${port}`, server };
    };
    replicas = [await start("metahub-proxy-one"), await start("metahub-proxy-two")];
  }, 180_000);
  afterAll(() => site?.close());

  test("a login of a machine type gets what the controller saw its nodes have in common", async () => {
    const authorization = await create("login", "--machine-type", "type1");
    await until({ status: 200, build: "cpu-broadwell" }, authorization);
    const status = { nodes: 1, platform: "linux/amd64", features: ["cpu:skylake"] };
    await site.must([
      ...["patch", "machinetype", "type1", "--subresource=status", "--type=merge"],
      ...["-p", JSON.stringify({ status })],
    ]);
    await until({ build: "cpu-skylake" }, authorization);
  });

  test("its account reads machine types, lists and credentials, and of Secrets and records its own alone", async () => {
    const may = async (...asked: readonly string[]): Promise<string> => {
      const as = `--as=system:serviceaccount:${namespace}:metahub-proxy`;
      return (await site.kubectl(["auth", "can-i", ...asked, as, "-n", namespace])).stdout.trim();
    };
    const kinds = { machinetypes: "yes", machinecredentials: "yes", clustermanifestlists: "yes", manifestlists: "no" };
    for (const [kind, mayList] of Object.entries(kinds)) {
      expect([kind, await may("list", `${kind}.metahub.dev`)]).toEqual([kind, mayList]);
      expect([kind, await may("update", `${kind}.metahub.dev`)]).toEqual([kind, "no"]);
    }
    expect(await may("get", "secret/metahub-proxy-keys")).toBe("yes");
    for (const name of [record, `${record}-lists`]) expect(await may("patch", `configmap/${name}`)).toBe("yes");
    const { body } = await request(`${replicas[0].server.health}/metrics`);
    const watched = [...(await body.text()).matchAll(/metahub_watch_events_total\{resource="(\w+)"/g)].map(
      ([, kind]) => kind,
    );
    expect(new Set(watched)).toEqual(
      new Set(["machinetypes", "machinecredentials", "clustermanifestlists", "secrets"]),
    );
    for (const asked of [
      ...["list nodes", "list pods", "list namespaces", "list secrets", "get secret/metahub-webhook-keys"],
      ...["patch secret/metahub-proxy-keys", "list configmaps", "create configmaps", "patch configmap/metahub-proxy"],
    ]) {
      expect([asked, await may(...asked.split(" "))]).toEqual([asked, "no"]);
    }
  });

  test("a machine type outside of the cluster is what it declares", async () => {
    for (const name of ["laptops", "indexed"]) {
      await site.must(["create", "-f", "-"], {
        apiVersion: "metahub.dev/v1alpha1",
        kind: "MachineType",
        metadata: { name },
        spec: { external: true, platform: { os: "linux", architecture: "amd64" }, features: ["cpu:broadwell"] },
      });
    }
    await until({ build: "cpu-broadwell" }, await create("laptop", "--machine-type", "laptops"));
  });

  test("a list for everybody speaks for a name, as it changes; one of a namespace is nothing to machines outside", async () => {
    const listed = "/v2/qnib/listed/manifests/latest";
    const authorization = await create("listed", "--machine-type", "laptops");
    const manifestList = (kind: string, metadata: object, build: string) => ({
      apiVersion: "metahub.dev/v1alpha1",
      kind,
      metadata,
      spec: { image: "qnib/listed:latest", manifests: [{ image: `qnib/bench:${build}` }] },
    });
    const own = { ...manifestList("ManifestList", { name: "own", namespace }, "cpu-broadwell") };
    await site.must(["apply", "-f", "-"], { ...own, spec: { ...own.spec, manifests: [{ image: "qnib/listed:x" }] } });
    expect((await pull(authorization, listed)).status).toBe(404);
    const all = (build: string) => manifestList("ClusterManifestList", { name: "all" }, build);
    await site.must(["apply", "-f", "-"], all("generic"));
    await until({ status: 200, build: "generic" }, authorization, listed);
    const counted = () =>
      replicas[0].server.metric("metahub_manifest_lists", 'kind="ClusterManifestList",state="counts"', soon());
    await expect.poll(counted, { timeout: 20_000 }).toBe(1);
    await site.must(["apply", "-f", "-"], all("cpu-broadwell"));
    await until({ status: 200, build: "cpu-broadwell" }, authorization, listed);
    await site.must(["delete", "clustermanifestlist", "all"]);
    await until({ status: 404 }, authorization, listed);
  });

  test("what a list led to is answered by every replica after the list has gone, and after all of them were killed", async () => {
    const authorization = await create("led", "--machine-type", "laptops");
    const spec = { image: "qnib/led:latest", manifests: [{ image: "qnib/bench:cpu-broadwell" }] };
    const kind = "ClusterManifestList";
    await site.must(["apply", "-f", "-"], { apiVersion, kind, metadata: { name: "led" }, spec });
    const path = "/v2/qnib/led/manifests";
    await until({ status: 200, build: "cpu-broadwell" }, authorization, `${path}/latest`);
    const unfiltered = await create("led-whole", "--unfiltered");
    await until({ status: 200 }, unfiltered, `${path}/latest`);
    const [build, index] = [await ask(0, `${path}/latest`, authorization), await ask(0, `${path}/latest`, unfiltered)];
    const { config: settings } = JSON.parse(build.bytes.toString());
    const paths = [`${path}/${build.digest}`, `${path}/${index.digest}`, `/v2/qnib/led/blobs/${settings.digest}`];
    await site.must(["delete", "clustermanifestlist", "led"]);
    for (const replica of [0, 1] as const) {
      const gone = async () => (await ask(replica, `${path}/latest`, authorization)).status;
      await expect.poll(gone, { timeout: 20_000 }).toBe(404);
    }
    const statuses = async (replica: 0 | 1) =>
      await Promise.all(paths.map(async (one) => (await ask(replica, one, authorization)).status));
    expect(await statuses(1)).toEqual([200, 200, 200]);
    for (const { server } of replicas) await server.kill();
    for (const { server } of replicas) await server.restart(soon());
    for (const replica of [0, 1] as const) {
      const known = async () => (await ask(replica, "/v2/", authorization)).status;
      await expect.poll(known, { timeout: 20_000 }).toBe(200);
      expect(await statuses(replica)).toEqual([200, 200, 200]);
      const { bytes } = await ask(replica, paths[1] ?? "", authorization);
      expect(sha(bytes)).toBe(index.digest);
    }
  });

  test("its use is told once an hour, and a revocation ends it, and its tokens", async () => {
    const authorization = await create("short", "--machine-type", "type1");
    await until({ status: 200 }, authorization);
    const token = await tokenFor(authorization);
    expect((await pull(token)).status).toBe(200);
    const used = () =>
      site.must(["get", "machinecredential", "short", "-n", namespace, "-o", "jsonpath={.status.lastUsed}"]);
    await expect.poll(used, { timeout: 20_000 }).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const first = await used();
    // Another second: a second write would show.
    await expect.poll(() => new Date().toISOString().slice(0, 19)).not.toBe(first.slice(0, 19));
    expect((await pull(authorization)).status).toBe(200);
    const { code } = await metahub([
      ...["credentials", "revoke", "short", "-n", namespace, "--kubeconfig", cluster.kubeconfig],
    ]);
    expect(code).toBe(0);
    await until({ status: 401 }, authorization);
    expect((await pull(token)).status).toBe(401);
    expect(await used()).toBe(first);
  });

  test("an index that one replica made is answered by the other at once, also where both make some", async () => {
    const authorization = await createIndexed("indexed");
    const index = await upstreamIndex();
    const pulls = Array.from({ length: 12 }, async (_, number) => {
      await push(`made-${number}`, { ...index, annotations: { number: String(number) } });
      const [maker, other] = number % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const);
      const { digest } = await ask(maker, `/v2/qnib/bench/manifests/made-${number}`, authorization, "HEAD");
      const { status, bytes } = await ask(other, `/v2/qnib/bench/manifests/${digest}`, authorization);
      expect([status, sha(bytes)]).toEqual([200, digest]);
      const { manifests, annotations } = JSON.parse(bytes.toString());
      expect([manifests.length, annotations]).toEqual([1, { number: String(number) }]);
    });
    await Promise.all(pulls);
  });

  test("what a pull began with is answered after its tag has moved and every replica was killed", async () => {
    const logins = [await createIndexed("before"), await create("before-too", "--machine-type", "laptops")];
    const index = await upstreamIndex();
    await push("moving", index);
    const path = "/v2/qnib/bench/manifests";
    const digests: string[] = [];
    for (const login of logins) {
      await until({ status: 200 }, login);
      digests.push((await ask(0, `${path}/moving`, login, "HEAD")).digest);
    }
    const left = index.manifests.filter((entry) => !("digest" in entry && entry.digest === digests[1]));
    expect(left).toHaveLength(index.manifests.length - 1);
    await push("moving", { ...index, manifests: left });
    for (const { server } of replicas) await server.kill();
    for (const { server } of replicas) await server.restart(soon());
    for (const replica of [0, 1] as const) {
      for (const [number, login] of logins.entries()) {
        const { status, bytes } = await ask(replica, `${path}/${digests[number]}`, login);
        expect([status, sha(bytes)]).toEqual([200, digests[number]]);
      }
    }
  });

  test("without a record pulls go on, and what was made meanwhile is written down with the next one", async () => {
    const authorization = await createIndexed("unrecorded");
    const index = await upstreamIndex();
    for (const tag of ["lost", "found"]) await push(tag, { ...index, annotations: { tag } });
    const path = "/v2/qnib/bench/manifests";
    const saved = JSON.parse(await site.must(["get", "configmap", record, "-n", namespace, "-o", "json"]));
    await site.must(["delete", "configmap", record, "-n", namespace]);
    const { status, digest } = await ask(0, `${path}/lost`, authorization, "HEAD");
    expect(status).toBe(200);
    expect((await ask(0, `${path}/${digest}`, authorization)).status).toBe(200);
    // Nobody can say that it is not there.
    expect((await ask(1, `${path}/${digest}`, authorization)).status).toBe(503);
    expect(await readFile(replicas[0].server.log, "utf8")).toContain("RECORD_UNUSABLE");
    const { name, labels } = saved.metadata;
    await site.must(["create", "-n", namespace, "-f", "-"], { ...saved, metadata: { name, labels } });
    expect((await ask(0, `${path}/found`, authorization, "HEAD")).status).toBe(200);
    expect((await ask(1, `${path}/${digest}`, authorization)).status).toBe(200);
  });

  test("the record is bounded, and the oldest go first, whoever writes", async () => {
    await site.must(["create", "configmap", "small", "-n", namespace]);
    const client = await adminClient(cluster);
    try {
      const mostBytes = 8_000;
      let seconds = 0;
      const now = (): Date => new Date(seconds++ * 1_000);
      const open = () =>
        new ClusterRecord({ client, namespace, name: "small", form: madeForm, signal: soon(), now, mostBytes });
      const writers = [open(), open()] as const;
      const made = (number: number) => ({ digest: `sha256:${number}`, name: "docker.io/a", from: "f", build: "b" });
      for (let number = 0; number < 160; number += 2) {
        await Promise.all(writers.map((writer, index) => writer.add([made(number + index)])));
      }
      const kept = (await open().read())?.map(({ digest }) => digest) ?? [];
      expect(kept).toEqual(expect.arrayContaining(Array.from({ length: 20 }, (_, index) => `sha256:${140 + index}`)));
      expect(kept).not.toContain("sha256:0");
      const { data } = JSON.parse(await site.must(["get", "configmap", "small", "-n", namespace, "-o", "json"]));
      expect(JSON.stringify(data).length).toBeLessThan(1.5 * mostBytes);
    } finally {
      await client.close();
    }
  });

  test("a record that is full is shortened by whoever cannot write into it", async () => {
    const big = Object.fromEntries(Array.from({ length: 1_023 }, (_, count) => [`k${count}`, "x".repeat(1_024)]));
    const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "full", namespace } };
    await site.must(["create", "-f", "-"], { ...configMap, data: big });
    const client = await adminClient(cluster);
    try {
      const now = (): Date => new Date();
      const own = new ClusterRecord({ client, namespace, name: "full", form: madeForm, signal: soon(), now });
      const made = (count: number) => ({ digest: `sha256:${count}`, name: "docker.io/a", from: "f", build: "b" });
      const all = Array.from({ length: 20 }, (_, count) => made(count));
      await own.add(all);
      expect(await own.read()).toEqual(expect.arrayContaining(all));
    } finally {
      await client.close();
    }
  });

  test("a mistake in its settings changes nothing, and /readyz tells of it", async () => {
    const authorization = await create("other", "--machine-type", "type1");
    await until({ status: 200 }, authorization);
    // Where the settings were those of the flags alone, this would not be there.
    const path = "/v2/machine/type1/qnib/bench/manifests/latest";
    expect((await pull(authorization, path)).status).toBe(200);
    await writeFile(
      join(config, "proxy.yaml"),
      "kind: ProxyConfig\napiVersion: metahub.dev/v1alpha1\nspec: {hints: 5}\n",
    );
    const told = async (): Promise<string> => await (await request(`${replicas[0].server.health}/readyz`)).body.text();
    await expect.poll(told, { timeout: 20_000 }).toContain("not applied");
    expect((await pull(authorization, path)).status).toBe(200);
  });
});
