import { canonicalTarget } from "./amd.ts";
import { canonicalFlags } from "./cpu/flags.ts";
import { knownCpu, knownLevel } from "./cpu/spelling.ts";
import { HardwareError, quote } from "./error.ts";
import { type Feature, formatFeature } from "./feature.ts";
import { canonicalNamespace, namespaceKind, namespaces, splitKnownNamespace } from "./namespace.ts";
import { capabilityFeatures, looksLikeCapability } from "./nvidia.ts";
import { canonicalVersion } from "./version.ts";

/** Context of a text. `architecture` is a GOARCH value: under `amd64`, `v3` is a CPU level. */
export interface FeatureContext {
  readonly architecture?: string | undefined;
}

/** Characters of one feature's text, blanks around it included. Kubernetes bounds a label value at 63 of them. */
const maxFeatureLength = 256;
/** Features of one list. */
const maxFeatures = 64;

const namespacePattern = /^[a-z0-9](?:[a-z0-9._/-]{0,61}[a-z0-9])?$/;
/** Printable, no blanks, no commas (they separate a list), no quotes (a sign of text quoted once too often). */
const valuePattern = /^[a-z0-9_][!#-&(-+.-[\]-_a-~-]*$/;

function invalid(text: string, problem: string): HardwareError {
  return new HardwareError("FEATURE_INVALID", `${quote(text)} is not a feature: ${problem}`);
}

/** The features that a lower-case value means in a canonical namespace; undefined where the namespace refuses it. */
function readValue(namespace: string, value: string, context: FeatureContext): readonly Feature[] | undefined {
  const one = (canonical: string | undefined): readonly Feature[] | undefined =>
    canonical === undefined ? undefined : [{ namespace, value: canonical }];
  switch (namespaceKind(namespace)) {
    case "cpu":
      return one(readCpu(value, context) ?? value);
    case "cpuflag":
      return (canonicalFlags(value) ?? [value]).map((flag) => ({ namespace, value: flag }));
    case "capability":
      return capabilityFeatures(value, namespace === "nvptx" ? "nvptx" : "nvcap");
    case "version":
      return one(canonicalVersion(value));
    case "target":
      return one(canonicalTarget(value) ?? canonicalTarget(`gfx${value}`));
    case "os-version":
    case "equality":
      return one(value);
  }
}

/** A level under the architecture (`v3`, `power9`), else a name. Without one, `v3` can only be x86's, `v9` only ARM's. */
function readCpu(value: string, { architecture }: FeatureContext): string | undefined {
  const level =
    architecture === undefined
      ? (knownLevel("amd64", value) ?? (value.startsWith("v") ? knownLevel("arm64", value) : undefined))
      : knownLevel(architecture, value);
  return level ?? knownCpu(value);
}

/** A text without `:` and `=`. */
function readBare(text: string, context: FeatureContext): readonly Feature[] {
  const level = context.architecture === undefined ? undefined : knownLevel(context.architecture, text);
  const cpu = level ?? knownCpu(text);
  if (cpu !== undefined) return [{ namespace: "cpu", value: cpu }];
  const flags = canonicalFlags(text);
  if (flags !== undefined) return flags.map((value) => ({ namespace: "cpuflag", value }));
  const capabilities = looksLikeCapability(text) ? capabilityFeatures(text, "nvcap") : undefined;
  if (capabilities !== undefined) return capabilities;
  const split = splitKnownNamespace(text);
  if (split !== undefined && valuePattern.test(split.value)) {
    const features = readValue(split.namespace, split.value, context);
    if (features !== undefined) return features;
    // `cuda-12,4` is a slip worth an error; `nvidia-experimental` is a word of somebody's own.
    if (/^\d/.test(split.value)) throw wrongValue(text, split.namespace);
  }
  return [{ namespace: "feature", value: text }];
}

function wrongValue(text: string, namespace: string): HardwareError {
  const example = namespaces.get(namespace)?.example ?? "efa";
  return invalid(text, `${namespace} takes a value such as ${namespace}:${example}`);
}

/**
 * The features that one text means, canonical. Usually one; `8.6+PTX` is two (nvcap and nvptx), `sse4` is two.
 *
 * @throws HardwareError `FEATURE_INVALID` for a text that is empty, over 256 characters, not printable ASCII without
 * blanks, commas and quotes, or that its namespace refuses.
 */
export function parseFeatures(text: string, context: FeatureContext = {}): readonly Feature[] {
  if (text.length > maxFeatureLength) throw invalid(text, `it is longer than ${maxFeatureLength} characters`);
  const lower = text.trim().toLowerCase();
  if (lower === "") throw invalid(text, 'it is empty; write namespace:value, such as "cpu:skylake"');
  if (!valuePattern.test(lower)) {
    throw invalid(
      text,
      'write namespace:value without blanks, commas, quotes or control characters, such as "nvcap:9.0"',
    );
  }
  // LLVM writes settings of a target behind colons, so gfx90a:xnack+ is no namespace with a value.
  const target = canonicalTarget(lower);
  if (target !== undefined) return [{ namespace: "gfx", value: target }];
  const separator = lower.search(/[:=]/);
  if (separator < 0) return readBare(lower, context);
  const written = lower.slice(0, separator);
  const value = lower.slice(separator + 1);
  if (!namespacePattern.test(written)) {
    throw invalid(text, 'a namespace is at most 63 letters, digits, ".", "_", "/" and "-", such as "cpu" or "fabric"');
  }
  const namespace = canonicalNamespace(written);
  if (value === "") throw wrongValue(text, namespace);
  if (!valuePattern.test(value)) {
    throw invalid(
      text,
      `a value begins with a letter or digit; write ${namespace}:${namespaces.get(namespace)?.example ?? "value"}`,
    );
  }
  const features = readValue(namespace, value, context);
  if (features === undefined) throw wrongValue(text, namespace);
  return features;
}

/**
 * The one feature that a text means, canonical.
 *
 * @throws HardwareError `FEATURE_SEVERAL` where it means more than one (`8.6+PTX`); otherwise as `parseFeatures`.
 */
export function parseFeature(text: string, context: FeatureContext = {}): Feature {
  const features = parseFeatures(text, context);
  const [feature, ...more] = features;
  if (feature === undefined || more.length > 0) {
    const meant = features.map(formatFeature).join(" and ");
    throw new HardwareError("FEATURE_SEVERAL", `${quote(text)} means ${meant}: write the one that is meant`);
  }
  return feature;
}

/**
 * The features of a comma-separated list, canonical, each once, in the order written. Empty places are skipped.
 *
 * @throws HardwareError `FEATURE_LIST_TOO_LONG` over 64 features; otherwise as `parseFeatures`.
 */
export function parseFeatureList(text: string, context: FeatureContext = {}): readonly Feature[] {
  const tooLong = (): HardwareError =>
    new HardwareError("FEATURE_LIST_TOO_LONG", `${quote(text)} is too long a list: at most ${maxFeatures} features`);
  if (text.length > maxFeatures * (maxFeatureLength + 1)) throw tooLong();
  const features = new Map<string, Feature>();
  for (const piece of text.split(",")) {
    if (piece.trim() === "") continue;
    for (const feature of parseFeatures(piece, context)) features.set(formatFeature(feature), feature);
    if (features.size > maxFeatures) throw tooLong();
  }
  return [...features.values()];
}
