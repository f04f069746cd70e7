import { cp, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import jsonpatch from "fast-json-patch";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createAuthority } from "../../test/cluster/pki.ts";
import { publishBuilds } from "../../test/demo/builds.ts";
import { type RunningRegistry, startRegistry } from "../../test/support/registry/start.ts";
import { parsePod } from "../api/parse-pod.ts";
import { run } from "../cli/program.ts";
import { createSigningKey, formatSigningKeys } from "../keys/signing-keys.ts";
import type { CommandContext, ExitCode } from "../process/context.ts";

// The command loads its own code when it runs: here before the first test, and not in that test's time.
beforeAll(async () => void (await import("../cli/webhook/run.ts")), 60_000);

const examples = join(import.meta.dirname, "../../examples/inventory");
let folder: string;
let registry: RunningRegistry;
let ended: AbortController;
let running: Promise<ExitCode> | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-webhook-"));
  await cp(examples, join(folder, "inventory"), { recursive: true });
  registry = await startRegistry();
  ended = new AbortController();
});
afterEach(async () => {
  ended.abort();
  await running;
  await registry.close();
  await rm(folder, { recursive: true });
});

/** Runs `metahub webhook` in this process; resolves with where it listens. */
async function serve(...more: readonly string[]): Promise<{ readonly webhook: URL; readonly health: URL }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const context: CommandContext = { env: {}, stdout, stderr, stdin: new PassThrough(), signal: ended.signal };
  const args = ["webhook", "--inventory", join(folder, "inventory"), "--tls-dir", join(folder, "tls")];
  const ports = ["--address", "127.0.0.1", "--port", "0", "--health-port", "0", "--log-level", "silent"];
  running = run([...args, ...ports, ...more], context);
  const line = await Promise.race([
    new Promise<string>((resolve) => stdout.once("data", (chunk: Buffer) => resolve(chunk.toString()))),
    running.then((code) => Promise.reject(new Error(`ended with ${code}: ${stderr.read()}`))),
  ]);
  const [webhook = "", health = ""] = line.match(/https?:\/\/[\w.:/-]+/g) ?? [];
  return { webhook: new URL(webhook), health: new URL(health) };
}

/** Asks as the API server does; resolves with the Pod as it would be stored. */
async function admit(webhook: URL, pod: object, timeout = "5s", path = "/mutate/pods") {
  const review = {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: "u",
      operation: "CREATE",
      resource: { group: "", version: "v1", resource: "pods" },
      namespace: "default",
      object: pod,
    },
  };
  const ca = await readFile(join(folder, "tls/ca.crt"));
  const body = await new Promise<string>((resolve, reject) => {
    const sent = httpsRequest(new URL(`${webhook.pathname}${path}?timeout=${timeout}`.replace("//", "/"), webhook), {
      method: "POST",
      ca,
      agent: false,
    });
    sent.once("error", reject);
    sent.once("response", (response) => text(response).then(resolve, reject));
    sent.end(JSON.stringify(review));
  });
  const { response } = JSON.parse(body);
  const patch = response.patch === undefined ? [] : JSON.parse(Buffer.from(response.patch, "base64").toString());
  return { pod: jsonpatch.applyPatch(structuredClone(pod), patch).newDocument, warnings: response.warnings ?? [] };
}

const pod = (instanceType: string, image = "qnib/bench") => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p" },
  spec: {
    nodeSelector: { "node.kubernetes.io/instance-type": instanceType },
    containers: [{ name: "main", image }],
  },
});

test("rewrites with nodes from files and a registry of this machine, and ends with 0 when it is told to", async () => {
  const { tags } = await publishBuilds(registry.host, undefined, AbortSignal.timeout(10_000));
  const { webhook, health } = await serve("--mirror", `docker.io=http://${registry.host}`);
  expect((await fetch(new URL("/readyz", health))).status).toBe(200);
  const admitted = await admit(webhook, pod("c5.xlarge"));
  const [, digest = ""] = JSON.stringify(admitted.pod).match(/qnib\/bench@(sha256:\w+)/) ?? [];
  expect(tags.get(digest)).toBe("cpu-skylake");
  const metrics = await (await fetch(new URL("/metrics", health))).text();
  expect(metrics).toMatch(/^metahub_inventory_nodes 5$/m);
  expect(metrics).toMatch(/^metahub_inventory_machine_types 4$/m);
  expect(metrics).toMatch(/^metahub_certificate_expiry_timestamp_seconds \d{10}/m);
  ended.abort();
  expect(await running).toBe(0);
  await expect(fetch(new URL("/healthz", health))).rejects.toThrow();
});

