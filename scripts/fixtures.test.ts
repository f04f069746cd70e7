import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { answerOf, parseFixture } from "../test/support/hardware/fixture.ts";

const script = fileURLToPath(new URL("./fixtures.ts", import.meta.url));
let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-fixtures-"));
});
afterEach(async () => rm(folder, { recursive: true }));

/** Adds a capture, with this answer to its question. */
async function add(capture: string, answer: string, ...more: readonly string[]) {
  await writeFile(join(folder, "capture.txt"), capture);
  const args = ["add", join(folder, "capture.txt"), "--source", "a test", "--folder", join(folder, "hosts"), ...more];
  const child = spawn(process.execPath, [script, ...args], { stdio: ["pipe", "pipe", "pipe"] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  child.stdin.end(answer);
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect(await ended, errors).toBe(0);
  const [file = ""] = await readdir(join(folder, "hosts"));
  const written = await readFile(join(folder, "hosts", file), "utf8");
  return { out, errors, file, written, fixture: parseFixture(written) };
}

const rpi = `processor\t: 0
Features\t: fp asimd evtstrm crc32 cpuid
CPU implementer\t: 0x41
CPU architecture: 8
CPU part\t: 0xd08

processor\t: 1
Features\t: fp asimd evtstrm crc32 cpuid
CPU implementer\t: 0x41
CPU architecture: 8
CPU part\t: 0xd08

Hardware\t: BCM2835
Revision\t: c03111
Serial\t\t: 10000000deadbeef
Model\t\t: Raspberry Pi of Jane
`;

test("a capture loses what is personal, and its right answer is asked for", async () => {
  const { errors, file, written, fixture } = await add(rpi, "\n", "--name", "Jane's Pi 4");
  expect(errors).toContain("Which CPU is right? [aarch64]");
  expect(file).toBe("jane-s-pi-4.yaml");
  expect(written).not.toMatch(/deadbeef|Jane|BCM2835|c03111/);
  expect(fixture.capture?.match(/CPU part/g)).toHaveLength(1);
  expect(fixture.expect).toMatchObject({ platform: "linux/arm64", features: ["cpu:aarch64"] });
  expect(answerOf(fixture).features).toContain("cpu:aarch64");
});

test("an answer that is not MetaHub's is taken, and said", async () => {
  const { out, fixture } = await add(rpi, "cortex_a99\n");
  expect(fixture.expect.features).toEqual(["cpu:cortex_a99"]);
  expect(out).toContain("MetaHub says aarch64");
});

test("a Node keeps the labels and resources that tell hardware, and no names", async () => {
  const manifest = `apiVersion: v1
kind: Node
metadata:
  name: janes-node
  labels:
    kubernetes.io/hostname: janes-node
    example.com/owner: jane
    nvidia.com/gpu.count: "1"
    nvidia.com/gpu.compute.major: "8"
    nvidia.com/gpu.compute.minor: "0"
    nvidia.com/gpu.product: NVIDIA-A100-SXM4-40GB
  annotations:
    csi.volume.kubernetes.io/nodeid: janes-node
status:
  addresses: [{ type: InternalIP, address: 192.0.2.7 }]
  nodeInfo: { architecture: amd64, machineID: deadbeef, systemUUID: deadbeef }
  allocatable: { cpu: "8", nvidia.com/gpu: "1" }
`;
  const { written, fixture } = await add(manifest, "", "--cpu", "");
  expect(written).not.toMatch(/jane|deadbeef|192\.0\.2/);
  expect(fixture.node).toMatchObject({ architecture: "amd64", allocatable: { "nvidia.com/gpu": "1" } });
  expect(answerOf(fixture).features).toContain("nvcap:8.0");
});
