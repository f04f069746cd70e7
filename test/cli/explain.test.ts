import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "js-yaml";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type PublishedBuilds, publishBuilds } from "../demo/builds.ts";
import { FakeApiServer } from "../support/api-server/fake.ts";
import { writeLayout } from "../support/oci/layout.ts";
import { type RunningRegistry, startRegistry } from "../support/registry/start.ts";
import { metahubProgram } from "./metahub.ts";

const metahub = metahubProgram();
const inventory = join(import.meta.dirname, "../../examples/inventory");

let registry: RunningRegistry;
let builds: PublishedBuilds;
let layout: string;
/** What makes `qnib/bench` come from the registry of this test. */
let mirror: string[];
beforeAll(async () => {
  registry = await startRegistry();
  builds = await publishBuilds(registry.host, undefined, AbortSignal.timeout(20_000));
  mirror = ["--mirror", `docker.io=http://${registry.host}`];
  layout = await mkdtemp(join(tmpdir(), "metahub-explain-"));
  const index = await registry.store.manifest("qnib/bench", "latest");
  await writeLayout(layout, [{ bytes: index?.bytes ?? new Uint8Array(), tag: "latest" }]);
});
afterAll(async () => {
  await registry.close();
  await rm(layout, { recursive: true, force: true });
});

/** Machine → the tag of the build that it gets. */
function answers(json: string): Record<string, string> {
  const { machines } = JSON.parse(json) as { machines: { kind: string; name: string; selected: string | null }[] };
  return Object.fromEntries(
    machines.map(({ kind, name, selected }) => [`${kind}/${name}`, builds.tags.get(selected ?? "") ?? "none"]),
  );
}

const expected = {
  "MachineType/type1": "cpu-broadwell",
  "MachineType/type2": "cpu-skylake",
  "MachineType/type3": "cpu-coffelake",
  "MachineType/type4": "cpu_broadwell-nvcap_52",
  "Node/node1": "cpu-broadwell",
  "Node/node2": "cpu-skylake",
  "Node/node3": "cpu-coffelake",
  "Node/node4": "cpu_broadwell-nvcap_52",
  "Node/node5": "generic",
};

describe("the four machine types of the first demonstration", () => {
  test("get their builds from a registry, without a cluster", async () => {
    const ran = await metahub(["explain", "qnib/bench", "-f", inventory, "-o", "json", ...mirror]);
    expect(ran.stderr).toBe("");
    expect(answers(ran.stdout)).toEqual(expected);
    expect(JSON.parse(ran.stdout)).toMatchObject({ image: "qnib/bench:latest", digest: builds.index.digest });
    expect(ran.code).toBe(0);
  });

  test("get the same from a layout, and without any registry", async () => {
    const ran = await metahub(["explain", `oci:${layout}`, "-f", inventory, "-o", "json"]);
    expect(answers(ran.stdout)).toEqual(expected);
  });

  test("are told in a table, plain where it is no terminal", async () => {
    const { stdout } = await metahub(["explain", `oci:${layout}`, "-f", inventory]);
    expect(stdout).toMatch(/^MACHINE +GETS +WHY$/m);
    expect(stdout).toMatch(/^machinetype\/type4 +4 cpu:broadwell, nvcap:5\.2 +.* is the closest of 3 that fit$/m);
    expect(stdout).toMatch(/^ +NOT +REQUIRES +BECAUSE$/m);
    expect(stdout).not.toContain("\u001b");
  });
});

