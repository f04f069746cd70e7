import { cpuGraph } from "../cpu/graph.ts";
import { quote } from "../error.ts";
import type { Feature } from "../feature.ts";
import type { FeatureSource } from "./statement.ts";

/** GOARCH → the roots of the CPU graph whose names a machine of that architecture may have. */
const families: ReadonlyMap<string, readonly string[]> = new Map([
  ["amd64", ["x86_64", "x86"]],
  ["386", ["x86"]],
  ["arm64", ["aarch64", "arm"]],
  ["arm", ["arm"]],
  ["ppc64le", ["ppc64le"]],
  ["ppc64", ["ppc64"]],
  ["riscv64", ["riscv64"]],
]);

/**
 * The features without the names of CPUs that a machine of this architecture cannot have: a label or a machine type
 * that was written for another node. A name that nobody knows is its owner's affair.
 */
export function withoutForeignCpus(
  features: readonly Feature[],
  source: FeatureSource,
  architecture: string | undefined,
  notes: string[],
): readonly Feature[] {
  if (architecture === undefined) return features;
  // The graph has no names for the rest: s390x, loong64, mips.
  const own = families.get(architecture) ?? [];
  return features.filter(({ namespace, value }) => {
    const family = namespace === "cpu" ? cpuGraph().get(value)?.family : undefined;
    if (family === undefined || own.includes(family)) return true;
    notes.push(`${quote(`cpu:${value}`)} (from ${source}) is not offered: it is no CPU of ${architecture}.`);
    return false;
  });
}
