import { quote } from "../error.ts";
import { isMigProduct, labelValue, type NodeLabels, nvidia } from "./labels.ts";
import { type Statement, statement } from "./statement.ts";

/**
 * NVIDIA GPU Feature Discovery. The capability counts only where the labels can speak for every GPU of the node; the
 * driver and the newest CUDA that it supports are the node's own. `gpu.family` is never read: it is `undefined` for
 * new GPUs and too coarse for old ones.
 */
export function nvidiaLabels(node: NodeLabels): Statement {
  const read = (name: string) => labelValue(node.labels, nvidia + name);
  const product = read("gpu.product") ?? "";
  const count = wholeNumber(read("gpu.count"));
  // `mig.strategy=single` with unusable settings (internal/lm/mig-strategy.go): count 0, product …-MIG-INVALID, while
  // the labels of the whole GPU stay.
  if (product.endsWith("-MIG-INVALID") || count === 0) {
    return statement("nvidia", [], [`The node has no usable NVIDIA GPU: ${why(product)}.`]);
  }
  const features: string[] = [];
  const notes: string[] = [];
  const driver = version(read, "cuda.driver-version", ["major", "minor", "revision"], "cuda.driver", [
    "major",
    "minor",
    "rev",
  ]);
  if (driver !== undefined) {
    features.push(`nvdriver:${driver}`);
  }
  const cuda = version(read, "cuda.runtime-version", ["major", "minor"], "cuda.runtime", ["major", "minor"]);
  if (cuda !== undefined) {
    features.push(`cuda:${cuda}`);
  }
  const major = wholeNumber(read("gpu.compute.major"));
  const minor = wholeNumber(read("gpu.compute.minor"));
  if (major !== undefined && minor !== undefined) {
    const doubt = severalModels(node, product, count);
    if (doubt === undefined) {
      features.push(`nvcap:${major}.${minor}`);
    } else {
      notes.push(`nvcap is not offered: ${doubt}, and the labels show the capability of only one.`);
    }
  }
  return statement("nvidia", features, notes);
}

function why(product: string): string {
  return product.endsWith("-MIG-INVALID")
    ? `its MIG settings are invalid (${quote(product)})`
    : "nvidia.com/gpu.count is 0";
}

/**
 * Several models: GPU Feature Discovery from 0.6 on then writes the labels of an arbitrary one, with the count of that
 * one. Signs of it: more GPUs are allocatable than the count (times the replicas where they are shared), or MIG devices
 * are of another model. Undefined where nothing shows it.
 */
function severalModels(node: NodeLabels, product: string, count: number | undefined): string | undefined {
  if (isFirstOfSeveral(node, product, count)) {
    return `nvidia.com/gpu.count=${count} counts all GPUs, nvidia.com/gpu.product=${quote(product)} is the first one (GPU Feature Discovery before 0.6)`;
  }
  const other = otherMigModel(node, product);
  if (other !== undefined) return `the node has several GPU models (${quote(modelOf(product))}, ${quote(other)})`;
  const counted = countedGpus(node, product, count);
  if (counted === undefined) return undefined;
  const volcano = wholeNumber(labelValue(node.allocatable, volcanoGpus)) ?? 0;
  if (volcano > 0 && volcano !== counted && volcano !== counted * hamiSplit) {
    return `nvidia.com/gpu.count accounts for ${counted} GPUs, and ${volcanoGpus} is ${volcano}, so the node may have several GPU models`;
  }
  const allocatable =
    (wholeNumber(labelValue(node.allocatable, "nvidia.com/gpu")) ?? 0) +
    // Shared and renamed (sharing.timeSlicing.renameByDefault).
    (wholeNumber(labelValue(node.allocatable, "nvidia.com/gpu.shared")) ?? 0);
  return counted >= allocatable || isSharedByHami(node, counted, allocatable)
    ? undefined
    : `nvidia.com/gpu.count accounts for ${counted} of ${allocatable} allocatable GPUs, so the node has several GPU models`;
}

