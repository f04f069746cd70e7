import { formatFeature } from "../feature.ts";
import type { NodeLabels } from "./labels.ts";
import type { NodeOffer } from "./offer.ts";
import type { Statement } from "./statement.ts";

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

const NFD = "feature.node.kubernetes.io/";

/** NFD's labels: ids, and flags separated by blanks. */
export function nfd(
  [vendor, family, model]: readonly [vendor: string, family: number, model: number],
  flags: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    [`${NFD}cpu-model.vendor_id`]: vendor,
    [`${NFD}cpu-model.family`]: String(family),
    [`${NFD}cpu-model.id`]: String(model),
    ...nfdFlags(flags),
    ...Object.fromEntries(Object.entries(more).map(([key, value]) => [NFD + key, value])),
  };
}

export function nfdFlags(flags: string): Record<string, string> {
  return Object.fromEntries(
    flags
      .split(/\s+/)
      .filter((flag) => flag !== "")
      .map((flag) => [`${NFD}cpu-cpuid.${flag}`, "true"]),
  );
}

/** What a library since 2.0.10 publishes of every x86-64 CPU with AVX2. */
export const HASWELL_FLAGS = "AESNI AVX AVX2 CMPXCHG8 FMA3 FXSR FXSROPT LAHF MOVBE OSXSAVE SYSCALL SYSEE X87 XSAVE";
export const SKYLAKE_FLAGS = `${HASWELL_FLAGS} ADX MPX XSAVEC XSAVEOPT XSAVES FLUSH_L1D IBPB STIBP`;
export const AVX512_FLAGS = "AVX512F AVX512BW AVX512CD AVX512DQ AVX512VL";

/** Without the flags. */
export function cpuOf(said: Statement): readonly string[] {
  return said.features.filter((feature) => feature.startsWith("cpu:"));
}

export function texts(offer: Pick<NodeOffer, "features">): readonly string[] {
  return offer.features.map(formatFeature);
}
