import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { Agent, request } from "undici";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Authority, createAuthority } from "../cluster/pki.ts";
import { freePorts } from "../cluster/ports.ts";
import { requireProgram } from "../cluster/programs.ts";
import { type PublishedBuilds, publishBuilds } from "../demo/builds.ts";
import { describeWith } from "../support/describe-with.ts";
import { type RunningRegistry, startRegistry } from "../support/registry/start.ts";
import { metahubProgram } from "./metahub.ts";

// Each starts processes, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });
const metahub = metahubProgram();
const root = join(import.meta.dirname, "../..");
const types = ["type1", "type2", "type3", "type4"] as const;
const builds: Readonly<Record<string, string>> = {
  type1: "cpu-broadwell",
  type2: "cpu-skylake",
  type3: "cpu-coffelake",
  type4: "cpu_broadwell-nvcap_52",
};

let folder: string;
let upstream: RunningRegistry;
let published: PublishedBuilds;
let dispatcher: Agent;
let ended: Promise<unknown>;
let stop: () => void;
/** `localhost:PORT` */
let host = "";
let health = "";
let output = "";
const secrets: Record<string, string> = {};

const inventory = (): string => join(folder, "hub");
/** Vouches for clients that show a certificate. */
let authority: Authority;

async function create(name: string, ...more: readonly string[]): Promise<void> {
  const args = ["credentials", "create", name, "--inventory", inventory(), "-o", "json", ...more];
  const { code, stdout, stderr } = await metahub(args);
  expect([code, stderr]).toEqual([0, ""]);
  secrets[name] = JSON.parse(stdout).secret;
}

const basic = (user: string, secret: string): string => `Basic ${Buffer.from(`${user}:${secret}`).toString("base64")}`;

async function get(path: string, headers: Readonly<Record<string, string>> = {}) {
  const { statusCode, headers: told, body } = await request(`https://${host}${path}`, { dispatcher, headers });
  return { status: statusCode, headers: told, text: await body.text() };
}

