import type { Taint } from "../api/node.ts";

/**
 * Taints that say how a node is doing just now. They come and go by themselves, often between a Pod's creation and its
 * binding: a cordoned, starting or pressed node may be the one that the Pod gets, so it stays a candidate. For Pods
 * of DaemonSets, which tolerate most of them, this changes nothing.
 * Source: kubernetes.io/docs/reference/labels-annotations-taints and core/v1 well_known_taints.go; the autoscaler's
 * from its FAQ (start-up and status taints) and its deletion taint, which is taken back when a removal fails.
 */
const transientKeys: ReadonlySet<string> = new Set([
  "node.kubernetes.io/not-ready",
  "node.kubernetes.io/unreachable",
  "node.kubernetes.io/unschedulable",
  "node.kubernetes.io/memory-pressure",
  "node.kubernetes.io/disk-pressure",
  "node.kubernetes.io/pid-pressure",
  "node.kubernetes.io/network-unavailable",
  "node.kubernetes.io/out-of-service",
  "node.cloudprovider.kubernetes.io/uninitialized",
  "node.cloudprovider.kubernetes.io/shutdown",
  "ToBeDeletedByClusterAutoscaler",
]);
const transientPrefixes: readonly string[] = [
  "startup-taint.cluster-autoscaler.kubernetes.io/",
  "status-taint.cluster-autoscaler.kubernetes.io/",
  "ignore-taint.cluster-autoscaler.kubernetes.io/",
];
const none: readonly Taint[] = [];

export function isTransientTaint(key: string, own?: ReadonlySet<string>): boolean {
  return transientKeys.has(key) || own?.has(key) === true || transientPrefixes.some((prefix) => key.startsWith(prefix));
}

/** The taints that can keep a Pod away for good: NoSchedule and NoExecute, and not transient. */
export function lastingTaints(taints: readonly Taint[], own?: ReadonlySet<string>): readonly Taint[] {
  if (taints.length === 0) return none;
  return taints.filter(
    ({ key, effect }) => (effect === "NoSchedule" || effect === "NoExecute") && !isTransientTaint(key, own),
  );
}
