import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { parseMachineType } from "../../src/api/parse-machine-type.ts";
import { parseFeatures } from "../../src/hardware/parse.ts";
import { FakeApiServer } from "../support/api-server/fake.ts";
import { metahubProgram } from "./metahub.ts";

// Each starts processes, on machines that may be busy.
vi.setConfig({ testTimeout: 30_000 });
const metahub = metahubProgram();
const examples = join(import.meta.dirname, "../../examples/inventory");
/** Nodes of three instance types, the last two of which offer the same. */
const nodes = ["a1 a skylake", "a2 a skylake", "b1 b zen3", "c1 c zen3"]
  .map((line) => {
    const [name, pool, cpu] = line.split(" ");
    const labels = `{kubernetes.io/arch: amd64, node.kubernetes.io/instance-type: ${pool}, metahub.dev/feature.cpu: ${cpu}}`;
    return `apiVersion: v1\nkind: Node\nmetadata: {name: ${name}, labels: ${labels}}\n`;
  })
  .join("---\n");

let folder = "";
let skylake = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-detect-"));
  skylake = join(folder, "cpuinfo");
  const flags =
    "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ss ht syscall nx pdpe1gb rdtscp lm constant_tsc pni pclmulqdq ssse3 fma cx16 pcid sse4_1 sse4_2 x2apic movbe popcnt aes xsave avx f16c rdrand lahf_lm abm 3dnowprefetch fsgsbase tsc_adjust bmi1 hle avx2 smep bmi2 erms invpcid rtm mpx rdseed adx smap clflushopt xsaveopt xsavec xgetbv1";
  await writeFile(skylake, `processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: ${flags}\n\n`);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("what this host offers", () => {
  test("is one canonical feature a line, with exactly one cpu", async () => {
    const { stdout, code } = await metahub(["detect"]);
    const lines = stdout.trimEnd().split("\n");
    expect(code).toBe(0);
    expect(lines.filter((line) => line.startsWith("cpu:"))).toHaveLength(1);
    for (const line of lines) {
      const [feature, ...more] = parseFeatures(line);
      expect([`${feature?.namespace}:${feature?.value}`, more]).toEqual([line, []]);
    }
  });

  test("is a MachineType for this host", async () => {
    const { stdout, code } = await metahub(["detect", "-o", "machinetype", "--name", "type9"]);
    const [type, ...more] = loadAll(stdout).map((each) => parseMachineType(each));
    expect([code, more]).toEqual([0, []]);
    expect(type?.metadata.name).toBe("type9");
    expect(type?.spec.nodeSelector?.matchLabels?.["kubernetes.io/hostname"]).toBe(hostname().toLowerCase());
    expect(type?.spec.features?.filter((feature) => feature.startsWith("cpu:"))).toHaveLength(1);
    expect(type?.spec.features?.filter((feature) => feature.startsWith("kernel:"))).toEqual([]);
  });

  test("is JSON with its platform", async () => {
    const { stdout } = await metahub(["detect", "-o", "json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      platform: expect.stringMatching(/^\w+\/\w+/),
      notes: expect.any(Array),
    });
  });
});

