import type { Pod } from "../api/pod.ts";
import { isMeant, type PodOptions } from "../api/pod-options.ts";
import type { BindingPods } from "./pods.ts";
import type { BindingRequest } from "./request.ts";

/** The Pod that a binding is about, from memory where it is known, else as it is now. Undefined where there is none. */
export async function findPod(
  { namespace, pod: name, uid }: BindingRequest,
  pods: Pick<BindingPods, "known" | "read">,
  signal: AbortSignal,
): Promise<Pod | undefined> {
  const known = pods.known(namespace, name);
  // A Pod of the same name may have come after the one that is remembered.
  const isAnother = known?.metadata.uid !== undefined && uid !== undefined && known.metadata.uid !== uid;
  return known === undefined || isAnother ? await pods.read(namespace, name, signal) : known;
}

/** Nothing can come of the binding: the Pod is another one, or has a node. */
export function isOver({ uid }: BindingRequest, { metadata, spec }: Pod): boolean {
  return (spec.nodeName ?? "") !== "" || (uid !== undefined && metadata.uid !== uid);
}

/**
 * Whether the Pod's own word lets its images be chosen at its binding. The selectors of a webhook see the Binding, so
 * this is looked at here.
 */
export function isMeantNow(options: PodOptions, labelledOnly: boolean): boolean {
  return isMeant(options, labelledOnly) && options.strategy !== "admission";
}
