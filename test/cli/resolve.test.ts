import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PublishedBuilds, publishBuilds } from "../demo/builds.ts";
import { writeLayout } from "../support/oci/layout.ts";
import { putIndex, putManifest } from "../support/registry/content.ts";
import { type RunningRegistry, startRegistry } from "../support/registry/start.ts";
import { metahubProgram } from "./metahub.ts";

const metahub = metahubProgram();
const inventory = join(import.meta.dirname, "../../examples/inventory");

let registry: RunningRegistry;
let builds: PublishedBuilds;
let layout: string;
let mirror: string[];
/** Of an ordinary multi-platform image, and of one that is no index. */
let plain: { amd: string; arm: string; one: string };
beforeAll(async () => {
  registry = await startRegistry();
  builds = await publishBuilds(registry.host, undefined, AbortSignal.timeout(20_000));
  mirror = ["--mirror", `docker.io=http://${registry.host}`];
  layout = await mkdtemp(join(tmpdir(), "metahub-resolve-"));
  const index = await registry.store.manifest("qnib/bench", "latest");
  await writeLayout(layout, [{ bytes: index?.bytes ?? new Uint8Array(), tag: "latest" }]);
  const amd = await putManifest(registry.store, "team/plain", undefined, "amd");
  const arm = await putManifest(registry.store, "team/plain", undefined, "arm");
  const one = await putManifest(registry.store, "team/one", "latest", "one");
  await putIndex(registry.store, "team/plain", "latest", [
    { ...amd, platform: { os: "linux", architecture: "amd64" } },
    { ...arm, platform: { os: "linux", architecture: "arm64" } },
  ]);
  plain = { amd: amd.digest, arm: arm.digest, one: one.digest };
});
afterAll(async () => {
  await registry.close();
  await rm(layout, { recursive: true, force: true });
});

function digestOf(tag: string): string {
  return [...builds.tags].find(([, name]) => name === tag)?.[0] ?? "";
}

describe("a manifest list", () => {
  const old = join(import.meta.dirname, "../../examples/manifest-list-2019.yaml");
  const resolve = (...args: readonly string[]) => metahub(["resolve", ...args, "-f", inventory, ...mirror]);

  test("of the files speaks for its name, for a machine that they have", async () => {
    const ran = await resolve("qnib/bench:never-pushed", "--machine-type", "type2", "-f", old);
    expect(ran).toMatchObject({ code: 0, stderr: "", stdout: `qnib/bench@${digestOf("cpu-skylake")}\n` });
  });

  test("leads to the repository that holds the build, and nowhere where none fits", async () => {
    const list = join(layout, "list.yaml");
    const builds =
      'manifests: [{image: "team/one:latest", platform: {architecture: amd64, features: ["cpu:skylake"]}}]';
    await writeFile(list, `image: qnib/elsewhere\n${builds}\n`);
    const ran = await resolve("qnib/elsewhere", "--machine-type", "type2", "-f", list);
    expect(ran).toMatchObject({ code: 0, stdout: `team/one@${plain.one}\n` });
    expect(await resolve("qnib/elsewhere", "--machine-type", "type1", "-f", list)).toMatchObject({
      code: 3,
      stdout: "",
    });
  });
});

describe("one line, and nothing else", () => {
  const cases: [what: string, args: () => string[], line: () => string][] = [
    [
      "for a list of features",
      () => ["qnib/bench", "--features", "cpu:icelake"],
      () => `qnib/bench@${digestOf("cpu-skylake")}`,
    ],
    [
      "with the name as written",
      () => ["docker.io/qnib/bench:latest", "--features", "skylake"],
      () => `docker.io/qnib/bench@${digestOf("cpu-skylake")}`,
    ],
    [
      "for a machine type",
      () => ["qnib/bench", "--machine-type", "type4", "-f", inventory],
      () => `qnib/bench@${digestOf("cpu_broadwell-nvcap_52")}`,
    ],
    ["for a node", () => ["qnib/bench", "--node", "node5", "-f", inventory], () => `qnib/bench@${digestOf("generic")}`],
    [
      "for a container without a GPU",
      () => ["qnib/bench", "--features", "cpu:broadwell,nvcap:5.2", "--platform", "linux/amd64"],
      () => `qnib/bench@${digestOf("cpu_broadwell-nvcap_52")}`,
    ],
    [
      "of a layout",
      () => [`oci:${layout}:latest`, "--features", "cpu:zen4"],
      () => `oci:${layout}@${digestOf("generic")}`,
    ],
    [
      "where the runtime would choose by itself",
      () => ["team/plain", "--features", "cpu:neoverse_v1"],
      () => `team/plain@${plain.arm}`,
    ],
    [
      "for a platform",
      () => ["team/plain", "--features", "", "--platform", "linux/amd64"],
      () => `team/plain@${plain.amd}`,
    ],
    ["of an image that is one build", () => ["team/one", "--features", "cpu:zen4"], () => `team/one@${plain.one}`],
  ];
  test.each(cases)("%s", async (_, args, line) => {
    const ran = await metahub(["resolve", ...args(), ...mirror]);
    expect(ran).toMatchObject({ stdout: `${line()}\n`, stderr: "", code: 0 });
  });

  test("for this host", async () => {
    const detected = await metahub(["resolve", "team/plain", "--detect", ...mirror]);
    const here = process.arch === "arm64" ? plain.arm : plain.amd;
    expect(detected).toMatchObject({ stdout: `team/plain@${here}\n`, code: 0 });
    expect((await metahub(["resolve", "team/plain", ...mirror])).stdout).toBe(detected.stdout);
  });
});

describe("exit codes and one line of what is wrong", () => {
  const cases: [what: string, args: () => string[], code: number, said: RegExp][] = [
    [
      "nothing fits",
      () => ["qnib/bench", "--features", "cpu:neoverse_v1"],
      3,
      /^metahub: qnib\/bench:latest: none of 5 builds is for linux\/arm64$/,
    ],
    ["two machines", () => ["x/y", "--node", "a", "--node", "b"], 2, /say one machine/],
    ["two ways", () => ["x/y", "--features", "a", "--detect"], 2, /say one machine/],
    ["files without a name", () => ["x/y", "-f", inventory], 2, /go with --node NAME or --machine-type NAME/],
    ["a platform for a node", () => ["x/y", "--node", "a", "--platform", "linux/amd64"], 2, /--platform goes with/],
    ["a feature that is none", () => ["qnib/bench", "--features", "nvcap:x"], 1, /"nvcap:x" is not a feature/],
    ["no such image", () => ["qnib/none", "--features", "a"], 1, /nothing under that name/],
    ["two images", () => ["a", "b"], 2, /too many arguments/],
  ];
  test.each(cases)("%s", async (_, args, code, said) => {
    const ran = await metahub(["resolve", ...args(), ...mirror]);
    expect(ran.stdout).toBe("");
    expect(ran.stderr.split("\n")[0]).toMatch(said);
    expect(ran.code).toBe(code);
  });
});