test("a registry that may not be asked is not asked", async () => {
  const { webhook } = await serve("--mirror", `docker.io=http://${registry.host}`, "--allow-registry", "*.example.com");
  const { pod: admitted, warnings } = await admit(webhook, pod("c5.xlarge"));
  expect(admitted).toEqual(pod("c5.xlarge"));
  expect([warnings, registry.requests]).toEqual([[], []]);
});

test("an excluded namespace is left alone, whoever asks about it", async () => {
  const mirror = ["--mirror", `docker.io=http://${registry.host}`];
  const { webhook } = await serve(...mirror, "--excluded-namespace", "kube-system", "--excluded-namespace=default");
  expect((await admit(webhook, pod("c5.xlarge"))).pod).toEqual(pod("c5.xlarge"));
  expect(registry.requests).toEqual([]);
});

test("tag and digest, where that was asked for", async () => {
  await publishBuilds(registry.host, undefined, AbortSignal.timeout(10_000));
  const { webhook } = await serve("--mirror", `docker.io=http://${registry.host}`, "--image-form", "tagAndDigest");
  const { pod: admitted } = await admit(webhook, pod("c5.xlarge", "qnib/bench:latest"));
  expect(JSON.stringify(admitted)).toMatch(/"image":"qnib\/bench:latest@sha256:/);
});

test("with a file of path segments, a path without one is answered with 404, and one with it as usual", async () => {
  await publishBuilds(registry.host, undefined, AbortSignal.timeout(10_000));
  const segment = "5f".repeat(32);
  await writeFile(join(folder, "segments"), `${"a0".repeat(32)}\n${segment}\n`);
  const mirror = ["--mirror", `docker.io=http://${registry.host}`];
  const { webhook } = await serve(...mirror, "--path-segment-file", join(folder, "segments"));
  // Whoever gave it knows it.
  expect(webhook.pathname).toBe("/");
  const { pod: admitted } = await admit(webhook, pod("c5.xlarge"), "5s", `/${segment}/mutate/pods`);
  expect(JSON.stringify(admitted)).toContain("qnib/bench@sha256:");
  await expect(admit(webhook, pod("c5.xlarge"))).rejects.toThrow(/nothing is/);
});

test("without one, it makes a segment, tells it, and keeps it in its folder", async () => {
  const first = await serve();
  expect(first.webhook.pathname).toMatch(/^\/[0-9a-f]{64}$/);
  await expect(admit(new URL("/", first.webhook), pod("c5.xlarge"))).rejects.toThrow(/nothing is/);
  expect((await stat(join(folder, "tls/path-segment"))).mode & 0o777).toBe(0o600);
  ended.abort();
  await running;
  ended = new AbortController();
  expect((await serve()).webhook.pathname).toBe(first.webhook.pathname);
});

test("with authorities for clients, who has no certificate is not answered", async () => {
  const { certificate } = await createAuthority();
  await writeFile(join(folder, "clients.pem"), certificate);
  const { webhook } = await serve("--client-ca-file", join(folder, "clients.pem"));
  await expect(admit(webhook, pod("c5.xlarge"))).rejects.toThrow();
});

test("a file of path segments with something else is refused, and nothing of it is repeated", async () => {
  await writeFile(join(folder, "segments"), `${"a0".repeat(32)}\nshort\n`);
  await expect(serve("--path-segment-file", join(folder, "segments"))).rejects.toThrow(
    /ended with 2: .* line 2 is none/,
  );
});

test("keys of a file prove notes from one run to the next; without one nothing of an earlier run is proven", async () => {
  await publishBuilds(registry.host, undefined, AbortSignal.timeout(10_000));
  await writeFile(join(folder, "keys"), formatSigningKeys([createSigningKey(new Date("2026-01-01T00:00:00Z"))]));
  const mirror = ["--mirror", `docker.io=http://${registry.host}`];
  const again = async (object: object, ...more: readonly string[]) => {
    ended = new AbortController();
    const { webhook } = await serve(...mirror, ...more);
    const answer = await admit(webhook, object);
    ended.abort();
    await running;
    return answer;
  };
  const file = ["--note-key-file", join(folder, "keys")];
  for (const args of [file, []]) {
    const { pod: made } = await again(pod("c5.xlarge"), ...args);
    const { spec } = parsePod(made);
    const copy = { ...made, spec: { ...spec, nodeSelector: {} } };
    const { pod: admitted, warnings } = await again(copy, ...args);
    const image = parsePod(admitted).spec.containers?.[0]?.image;
    if (args === file) expect([image, warnings]).toEqual(["qnib/bench", []]);
    else expect([image, warnings]).toEqual([spec.containers?.[0]?.image, [expect.stringContaining("pinned")]]);
  }
});

test.each([
  ["that holds something else", "2026-01-01T00:00:00Z secret\n", /line 1 is no key/],
  ["that holds none", "\n", /it holds no key/],
])("a file of keys %s is refused, and nothing of it is repeated", async (_, text, said) => {
  await writeFile(join(folder, "keys"), text);
  const failed = serve("--note-key-file", join(folder, "keys"));
  await expect(failed).rejects.toThrow(said);
  await expect(failed).rejects.not.toThrow(/secret/);
});

test("a review that is under way when it is told to end is answered before it ends", async () => {
  registry.faults.add({ path: /./, fault: { kind: "hang" } });
  const { webhook } = await serve("--mirror", `docker.io=http://${registry.host}`, "--deadline", "500");
  const admitted = admit(webhook, pod("c5.xlarge"), "30s");
  await expect.poll(() => registry.requests.length).toBeGreaterThan(0);
  ended.abort();
  expect((await admitted).warnings).toEqual([expect.stringContaining("did not answer within the time")]);
  expect(await running).toBe(0);
  await expect(admit(webhook, pod("c5.xlarge"))).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

test("being told to end while it starts is no failure", async () => {
  ended.abort("SIGTERM");
  const stdout = new PassThrough();
  const context: CommandContext = { env: {}, stdout, stderr: stdout, stdin: new PassThrough(), signal: ended.signal };
  const args = ["webhook", "--inventory", join(folder, "inventory"), "--tls-dir", join(folder, "tls")];
  expect(await run([...args, "--port", "0", "--health-port", "0", "--log-level", "silent"], context)).toBe(0);
  expect(stdout.read()).toBeNull();
});

test.each<[string, readonly string[], number, RegExp]>([
  ["--pull-secrets without a cluster", ["--pull-secrets", "cluster"], 2, /^metahub: --pull-secrets needs a cluster/],
  ["two places for the certificate", ["--tls-secret", "a/b"], 2, /^metahub: say where the serving certificate is/],
  ["a mirror that is none", ["--mirror", "docker.io"], 2, /^metahub: --mirror docker\.io: expected HOST=URL/],
  [
    "a file that is not there",
    ["--docker-config", "/no/such"],
    1,
    /^metahub: --docker-config \/no\/such: no such file/,
  ],
  ["an address of another machine", ["--address", "203.0.113.1"], 1, /^metahub: cannot listen on 203\.0\.113\.1:0: /],
])("%s ends it at once with what is wrong", async (_name, more, code, message) => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const context: CommandContext = { env: {}, stdout, stderr, stdin: new PassThrough(), signal: ended.signal };
  const args = ["webhook", "--inventory", join(folder, "inventory"), "--tls-dir", join(folder, "tls")];
  const ports = ["--port", "0", "--health-port", "0", "--log-level", "silent"];
  expect(await run([...args, ...ports, ...more], context)).toBe(code);
  expect(String(stderr.read())).toMatch(message);
});
