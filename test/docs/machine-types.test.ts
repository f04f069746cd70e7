import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { machine, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { load, loadAll } from "js-yaml";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { parseMachineType } from "../../src/api/parse-machine-type.ts";
import { parsePod } from "../../src/api/parse-pod.ts";
import { computeStatus } from "../../src/api/status.ts";
import { captureOf } from "../../src/hardware/detect/capture.ts";
import { hostOffer } from "../../src/hardware/detect/host.ts";
import { formatFeature } from "../../src/hardware/feature.ts";
import { isAcceleratorNamespace } from "../../src/hardware/namespace.ts";
import { offerOfNode } from "../../src/hardware/nodes/offer.ts";
import { parseFeatures } from "../../src/hardware/parse.ts";
import { plainContext } from "../../src/inventory/inventory.ts";
import { inventoryOf } from "../../src/inventory/manifests.ts";
import { SnapshotBuilder } from "../../src/inventory/snapshot.ts";
import { parseManifests } from "../../src/manifests/parse.ts";
import { metahubProgram } from "../cli/metahub.ts";
import { parseFixture } from "../support/hardware/fixture.ts";
import { codeBlocks } from "./blocks.ts";

// Each starts processes, on machines that may be busy.
vi.setConfig({ testTimeout: 30_000 });
const metahub = metahubProgram();
const page = await readFile(join(import.meta.dirname, "../../docs/machine-types.md"), "utf8");
const blocks = codeBlocks(page);
const yaml = blocks.filter(({ language }) => language === "yaml");
const of = (kind: string) => yaml.filter(({ text }) => new RegExp(`^kind: ${kind}$`, "m").test(text));
const [nodes] = of("Node");
const status = yaml.filter(({ text }) => text.startsWith("conditions:"));
const consoles = blocks.filter(({ language }) => language === "console");
const texts = blocks.filter(({ language }) => language === "text");
const [report, ...otherShells] = blocks.filter(({ language }) => language === "sh");

test("the page has no example that is not run here", () => {
  const run = [...of("MachineType"), ...of("Node"), ...of("Pod"), ...status, ...consoles, ...texts, report];
  expect(otherShells).toEqual([]);
  expect(new Set(run).size).toBe(blocks.length);
  expect([of("Node"), of("Pod"), status, texts].map(({ length }) => length)).toEqual([1, 1, 1, 1]);
});

test("what a report needs is one command, and detect reads what it prints", async ({ skip }) => {
  skip(process.platform !== "linux", "the command reads /proc/cpuinfo, which Linux has");
  const { stdout } = await promisify(execFile)("sh", ["-c", report?.text ?? "exit 1"]);
  expect(stdout).not.toMatch(/\b(serial|hostname)\b/i);
  expect(stdout.trimEnd().split("\n").at(-1)).toBe(machine());
  const own = await promisify(execFile)("cat", ["/proc/cpuinfo"]);
  const said = (text: string) => hostOffer(captureOf(text)).features.find(({ namespace }) => namespace === "cpu");
  expect(said(stdout)).toEqual(said(own.stdout));
});

/** A host's own `/proc/cpuinfo` as whole as the kernel writes it: every core, and what a report must not tell. */
function whole(capture: string): string {
  const noise = "BogoMIPS\t: 48.00\ncpu MHz\t\t: 2400.1\nSerial\t\t: 00000000deadbeef\n";
  const cores = capture.trim().split(/\n\s*\n/);
  const numbered = (core: string, number: number) => core.replace(/^(processor|hart)(\s*): \d+$/gm, `$1$2: ${number}`);
  return [...cores, ...cores].map((core, number) => `${numbered(core, number)}\n${noise}`).join("\n");
}

test("each host of the library has the same answer by its report as by its whole file", async () => {
  const folder = join(import.meta.dirname, "../fixtures/hosts");
  const scratch = await mkdtemp(join(tmpdir(), "metahub-report-"));
  const answer = (text: string) => {
    const { platform, features, refused } = hostOffer(captureOf(text));
    return { platform, features: features.map(formatFeature), refused };
  };
  let hosts = 0;
  try {
    const names = (await readdir(folder)).filter((name) => name.endsWith(".yaml"));
    const captures = await Promise.all(
      names.map(
        async (name) => [name, parseFixture(await readFile(join(folder, name), "utf8")).capture ?? ""] as const,
      ),
    );
    for (const [name, capture] of captures) {
      // macOS has no such file: the page names its own command.
      if (capture === "" || capture.startsWith("machdep.cpu.")) continue;
      hosts += 1;
      const file = join(scratch, name);
      await writeFile(file, whole(capture));
      const command = (report?.text ?? "exit 1").replace("/proc/cpuinfo", file).replace(/; uname -m$/, "");
      const { stdout } = await promisify(execFile)("sh", ["-c", command]);
      expect(answer(stdout), name).toEqual(answer(whole(capture)));
      expect(stdout, name).not.toMatch(/deadbeef|MHz|BogoMIPS/);
      expect(stdout.length, name).toBeLessThanOrEqual(capture.length + 200);
    }
  } finally {
    await rm(scratch, { recursive: true });
  }
  expect(hosts).toBeGreaterThan(50);
});

/** As their kernels write them (arch/*, show_cpuinfo), shortened. */
test.each([
  [
    "LoongArch 3A6000",
    "processor\t: 0\nCPU Family\t: Loongson-64bit\nModel Name\t: Loongson-3A6000\nISA\t: loongarch32 loongarch64\n",
  ],
  ["sparc64", "cpu\t\t: UltraSparc T5 (Niagara5)\nfpu\t\t: UltraSparc T5\ntype\t\t: sun4v\n"],
  [
    "s390x",
    "vendor_id : IBM/S390\nfeatures\t: esan3 zarch\nprocessor 0: version = FF,  identification = 0123AB,  machine = 2964\n",
  ],
  [
    "POWER9",
    "processor\t: 0\ncpu\t\t: POWER9, altivec supported\n\ntimebase\t: 512000000\nplatform\t: PowerNV\nmachine\t: PowerNV 9006\n",
  ],
  [
    "an old ARM kernel",
    "Processor\t: ARMv7 Processor rev 9 (v7l)\nprocessor\t: 0\n\nprocessor\t: 1\n\nFeatures\t: half thumb\nCPU implementer\t: 0x41\nCPU architecture: 7\n",
  ],
  ["MIPS", "system type\t: Atheros\nprocessor\t: 0\ncpu model\t: MIPS 24Kc V7.4\nisa\t: mips1 mips2 mips32r1\n"],
  ["68k", "CPU:\t\t68040\nMMU:\t\t68040\n"],
])("the report of %s says what its file says", async (_, cpuinfo) => {
  const scratch = await mkdtemp(join(tmpdir(), "metahub-report-"));
  try {
    await writeFile(join(scratch, "cpuinfo"), cpuinfo);
    const command = (report?.text ?? "exit 1").replace("/proc/cpuinfo", join(scratch, "cpuinfo"));
    const { stdout } = await promisify(execFile)("sh", ["-c", command]);
    expect(stdout.trim().split("\n").length).toBeGreaterThan(1);
    expect(stdout).not.toContain("0123AB");
    expect(hostOffer(captureOf(stdout))).toEqual(hostOffer(captureOf(cpuinfo)));
    if (cpuinfo.includes("2964")) expect(stdout).toContain("machine = 2964");
  } finally {
    await rm(scratch, { recursive: true });
  }
});

describe("machine types", () => {
  const types = of("MachineType").map(({ text }) => parseMachineType(load(text)));

  test.each(types.map((type) => [type.metadata.name, type] as const))(
    "%s declares features that mean something",
    (_, type) => {
      const canonical = (type.spec.features ?? []).flatMap((text) => parseFeatures(text)).map(formatFeature);
      expect(canonical).toEqual(type.spec.features ?? []);
    },
  );

  test("those with a template are somewhere to go before they have a node", () => {
    const waiting = types.filter(({ spec }) => spec.nodeTemplate !== undefined);
    const { placement } = new SnapshotBuilder().build([], waiting, plainContext);
    const spec = {
      nodeSelector: { "node.kubernetes.io/instance-type": "g6.xlarge" },
      tolerations: [{ key: "nvidia.com/gpu", operator: "Exists" }],
      containers: [{ name: "c", resources: { limits: { "nvidia.com/gpu": "1" } } }],
    };
    const [placed, ...others] = placement.place(parsePod({ metadata: {}, spec })).profiles;
    expect(others).toEqual([]);
    expect(placed?.profile.features.map(formatFeature)).toEqual(["cpu:zen3", "nvcap:8.9"]);
  });

  test("can be asked for by name", () => {
    const pod = parsePod(load(of("Pod")[0]?.text ?? ""));
    expect(types.map(({ metadata }) => metadata.name)).toContain(pod.spec.nodeSelector?.["metahub.dev/machine-type"]);
  });
});

describe("what labels say", () => {
  test.each((texts[0]?.text ?? "").split("\n"))("%s", (line) => {
    const [written = "", means = ""] = line.split(" -> ");
    const labels = Object.fromEntries(written.split(" ").map((label) => label.split("=")));
    const machine = { operatingSystem: "linux", architecture: "amd64", kernelVersion: "" };
    const { features, accelerators } = offerOfNode({ labels, allocatable: {}, ...machine });
    expect(accelerators.every(({ namespace }) => isAcceleratorNamespace(namespace))).toBe(true);
    const list = (some: typeof features) => some.map(formatFeature).join(" ");
    expect(accelerators.length === 0 ? list(features) : `${list(features)}(${list(accelerators)})`).toBe(means);
  });
});

test("the status is what the controller computes", () => {
  const everything = of("MachineType").at(-1)?.text ?? "";
  const { nodes: facts, machineTypes } = inventoryOf(parseManifests(`${nodes?.text}\n---\n${everything}`, "page"));
  const [entry] = new SnapshotBuilder().build(facts, machineTypes, plainContext).machineTypes.values();
  if (entry === undefined) throw new Error("the page has no machine type");
  const { conditions } = computeStatus({
    machineType: entry.resource,
    nodes: entry.nodes.map(({ facts: { name }, profile }) => ({ name, profile })),
    overlaps: entry.overlaps,
    now: new Date(0),
  });
  expect({ conditions: conditions?.map(({ type, status: is, message }) => ({ type, status: is, message })) }).toEqual(
    load(status[0]?.text ?? ""),
  );
});

describe("what the commands print", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "metahub-machine-types-"));
    await writeFile(join(folder, "nodes.yaml"), nodes?.text ?? "");
    // A Skylake client CPU, as far as archspec asks.
    const flags =
      "mmx sse sse2 ssse3 sse4_1 sse4_2 popcnt aes pclmulqdq avx rdrand f16c movbe fma avx2 bmi1 bmi2 rdseed adx clflushopt xsavec xsaveopt cx16 lahf_lm abm xsave pni";
    await writeFile(join(folder, "cpuinfo"), `processor : 0\nvendor_id : GenuineIntel\nflags : ${flags}\n`);
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const commands = consoles.flatMap(({ text }) =>
    text
      .split(/^\$ /m)
      .filter((part) => part !== "")
      .map((part) => {
        const [command = "", ...output] = part.trimEnd().split("\n");
        return [command, output.join("\n")] as const;
      }),
  );
  test.each(commands)("%s", async (command, output) => {
    const [program, ...args] = command.split(" ");
    expect(program).toBe("metahub");
    const ran = await metahub(args, { cwd: folder });
    expect(ran).toMatchObject({ stdout: `${output}\n`, stderr: "", code: 0 });
    if (output.includes("kind: MachineType")) for (const each of loadAll(ran.stdout)) parseMachineType(each);
  });
});