describe("what a captured /proc/cpuinfo says", () => {
  test("is the CPU alone", async () => {
    const { stdout, stderr, code } = await metahub(["detect", "--cpuinfo", skylake]);
    expect({ stdout, stderr, code }).toEqual({ stdout: "cpu:skylake\ncpuflag:fsgsbase\n", stderr: "", code: 0 });
  });

  test("may come from standard input", async () => {
    const stdin = await readFile(skylake, "utf8");
    const { stdout } = await metahub(["detect", "--cpuinfo", "-", "-o", "labels"], { stdin });
    expect(stdout).toBe("metahub.dev/feature.cpu=skylake\nmetahub.dev/feature.cpuflag=fsgsbase\n");
  });

  test("makes a MachineType whose selector is to be edited, and fits no node as it is", async () => {
    const { stdout } = await metahub(["detect", "--cpuinfo", skylake, "-o", "machinetype"]);
    const [type] = loadAll(stdout).map((each) => parseMachineType(each));
    expect(type?.metadata.name).toBe("skylake");
    expect(type?.spec.nodeSelector?.matchLabels).toEqual({ "kubernetes.io/hostname": "CHANGE-ME" });
  });

  test("makes a MachineType without a platform where that has no name, and says so", async () => {
    const stdin = "Architecture: kvx\nByte Order: Little Endian\nCPU(s): 1\n";
    const { stdout } = await metahub(["detect", "--cpuinfo", "-", "-o", "machinetype"], { stdin });
    const [type] = loadAll(stdout).map((each) => parseMachineType(each));
    expect(type?.spec.platform).toBeUndefined();
    expect(stdout).toMatch(/^# No platform is declared: a MachineType has no name for linux\/kvx\.$/m);
  });

  const refused: [what: string, args: readonly string[], code: number, said: RegExp][] = [
    ["no file", ["--cpuinfo", "/none"], 1, /^metahub: --cpuinfo \/none: no such file or folder\n$/],
    ["no cpuinfo", ["--cpuinfo", "/dev/null"], 1, /^metahub: \/dev\/null: this is no \/proc\/cpuinfo [^\n]*\n$/],
    ["a folder", ["--cpuinfo", "/"], 1, /^metahub: --cpuinfo \/: a folder, where a file was expected\n$/],
    ["another form", ["-o", "xml"], 2, /Allowed choices are features, json, machinetype, labels/],
    ["a name without a machine type", ["--name", "x"], 2, /^metahub: --name is for -o machinetype\n$/],
    ["a name that none may have", ["-o", "machinetype", "--name", "A_B"], 2, /^metahub: --name A_B: [^\n]+\n$/],
    ["nodes of one host", ["-f", "x"], 2, /^metahub: -f is for --nodes[^\n]*\n$/],
    ["all nodes and one CPU", ["--nodes", "--cpuinfo", "x"], 2, /^metahub: --cpuinfo says something of one host/],
    ["labels of all nodes", ["--nodes", "-o", "labels"], 2, /^metahub: --nodes writes MachineTypes/],
    ["two clusters", ["--nodes", "-f", "x", "--kubeconfig", "y"], 2, /^metahub: -f reads nodes from files/],
  ];
  test.each(refused)("%s: refused in one line", async (_, args, code, said) => {
    const ran = await metahub(["detect", ...args]);
    expect(ran).toMatchObject({ code, stdout: "" });
    expect(ran.stderr).toMatch(said);
  });
});

const nodeSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});

function configFor(server: string): object {
  return {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "here",
    contexts: [{ name: "here", context: { cluster: "here", user: "me" } }],
    clusters: [{ name: "here", cluster: { server } }],
    users: [{ name: "me", user: { token: "t" } }],
  };
}

describe("the nodes of a cluster", () => {
  const summary = (yaml: string) =>
    loadAll(yaml)
      .map((each) => parseMachineType(each))
      .map(({ metadata, spec }) => [metadata.name, spec.nodeSelector, spec.features]);
  const type = "node.kubernetes.io/instance-type";

  const expected = [
    ["skylake", { matchLabels: { [type]: "a" } }, ["cpu:skylake"]],
    ["zen3", { matchExpressions: [{ key: type, operator: "In", values: ["b", "c"] }] }, ["cpu:zen3"]],
  ];

  test("are one MachineType for each profile, from manifests", async () => {
    const { stdout, stderr, code } = await metahub(["detect", "--nodes", "-f", "-"], { stdin: nodes });
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
    expect(summary(stdout)).toEqual(expected);
  });

  test("keep the machine types that they have, with those of the examples as they are", async () => {
    const { stdout } = await metahub(["detect", "--nodes", "-f", examples]);
    expect(summary(stdout).map(([name]) => name)).toEqual(expect.arrayContaining(["type1", "type2", "type3", "type4"]));
    const again = await metahub(["detect", "--nodes", "-f", join(examples, "nodes.yaml"), "-f", "-"], {
      stdin: stdout,
    });
    expect(summary(again.stdout)).toEqual(summary(stdout));
  });

  test("are a List as JSON, which kubectl applies too", async () => {
    const { stdout } = await metahub(["detect", "--nodes", "-f", "-", "-o", "json"], { stdin: nodes });
    const list = JSON.parse(stdout);
    expect([list.kind, list.items.length]).toEqual(["List", 2]);
    for (const item of list.items) parseMachineType(item);
  });

  test("are read from a cluster", async () => {
    const cluster = await FakeApiServer.start();
    try {
      for (const node of loadAll(nodes)) cluster.store.put("/api/v1/nodes", nodeSchema.parse(node));
      const kubeconfig = join(folder, "kubeconfig");
      await writeFile(kubeconfig, JSON.stringify(configFor(cluster.access().server)));
      const { stdout, code } = await metahub(["detect", "--nodes", "--kubeconfig", kubeconfig, "--context", "here"]);
      expect(code).toBe(0);
      expect(summary(stdout)).toEqual(expected);
    } finally {
      await cluster.stop();
    }
  });

  test("may be none", async () => {
    const { stderr, code } = await metahub(["detect", "--nodes", "-f", join(examples, "machinetypes.yaml")]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/machinetypes\.yaml: no Node is there\n$/)]);
  });
});
