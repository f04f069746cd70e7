import { createHash } from "node:crypto";
import type { CredentialView } from "../../../../src/console/contract/credentials.ts";
import type { KnownFeature, MachineTypeView } from "../../../../src/console/contract/machine-types.ts";
import type { ManifestListView, Matrix, NodeView, SelectionView } from "../../../../src/console/contract/views.ts";

/** What the console would answer in a cluster of four machine types: as the examples have them, and a few odd ones. */

function digestOf(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

/** The moment of all samples; pictures are taken then. */
export const sampleNow = Date.parse("2026-11-29T12:00:00Z");
const hourMs = 3_600_000;

export function hoursAgo(hours: number): string {
  return new Date(sampleNow - hours * hourMs).toISOString();
}

interface TypeOptions {
  readonly features: readonly string[];
  readonly declared?: readonly string[];
  readonly nodes?: number;
  readonly part?: Partial<MachineTypeView>;
}

export function typeOf(name: string, { features, declared = [], nodes = 0, part = {} }: TypeOptions): MachineTypeView {
  const namespaces = [...new Set(features.map((feature) => feature.split(":")[0] ?? ""))];
  return {
    name,
    resourceVersion: "1",
    spec: {
      nodeSelector: { matchLabels: { "node.kubernetes.io/instance-type": name } },
      ...(declared.length === 0 ? {} : { features: declared }),
    },
    external: false,
    platform: "linux/amd64",
    features: namespaces.map((namespace) => ({
      namespace,
      features: features
        .filter((feature) => feature.startsWith(`${namespace}:`))
        .map((feature) => ({ feature, declared: declared.includes(feature) })),
    })),
    nodes,
    profiles: [{ features: [...features], nodes, example: `${name}-node-1` }],
    conditions: [{ type: "Ready", status: "True", reason: "Ready", message: `${nodes} nodes` }],
    credentials: 0,
    yaml: `apiVersion: metahub.dev/v1alpha1\nkind: MachineType\nmetadata:\n  name: ${name}\nspec:\n  features: [${declared.join(", ")}]\n`,
    ...part,
  };
}

export const sampleTypes: readonly MachineTypeView[] = [
  typeOf("type1", {
    features: ["cpu:broadwell", "cpuflag:avx2", "cpuflag:bmi2", "cpuflag:fma", "kernel:6.12"],
    declared: ["cpu:broadwell"],
    nodes: 48,
    part: { credentials: 3 },
  }),
  typeOf("type2", {
    features: ["cpu:skylake_avx512", "cpuflag:avx512f", "cpuflag:avx512vnni", "kernel:6.12"],
    declared: ["cpu:skylake_avx512"],
    nodes: 16,
    part: { credentials: 1 },
  }),
  typeOf("h100", {
    features: ["cpu:zen4", "nvcap:9.0", "cuda:12.8", "nvdriver:570.86", "fabric:infiniband", "kernel:6.12"],
    declared: ["fabric:infiniband"],
    nodes: 8,
    part: {
      credentials: 2,
      profiles: [
        { features: ["cpu:zen4", "nvcap:9.0", "cuda:12.8"], nodes: 7, example: "h100-01" },
        { features: ["cpu:zen4", "nvcap:9.0", "cuda:12.4"], nodes: 1, example: "h100-08" },
      ],
      conditions: [
        { type: "Homogeneous", status: "False", reason: "Differ", message: "its nodes are of 2 kinds" },
        {
          ...{ type: "Exclusive", status: "False", reason: "Overlap" },
          message: "2 of its nodes fit type2 as well, which has the same priority: the name decides",
        },
      ],
    },
  }),
  typeOf("graviton4", {
    features: ["cpu:neoverse_v2", "cpuflag:sve2", "kernel:6.8"],
    nodes: 120,
    part: { platform: "linux/arm64" },
  }),
  typeOf("login", {
    features: ["cpu:zen3"],
    declared: ["cpu:zen3"],
    part: { external: true, spec: { external: true, features: ["cpu:zen3"] }, credentials: 12 },
  }),
  typeOf("spare", { features: [], nodes: 0 }),
];

export const sampleCredentials: readonly CredentialView[] = [
  { id: "login-1", username: "qnib-login-1", state: "active", expires: hoursAgo(-24 * 90), lastUsed: hoursAgo(0.2) },
  {
    ...{ id: "ci", username: "qnib-ci", state: "active", expires: hoursAgo(-24 * 6), lastUsed: hoursAgo(30) },
    repositories: ["qnib/bench", "qnib/train-*"],
  },
  { id: "former", username: "qnib-former", state: "expired", expires: hoursAgo(72) },
  { id: "lost-laptop", username: "qnib-laptop", state: "revoked", revoked: hoursAgo(24 * 12) },
];

export const sampleFeatures: readonly KnownFeature[] = [
  {
    feature: "cpu:zen3",
    says: "AMD Zen 3 (Milan)",
    above: ["cpu:zen2", "cpu:x86_64_v3"],
    below: ["cpu:zen4", "cpu:zen5"],
  },
  { feature: "cpu:zen4", says: "AMD Zen 4 (Genoa)", above: ["cpu:zen3", "cpu:x86_64_v4"], below: ["cpu:zen5"] },
  { feature: "cpu:zen5", says: "AMD Zen 5 (Turin)", above: ["cpu:zen4", "cpu:x86_64_v4"], below: [] },
  { feature: "nvcap:9.0", says: "NVIDIA GPUs of capability 9.0: H100, H200", above: [], below: [] },
  { feature: "cpu:broadwell", says: "Intel Broadwell", above: ["cpu:haswell"], below: ["cpu:skylake"] },
];

const builds: readonly (readonly [name: string, requires: string[][], says: string, platform?: string])[] = [
  ["generic", [], "any machine of its platform"],
  ["broadwell", [["cpu:broadwell"]], "a CPU that is broadwell or descends from it (skylake, cascadelake)"],
  ["skylake", [["cpu:skylake_avx512"]], "a CPU that is skylake_avx512 or descends from it (cascadelake, icelake)"],
  ["zen4", [["cpu:zen4"]], "a CPU that is zen4 or descends from it (zen5)"],
  [
    "zen4-h100",
    [["cpu:zen4"], ["nvcap:9.0", "nvptx:9.0"]],
    "a CPU that is zen4 or descends from it; an NVIDIA GPU that runs machine code for 9.0, such as H100 (9.0)",
  ],
  ["arm", [["cpu:neoverse_v1"]], "a CPU that is neoverse_v1 or descends from it (neoverse_v2)", "linux/arm64"],
];
const build = (name: string): string => digestOf(`build ${name}`);

export function sampleMatrix(image: string): Matrix {
  return {
    image: `docker.io/${image}:latest`,
    digest: digestOf("index"),
    variants: builds.map(([name, requires, says, platform = "linux/amd64"], position) => ({
      ...{ digest: build(name), platform, requires, position, says },
    })),
    machines: [
      machine("type1", "broadwell", { generic: "broadwell" }, ["cpu:broadwell"]),
      machine("type2", "skylake", { generic: "skylake", broadwell: "skylake" }, ["cpu:skylake_avx512"]),
      machine("h100", "zen4-h100", { generic: "zen4-h100", zen4: "zen4-h100", broadwell: "zen4-h100" }, ["cpu:zen4"]),
      machine("graviton4", "arm", {}, ["cpu:neoverse_v2"]),
      machine("login", "generic", {}, ["cpu:zen3"]),
      {
        ...machine("spare", "generic", {}, []),
        warnings: ["nothing is known of what its machines offer: it gets the generic build"],
      },
    ],
  };
}

function machine(name: string, best: string, outranked: Readonly<Record<string, string>>, offers: string[]) {
  const isArm = name === "graviton4";
  return {
    kind: "MachineType" as const,
    ...{ name, offers, selected: build(best), action: "rewrite" as const, warnings: [] as string[] },
    platform: isArm ? "linux/arm64" : "linux/amd64",
    reason: best === "generic" ? "only the generic build fits" : `${best} is the most specific build that fits`,
    considered: builds.map(([each, requires, , platform]) => {
      const digest = build(each);
      if (each === best) return { digest, outcome: "selected" as const };
      const by = outranked[each];
      if (by !== undefined) return { digest, outcome: "outranked" as const, by: build(by) };
      const missing = (platform === "linux/arm64") === isArm ? requires : [];
      return { digest, outcome: "incompatible" as const, missing };
    }),
  };
}

const nodeTypes = [
  ["type1", "cpu:broadwell", "7c1e9a"],
  ["type2", "cpu:skylake_avx512", "b2f004"],
  ["h100", "cpu:zen4", "e90d31"],
] as const;

/** As many nodes as wanted, in order of their names. */
export function sampleNodes(count: number): readonly NodeView[] {
  return Array.from({ length: count }, (_, place): NodeView => {
    const [machineType, cpu, profile] = nodeTypes[place % 7 === 6 ? 2 : place % 2] ?? nodeTypes[0];
    const gpu = machineType === "h100" ? [{ feature: "nvcap:9.0", from: "nvidia.com/gpu.compute.major=9" }] : [];
    return {
      name: `node-${String(place + 1).padStart(5, "0")}`,
      machineType: place % 23 === 22 ? null : machineType,
      ...{ profile, platform: "linux/amd64" },
      features: [
        { feature: cpu, from: "declared" },
        ...gpu,
        { feature: "cpuflag:avx2", from: "feature.node.kubernetes.io/cpu-cpuid.AVX2=true" },
        { feature: "kernel:6.12", from: "feature.node.kubernetes.io/kernel-version.full=6.12.9" },
      ],
      notBelieved:
        place % 11 === 10 ? ["cuda:99.0 of nvidia.com/cuda.runtime.major: no driver of this node runs it"] : [],
    };
  });
}

const states = ["best", "best", "stale", "best", "missed", "left", "unknown"] as const;

export function sampleSelections(count: number): readonly SelectionView[] {
  return Array.from({ length: count }, (_, place): SelectionView => {
    const state = states[place % states.length] ?? "best";
    const [name = "generic"] = builds[place % builds.length] ?? [];
    const chosen = state === "best" || state === "stale";
    return {
      namespace: place % 3 === 0 ? "climate" : "genomics",
      pod: `bench-${(place * 7919).toString(36).padStart(5, "x")}`,
      container: "main",
      asked: "qnib/bench:latest",
      image: chosen ? `docker.io/qnib/bench@${build(name)}` : "qnib/bench:latest",
      ...(chosen ? { build: build(name), requires: "cpu:broadwell" } : {}),
      reason: reasons[state],
      node: `node-${String(place + 1).padStart(5, "0")}`,
      machineType: "type1",
      at: hoursAgo(place * 0.7),
      state,
    };
  });
}

const reasons = {
  best: "the most specific build that fits type1",
  stale: "the node offers cpu:skylake_avx512 now, and cpu:broadwell was known when it was chosen",
  missed: "bound without a choice: the registry did not answer within 2 s",
  left: "a single image: there is nothing to choose",
  unknown: "chosen at admission for several machine types",
} as const;

export const sampleLists: readonly ManifestListView[] = [
  {
    kind: "ClusterManifestList",
    name: "llama-cpp-server",
    image: "ghcr.io/ggml-org/llama.cpp:server-auto",
    entries: [
      {
        ...{ image: "ghcr.io/ggml-org/llama.cpp:server", digest: digestOf("a"), requires: [], resolved: hoursAgo(0.1) },
        platform: "linux/amd64",
      },
      {
        ...{ image: "ghcr.io/ggml-org/llama.cpp:server-cuda13", digest: digestOf("b"), resolved: hoursAgo(0.1) },
        ...{ platform: "linux/amd64", requires: [["cuda:13.0"]] },
      },
      {
        image: "ghcr.io/ggml-org/llama.cpp:server-rocm",
        requires: [["gfx:gfx90a", "gfx:gfx942"]],
        error: "the registry has no such tag",
      },
    ],
    conditions: [
      { type: "Ready", status: "False", reason: "EntryFailed", message: "1 of 3 entries could not be looked up" },
    ],
    yaml: "apiVersion: metahub.dev/v1alpha1\nkind: ClusterManifestList\nmetadata:\n  name: llama-cpp-server\n",
  },
  {
    ...{ kind: "ManifestList", namespace: "climate", name: "bench", image: "qnib/bench:auto" },
    entries: [
      {
        ...{ image: "qnib/bench:cpu-broadwell", digest: digestOf("c"), resolved: hoursAgo(2) },
        ...{ platform: "linux/amd64", requires: [["cpu:broadwell"]] },
      },
    ],
    conditions: [{ type: "Ready", status: "True", reason: "Resolved", message: "all entries were found" }],
    yaml: "apiVersion: metahub.dev/v1alpha1\nkind: ManifestList\nmetadata:\n  name: bench\n  namespace: climate\n",
  },
];
