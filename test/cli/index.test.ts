import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type PublishedBuilds, publishBuilds } from "../demo/builds.ts";
import { putManifest } from "../support/registry/content.ts";
import { type RunningRegistry, startRegistry } from "../support/registry/start.ts";
import { metahubProgram } from "./metahub.ts";

// Each starts processes, on machines that may be busy.
vi.setConfig({ testTimeout: 30_000 });
const metahub = metahubProgram();
const list = join(import.meta.dirname, "../../examples/manifest-list-2019.yaml");

let registry: RunningRegistry;
let builds: PublishedBuilds;
let folder = "";
beforeAll(async () => {
  registry = await startRegistry();
  builds = await publishBuilds(registry.host, undefined, AbortSignal.timeout(20_000));
});
afterAll(async () => {
  await registry.close();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-index-"));
  return async () => await rm(folder, { recursive: true, force: true });
});

async function index(...args: readonly string[]) {
  return await metahub(["index", ...args, "--mirror", `docker.io=http://${registry.host}`], { cwd: folder });
}

/** Tag → what is required, of an index that was inspected. */
async function inspected(image: string): Promise<Record<string, string>> {
  const { stdout, stderr } = await index("inspect", image, "-o", "json");
  expect(stderr).toBe("");
  const { variants } = JSON.parse(stdout) as { variants: { digest: string; requires: string[][] }[] };
  return Object.fromEntries(
    variants.map(({ digest, requires }) => [
      builds.tags.get(digest) ?? digest,
      requires.map((group) => group.join("|")).join(" "),
    ]),
  );
}

const of2019 = {
  "cpu-broadwell": "cpu:broadwell",
  "cpu-skylake": "cpu:skylake",
  "cpu-coffelake": "cpu:coffelake",
  "cpu_broadwell-nvcap_52": "cpu:broadwell nvcap:5.2",
};

describe("an index is made", () => {
  test("of a manifest list, under its image", async () => {
    const { stdout, stderr, code } = await index("create", "qnib/bench:listed", "-f", list);
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
    expect(stdout).toMatch(/^qnib\/bench@sha256:[0-9a-f]{64}\n$/);
    expect(await inspected("qnib/bench:listed")).toEqual(of2019);
    expect(await inspected(stdout.trim())).toEqual(of2019);
  });

  test("of a resource of a cluster, whose builds have the platform that their images say", async () => {
    const file = join(folder, "resource.yaml");
    await writeFile(
      file,
      "apiVersion: metahub.dev/v1alpha1\nkind: ClusterManifestList\nmetadata: {name: bench}\nspec:\n" +
        "  image: qnib/bench:resource\n  tags: [also]\n  manifests:\n" +
        '    - {image: "qnib/bench:cpu-skylake", features: ["cpu:skylake"], priority: 2}\n' +
        '    - {image: "qnib/bench:generic", platform: {architecture: amd64}}\n',
    );
    const { stderr, code } = await index("create", "-f", file);
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
    expect(await inspected("qnib/bench:resource")).toEqual({ "cpu-skylake": "cpu:skylake", generic: "" });
    expect(await inspected("qnib/bench:also")).toEqual({ "cpu-skylake": "cpu:skylake", generic: "" });
    const twice = 'features: ["cpu:skylake"], platform: {architecture: amd64, features: ["cpu:haswell"]}';
    const head = "apiVersion: metahub.dev/v1alpha1\nkind: ClusterManifestList\nmetadata: {name: bench}\n";
    await writeFile(
      file,
      `${head}spec: {image: "qnib/bench:x", manifests: [{image: "qnib/bench:generic", ${twice}}]}\n`,
    );
    expect(await index("create", "-f", file)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("in one place"),
    });
  });

  test("where the list says, with its tags", async () => {
    const own = join(folder, "list.yaml");
    await writeFile(
      own,
      (await readFile(list, "utf8")).replace("image: qnib/bench\n", "image: qnib/bench:named\ntags: [also]\n"),
    );
    expect(await index("create", "-f", own)).toMatchObject({ code: 0, stderr: "" });
    expect(await inspected("qnib/bench:named")).toEqual(of2019);
    expect(await inspected("qnib/bench:also")).toEqual(of2019);
  });

  test("of tags, with the platforms that their images state; what runs anywhere comes first", async () => {
    const { code } = await index(
      "create",
      "qnib/bench:tags",
      ...["--entry", "qnib/bench:cpu-skylake=skylake,avx512f", "--entry", "qnib/bench:generic"],
      ...["--tag", "more", "--priority", "qnib/bench:cpu-skylake=7"],
    );
    expect(code).toBe(0);
    expect(Object.entries(await inspected("qnib/bench:more"))).toEqual([
      ["generic", ""],
      ["cpu-skylake", "cpu:skylake cpuflag:avx512f"],
    ]);
    const { stdout } = await index("inspect", "qnib/bench:tags");
    expect(stdout).toMatch(/PRIORITY\n.*nothing.* 0\n.*cpu:skylake, cpuflag:avx512f .* 7\n$/);
  });

  test("as a Docker manifest list", async () => {
    await index("create", "qnib/bench:docker", "-f", list, "--docker");
    const stored = await registry.store.manifest("qnib/bench", "docker");
    expect(JSON.parse(Buffer.from(stored?.bytes ?? []).toString())).toMatchObject({
      mediaType: "application/vnd.docker.distribution.manifest.list.v2+json",
      manifests: [{ platform: { features: ["cpu:broadwell"] } }, {}, {}, {}],
    });
    expect(await inspected("qnib/bench:docker")).toEqual(of2019);
  });
});