describe("a manifest list", () => {
  const old = join(import.meta.dirname, "../../examples/manifest-list-2019.yaml");
  const explain = (...args: readonly string[]) =>
    metahub(["explain", "-o", "json", "-f", inventory, ...args, ...mirror]);

  test("of 2019 speaks for the name in place of the index that is there, under every tag", async () => {
    const ran = await explain("qnib/bench:never-pushed", "-f", old);
    expect(ran.stderr).toBe("");
    // Its list has no generic build.
    expect(answers(ran.stdout)).toEqual({ ...expected, "Node/node5": "none" });
    expect(JSON.parse(ran.stdout)).toMatchObject({ image: "qnib/bench:never-pushed", list: `the list in ${old}` });
    const table = await metahub(["explain", "qnib/bench", "-f", inventory, "-f", old, ...mirror]);
    expect(table.stdout).toContain(`qnib/bench:latest  by the list in ${old}  4 builds`);
  });

  test("counts for its namespace, and before one for everybody", async () => {
    const file = join(layout, "lists.yaml");
    const [metadata, image] = ["name: mine, namespace: hpc", "qnib/bench:v9"];
    const head = (kind: string) => `---\napiVersion: metahub.dev/v1alpha1\nkind: ${kind}\n`;
    await writeFile(
      file,
      `${head("ManifestList")}metadata: {${metadata}}\nspec: {image: "${image}", manifests: [{image: "qnib/bench:cpu-skylake"}]}\n` +
        `${head("ClusterManifestList")}metadata: {name: all}\nspec: {image: "${image}", manifests: [{image: "qnib/bench:generic"}]}\n`,
    );
    const ask = (...namespace: string[]) => explain(image, "-f", file, "--machine-type", "type1", ...namespace);
    expect(answers((await ask()).stdout)).toEqual({ "MachineType/type1": "generic" });
    expect(answers((await ask("-n", "hpc")).stdout)).toEqual({ "MachineType/type1": "cpu-skylake" });
  });

  test("that stands before another one of its place is named with it, by explain and by resolve", async () => {
    const file = join(layout, "two.yaml");
    const one = (name: string, build: string) =>
      `---\napiVersion: metahub.dev/v1alpha1\nkind: ClusterManifestList\nmetadata: {name: ${name}}\n` +
      `spec: {image: "qnib/bench:v9", manifests: [{image: "qnib/bench:${build}"}]}\n`;
    await writeFile(file, one("b", "cpu-skylake") + one("a", "generic"));
    const said = "ClusterManifestList a counts for this name, and not ClusterManifestList b";
    const explained = await explain("qnib/bench:v9", "-f", file, "--machine-type", "type1");
    expect(answers(explained.stdout)).toEqual({ "MachineType/type1": "generic" });
    expect(JSON.stringify(JSON.parse(explained.stdout))).toContain(said);
    const asked = ["qnib/bench:v9", "-f", inventory, "-f", file, "--machine-type", "type1", ...mirror];
    const resolved = await metahub(["resolve", ...asked]);
    expect([resolved.code, resolved.stderr]).toEqual([0, expect.stringContaining(said)]);
  });

  test("of a namespace that the operator opened counts builds of other repositories", async () => {
    const file = join(layout, "across.yaml");
    await writeFile(
      file,
      "apiVersion: metahub.dev/v1alpha1\nkind: ManifestList\nmetadata: {name: across, namespace: hpc}\n" +
        `spec: {image: "qnib/other:v9", manifests: [{image: "qnib/bench:generic"}]}\n`,
    );
    const ask = (...more: string[]) =>
      explain("qnib/other:v9", "-f", file, "--machine-type", "type1", "-n", "hpc", ...more);
    expect(answers((await ask()).stdout)).toEqual({ "MachineType/type1": "none" });
    const opened = await ask("--list-across-repositories", "hpc");
    expect(answers(opened.stdout)).toEqual({ "MachineType/type1": "generic" });
  });

  test("that cannot be read is refused with its place", async () => {
    const file = join(layout, "bad.yaml");
    await writeFile(file, "image: qnib/bench\nmanifests: [{image: qnib/bench:a}]\n");
    const ran = await explain("qnib/bench", "-f", file);
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining(`${file}: manifests[0].platform`)]);
  });

  test("of which one build cannot be asked for leaves what it may change, and says so", async () => {
    const file = join(layout, "away.yaml");
    const nowhere = "127.0.0.1:9/qnib/away";
    await writeFile(
      file,
      `image: qnib/bench:v8\nmanifests:\n- {image: "qnib/bench:generic", platform: {architecture: amd64}}\n` +
        `- {image: "${nowhere}:v1", platform: {architecture: amd64, features: ["cpu:skylake"]}}\n`,
    );
    const ran = await explain("qnib/bench:v8", "-f", file, "--node", "node1", "--node", "node2", "--plain-http");
    const { machines } = JSON.parse(ran.stdout) as { machines: { selected: string | null; reason: string }[] };
    expect(machines.map(({ selected }) => builds.tags.get(selected ?? "") ?? "none")).toEqual(["generic", "none"]);
    expect(machines[1]?.reason).toContain(`${nowhere}:v1 of the list in ${file} may be the right one`);
  });
});

