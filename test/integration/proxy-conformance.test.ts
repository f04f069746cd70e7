import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseReference } from "../../src/oci/reference.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import { metahubProgram } from "../cli/metahub.ts";
import { type BinaryPath, defaultSources, resolveBinaries } from "../cluster/binaries.ts";
import { runCommand } from "../cluster/command.ts";
import { type Distribution, startDistribution } from "../cluster/distribution.ts";
import { MissingRequirement } from "../cluster/error.ts";
import { type Lack, lackOf } from "../cluster/lack.ts";
import { freePorts } from "../cluster/ports.ts";
import { createProgress } from "../cluster/progress.ts";
import { type PublishedBuilds, publishBuilds } from "../demo/builds.ts";
import { describeWith } from "../support/describe-with.ts";

const root = join(import.meta.dirname, "../..");
const metahub = metahubProgram();
const users = [
  ["unfiltered", "mirror", ["--unfiltered"]],
  ["as a machine type that gets its build", "qnib-type1", ["--machine-type", "type1"]],
  ["as a machine type that gets an index of it", "qnib-type2", ["--machine-type", "type2"]],
] as const;
/** The parts of the API that are read from, as the suite names them. It asks for no range of a blob without pushing one. */
const parts = [
  "Ping",
  "Tag listing",
  "Blob get",
  "Blob head",
  "Manifest get by digest",
  "Manifest get by tag",
  "Manifest head by digest",
  "Manifest head by tag",
  "Referrers",
];
const data = ["Invalid Manifest Digest", "Read Only Inputs"];

async function found(): Promise<{ readonly path: BinaryPath } | Lack> {
  try {
    const signal = AbortSignal.timeout(600_000);
    return { path: await resolveBinaries(["conformance"], defaultSources(), createProgress(undefined), signal) };
  } catch (error) {
    if (error instanceof MissingRequirement) return lackOf(error);
    throw error;
  }
}