describe("a layout", () => {
  test("holds an index that comes back from a registry as it was", async () => {
    const made = await index("create", "oci:app:v1", "-f", list);
    expect(made).toMatchObject({ code: 0, stderr: "" });
    expect(await readdir(join(folder, "app"))).toEqual(["blobs", "index.json", "oci-layout"]);
    expect(await inspected("oci:app:v1")).toEqual(of2019);
    const pushed = await index("push", "oci:app:v1", "qnib/bench:pushed", "--tag", "pushed-too");
    expect(pushed).toMatchObject({ code: 0, stderr: "" });
    expect(pushed.stdout.split("@")[1]).toBe(made.stdout.split("@")[1]);
    expect(await inspected("qnib/bench:pushed-too")).toEqual(of2019);
  });

  test("is pushed only where everything that the index names can be found", async () => {
    await index("create", "oci:app:v1", "-f", list);
    await rm(join(folder, "app/blobs/sha256"), { recursive: true });
    await index("create", "oci:app:v1", "--entry", "qnib/bench:generic");
    const digest = [...builds.tags].find(([, tag]) => tag === "generic")?.[0] ?? "";
    await rm(join(folder, "app/blobs", digest.replace(":", "/")));
    const { stderr, code } = await index("push", "oci:app:v1", "qnib/elsewhere:v1");
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /^metahub: sha256:\w+ is neither in oci:app:v1 nor in docker\.io\/qnib\/elsewhere: [^\n]+\n$/,
      ),
    ]);
  });
});

describe("entries get features", () => {
  test("under the same tag", async () => {
    await index("create", "qnib/bench:old", "--entry", "qnib/bench:generic", "--entry", "qnib/bench:cpu-skylake");
    expect(await inspected("qnib/bench:old")).toEqual({ generic: "", "cpu-skylake": "" });
    const { stdout, stderr, code } = await index("annotate", "qnib/bench:old", "--entry", "cpu-skylake=cpu:skylake");
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
    expect(stdout).toMatch(/^qnib\/bench@sha256:/);
    expect(await inspected("qnib/bench:old")).toEqual({ generic: "", "cpu-skylake": "cpu:skylake" });
  });

  test("in a layout, or from a registry into one", async () => {
    await index("create", "qnib/bench:from", "--entry", "qnib/bench:generic");
    await index("annotate", "qnib/bench:from", "--entry", "0=cpu:zen3", "--to", "oci:app:v2");
    expect(await inspected("oci:app:v2")).toEqual({ generic: "cpu:zen3" });
    await index("annotate", "oci:app:v2", "--entry", "0=cpu:zen4");
    expect(await inspected("oci:app:v2")).toEqual({ generic: "cpu:zen4" });
    expect(await inspected("qnib/bench:from")).toEqual({ generic: "" });
  });
});

describe("what cannot be meant", () => {
  const cases: [what: string, args: readonly string[], code: number, said: RegExp][] = [
    ["no builds", ["create", "qnib/bench:x"], 2, /say which builds the index is to list/],
    ["no target", ["create", "--entry", "qnib/bench:generic"], 2, /say where the index is to be written/],
    [
      "a target by digest",
      ["create", `qnib/bench@sha256:${"0".repeat(64)}`, "-f", list],
      2,
      /a target is written by tag/,
    ],
    ["another repository", ["create", "qnib/other:x", "-f", list], 2, /is not in the repository of qnib\/other:x/],
    [
      "no feature",
      ["create", "qnib/bench:x", "--entry", "qnib/bench:generic=cpu:a b"],
      2,
      /"cpu:a b" is not a feature/,
    ],
    [
      "a priority of nobody",
      ["create", "qnib/bench:x", "-f", list, "--priority", "y=1"],
      2,
      /no --entry has this name/,
    ],
    ["no such build", ["create", "qnib/bench:x", "--entry", "qnib/bench:none"], 1, /answered 404/],
    ["one image", ["inspect", "qnib/bench:generic"], 2, /is one build, and no index/],
    ["nothing to change", ["annotate", "qnib/bench"], 2, /say what is to change/],
    ["no such entry", ["annotate", "qnib/bench", "--entry", "99=cpu:zen3"], 2, /99 is no entry/],
    ["an index by digest", ["annotate", `qnib/bench@sha256:${"0".repeat(64)}`, "--entry", "0="], 2, /say with --to/],
    ["a push of no layout", ["push", "qnib/bench", "qnib/bench:x"], 2, /expected a layout and a reference/],
    ["no layout there", ["push", "oci:none", "qnib/bench:x"], 1, /oci:none: /],
    ["no command", ["nothing"], 2, /unknown command|error/i],
  ];
  test.each(cases)("%s", async (_, args, code, said) => {
    const ran = await index(...args);
    expect([ran.code, ran.stderr]).toEqual([code, expect.stringMatching(said)]);
    expect(ran.stdout).toBe("");
  });

  test("an image without a platform needs a list", async () => {
    await putManifest(registry.store, "qnib/bench", "bare", "x");
    const ran = await index("create", "qnib/bench:x", "--entry", "qnib/bench:bare");
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringMatching(/its configuration names no platform/)]);
  });
});
