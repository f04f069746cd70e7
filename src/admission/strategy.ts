import type { Pod } from "../api/pod.ts";
import { type Strategy, withoutStrategy } from "../api/pod-options.ts";
import { type DecisionContext, decide } from "../rewriting/decide.ts";
import type { ImageDecision } from "../rewriting/decision.ts";

/** Decides on every image of the Pod, in the way that its strategy asks for. */
export async function decideBy(
  strategy: Strategy,
  pod: Pod,
  namespace: string,
  context: DecisionContext,
  signal: AbortSignal,
): Promise<readonly ImageDecision[]> {
  // A Pod that names its node is never bound by a scheduler: for it there is no later.
  const later = strategy === "bind" && context.atBinding === true && (pod.spec.nodeName ?? "") === "";
  if (later) {
    // Decided all the same: whether there is a choice, and whether anything fits, is known now, and what was read from
    // the registry is at hand when the Pod is bound and time is short.
    const asAuto = { ...pod, metadata: { ...pod.metadata, annotations: withoutStrategy(pod.metadata.annotations) } };
    return (await decide(asAuto, namespace, context, signal)).map(untilBound);
  }
  const decisions = await decide(pod, namespace, context, signal);
  return strategy === "admission" ? decisions.map(finalNow) : decisions;
}

/** Whether a choice was made, or would have been but for the node that is not known yet. */
function isChoice({ variant, code }: ImageDecision): boolean {
  return variant !== undefined || code === "nodes-differ" || code === "no-nodes";
}

function untilBound(decision: ImageDecision): ImageDecision {
  if (decision.place.fixed || !isChoice(decision)) return decision;
  const { image: _, variant: __, requires: ___, ...rest } = decision;
  return { ...rest, code: "at-binding", reason: "its build is chosen when it is bound to a node", warn: false };
}

function finalNow(decision: ImageDecision): ImageDecision {
  if (decision.variant !== undefined || !isChoice(decision)) return decision;
  return { ...decision, warn: true, reason: `strategy admission chooses now or never, and ${decision.reason}` };
}
