/** How a namespace's values are ordered; decides how a machine satisfies a required value. */
export type NamespaceKind = "cpu" | "cpuflag" | "capability" | "version" | "target" | "os-version" | "equality";

/** Where a feature counts when variants are ranked (one of these classes after the other). */
export type FeatureClass = "accelerator" | "equality" | "isa" | "version";

interface Namespace {
  readonly kind: NamespaceKind;
  readonly class: FeatureClass;
  readonly aliases?: readonly string[];
  /** A right value, for error messages. */
  readonly example: string;
}

/** The namespaces with a meaning of their own, and others whose names are read with `-` and `_` too. */
export const namespaces: ReadonlyMap<string, Namespace> = new Map<string, Namespace>([
  ["cpu", { kind: "cpu", class: "isa", aliases: ["uarch", "microarchitecture"], example: "skylake" }],
  ["cpuflag", { kind: "cpuflag", class: "isa", aliases: ["cpu-flag", "isa"], example: "avx2" }],
  [
    "nvcap",
    {
      kind: "capability",
      class: "accelerator",
      aliases: ["cuda-cc", "compute-capability", "nv-compute"],
      example: "9.0",
    },
  ],
  ["nvptx", { kind: "capability", class: "accelerator", aliases: ["ptx"], example: "8.0" }],
  ["gfx", { kind: "target", class: "accelerator", aliases: ["amdgpu-target"], example: "gfx90a" }],
  ["nvdriver", { kind: "version", class: "accelerator", aliases: ["nvidia-driver", "nvidia"], example: "535.104.05" }],
  ["cuda", { kind: "version", class: "accelerator", example: "12.4" }],
  ["rocm", { kind: "version", class: "accelerator", example: "6.2" }],
  ["amddriver", { kind: "version", class: "accelerator", example: "6.8.5" }],
  ["kernel", { kind: "version", class: "version", example: "6.8" }],
  ["os.version", { kind: "os-version", class: "version", example: "10.0.20348" }],
  ["fabric", { kind: "equality", class: "equality", example: "efa" }],
  ["mpi", { kind: "equality", class: "equality", example: "openmpi" }],
  ["snapshotter", { kind: "equality", class: "equality", example: "nydus" }],
]);

/** Every known spelling of a known namespace, with `-` for `_`, to its canonical name; the longest first. */
const spellings: ReadonlyMap<string, string> = new Map(
  [...namespaces]
    .flatMap(([name, { aliases = [] }]) => [name, ...aliases].map((spelling) => [spelling, name] as const))
    .sort(([a], [b]) => b.length - a.length),
);

/** The canonical name of a namespace in lower case; one that nobody knows is its own. */
export function canonicalNamespace(text: string): string {
  return spellings.get(text.replaceAll("_", "-")) ?? text;
}

/** Splits `cpu-broadwell`, `nvcap_52` at the end of a known namespace; undefined where none begins the text. */
export function splitKnownNamespace(text: string): { namespace: string; value: string } | undefined {
  const dashed = text.replaceAll("_", "-");
  for (const [spelling, namespace] of spellings) {
    if (dashed.length > spelling.length + 1 && dashed.startsWith(`${spelling}-`)) {
      return { namespace, value: text.slice(spelling.length + 1) };
    }
  }
  return undefined;
}

export function namespaceKind(namespace: string): NamespaceKind {
  return namespaces.get(namespace)?.kind ?? "equality";
}

export function namespaceClass(namespace: string): FeatureClass {
  return namespaces.get(namespace)?.class ?? "equality";
}

/**
 * Whether features of this (canonical) namespace belong to a device, so that those read from labels count only for a
 * container that gets one. The namespaces of the accelerator class.
 */
export function isAcceleratorNamespace(namespace: string): boolean {
  return namespaceClass(namespace) === "accelerator";
}
