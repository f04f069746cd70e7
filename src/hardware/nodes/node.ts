import { HardwareError, quote } from "../error.ts";
import { normalizePlatform, type Platform } from "../platform.ts";
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
 * The platform that the kubelet reports; where it reports nothing, that which the machine type declares, else that of
 * the node's well-known labels. A kubelet knows what it was built for, so a declaration that contradicts it does not
 * decide: a build of another architecture does not start. The declared variant counts where the architecture is the
 * declared one. An os that nobody names is linux, as in hand-written manifest lists.
 */
export function platformOfNode(node: NodeLabels, declared?: Declaration["platform"]): NodePlatform {
  const contradiction = contradictedPlatform(node, declared);
  const believed = contradiction === undefined ? declared : undefined;
  const os = believed?.os || node.operatingSystem || wellKnown(node, "os") || "linux";
  const architecture = believed?.architecture || node.architecture || wellKnown(node, "arch");
  const osVersion = os === "windows" ? windowsBuild(node) : undefined;
  const notes =
    contradiction === undefined || declared === undefined
      ? []
      : [
          `The machine type declares ${quote(`${declared.os}/${declared.architecture}`)}, but the kubelet reports ${quote(contradiction)}: the kubelet is believed.`,
        ];
  const rest = {
    os,
    ...(believed?.variant === undefined ? {} : { variant: believed.variant }),
    ...(osVersion === undefined ? {} : { osVersion }),
  };
  if (architecture === undefined) {
    return { ...rest, architecture, notes };
  }
  try {
    return { ...normalizePlatform({ ...rest, architecture }), notes };
  } catch (error) {
    if (!(error instanceof HardwareError)) {
      throw error;
    }
    const unknown = `The node's platform is not known: ${error.message}`;
    return { os: "linux", architecture: undefined, notes: [...notes, unknown] };
  }
}

/**
 * The platform that the kubelet reports, `os/architecture`, where the declared one contradicts it; undefined where they
 * agree, or one of them says nothing that can be read.
 */
export function contradictedPlatform(
  node: Pick<NodeLabels, "operatingSystem" | "architecture">,
  declared: Declaration["platform"],
): string | undefined {
  if (declared === undefined) return undefined;
  const said = readable({ os: declared.os, architecture: declared.architecture });
  const reported = readable({
    os: node.operatingSystem || declared.os,
    architecture: node.architecture || declared.architecture,
  });
  if (said === undefined || reported === undefined) return undefined;
  const same = said.os === reported.os && said.architecture === reported.architecture;
  return same ? undefined : `${reported.os}/${reported.architecture}`;
}

function readable(platform: Platform): Platform | undefined {
  try {
    return normalizePlatform(platform);
  } catch (error) {
    if (error instanceof HardwareError) return undefined;
    throw error;
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
