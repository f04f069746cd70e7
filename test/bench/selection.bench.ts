// What a selection costs: an index of 64 builds against a new profile and a known one, 10,000 nodes to profiles, and
// `metahub explain` on a local layout from start to exit (target: under 150 ms). The baselines stand in the same run:
// JSON.parse of the same index or nodes, and a Node.js that does nothing.
// Run: npm run bench -- selection
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeFacts } from "../../src/api/node.ts";
import { renderTable } from "../../src/cli/terminal/table.ts";
import { ProfileInterner } from "../../src/hardware/nodes/intern.ts";
import type { Profile } from "../../src/hardware/profile.ts";
import { describe } from "../../src/oci/descriptor.ts";
import { readIndex } from "../../src/oci/flatten.ts";
import { ociIndex, ociManifest } from "../../src/oci/media-types.ts";
import { parseReference } from "../../src/oci/reference.ts";
import type { Image } from "../../src/registry/images.ts";
import { Selections } from "../../src/rewriting/selections.ts";
import { prepare } from "../../src/selection/prepare.ts";
import { select } from "../../src/selection/select.ts";
import { build } from "../demo/bundle.ts";
import { writeLayout } from "../support/oci/layout.ts";

const buildCount = 64;
const nodeCount = 10_000;
const starts = 21;
const targetMs = 150;
const cpus =
  "x86_64_v2 x86_64_v3 x86_64_v4 haswell broadwell skylake skylake_avx512 cascadelake icelake sapphirerapids zen zen2 zen3 zen4 zen5 nehalem".split(
    " ",
  );
const devices = ["", "nvcap:7.0,nvcap:8.0", "nvcap:9.0,nvptx:9.0,cuda:12.4", "gfx:gfx90a"];

/** Sixteen CPUs, each without an accelerator and with three kinds of them. */
const indexBytes = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: ociIndex,
    manifests: Array.from({ length: buildCount }, (_, row) => {
      const features = [`cpu:${cpus[row % cpus.length]}`, devices[Math.floor(row / cpus.length)]].filter(Boolean);
      return {
        ...describe(ociManifest, Buffer.from(`build ${row}`)),
        platform: { os: "linux", architecture: "amd64" },
        annotations: { "dev.metahub.features": features.join(","), "org.opencontainers.image.version": `1.${row}` },
      };
    }),
  }),
);

/** As Node Feature Discovery labels them: vendor, family, model, and some forty flags. */
function nodeOf(row: number): object {
  const [family, model] = [
    [6, 85],
    [6, 106],
    [6, 143],
    [25, 1],
  ][row % 4] ?? [6, 85];
  const labels: Record<string, string> = {
    "kubernetes.io/hostname": `node-${row}`,
    "kubernetes.io/arch": "amd64",
    "feature.node.kubernetes.io/cpu-model.vendor_id": row % 4 === 3 ? "AMD" : "Intel",
    "feature.node.kubernetes.io/cpu-model.family": String(family),
    "feature.node.kubernetes.io/cpu-model.id": String(model),
    pool: `pool-${row % 200}`,
  };
  const flags = "AESNI AVX AVX2 CMPXCHG8 FMA3 FXSR FXSROPT LAHF MOVBE OSXSAVE SYSCALL SYSEE X87 XSAVE XSAVEC XSAVEOPT";
  for (const flag of flags.split(" ")) labels[`feature.node.kubernetes.io/cpu-cpuid.${flag}`] = "true";
  for (let other = 0; other < 20; other++) labels[`feature.node.kubernetes.io/custom-${other}`] = "true";
  if (row % 5 === 0) {
    labels["nvidia.com/gpu.compute.major"] = row % 2 === 0 ? "8" : "9";
    labels["nvidia.com/gpu.compute.minor"] = "0";
    labels["nvidia.com/cuda.driver-version.full"] = "550.54.15";
  }
  return {
    labels,
    allocatable: {},
    operatingSystem: "linux",
    architecture: "amd64",
    kernelVersion: `6.8.0-4${row % 3}`,
  };
}
const nodesText = JSON.stringify(Array.from({ length: nodeCount }, (_, row) => nodeOf(row)));
const parseNodes = (): NodeFacts[] => JSON.parse(nodesText);

/** Milliseconds of each call. */
function measure(rounds: number, call: (round: number) => unknown): number[] {
  return Array.from({ length: rounds }, (_, round) => {
    const start = performance.now();
    call(round);
    return performance.now() - start;
  });
}

function at(times: readonly number[], quantile: number): number {
  const sorted = times.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))] ?? Number.NaN;
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the bench has nothing to measure");
  return value;
}

