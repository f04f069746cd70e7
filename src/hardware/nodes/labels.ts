/**
 * The part of a Kubernetes Node that is read. `src/api/node.ts`'s NodeFacts has it all; for a node that does not exist
 * yet (a `nodeTemplate`) the strings are empty.
 */
export interface NodeLabels {
  readonly labels: Readonly<Record<string, string>>;
  /** Extended resources and their quantities, e.g. `{"nvidia.com/gpu": "1"}`. */
  readonly allocatable: Readonly<Record<string, string>>;
  /** From `status.nodeInfo`; empty where unknown. */
  readonly operatingSystem: string;
  readonly architecture: string;
  readonly kernelVersion: string;
}

/** The declaration of the node's machine type. MachineTypeSpec has this shape. */
export interface Declaration {
  readonly features?: readonly string[];
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string };
  readonly featureLabels?: readonly { readonly label: string; readonly namespace: string }[];
}

export const nfd = "feature.node.kubernetes.io/";
export const nvidia = "nvidia.com/";
export const amd = "amd.com/gpu.";
export const amdBeta = "beta.amd.com/gpu.";
export const intel = "gpu.intel.com/";
/** Intel's rules for Node Feature Discovery (intel/intel-resource-drivers-for-kubernetes). */
export const gaudi = "intel.feature.node.kubernetes.io/gaudi";
export const metahubFeature = "metahub.dev/feature.";
export const archspecTarget = "archspec.io/cpu.target";
export const windowsBuildLabel = "node.kubernetes.io/windows-build";
export const nfdKernel = `${nfd}kernel-version.full`;

/** The value of a label; undefined where there is none. Label keys are not property names: `constructor` is no label. */
export function labelValue(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

const wellKnown: ReadonlySet<string> = new Set([
  "kubernetes.io/os",
  "kubernetes.io/arch",
  "beta.kubernetes.io/os",
  "beta.kubernetes.io/arch",
  windowsBuildLabel,
  archspecTarget,
  gaudi,
  // HAMi's mark of a node whose GPUs it shares.
  "gpu",
]);

const nvidiaNames: ReadonlySet<string> = new Set([
  "gpu.product",
  "gpu.count",
  "gpu.replicas",
  "gpu.sharing-strategy",
  "gpu.compute.major",
  "gpu.compute.minor",
  "cuda.driver-version.full",
  "cuda.driver-version.major",
  "cuda.driver-version.minor",
  "cuda.driver-version.revision",
  "cuda.driver.major",
  "cuda.driver.minor",
  "cuda.driver.rev",
  "cuda.runtime-version.full",
  "cuda.runtime-version.major",
  "cuda.runtime-version.minor",
  "cuda.runtime.major",
  "cuda.runtime.minor",
]);

/**
 * Whether a node's offer can depend on the label: every other label may change, or be dropped, without any effect.
 * `extra` are the labels that a machine type's `featureLabels` name.
 */
export function isRelevantLabel(key: string, extra?: ReadonlySet<string>): boolean {
  if (extra?.has(key)) {
    return true;
  }
  const slash = key.indexOf("/");
  const name = key.slice(slash + 1);
  switch (key.slice(0, Math.max(slash, 0))) {
    case "feature.node.kubernetes.io":
      return (
        name.startsWith("cpu-cpuid.") ||
        name.startsWith("cpu-model.") ||
        name.startsWith("cpuid-") ||
        name === "kernel-version.full"
      );
    case "nvidia.com":
      return nvidiaNames.has(name) || isMigProduct(key);
    case "amd.com":
      return name === "gpu.device-id" || name === "gpu.driver-version";
    case "beta.amd.com":
      return name.startsWith("gpu.device-id") || name.startsWith("gpu.driver-version");
    case "gpu.intel.com":
      return name === "product" || name.startsWith("device-id.");
    case "metahub.dev":
      return name.startsWith("feature.");
    default:
      return wellKnown.has(key);
  }
}

/** `nvidia.com/mig-<profile>.product`: GPU Feature Discovery writes one for each MIG profile (strategy `mixed`). */
export function isMigProduct(key: string): boolean {
  return key.startsWith("nvidia.com/mig-") && key.endsWith(".product");
}