describe("how the answer is printed", () => {
  test("YAML says the same as JSON", async () => {
    const args = ["explain", `oci:${layout}`, "-f", inventory, "-o"];
    const [yaml, json] = await Promise.all([metahub([...args, "yaml"]), metahub([...args, "json"])]);
    expect(load(yaml.stdout)).toEqual(JSON.parse(json.stdout));
  });

  test("several images are a list, in their order", async () => {
    const plain = `${registry.host}/qnib/bench:generic`;
    const ran = await metahub(["explain", plain, `oci:${layout}`, "--plain-http", "-f", inventory, "-o", "json"]);
    expect(JSON.parse(ran.stdout)).toMatchObject([{ image: plain, variants: [] }, { image: `oci:${layout}` }]);
  });

  test("only the machines named, from standard input", async () => {
    const stdin =
      "apiVersion: v1\nkind: Node\nmetadata: {name: mine, labels: {kubernetes.io/arch: amd64, metahub.dev/feature.cpu: icelake}}";
    const ran = await metahub(
      ["explain", `oci:${layout}`, "-f", "-", "-f", inventory, "--node", "mine", "-o", "json"],
      { stdin },
    );
    expect(answers(ran.stdout)).toEqual({ "Node/mine": "cpu-skylake" });
  });

  test("the requirements need no machine", async () => {
    const ran = await metahub(["explain", `oci:${layout}`, "--requirements"]);
    expect(ran.stdout).toMatch(/^ +1 .* a CPU that is broadwell or descends from it/m);
    expect(ran.code).toBe(0);
    const json = await metahub(["explain", `oci:${layout}`, "--requirements", "-o", "json"]);
    expect(JSON.parse(json.stdout).variants).toHaveLength(5);
  });
});

