import { noMatchAnnotation } from "../api/pod-keys.ts";
import type { ExitCode } from "../process/context.ts";
import type { DecisionCode } from "../rewriting/decision.ts";
import type { PodDecision } from "../rewriting/patch.ts";
import type { Admissions, Admitted } from "./admit.ts";
import { steeringOf } from "./changes.ts";

/** Reasons why nothing was found out. */
const failed: ReadonlySet<DecisionCode> = new Set<DecisionCode>([
  "registry-failed",
  "not-found",
  "registry-not-asked",
  "deadline",
  "not-ready",
]);
/** Told here too, though an admission gives no Warning: who runs this command wants to know of every image. */
const quiet: ReadonlySet<DecisionCode> = new Set<DecisionCode>([
  "no-nodes",
  "nodes-differ",
  "at-binding",
  "invalid-reference",
]);

/** Tells the owner of a Pod or template, a line each: the Warnings of its admission, and a little more. */
export function linesOn(admitted: Admitted, failures: Admissions["failures"]): readonly string[] {
  const { workload, review, mistakes, refused } = admitted;
  const lines = [...mistakes];
  for (const decision of review.decisions) lines.push(...linesOnImage(decision, failures));
  const noMatch = `annotation ${noMatchAnnotation}:`;
  const who = workload.template ? "its Pods are" : "the Pod is";
  if (review.notSteered !== undefined) lines.push(`${noMatch} ${who} not steered: ${review.notSteered}`);
  else if (review.steering.length > 0 && steeringOf(admitted).length === 0) {
    const why = "no build is written into it; each of its Pods is reviewed when it is created";
    lines.push(`${noMatch} the template is not steered: ${why}`);
  }
  if (refused) lines.push(`${noMatch} admission would refuse ${workload.template ? "its Pods" : "the Pod"}`);
  return lines.map((line) => `${workload.shown}: ${line}`);
}

/** Why an image is not rewritten, unless there was never a choice. */
function linesOnImage(decision: PodDecision, failures: Admissions["failures"]): readonly string[] {
  const { place, code, image, variant, reason, warn } = decision;
  const rewritten = image !== undefined && variant !== undefined;
  if (rewritten || !(warn || quiet.has(code))) return [];
  const what = image === undefined || image === place.image ? "is left as written" : `is put back to ${image}`;
  const failure = failed.has(code) ? failures.get(place.image) : undefined;
  const why = failure === undefined ? reason : `${reason} (${failure})`;
  return [`image ${place.image} of ${place.name} ${what}: ${why}`];
}

/** 1 where something could not be found out, 3 where no build fits. */
export function exitCode({ admitted }: Admissions): ExitCode {
  const codes = admitted.flatMap(({ review }) => review.decisions.map(({ code }) => code));
  if (codes.some((code) => failed.has(code))) return 1;
  return codes.includes("nothing-fits") ? 3 : 0;
}
