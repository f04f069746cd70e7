import type { JsonPatchOperation } from "../kubernetes/client/requests.ts";
import type { ReviewedPod } from "../rewriting/reviewed-pod.ts";
import type { Clock } from "../time/clock.ts";
import { Deadline } from "../time/deadline.ts";
import type { BindingNodes } from "./nodes.ts";
import { bindingPatch, changesImages } from "./patch.ts";
import type { BindingRequest } from "./request.ts";
import { reselect } from "./reselect.ts";
import type { ReselectContext, Reselection } from "./reselection.ts";

export interface DecideOptions {
  readonly nodes: Pick<BindingNodes, "find">;
  readonly context: ReselectContext;
  readonly clock: Clock;
  readonly now: () => Date;
  /** How long registries may take, in milliseconds. */
  readonly lookupMs: number;
}

/** The decision on one state of a Pod. */
export interface BindingDecision {
  readonly reviewed: ReviewedPod;
  readonly reselections: readonly Reselection[];
  /** Empty where nothing is written. */
  readonly operations: readonly JsonPatchOperation[];
  /** Whether any image becomes another; a note alone may be written too. */
  readonly changes: boolean;
  /** When it began, in milliseconds of the clock. */
  readonly startedAt: number;
}

/** Decides for the node of the binding. Undefined where nobody knows that node. */
export async function decideBinding(
  reviewed: ReviewedPod,
  binding: BindingRequest,
  { nodes, context, clock, now, lookupMs }: DecideOptions,
  signal: AbortSignal,
): Promise<BindingDecision | undefined> {
  const node = await nodes.find(binding.node, reviewed, signal);
  if (node === undefined) return undefined;
  const startedAt = clock.now();
  const deadline = new Deadline(clock, signal, "asking registries", lookupMs);
  try {
    const asking = { namespace: binding.namespace, signal: deadline.signal };
    const reselections = await reselect(reviewed, node, context, { ...asking, now: now() });
    const operations = bindingPatch(reviewed, reselections);
    return { reviewed, reselections, operations, changes: changesImages(reselections), startedAt };
  } finally {
    deadline.end();
  }
}