/** The model of MIG devices that are not of the product. */
function otherMigModel(node: NodeLabels, product: string): string | undefined {
  if (product === "") return undefined;
  const models = Object.keys(node.labels)
    .filter(isMigProduct)
    .sort()
    .map((key) => modelOf(labelValue(node.labels, key) ?? ""));
  return models.find((model) => model !== modelOf(product));
}

/** How many allocatable GPUs the labels speak of; undefined where they are shared and nobody says by how many. */
function countedGpus(node: NodeLabels, product: string, count: number | undefined): number | undefined {
  const replicas = wholeNumber(labelValue(node.labels, `${nvidia}gpu.replicas`));
  const strategy = labelValue(node.labels, `${nvidia}gpu.sharing-strategy`) ?? "none";
  const shared = product.endsWith("-SHARED") || (replicas ?? 1) > 1 || strategy !== "none";
  if (count === undefined || (shared && replicas === undefined)) return undefined;
  return count * (shared ? Math.max(replicas ?? 1, 1) : 1);
}

/**
 * GPU Feature Discovery up to 0.5.0 (NVIDIA/gpu-feature-discovery, cmd/gpu-feature-discovery/mig-strategy.go at v0.5.0)
 * counts all devices and describes the first; 0.6.0 came with `gpu.replicas` and a resource for each model.
 */
function isFirstOfSeveral(node: NodeLabels, product: string, count: number | undefined): boolean {
  const newer = [`${nvidia}gpu.replicas`, `${nvidia}gpu.sharing-strategy`, `${nvidia}cuda.driver-version.full`];
  const isOld = newer.every((key) => labelValue(node.labels, key) === undefined);
  return isOld && product !== "" && !product.endsWith("-SHARED") && (count ?? 0) > 1;
}

/**
 * HAMi offers each GPU this many times where nobody says otherwise (Project-HAMi/HAMi, deviceSplitCount), and its plugin
 * for Volcano too (Project-HAMi/volcano-vgpu-device-plugin, --device-split-count), which takes the place of NVIDIA's.
 */
const hamiSplit = 10;
/** Volcano's shares of GPUs. The memory and cores beside it say how much of one. */
export const volcanoGpus = "volcano.sh/vgpu-number";

/**
 * HAMi's device plugin, which runs on nodes labelled `gpu=on`, multiplies the GPUs and tells GPU Feature Discovery
 * nothing of it. Only its default can be told from a node with other models besides.
 */
function isSharedByHami(node: NodeLabels, counted: number, allocatable: number): boolean {
  return labelValue(node.labels, "gpu") === "on" && allocatable === counted * hamiSplit;
}

/**
 * `NVIDIA-A100-SXM4-40GB` of `NVIDIA-A100-SXM4-40GB-MIG-1g.5gb-SHARED`. A profile may end in attributes: `1g.10gb.me` for
 * `1g.10gb+me`, `1g.24gb-me`, `-gfx` (NVIDIA/go-nvlib, pkg/nvlib/device/mig_profile.go).
 */
function modelOf(product: string): string {
  return product.replace(/-SHARED$/, "").replace(/-MIG-\d[0-9a-z.+]*(?:-[a-z][a-z.]*)*$/, "");
}

/** The full version, or put together from its parts; under the name in use, or the deprecated one. */
function version(
  read: (name: string) => string | undefined,
  name: string,
  parts: readonly string[],
  oldName: string,
  oldParts: readonly string[],
): string | undefined {
  const full = read(`${name}.full`);
  if (full !== undefined && /^\d+(\.\d+)*$/.test(full)) {
    return full;
  }
  return (
    joined(parts.map((part) => read(`${name}.${part}`))) ?? joined(oldParts.map((part) => read(`${oldName}.${part}`)))
  );
}

/** Major and minor must be there; a revision may be missing, or empty as GPU Feature Discovery writes it. */
function joined(parts: readonly (string | undefined)[]): string | undefined {
  const [major, minor, ...rest] = parts;
  if (major === undefined || minor === undefined) {
    return undefined;
  }
  const numbers = [major, minor, ...rest.filter((part) => part !== undefined && part !== "")];
  return numbers.every((part) => part !== undefined && /^\d{1,6}$/.test(part)) ? numbers.join(".") : undefined;
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