describe("the machines of a cluster", () => {
  let cluster: FakeApiServer;
  let kubeconfig: string;
  beforeEach(async () => {
    cluster = await FakeApiServer.start();
    const { server } = cluster.access();
    kubeconfig = join(layout, "kubeconfig");
    const config = {
      apiVersion: "v1",
      kind: "Config",
      contexts: [{ name: "here", context: { cluster: "here", user: "me" } }],
      clusters: [{ name: "here", cluster: { server } }],
      users: [{ name: "me", user: { token: "t" } }],
    };
    await writeFile(kubeconfig, JSON.stringify(config));
    const labels = { "kubernetes.io/arch": "amd64", "metahub.dev/feature.cpu": "skylake", pool: "a" };
    cluster.store.put("/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name: "n1", labels } });
    cluster.store.put("/apis/metahub.dev/v1alpha1/machinetypes", {
      apiVersion: "metahub.dev/v1alpha1",
      kind: "MachineType",
      metadata: { name: "t1" },
      spec: { nodeSelector: { matchLabels: { pool: "a" } }, features: ["cpu:broadwell"] },
    });
    cluster.store.put("/apis/metahub.dev/v1alpha1/machinetypes", {
      apiVersion: "metahub.dev/v1alpha1",
      kind: "MachineType",
      metadata: { name: "odd" },
      spec: { features: 5 },
    });
  });
  afterEach(async () => {
    await cluster.stop();
  });

  test("are read from it, and what cannot be read is told", async () => {
    const args = ["explain", `oci:${layout}`, "--kubeconfig", kubeconfig, "--context", "here", "-o", "json"];
    const ran = await metahub(args);
    expect(ran.stderr).toMatch(/^metahub: machinetypes\/odd cannot be read and is left out: .*\n$/);
    expect(answers(ran.stdout)).toEqual({ "MachineType/t1": "cpu-broadwell", "Node/n1": "cpu-broadwell" });
  });

  test("are nodes alone where it does not know MetaHub's resources", async () => {
    cluster.always(({ path }, response) => {
      if (!path.startsWith("/apis/metahub.dev/")) return false;
      response.writeHead(404, { "content-type": "text/plain" }).end("404 page not found\n");
      return true;
    });
    const ran = await metahub(["explain", `oci:${layout}`, "-o", "json", "--context", "here"], {
      env: { KUBECONFIG: kubeconfig },
    });
    expect(ran.stderr).toBe("");
    expect(answers(ran.stdout)).toEqual({ "Node/n1": "cpu-skylake" });
  });
});

describe("credentials", () => {
  let guarded: RunningRegistry;
  beforeAll(async () => {
    guarded = await startRegistry({ auth: { scheme: "basic", users: { me: "secret" } }, store: registry.store });
  });
  afterAll(async () => {
    await guarded.close();
  });
  const ask = (...more: string[]) => [
    "explain",
    `${guarded.host}/qnib/bench`,
    "--plain-http",
    "--requirements",
    ...more,
  ];

  test("come from the docker config, from the flag, and its password from standard input", async () => {
    const auth = Buffer.from("me:secret").toString("base64");
    await writeFile(join(layout, "config.json"), JSON.stringify({ auths: { [guarded.host]: { auth } } }));
    const runs = await Promise.all([
      metahub(ask(), { env: { DOCKER_CONFIG: layout } }),
      metahub(ask("--creds", "me:secret")),
      metahub(ask("--creds", "me"), { stdin: "secret\n" }),
    ]);
    expect(runs.map(({ code, stderr }) => [code, stderr])).toEqual(Array(3).fill([0, ""]));
  });

  test("that are wrong are not repeated", async () => {
    const ran = await metahub(ask("--creds", "me:wr0ng"));
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/^metahub: .*needs other credentials\n$/);
    expect(ran.stderr).not.toContain("wr0ng");
  });
});

describe("exit codes and one line of what is wrong", () => {
  const gpu = "apiVersion: v1\nkind: Node\nmetadata: {name: arm, labels: {kubernetes.io/arch: arm64}}";
  const cases: [what: string, args: () => string[], code: number, said: RegExp, stdin?: string][] = [
    ["nothing fits", () => [`oci:${layout}`, "-f", "-"], 3, /^$/, gpu],
    ["one machine fits", () => [`oci:${layout}`, "-f", "-", "-f", inventory], 0, /^$/, gpu],
    ["no such image", () => ["qnib/none", "-f", inventory, ...mirror], 1, /answered 404.* nothing under that name$/],
    ["no such layout", () => ["oci:/none", "-f", inventory], 1, /^metahub: oci:\/none: the folder is not there$/],
    ["no registry", () => ["127.0.0.1:1/x", "-f", inventory, "--plain-http"], 1, /nothing listens there/],
    [
      "plain HTTP that nobody allowed",
      () => [`${registry.host}/qnib/bench`, "-f", inventory],
      1,
      /allow the host as plain HTTP|ERR_SSL|EPROTO/,
    ],
    ["no cluster", () => [`oci:${layout}`], 1, /no cluster is configured: .*give --kubeconfig$/],
    ["no such node", () => [`oci:${layout}`, "-f", inventory, "--node", "x"], 2, /no node "x" .*there is node1, node2/],
    ["no such reference", () => ["a b", "-f", inventory], 1, /^metahub: .*in the repository is not valid/],
    ["no image", () => [], 2, /missing required argument 'image'/],
    ["an unknown format", () => ["x", "-o", "xml"], 2, /Allowed choices are table, json, yaml/],
    [
      "machines for the requirements",
      () => [`oci:${layout}`, "--requirements", "--node", "a"],
      2,
      /leave out -f, --node/,
    ],
    ["one standard input for two", () => ["x/y", "-f", "-", "--creds", "me"], 2, /both read standard input/],
    ["a password nobody gives", () => ["x/y", "--requirements", "--creds", "me"], 2, /where no such line is/],
    ["a mirror that is none", () => ["x/y", "--requirements", "--mirror", "docker.io"], 2, /expected HOST=URL/],
  ];
  test.each(cases)("%s", async (_, args, code, said, stdin = "") => {
    const ran = await metahub(["explain", ...args()], { stdin });
    const [line = "", ...others] = ran.stderr.split("\n");
    expect(line).toMatch(said);
    if (code === 1) expect(others).toEqual([""]);
    if (code === 1 || code === 2) expect(ran.stdout).toBe("");
    expect(ran.code).toBe(code);
  });
});