describeWith(await found(), "the distribution specification's conformance tests", ({ path }) => {
  let folder = "";
  let host = "";
  let upstream = "";
  let registry: Distribution;
  let builds: PublishedBuilds;
  let build = "";
  let blobs = "";
  let ended: Promise<unknown> = Promise.resolve();
  let stop = (): void => undefined;
  const secrets = new Map<string, string>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "metahub-conformance-"));
    const hub = join(folder, "hub");
    await cp(join(root, "examples/inventory"), hub, { recursive: true });
    registry = await startDistribution({ signal: AbortSignal.timeout(60_000) });
    upstream = registry.host;
    builds = await publishBuilds(upstream, undefined, AbortSignal.timeout(60_000));
    [build = ""] = [...builds.tags].find(([, tag]) => tag === "cpu-skylake") ?? [];
    blobs = await pushReferrers();
    for (const [, user, view] of users) {
      const args = ["credentials", "create", user, "--inventory", hub, "-o", "json", "--username", user, ...view];
      const { code, stdout, stderr } = await metahub(args);
      expect([code, stderr]).toEqual([0, ""]);
      secrets.set(user, JSON.parse(stdout).secret);
    }
    const config = { apiVersion: "metahub.dev/v1alpha1", kind: "ProxyConfig", metadata: { name: "hub" } };
    await writeFile(join(hub, "config.yaml"), JSON.stringify({ ...config, spec: { answerIndex: ["type2"] } }));
    const [port = 0] = await freePorts(1);
    host = `127.0.0.1:${port}`;
    const child = spawn(
      process.execPath,
      [
        ...[join(root, "dist/metahub.mjs"), "proxy", "--inventory", hub, "--external-url", `http://${host}`],
        ...["--http", "--address", "127.0.0.1", "--port", String(port), "--health-port", "0"],
        ...["--key-file", join(folder, "keys"), "--mirror", `docker.io=http://${upstream}`],
      ],
      { stdio: ["ignore", "pipe", "ignore"] },
    );
    ended = once(child, "close");
    stop = () => void child.kill("SIGTERM");
    const listening = Promise.withResolvers<string>();
    createInterface(child.stdout).on("line", listening.resolve);
    void ended.then(() => listening.reject(new Error("it ended before it listened")));
    await listening.promise;
  });
  afterAll(async () => {
    stop();
    await ended;
    await registry.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Gives the build a referrer, in the way of registries without the API. Resolves to digests of its blobs. */
  async function pushReferrers(): Promise<string> {
    const mirrors = new Map([["docker.io", upstream]]);
    const client = new RegistryClient({ plainHttp: () => true, allowPrivate: true, mirrors });
    const access = { credentials: undefined, signal: AbortSignal.timeout(30_000) };
    const reference = parseReference("qnib/bench");
    const { bytes, ...descriptor } = await client.manifest({ ...reference, digest: build }, access);
    const mediaType = "application/vnd.oci.image.index.v1+json";
    const index = { schemaVersion: 2, mediaType, manifests: [{ ...descriptor, artifactType: "application/x" }] };
    const tag = build.replace(":", "-");
    await client.pushManifest({ ...reference, tag }, mediaType, Buffer.from(JSON.stringify(index)), access);
    await client.close();
    const { config, layers } = JSON.parse(Buffer.from(bytes).toString());
    return `${config.digest} ${layers[0].digest}`;
  }

  /** Runs the suite against a host; `filter`: only what begins so. */
  async function run(target: string, user: string | undefined, filter?: string) {
    const results = await mkdtemp(join(folder, "results-"));
    const env = {
      PATH: process.env["PATH"] ?? "",
      OCI_VERSION: "1.1",
      OCI_REGISTRY: target,
      OCI_TLS: "disabled",
      ...(user === undefined ? {} : { OCI_USERNAME: user, OCI_PASSWORD: secrets.get(user) ?? "" }),
      OCI_REPO1: "qnib/bench",
      OCI_API_PUSH: "false",
      ...Object.fromEntries(["BLOBS", "MANIFESTS", "TAGS"].map((what) => [`OCI_API_${what}_DELETE`, "false"])),
      ...Object.fromEntries(["BLOBS", "MANIFESTS", "TAGS"].map((what) => [`OCI_API_${what}_ATOMIC`, "false"])),
      OCI_API_BLOBS_MOUNT_ANONYMOUS: "false",
      // A blank at an end would be an empty name, of which nothing runs and nothing fails.
      OCI_RO_DATA_TAGS: "latest cpu-skylake",
      OCI_RO_DATA_MANIFESTS: `${builds.index.digest} ${build}`,
      OCI_RO_DATA_BLOBS: blobs,
      OCI_RO_DATA_REFERRERS: build,
      OCI_RESULTS_DIR: results,
      ...(filter === undefined ? {} : { OCI_FILTER_TEST: filter }),
    };
    return await runCommand(path("conformance"), [], { signal: AbortSignal.timeout(60_000), env, cwd: results });
  }

  test.each(users)("%s: passes all that is asked of a registry that is read from", async (_name, user) => {
    const { stdout } = await run(host, user);
    expect(verdicts(stdout)).toEqual(Object.fromEntries([...parts, ...data].map((part) => [part, "Pass"])));
    expect(stdout).toMatch(/^OCI Conformance Result: Pass$/m);
    expect(stdout).toMatch(/^ {2}Pass\.+: +20$/m);
    expect(stdout).toMatch(/^ {2}FAIL\.+: +0$/m);
    expect(stdout).toMatch(/^ {2}Error\.+: +0$/m);
    // Whole runs that only read end with a failure of the suite itself, behind its results.
    const filtered = await run(host, user, "OCI Conformance Test/read-only");
    expect([filtered.code, filtered.stdout]).toEqual([0, expect.stringMatching(/read-only\/referrers: Pass/)]);
  });

  test("the suite tells what is lacking: the registry behind has no referrers API", async () => {
    const { stdout } = await run(upstream, undefined);
    expect(verdicts(stdout)).toMatchObject({ Ping: "Pass", "Tag listing": "Pass", Referrers: "FAIL" });
    expect((await run(upstream, undefined, "OCI Conformance Test/read-only")).code).toBe(1);
  });
});

/** The lines of the summary that were not left out, by what they are about. */
function verdicts(stdout: string): Record<string, string> {
  const lines = stdout
    .slice(stdout.indexOf("API conformance:"))
    .matchAll(/^ {2}([A-Z][\w ]+?)\.+: +(Pass|FAIL|Error|Skip)$/gm);
  return Object.fromEntries([...lines].map(([, part = "", verdict = ""]) => [part, verdict]));
}
