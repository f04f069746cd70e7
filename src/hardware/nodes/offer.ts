import { shorten } from "../../text/shorten.ts";
import { cpuFlags, cpuGraph } from "../cpu/graph.ts";
import { HardwareError, quote } from "../error.ts";
import { type Feature, formatFeature } from "../feature.ts";
import { isAcceleratorNamespace } from "../namespace.ts";
import { parseFeatureList } from "../parse.ts";
import type { Platform } from "../platform.ts";
import { amdLabels } from "./amd.ts";
import { declaredLabels, metahubLabels } from "./feature-labels.ts";
import { withoutForeignCpus } from "./foreign.ts";
import { intelLabels } from "./intel.ts";
import type { Declaration, NodeLabels } from "./labels.ts";
import { nfdLabels } from "./nfd.ts";
import { archspecLabel, nodeInfo, platformOfNode } from "./node.ts";
import { nvidiaLabels } from "./nvidia.ts";
import { type FeatureSource, type Statement, statement } from "./statement.ts";

/** The offer of one node, after all sources are merged. A Profile is one of these, interned. */
export interface NodeOffer {
  readonly platform: Platform;
  /** Offered to every container. Canonical, sorted by text, no duplicates. */
  readonly features: readonly Feature[];
  /** Offered to containers that get a device: accelerator features that came from labels. Same order. */
  readonly accelerators: readonly Feature[];
  /** Why something the sources mention is not offered. At most maxNotes, each at most maxNoteLength characters. */
  readonly notes: readonly string[];
  /** Who was believed, by namespace. */
  readonly sources: ReadonlyMap<string, FeatureSource>;
}

/** A node with more than this is broken or hostile: a kubelet writes its own node's labels. */
export const maxOffered = 512;
export const maxNotes = 16;
export const maxNoteLength = 240;

/** The architecture of a machine of which nothing says it: no image has it, so nothing is chosen for it. */
export const unknownArchitecture = "unknown";

/**
 * The node's offer: per namespace, the first source that speaks is believed (docs/machine-types.md). A
 * feature that cannot be read never throws: its source did not speak, and a note says so.
 */
export function offerOfNode(node: NodeLabels, declared?: Declaration): NodeOffer {
  const platform = platformOfNode(node, declared?.platform);
  const { architecture, notes: _, ...rest } = platform;
  const merged = merge(
    [
      statement("declared", declared?.features ?? []),
      declaredLabels(node, declared),
      metahubLabels(node),
      archspecLabel(node),
      nfdLabels(node, architecture),
      nvidiaLabels(node),
      amdLabels(node),
      intelLabels(node),
      nodeInfo(node, platform),
    ],
    architecture,
  );
  const known = architecture ?? architectureOfCpu(merged.features);
  if (known === undefined) {
    merged.notes.push("Nothing says the node's architecture: declare the machine type's platform.");
  }
  return {
    platform: { ...rest, architecture: known ?? unknownArchitecture },
    features: merged.features,
    accelerators: merged.accelerators,
    notes: bounded(merged.notes),
    sources: merged.sources,
  };
}

interface Merged {
  readonly features: readonly Feature[];
  readonly accelerators: readonly Feature[];
  readonly notes: string[];
  readonly sources: ReadonlyMap<string, FeatureSource>;
}

function merge(statements: readonly Statement[], architecture: string | undefined): Merged {
  const { sources, offered, notes } = believe(statements, architecture);
  const implied = impliedFlags(offered);
  const features: Feature[] = [];
  const accelerators: Feature[] = [];
  for (const feature of offered) {
    if (feature.namespace === "cpuflag" && implied.has(feature.value)) {
      continue; // The CPU's name says it already; profiles stay short, and equal where the nodes are.
    }
    const source = sources.get(feature.namespace);
    // A machine type's declaration, or a label that it names, is the owner's word: it counts always.
    const owner = source === "declared" || source === "featureLabels";
    (isAcceleratorNamespace(feature.namespace) && !owner ? accelerators : features).push(feature);
  }
  return { features, accelerators, notes, sources };
}

interface Believed extends Pick<Merged, "notes" | "sources"> {
  /** Sorted by text, no duplicates, at most maxOffered. */
  readonly offered: readonly Feature[];
}

/** The first source that speaks of a namespace is believed in it. */
function believe(statements: readonly Statement[], architecture: string | undefined): Believed {
  const sources = new Map<string, FeatureSource>();
  const offered = new Map<string, Feature>();
  const notes: string[] = [];
  for (const { source, features, notes: said } of statements) {
    notes.push(...said);
    for (const feature of features.flatMap((text) => read(text, source, architecture, notes))) {
      const speaker = sources.get(feature.namespace) ?? source;
      if (speaker !== source || offered.size >= maxOffered) continue;
      sources.set(feature.namespace, source);
      offered.set(formatFeature(feature), feature);
    }
  }
  const sorted = [...offered].sort(([a], [b]) => (a < b ? -1 : 1));
  return { sources, offered: sorted.map(([, feature]) => feature), notes };
}

/** The flags that the CPUs' names say already. */
function impliedFlags(offered: readonly Feature[]): ReadonlySet<string> {
  const cpus = offered.filter(({ namespace }) => namespace === "cpu");
  return new Set(cpus.flatMap(({ value }) => [...cpuFlags(value)]));
}

function read(
  text: string,
  source: FeatureSource,
  architecture: string | undefined,
  notes: string[],
): readonly Feature[] {
  try {
    return withoutForeignCpus(parseFeatureList(text, { architecture }), source, architecture, notes);
  } catch (error) {
    if (!(error instanceof HardwareError)) {
      throw error;
    }
    notes.push(`${quote(text)} (from ${source}) is not offered: ${error.message}`);
    return [];
  }
}

/** The roots of the CPU graph, as Go names these architectures. */
const architectures: ReadonlyMap<string, string> = new Map([
  ["x86_64", "amd64"],
  ["x86", "386"],
  ["aarch64", "arm64"],
  ["arm", "arm"],
  ["ppc64le", "ppc64le"],
  ["ppc64", "ppc64"],
  ["riscv64", "riscv64"],
]);

/** A machine type without nodes may declare only its CPU. */
function architectureOfCpu(features: readonly Feature[]): string | undefined {
  const families = new Set(
    features
      .filter(({ namespace }) => namespace === "cpu")
      .map(({ value }) => architectures.get(cpuGraph().get(value)?.family ?? "")),
  );
  const [family] = families;
  return families.size === 1 ? family : undefined;
}

function bounded(notes: readonly string[]): readonly string[] {
  const distinct = [...new Set(notes.map((note) => printable(note)))];
  return distinct.length <= maxNotes
    ? distinct
    : [...distinct.slice(0, maxNotes - 1), `And ${distinct.length - maxNotes + 1} more.`];
}

/** A line of printable ASCII. The mark of a cut stays, because quoted texts end with it. */
function printable(note: string): string {
  const clean = note.replace(/[^\x20-\x7e…]+/g, " ");
  return shorten(clean, maxNoteLength);
}
