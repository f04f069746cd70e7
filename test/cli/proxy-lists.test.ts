import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type PublishedBuilds, publishBuilds } from "../demo/builds.ts";
import { type RunningRegistry, startRegistry } from "../support/registry/start.ts";
import { metahubProgram } from "./metahub.ts";

// Each starts processes, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });
const metahub = metahubProgram();
const root = join(import.meta.dirname, "../..");

interface Running {
  readonly url: string;
  stop(): Promise<void>;
}

let folder: string;
let upstream: RunningRegistry;
let published: PublishedBuilds;
/** Two processes that share folder, keys and record. */
let replicas: readonly [Running, Running];
/** The login of somebody of machine type type1. */
let type1: string;
let unfiltered: string;

async function start(): Promise<Running> {
  const args = [
    ...[join(root, "dist/metahub.mjs"), "proxy", "--inventory", join(folder, "hub")],
    ...["--external-url", "https://hub.example.com", "--http", "--address", "127.0.0.1", "--port", "0"],
    ...["--health-port", "0", "--key-file", join(folder, "keys"), "--mirror", `docker.io=http://${upstream.host}`],
  ];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(child, "close");
  const listening = Promise.withResolvers<string>();
  createInterface(child.stdout).once("line", listening.resolve);
  void ended.then(() => listening.reject(new Error("it ended before it listened")));
  const [, url = ""] = /listens on (http:\/\/[\d.:]+)/.exec(await listening.promise) ?? [];
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
  };
  return { url, stop };
}

async function login(name: string, ...more: readonly string[]): Promise<string> {
  const args = ["credentials", "create", name, "--inventory", join(folder, "hub"), "-o", "json", ...more];
  const { code, stdout, stderr } = await metahub(args);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout).authorization;
}

const lists = (): string => join(folder, "hub/lists.yaml");
/** One ClusterManifestList for each name, with tags of qnib/bench and what they require. */
async function declare(names: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>): Promise<void> {
  const items = Object.entries(names).map(([image, builds], count) => ({
    apiVersion: "metahub.dev/v1alpha1",
    kind: "ClusterManifestList",
    metadata: { name: `list-${count}` },
    spec: {
      image,
      manifests: Object.entries(builds).map(([tag, features]) => ({ image: `qnib/bench:${tag}`, features })),
    },
  }));
  await writeFile(lists(), items.map((item) => JSON.stringify(item)).join("\n---\n"));
}

async function ask(path: string, authorization: string | undefined, replica: 0 | 1 = 0) {
  const headers = authorization === undefined ? {} : { authorization };
  const response = await fetch(`${replicas[replica].url}${path}`, { headers });
  const bytes = Buffer.from(await response.arrayBuffer());
  const digest = response.headers.get("docker-content-digest") ?? "";
  return { status: response.status, digest, build: published.tags.get(digest), bytes };
}
async function anonymous(repository: string): Promise<string> {
  const { bytes } = await ask(`/token?service=hub.example.com&scope=repository:${repository}:pull`, undefined);
  return `Bearer ${JSON.parse(bytes.toString()).token}`;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-proxy-lists-"));
  await cp(join(root, "examples/inventory"), join(folder, "hub"), { recursive: true });
  upstream = await startRegistry();
  published = await publishBuilds(upstream.host, undefined, AbortSignal.timeout(30_000));
  const upstreams = [{ name: "other", host: "other.example.com", mirror: `http://${upstream.host}` }];
  const config = { apiVersion: "metahub.dev/v1alpha1", kind: "ProxyConfig", metadata: { name: "hub" } };
  await writeFile(join(folder, "hub/config.yaml"), JSON.stringify({ ...config, spec: { anonymous: true, upstreams } }));
  await declare({
    "team/app:v1": { generic: [], "cpu-broadwell": ["cpu:broadwell"] },
    "other.example.com/team/app:v1": { "cpu-skylake": [] },
    bench: { "cpu-coffelake": [] },
    "team/fast:v1": { "cpu-broadwell": ["cpu:broadwell"] },
  });
  type1 = await login("type1", "--machine-type", "type1");
  unfiltered = await login("unfiltered", "--unfiltered");
  replicas = [await start(), await start()];
});
afterAll(async () => {
  for (const { stop } of replicas ?? []) await stop();
  await upstream?.close();
  await rm(folder, { recursive: true, force: true });
});

