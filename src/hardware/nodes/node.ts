import { HardwareError } from "../error.ts";
import { normalizePlatform } from "../platform.ts";
import {
  archspecTarget,
  type Declaration,
  labelValue,
  type NodeLabels,
  nfdKernel,
  windowsBuildLabel,
} from "./labels.ts";
import { type Statement, statement } from "./statement.ts";

/** The platform of a node as far as it is known. */
export interface NodePlatform {
  readonly os: string;
  /** Undefined where nothing says it, or says it so that it can be read. */
  readonly architecture: string | undefined;
  readonly variant?: string;
  readonly osVersion?: string;
  readonly notes: readonly string[];
}

/**
 * The platform that the machine type declares, else what the kubelet reports, else the node's well-known labels. An os
 * that nobody names is linux, as in hand-written manifest lists.
 */
export function platformOfNode(node: NodeLabels, declared?: Declaration["platform"]): NodePlatform {
  const os = declared?.os || node.operatingSystem || wellKnown(node, "os") || "linux";
  const architecture = declared?.architecture || node.architecture || wellKnown(node, "arch");
  const osVersion = os === "windows" ? windowsBuild(node) : undefined;
  const rest = {
    os,
    ...(declared?.variant === undefined ? {} : { variant: declared.variant }),
    ...(osVersion === undefined ? {} : { osVersion }),
  };
  if (architecture === undefined) {
    return { ...rest, architecture, notes: [] };
  }
  try {
    return { ...normalizePlatform({ ...rest, architecture }), notes: [] };
  } catch (error) {
    if (!(error instanceof HardwareError)) {
      throw error;
    }
    return { os: "linux", architecture: undefined, notes: [`The node's platform is not known: ${error.message}`] };
  }
}

/** `status.nodeInfo`: the kernel, or on Windows the build. */
export function nodeInfo(node: NodeLabels, platform: NodePlatform): Statement {
  if (platform.os === "windows") {
    return statement(
      "node",
      platform.osVersion === undefined ? [] : [`os.version:${platform.osVersion}`],
      platform.notes,
    );
  }
  // The label comes second: it cannot hold the `+` of some kernels.
  const kernel = node.kernelVersion || labelValue(node.labels, nfdKernel) || "";
  return statement("node", platform.os === "linux" && /^\d/.test(kernel) ? [`kernel:${kernel}`] : [], platform.notes);
}

/** archspec's own name, written by archspec-feature-discovery on the node itself. */
export function archspecLabel(node: NodeLabels): Statement {
  const target = labelValue(node.labels, archspecTarget);
  return statement("archspec.io", target === undefined || target === "" ? [] : [`cpu:${target}`]);
}

function wellKnown(node: NodeLabels, name: "os" | "arch"): string | undefined {
  return labelValue(node.labels, `kubernetes.io/${name}`) || labelValue(node.labels, `beta.kubernetes.io/${name}`);
}

/** Three numbers: the fourth counts updates, which say nothing of what images run, and would tell equal nodes apart. */
function windowsBuild(node: NodeLabels): string | undefined {
  for (const text of [node.kernelVersion, labelValue(node.labels, windowsBuildLabel)]) {
    const build = /^(\d{1,3}\.\d{1,3}\.\d{1,6})(?:\.|$)/.exec(text ?? "")?.[1];
    if (build !== undefined) {
      return build;
    }
  }
  return undefined;
}
