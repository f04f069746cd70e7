import { ApiError } from "../api/error.ts";
import { parsePod } from "../api/parse-pod.ts";
import type { Pod } from "../api/pod.ts";
import type { Toleration } from "../api/taints.ts";
import { isRecord } from "../json/object.ts";
import { ManifestError } from "../manifests/error.ts";
import type { Path } from "../manifests/value-text.ts";

/** A Pod of a manifest, or what becomes Pods. */
export interface Workload {
  /** For people: `Deployment/bench`. */
  readonly shown: string;
  readonly namespace: string;
  /** Where the Pod or the template is in its document. */
  readonly path: Path;
  /** A template is rewritten only where an image changes. */
  readonly template: boolean;
  /** As far as admission reads it, with what the workload's controller will add. */
  readonly pod: Pod;
  /** The Pod or the template as it stands there. */
  readonly object: unknown;
}

/** Where the Pod template is in each kind that makes Pods, by API group. */
const templates: ReadonlyMap<string, readonly string[]> = new Map([
  ["/Pod", []],
  ["/PodTemplate", ["template"]],
  ["/ReplicationController", ["spec", "template"]],
  ["apps/Deployment", ["spec", "template"]],
  ["apps/StatefulSet", ["spec", "template"]],
  ["apps/DaemonSet", ["spec", "template"]],
  ["apps/ReplicaSet", ["spec", "template"]],
  ["batch/Job", ["spec", "template"]],
  ["batch/CronJob", ["spec", "jobTemplate", "spec", "template"]],
]);

/** The tolerations that the DaemonSet controller adds to its Pods (kubernetes.io, "DaemonSet", taints and tolerations). */
const daemonTolerations: readonly Toleration[] = [
  { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute" },
  { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute" },
  { key: "node.kubernetes.io/disk-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/memory-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/pid-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/unschedulable", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/network-unavailable", operator: "Exists", effect: "NoSchedule" },
];

/**
 * The Pod or template in an object, which stands at `path` of its document. Undefined for any other kind, and where the
 * template is missing: the API server will refuse that in its own words.
 * @throws ManifestError OBJECT_INVALID
 */
export function workloadOf(object: Readonly<Record<string, unknown>>, path: Path, place: string): Workload | undefined {
  const { apiVersion, kind } = object;
  if (typeof apiVersion !== "string" || typeof kind !== "string") return undefined;
  const inside = templates.get(`${groupOf(apiVersion)}/${kind}`);
  if (inside === undefined) return undefined;
  const found = inside.reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), object);
  if (!isRecord(found)) return undefined;
  const metadata = isRecord(object["metadata"]) ? object["metadata"] : {};
  const name = [metadata["name"], metadata["generateName"]].find((text) => typeof text === "string") ?? "";
  const namespace = typeof metadata["namespace"] === "string" ? metadata["namespace"] : "default";
  const pod = readPod(found, `${place}: ${kind}/${String(name)}`);
  return {
    shown: `${kind}/${String(name)}`,
    namespace,
    path: [...path, ...inside],
    template: inside.length > 0,
    pod: kind === "DaemonSet" ? asDaemon(pod) : pod,
    object: found,
  };
}

function readPod(value: unknown, place: string): Pod {
  try {
    return parsePod(value);
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause;
    throw new ManifestError("OBJECT_INVALID", `${place}: ${cause.message}`, { cause });
  }
}

function asDaemon(pod: Pod): Pod {
  const tolerations = [...(pod.spec.tolerations ?? []), ...daemonTolerations];
  return { ...pod, spec: { ...pod.spec, tolerations } };
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash === -1 ? "" : apiVersion.slice(0, slash);
}