/** Asks for a token as clients do: by the realm that the refusal names. */
async function tokenOf(user: string, secret: string, repository = "qnib/bench") {
  const refused = await get(`/v2/${repository}/manifests/latest`);
  const [, realm = "", service = ""] =
    /^Bearer realm="([^"]+)",service="([^"]+)"/.exec(String(refused.headers["www-authenticate"])) ?? [];
  const query = new URLSearchParams({ service, scope: `repository:${repository}:pull` });
  const { pathname } = new URL(realm);
  return await get(`${pathname}?${query}`, { authorization: basic(user, secret) });
}

/** Starts the program, the same each time. */
async function launch(): Promise<void> {
  const port = host.replace("localhost:", "");
  const child = spawn(
    process.execPath,
    [
      join(root, "dist/metahub.mjs"),
      "proxy",
      ...["--inventory", join(folder, "current"), "--external-url", `https://${host}`],
      ...["--client-ca-file", join(folder, "clients.crt")],
      ...["--address", "127.0.0.1", "--port", port, "--health-port", "0"],
      ...["--key-file", join(folder, "token-keys")],
      ...["--tls-dir", join(folder, "tls"), "--mirror", `docker.io=http://${upstream.host}`],
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  ended = once(child, "close");
  stop = () => void child.kill("SIGTERM");
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const listening = Promise.withResolvers<string>();
  createInterface(child.stdout).on("line", listening.resolve);
  void ended.then(() => listening.reject(new Error(`it ended before it listened: ${output}`)));
  const line = await listening.promise;
  health = /health and metrics: (http:\/\/[\d.:]+)/.exec(line)?.[1] ?? "";
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-proxy-"));
  await cp(join(root, "examples/inventory"), inventory(), { recursive: true });
  upstream = await startRegistry();
  published = await publishBuilds(upstream.host, undefined, AbortSignal.timeout(30_000));
  for (const type of types) await create(type, "--machine-type", type, "--username", `qnib-${type}`);
  await create("mirror", "--unfiltered", "--username", "mirror");
  await create("narrow", "--machine-type", "type1", "--repository", "qnib/other");
  authority = await createAuthority();
  await writeFile(join(folder, "clients.crt"), authority.certificate);
  // As git-sync has it: the folder is reached by a link.
  await symlink("hub", join(folder, "current"));
  const [port = 0] = await freePorts(1);
  host = `localhost:${port}`;
  await launch();
  dispatcher = new Agent({ connect: { ca: await readFile(join(folder, "tls/ca.crt"), "utf8") } });
});
afterAll(async () => {
  stop();
  await ended;
  await dispatcher.close();
  await upstream.close();
  await rm(folder, { recursive: true, force: true });
});

test.each(types)("%s logs in with its own credentials, asks for one name, and gets its build", async (type) => {
  const given = await tokenOf(`qnib-${type}`, secrets[type] ?? "");
  expect(given.status).toBe(200);
  const { token, expires_in: seconds } = JSON.parse(given.text);
  expect(seconds).toBe(3_600);
  for (const authorization of [`Bearer ${token}`, basic(`qnib-${type}`, secrets[type] ?? "")]) {
    const { headers } = await get("/v2/qnib/bench/manifests/latest", { authorization });
    expect(published.tags.get(String(headers["docker-content-digest"]))).toBe(builds[type]);
  }
});

test("unfiltered credentials see the index", async () => {
  const authorization = basic("mirror", secrets["mirror"] ?? "");
  const { headers } = await get("/v2/qnib/bench/manifests/latest", { authorization });
  expect(headers["docker-content-digest"]).toBe(published.index.digest);
});

test("a wrong secret, another's secret and nobody's name are one answer, which offers Basic alone", async () => {
  const logins = [
    ["qnib-type1", "mh_wrong"],
    ["qnib-type1", secrets["type2"] ?? ""],
    ["nobody", secrets["type1"] ?? ""],
  ] as const;
  const answers = await Promise.all(
    logins.map(async ([user, secret]) => {
      const { status, headers, text } = await get("/v2/qnib/bench/manifests/latest", {
        authorization: basic(user, secret),
      });
      return [status, headers["www-authenticate"], text];
    }),
  );
  expect(new Set(answers.map(String)).size).toBe(1);
  expect(answers[0]?.slice(0, 2)).toEqual([401, `Basic realm="${host}"`]);
  expect((await tokenOf("qnib-type1", "mh_wrong")).status).toBe(401);
});

test("a token opens the repositories that it was asked for, and its credential's alone", async () => {
  const { token } = JSON.parse((await tokenOf("qnib-type1", secrets["type1"] ?? "", "qnib/other")).text);
  const asked = await get("/v2/qnib/bench/manifests/latest", { authorization: `Bearer ${token}` });
  expect(asked.status).toBe(401);
  const narrow = await get("/v2/qnib/bench/manifests/latest", {
    authorization: basic("type1", secrets["narrow"] ?? ""),
  });
  expect(narrow.status).toBe(404);
});

test("a form asks for a token too, and one that is too long is refused", async () => {
  const post = async (body: string) =>
    await request(`https://${host}/token`, {
      dispatcher,
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body,
    });
  const form = new URLSearchParams({
    grant_type: "password",
    username: "qnib-type2",
    password: secrets["type2"] ?? "",
    scope: "repository:qnib/bench:pull",
  });
  const given = await post(form.toString());
  expect([given.statusCode, Object.keys(JSON.parse(await given.body.text())).sort()]).toEqual([
    200,
    ["access_token", "expires_in", "issued_at", "token"],
  ]);
  const long = await post(`username=${"x".repeat(20_000)}`);
  expect(long.statusCode).toBe(413);
  await long.body.dump();
});

test("a revocation counts at once, also for a token that was given", async () => {
  await create("passing", "--machine-type", "type1", "--username", "passing");
  const authorize = async (): Promise<number> => (await tokenOf("passing", secrets["passing"] ?? "")).status;
  await expect.poll(authorize, { timeout: 20_000 }).toBe(200);
  const { token } = JSON.parse((await tokenOf("passing", secrets["passing"] ?? "")).text);
  const ask = async (): Promise<number> =>
    (await get("/v2/qnib/bench/manifests/latest", { authorization: `Bearer ${token}` })).status;
  expect(await ask()).toBe(200);
  expect((await metahub(["credentials", "revoke", "passing", "--inventory", inventory()])).code).toBe(0);
  await expect.poll(ask, { timeout: 20_000 }).toBe(401);
});

test("a revocation ends a blob that is on its way", async () => {
  await create("streaming", "--machine-type", "type1", "--username", "streaming");
  const authorization = basic("streaming", secrets["streaming"] ?? "");
  const status = async (): Promise<number> => (await get("/v2/", { authorization })).status;
  await expect.poll(status, { timeout: 20_000 }).toBe(200);
  const closed = Promise.withResolvers<void>();
  const piece = Buffer.alloc(65_536);
  const fault = { kind: "repeat", piece, times: 4_096, closed: closed.resolve } as const;
  upstream.faults.add({ path: /\/blobs\//, times: 1, fault });
  const path = `/v2/qnib/bench/blobs/sha256:${"1".repeat(64)}`;
  const { statusCode, body } = await request(`https://${host}${path}`, { dispatcher, headers: { authorization } });
  expect(statusCode).toBe(200);
  expect((await metahub(["credentials", "revoke", "streaming", "--inventory", inventory()])).code).toBe(0);
  // Nobody reads it: it is not its end that ends it.
  await closed.promise;
  await expect(body.arrayBuffer()).rejects.toThrow();
  await expect.poll(() => output).toContain("these credentials count no more");
});

test("a revocation counts where the whole folder is replaced, by a link that is swapped", async () => {
  await create("swapped", "--machine-type", "type1", "--username", "swapped");
  const status = async (): Promise<number> => (await tokenOf("swapped", secrets["swapped"] ?? "")).status;
  await expect.poll(status, { timeout: 20_000 }).toBe(200);
  await cp(inventory(), join(folder, "hub-2"), { recursive: true });
  await rm(join(folder, "hub-2/swapped.yaml"));
  const swap = async (target: string): Promise<void> => {
    await symlink(target, join(folder, "next"));
    await rename(join(folder, "next"), join(folder, "current"));
  };
  await swap("hub-2");
  await expect.poll(status, { timeout: 20_000 }).toBe(401);
  await swap("hub");
  await expect.poll(status, { timeout: 20_000 }).toBe(200);
  await rm(join(inventory(), "swapped.yaml"));
});

test("a client certificate stands for its machine type, and nobody needs one", async () => {
  const { certificate, key } = await authority.issue({
    commonName: "node",
    client: true,
    uris: ["metahub:machine-type:type4"],
  });
  const ca = await readFile(join(folder, "tls/ca.crt"), "utf8");
  const certified = new Agent({ connect: { ca, cert: certificate, key } });
  const url = `https://${host}/v2/qnib/bench/manifests/latest`;
  const { headers, body } = await request(url, { dispatcher: certified });
  await body.dump();
  await certified.close();
  expect(published.tags.get(String(headers["docker-content-digest"]))).toBe(builds["type4"]);
});

test("a mistake in the folder leaves what was there, and the log says where it is", async () => {
  await writeFile(
    join(inventory(), "wrong.yaml"),
    "apiVersion: metahub.dev/v1alpha1\nkind: MachineCredential\nmetadata: {name: x}\nspec: {}\n",
  );
  await expect.poll(() => output, { timeout: 20_000 }).toContain("wrong.yaml");
  const authorization = basic("qnib-type1", secrets["type1"] ?? "");
  expect((await get("/v2/qnib/bench/manifests/latest", { authorization })).status).toBe(200);
  await rm(join(inventory(), "wrong.yaml"));
});

describe("a ProxyConfig in the folder", () => {
  const file = (): string => join(inventory(), "config.yaml");
  const config = (spec: object) =>
    writeFile(file(), JSON.stringify({ ...head, kind: "ProxyConfig", metadata: { name: "hub" }, spec }));
  const head = { apiVersion: "metahub.dev/v1alpha1" };
  const metric = async (): Promise<string | undefined> =>
    /^metahub_proxy_folder_current (\d)$/m.exec(await (await fetch(`${health}/metrics`)).text())?.[1];
  const readiness = async (): Promise<string> => await (await fetch(`${health}/readyz`)).text();
  const login = (): string => basic("qnib-type1", secrets["type1"] ?? "");
  const statusOf = async (path: string, authorization = login()): Promise<number> =>
    (await get(path, { authorization })).status;
  afterAll(() => rm(file(), { force: true }));

  test("counts as soon as it is there: upstreams with mirrors and credentials, and views", async () => {
    const path = "/v2/other/qnib/bench/manifests/latest";
    expect(await statusOf(path)).toBe(404);
    expect((await get("/token")).status).toBe(401);
    const credentials = join(folder, "other.json");
    const auth = Buffer.from("puller:its-password").toString("base64");
    await writeFile(credentials, JSON.stringify({ auths: { "other.example.com": { auth } } }));
    const other = { host: "other.example.com", mirror: `http://${upstream.host}`, dockerConfigFile: credentials };
    await config({ upstreams: [{ name: "other", ...other }], anonymous: true, hints: true, machinePaths: true });
    await expect.poll(() => statusOf(path), { timeout: 20_000 }).toBe(200);
    expect(await statusOf("/v2/machine/type1/qnib/bench/manifests/latest")).toBe(200);
    expect(await statusOf("/v2/qnib/bench/manifests/latest", basic("any+cpu=zen2", "x"))).toBe(200);
    const { status, text } = await get("/token?scope=repository:qnib/bench:pull");
    expect(status).toBe(200);
    const { headers } = await get("/v2/qnib/bench/manifests/latest", {
      authorization: `Bearer ${JSON.parse(text).token}`,
    });
    expect(published.tags.get(String(headers["docker-content-digest"]))).toBe("generic");
    expect(output).not.toContain("its-password");
  });

  test("answers machine types with an index where it says so, and writes down what it made", async () => {
    await config({ answerIndex: ["type2"] });
    const authorization = basic("qnib-type2", secrets["type2"] ?? "");
    const latest = async () => await get("/v2/qnib/bench/manifests/latest", { authorization });
    await expect
      .poll(async () => (await latest()).headers["content-type"], { timeout: 20_000 })
      .toBe("application/vnd.oci.image.index.v1+json");
    const digest = String((await latest()).headers["docker-content-digest"]);
    expect(await readFile(join(folder, "token-keys.made-indexes"), "utf8")).toContain(digest);
    await config({});
    await expect
      .poll(async () => (await latest()).headers["content-type"], { timeout: 20_000 })
      .toBe("application/vnd.oci.image.manifest.v1+json");
    expect(await statusOf(`/v2/qnib/bench/manifests/${digest}`)).toBe(200);
    stop();
    await ended;
    await launch();
    expect(await statusOf(`/v2/qnib/bench/manifests/${digest}`)).toBe(200);
  });

  test("with a mistake changes nothing, and metric, readiness and log tell of it until it is mended", async () => {
    await config({ anonymous: true });
    await expect.poll(async () => (await get("/token")).status, { timeout: 20_000 }).toBe(200);
    expect(await statusOf("/v2/machine/type1/qnib/bench/manifests/latest")).toBe(404);
    expect([await metric(), await readiness()]).toEqual(["1", "ok\n"]);
    await config({ machinePaths: true, upstreams: [{ name: "bad", host: "https://bad" }] });
    await expect
      .poll(readiness, { timeout: 20_000 })
      .toMatch(/^ok\nthe folder's last change is not applied: .*config.yaml/);
    expect(await metric()).toBe("0");
    expect(output).toContain("spec.upstreams[0].host");
    expect((await get("/token")).status).toBe(200);
    expect(await statusOf("/v2/machine/type1/qnib/bench/manifests/latest")).toBe(404);
    await config({
      upstreams: [{ name: "own", host: "o.example.com", dockerConfigFile: join(inventory(), "c.json") }],
    });
    await expect.poll(readiness, { timeout: 20_000 }).toMatch(/outside of the inventory/);
    await rm(file());
    await expect.poll(readiness, { timeout: 20_000 }).toBe("ok\n");
    expect(await metric()).toBe("1");
    expect((await get("/token")).status).toBe(401);
  });
});

test("shows no metric of watched resources: it watches none", async () => {
  const { body } = await request(`${health}/metrics`);
  const text = await body.text();
  expect(text).toContain("metahub_proxy_requests_total");
  expect(text).not.toContain("metahub_watch_events_total");
});

test("tells that it is ready and what it did, keeps its keys to itself, and logs no secret", async () => {
  expect((await fetch(`${health}/readyz`)).status).toBe(200);
  const metrics = await (await fetch(`${health}/metrics`)).text();
  expect(metrics).toMatch(/^metahub_proxy_requests_total\{kind="manifest",status="200"\} \d+$/m);
  expect((await stat(join(folder, "token-keys"))).mode & 0o777).toBe(0o600);
  const keys = (await readFile(join(folder, "token-keys"), "utf8")).split(/\s+/).filter(({ length }) => length > 30);
  for (const secret of [...Object.values(secrets), ...keys]) expect(output).not.toContain(secret);
  const pulled = output.split("\n").find((line) => line.includes('"pulled"') && line.includes("type4"));
  expect(JSON.parse(pulled ?? "{}")).toMatchObject({ machineType: "type4", image: "docker.io/qnib/bench:latest" });
});

describe("flags that do not fit", () => {
  const base = [
    "proxy",
    "--inventory",
    "examples/inventory",
    "--external-url",
    "https://hub.example.com",
    "--key-file",
    "/nowhere/keys",
  ];
  test.each<[string, readonly string[], RegExp]>([
    ["no certificate", [], /say one of --tls-cert-file/],
    ["HTTP for everybody", ["--http"], /--http needs --address 127\.0\.0\.1/],
    [
      "certificates of clients over plain HTTP",
      ["--http", "--address", "127.0.0.1", "--client-ca-file", "ca.crt"],
      /--client-ca-file needs TLS/,
    ],
    ["an upstream without a host", ["--http", "--address", "127.0.0.1", "--upstream", "ghcr"], /expected NAME=HOST/],
    ["a URL of plain HTTP", ["--http", "--address", "127.0.0.1", "--external-url", "http://h"], /expected https/],
    [
      "keys among what is shared",
      ["--http", "--address", "127.0.0.1", "--key-file", "examples/inventory/k"],
      /must not lie/,
    ],
    [
      "a record among what is watched",
      ["--http", "--address", "127.0.0.1", "--record-file", "examples/inventory/r"],
      /--record-file examples\/inventory\/r: it must not lie/,
    ],
    ["a URL with a path", ["--http", "--address", "127.0.0.1", "--external-url", "https://h/x"], /without a path/],
  ])("%s", async (_name, more, message) => {
    const { code, stderr } = await metahub([...base, ...more]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });
});

describeWith(requireProgram("skopeo", "skopeo"), "skopeo", ({ path }) => {
  test.each(types)("%s: copies what its machine gets, and verifies it", async (type) => {
    const certificates = join(folder, "certs");
    await mkdir(certificates, { recursive: true });
    await cp(join(folder, "tls/ca.crt"), join(certificates, "ca.crt"));
    const target = join(folder, `copy-${type}`);
    await mkdir(target);
    const args = ["copy", "--src-cert-dir", certificates, "--src-creds", `qnib-${type}:${secrets[type]}`];
    const policy = join(folder, "policy.json");
    await writeFile(policy, JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] }));
    const env = { ...process.env, HOME: folder, TMPDIR: folder };
    await promisify(execFile)(path, ["--policy", policy, ...args, `docker://${host}/qnib/bench`, `dir:${target}`], {
      env,
    });
    const manifest = await readFile(join(target, "manifest.json"));
    const digest = await promisify(execFile)(path, ["manifest-digest", join(target, "manifest.json")]);
    expect(published.tags.get(digest.stdout.trim())).toBe(builds[type]);
    expect(JSON.parse(manifest.toString()).layers.length).toBeGreaterThan(0);
  });

  test("an index of one build is copied whole under its digest, and keeps the guard of the platform", async () => {
    const file = join(inventory(), "config.yaml");
    const config = { apiVersion: "metahub.dev/v1alpha1", kind: "ProxyConfig", metadata: { name: "hub" } };
    await writeFile(file, JSON.stringify({ ...config, spec: { answerIndex: ["type3"] } }));
    const authorization = basic("qnib-type3", secrets["type3"] ?? "");
    const latest = async () => (await get("/v2/qnib/bench/manifests/latest", { authorization })).headers;
    const index = "application/vnd.oci.image.index.v1+json";
    await expect.poll(async () => (await latest())["content-type"], { timeout: 20_000 }).toBe(index);
    const certificates = join(folder, "certs");
    await mkdir(certificates, { recursive: true });
    await cp(join(folder, "tls/ca.crt"), join(certificates, "ca.crt"));
    const target = join(folder, "copy-index");
    const policy = join(folder, "policy.json");
    await writeFile(policy, JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] }));
    const env = { ...process.env, HOME: folder, TMPDIR: folder };
    const skopeo = (...args: string[]) => promisify(execFile)(path, ["--policy", policy, ...args], { env });
    const source = ["--src-cert-dir", certificates, "--src-creds", `qnib-type3:${secrets["type3"]}`];
    await skopeo("copy", "--all", "--preserve-digests", ...source, `docker://${host}/qnib/bench`, `dir:${target}`);
    const digest = await promisify(execFile)(path, ["manifest-digest", join(target, "manifest.json")]);
    expect(digest.stdout.trim()).toBe((await latest())["docker-content-digest"]);
    const arm = ["--override-arch", "arm64", "copy", ...source, `docker://${host}/qnib/bench`, `dir:${target}-arm`];
    await expect(skopeo(...arm)).rejects.toThrow(/no image found in (image index|manifest list) for architecture/);
    await rm(file);
  });
});