const read = readIndex(indexBytes);
if (!read.complete) throw new Error("nothing is nested in it");
const interner = new ProfileInterner();
for (const facts of parseNodes()) interner.profileOf(facts, undefined);
const profiles: readonly Profile[] = interner.profiles;
const profileOf = (round: number): Profile => must(profiles[round % profiles.length]);
const whole = ({ platform, features, accelerators }: Profile) => ({
  platform,
  features: [...features, ...accelerators],
});
const image: Image & { kind: "index" } = {
  kind: "index",
  reference: parseReference("qnib/bench"),
  descriptor: describe(ociIndex, indexBytes),
  variants: read.variants,
  warnings: [],
};
const prepared = prepare(read);
const selections = new Selections();
// As placements are: the same object for Pods that can land on the same nodes.
const landings = profiles.map((profile) => [
  { profile, machineTypes: [], nodes: 1, templates: 0, example: { kind: "node" as const, name: "n" } },
]);
const ask = (round: number) =>
  selections.judge(image, must(landings[round % landings.length]), { accelerated: true, common: false });

const roundCount = 2_000;
measure(500, () => JSON.parse(indexBytes.toString()));
const parsing = measure(roundCount, () => JSON.parse(indexBytes.toString()));
const reading = measure(roundCount, () => readIndex(indexBytes));
const fresh = measure(roundCount, (round) => {
  const again = readIndex(indexBytes);
  if (again.complete) select(prepare(again), whole(profileOf(round)));
});
const newProfile = measure(roundCount, (round) => select(prepared, whole(profileOf(round))));
// Awaited, so that all of it is known.
await Promise.all(profiles.map((_, round) => ask(round)));
const known = measure(roundCount, ask);

const nodesParsing: number[] = [];
const toProfiles: number[] = [];
for (let round = 0; round < 9; round++) {
  // Parsed anew each time, as a relist is: nothing may be remembered by object.
  let nodes: NodeFacts[] = [];
  nodesParsing.push(...measure(1, () => (nodes = parseNodes())));
  const made = new ProfileInterner();
  toProfiles.push(
    ...measure(1, () => {
      for (const facts of nodes) made.profileOf(facts, undefined);
    }),
  );
}

await build();
const folder = mkdtempSync(join(tmpdir(), "metahub-bench-"));
const program = join(import.meta.dirname, "../../dist/metahub.mjs");
const inventory = join(import.meta.dirname, "../../examples/inventory");
let empty: number[];
let help: number[];
let explain: number[];
try {
  await writeLayout(join(folder, "bench"), [{ bytes: indexBytes, tag: "latest" }]);
  const run = (...args: string[]) => execFileSync(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const args = [program, "explain", `oci:${folder}/bench`, "-f", inventory];
  run(...args); // Fills the compile cache, as the first use on a machine does.
  run(program, "--help");
  empty = measure(starts, () => run("-e", "0"));
  help = measure(starts, () => run(program, "--help"));
  explain = measure(starts, () => run(...args));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function row(what: string, times: readonly number[], base: readonly number[]): string[] {
  const [p50, p99] = [at(times, 0.5), at(times, 0.99)];
  return [what, String(times.length), p50.toFixed(4), p99.toFixed(4), `${(p50 / at(base, 0.5)).toFixed(2)}x`];
}
const numeric = ["N", "P50 MS", "P99 MS", "OF BASELINE"];
const kib = (bytes: number): string => `${(bytes / 1024).toFixed(0)} KiB`;
console.log(
  `${buildCount} builds (${kib(indexBytes.length)}), ${profiles.length} profiles of ${nodeCount} nodes (${kib(nodesText.length)}), node ${process.version}, ${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)}\n`,
);
console.log(
  renderTable({
    columns: [{ header: "WHAT" }, ...numeric.map((header) => ({ header, align: "right" as const }))],
    rows: [
      row("baseline: JSON.parse of the index", parsing, parsing),
      row("read the index (strict JSON, bounded, flattened)", reading, parsing),
      row("new index against a new profile, all of it", fresh, parsing),
      row("known index against a new profile", newProfile, parsing),
      row("known index against a known profile", known, parsing),
      row(`baseline: JSON.parse of ${nodeCount} nodes`, nodesParsing, nodesParsing),
      row(`${nodeCount} nodes to profiles`, toProfiles, nodesParsing),
      row("baseline: a Node.js that does nothing", empty, empty),
      row("metahub --help, start to exit", help, empty),
      row("metahub explain on a layout, start to exit", explain, empty),
    ],
  }),
);
const met = at(explain, 0.5) < targetMs;
console.log(`\n${met ? "met   " : "MISSED"}  median of metahub explain on a layout under ${targetMs} ms`);