test("a mirror's request is for the list of the host that it names, and for none of another", async () => {
  const built = async (path: string): Promise<unknown> => (await ask(path, type1)).build;
  const paths: Readonly<Record<string, string>> = {
    "/v2/team/app/manifests/v1": "cpu-broadwell",
    "/v2/team/app/manifests/v1?ns=docker.io": "cpu-broadwell",
    "/v2/team/app/manifests/v1?ns=other.example.com": "cpu-skylake",
    "/v2/other/team/app/manifests/v1": "cpu-skylake",
    "/v2/other.example.com/team/app/manifests/v1": "cpu-skylake",
    "/v2/bench/manifests/latest": "cpu-coffelake",
    "/v2/library/bench/manifests/latest?ns=docker.io": "cpu-coffelake",
  };
  for (const [path, build] of Object.entries(paths)) expect([path, await built(path)]).toEqual([path, build]);
  expect((await ask("/v2/bench/manifests/latest?ns=other.example.com", type1)).status).toBe(404);
  expect((await ask("/v2/team/app/manifests/v1?ns=elsewhere.example.com", type1)).status).toBe(404);
});

test("what a mirror's request goes on with is found by its host too: manifest, blobs and tags", async () => {
  const query = "?ns=other.example.com";
  const { digest, bytes } = await ask(`/v2/team/app/manifests/v1${query}`, type1);
  const { config, layers } = JSON.parse(bytes.toString());
  const paths = [`manifests/${digest}`, `blobs/${config.digest}`, `blobs/${layers[0].digest}`, "tags/list"];
  for (const path of paths) {
    for (const replica of [0, 1] as const) {
      const { status } = await ask(`/v2/team/app/${path}${query}`, type1, replica);
      expect([path, replica, status]).toEqual([path, replica, 200]);
    }
  }
  const tags = await ask(`/v2/team/app/tags/list${query}`, type1);
  expect(JSON.parse(tags.bytes.toString()).tags).toEqual(["v1"]);
  // The other host's list does not lead there.
  expect((await ask(`/v2/team/app/blobs/${layers[0].digest}?ns=docker.io`, type1)).status).toBe(404);
});

test("whoever does not log in gets of a list what a machine gets that offers nothing, and its blobs", async () => {
  const token = await anonymous("team/app");
  const { build, bytes } = await ask("/v2/team/app/manifests/v1", token);
  expect(build).toBe("generic");
  const { layers } = JSON.parse(bytes.toString());
  const blob = await ask(`/v2/team/app/blobs/${layers[0].digest}`, token);
  expect([blob.status, blob.bytes.length]).toEqual([200, layers[0].size]);
  const none = await ask("/v2/team/fast/manifests/v1", await anonymous("team/fast"));
  expect([none.status, none.bytes.toString()]).toEqual([404, expect.stringContaining("a machine that offers nothing")]);
  expect((await ask("/v2/team/app/manifests/v1", undefined)).status).toBe(401);
});

test("what a list led to is answered by another process after the list has gone, and after both were started again", async () => {
  await declare({ "team/passing:v1": { generic: [], "cpu-broadwell": ["cpu:broadwell"] } });
  const path = "/v2/team/passing/manifests";
  await expect.poll(async () => (await ask(`${path}/v1`, type1)).build, { timeout: 20_000 }).toBe("cpu-broadwell");
  const build = await ask(`${path}/v1`, type1);
  const index = await ask(`${path}/v1`, unfiltered);
  const { layers } = JSON.parse(build.bytes.toString());
  await rm(lists());
  const gone = async () =>
    [await ask(`${path}/v1`, type1, 0), await ask(`${path}/v1`, type1, 1)].map((one) => one.status);
  await expect.poll(gone, { timeout: 20_000 }).toEqual([404, 404]);
  const paths = [`${path}/${build.digest}`, `${path}/${index.digest}`, `/v2/team/passing/blobs/${layers[0].digest}`];
  const statuses = async (replica: 0 | 1) =>
    await Promise.all(paths.map(async (one) => (await ask(one, type1, replica)).status));
  // The first one made it; the second one has read of it at most.
  expect(await statuses(1)).toEqual([200, 200, 200]);
  for (const { stop } of replicas) await stop();
  replicas = [await start(), await start()];
  for (const replica of [0, 1] as const) expect(await statuses(replica)).toEqual([200, 200, 200]);
  expect((await ask(paths[1] ?? "", type1)).bytes.equals(index.bytes)).toBe(true);
  expect(await readFile(join(folder, "keys.made-indexes.lists"), "utf8")).toContain("docker.io/team/passing");
});
