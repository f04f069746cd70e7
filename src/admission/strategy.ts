import { type DecisionContext, decide } from "../rewriting/decide.ts";
import type { ImageDecision } from "../rewriting/decision.ts";
import type { AskedImages } from "../rewriting/reviewed-pod.ts";

/** Decides on every image that is asked, in the way that the Pod's strategy wants. */
export async function decideBy(
  asked: AskedImages,
  namespace: string,
  context: DecisionContext,
  signal: AbortSignal,
): Promise<readonly ImageDecision[]> {
  // Decided with `bind` too: whether there is a choice, and whether anything fits, is known now, and what was read from
  // the registry is at hand when the Pod is bound and time is short.
  const decisions = await decide(asked, namespace, context, signal);
  const { strategy } = asked.options;
  if (strategy === "admission") return decisions.map(finalNow);
  // A Pod that names its node is never bound by a scheduler: for it there is no later.
  const later = strategy === "bind" && context.atBinding === true && (asked.pod.spec.nodeName ?? "") === "";
  return later ? decisions.map(untilBound) : decisions;
}

/** Whether a choice was made, or would have been but for the node that is not known yet. */
function isChoice({ variant, code }: ImageDecision): boolean {
  return variant !== undefined || code === "nodes-differ" || code === "no-nodes";
}

function untilBound(decision: ImageDecision): ImageDecision {
  if (decision.place.fixed || decision.nowOrNever === true || !isChoice(decision)) return decision;
  const { image: _, variant: __, requires: ___, ...rest } = decision;
  return { ...rest, code: "at-binding", reason: "its build is chosen when it is bound to a node", warn: false };
}

function finalNow(decision: ImageDecision): ImageDecision {
  if (decision.variant !== undefined || !isChoice(decision)) return decision;
  return { ...decision, warn: true, reason: `strategy admission chooses now or never, and ${decision.reason}` };
}
