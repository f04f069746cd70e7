import { formatFeature } from "../../../src/hardware/feature.ts";
import type { NodeLabels } from "../../../src/hardware/nodes/labels.ts";
import type { NodeOffer } from "../../../src/hardware/nodes/offer.ts";
import type { Statement } from "../../../src/hardware/nodes/statement.ts";

/** A Linux node on amd64 with these labels. */
export function node(labels: Readonly<Record<string, string>>, more: Partial<NodeLabels> = {}): NodeLabels {
  return {
    labels,
    allocatable: {},
    operatingSystem: "linux",
    architecture: "amd64",
    kernelVersion: "",
    ...more,
  };
}

const nfdPrefix = "feature.node.kubernetes.io/";

/** nfdPrefix's labels: ids, and flags separated by blanks. */
export function nfd(
  [vendor, family, model]: readonly [vendor: string, family: number, model: number],
  flags: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    [`${nfdPrefix}cpu-model.vendor_id`]: vendor,
    [`${nfdPrefix}cpu-model.family`]: String(family),
    [`${nfdPrefix}cpu-model.id`]: String(model),
    ...nfdFlags(flags),
    ...Object.fromEntries(Object.entries(more).map(([key, value]) => [nfdPrefix + key, value])),
  };
}

export function nfdFlags(flags: string): Record<string, string> {
  return Object.fromEntries(
    flags
      .split(/\s+/)
      .filter((flag) => flag !== "")
      .map((flag) => [`${nfdPrefix}cpu-cpuid.${flag}`, "true"]),
  );
}

/** What a library since 2.0.10 publishes of every x86-64 CPU with AVX2. */
export const haswellFlags = "AESNI AVX AVX2 CMPXCHG8 FMA3 FXSR FXSROPT LAHF MOVBE OSXSAVE SYSCALL SYSEE X87 XSAVE";
export const skylakeFlags = `${haswellFlags} ADX MPX XSAVEC XSAVEOPT XSAVES FLUSH_L1D IBPB STIBP`;
export const avx512Flags = "AVX512F AVX512BW AVX512CD AVX512DQ AVX512VL";

/** Without the flags. */
export function cpuOf(said: Statement): readonly string[] {
  return said.features.filter((feature) => feature.startsWith("cpu:"));
}

export function texts(offer: Pick<NodeOffer, "features">): readonly string[] {
  return offer.features.map(formatFeature);
}