describe("hostile content is one clear error, soon", () => {
  const entry = (more: object = {}) => ({
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    digest: `sha256:${"a".repeat(64)}`,
    size: 1,
    platform: { os: "linux", architecture: "amd64" },
    ...more,
  });
  const cases: [what: string, document: string, said: RegExp][] = [
    ["truncated JSON", '{"manifests":[{"digest":', /JSON_SYNTAX/],
    [
      "10,000 entries",
      JSON.stringify({ schemaVersion: 2, manifests: Array(10_000).fill(entry()) }),
      /TOO_MANY_ENTRIES/,
    ],
    ["a depth bomb", `{"manifests":${"[".repeat(1_000_000)}`, /JSON_DEPTH/],
    ["a wrong type", JSON.stringify({ schemaVersion: 2, manifests: { 0: entry() } }), /manifests: must be a list/],
    ["a null byte", '{"manifests":[{"digest":"sha256:\u0000"}]}', /JSON_SYNTAX/],
    ["two meanings", JSON.stringify({ schemaVersion: 2, manifests: [entry()], layers: [] }), /layers/],
  ];
  test.each(cases)("%s", async (_, document, said) => {
    const folder = await mkdtemp(join(tmpdir(), "metahub-hostile-"));
    try {
      await writeLayout(folder, [{ bytes: Buffer.from(document) }]);
      const ran = await metahub(["explain", `oci:${folder}`, "-f", inventory, "-o", "json"], { timeoutMs: 10_000 });
      expect(ran).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(/^metahub: [^\n]{1,600}\n$/) });
      expect(ran.stderr).toMatch(said);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test.each([
    ["a digest that does not parse", JSON.stringify(entry({ digest: "sha256:zz" })), /is not a sha256 digest/],
    ["prototype pollution", `{"__proto__":{"digest":"sha256:${"a".repeat(64)}"}}`, /a text is required here/],
  ])("%s spoils its entry alone", async (_, odd, said) => {
    const folder = await mkdtemp(join(tmpdir(), "metahub-hostile-"));
    try {
      const document = `{"schemaVersion":2,"manifests":[${odd},${JSON.stringify(entry())}]}`;
      await writeLayout(folder, [{ bytes: Buffer.from(document) }]);
      const ran = await metahub(["explain", `oci:${folder}`, "-f", inventory], { timeoutMs: 10_000 });
      expect(ran.code).toBe(0);
      expect(ran.stdout).toMatch(/^warning +manifests\[0\]\.digest: /m);
      expect(ran.stdout).toMatch(said);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test("a string of 4 MiB is read without harm, and never shown", async () => {
    const folder = await mkdtemp(join(tmpdir(), "metahub-hostile-"));
    try {
      const annotations = { "dev.metahub.features": "x".repeat(4_000_000) };
      await writeLayout(folder, [
        { bytes: Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [entry({ annotations }), entry()] })) },
      ]);
      const ran = await metahub(["explain", `oci:${folder}`, "-f", inventory], { timeoutMs: 10_000 });
      expect(ran.code).toBe(0);
      expect(ran.stdout.length).toBeLessThan(20_000);
      expect(ran.stdout).toMatch(/^warning +manifests\[0\] is never chosen/m);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
