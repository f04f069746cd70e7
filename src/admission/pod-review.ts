import type { Operation } from "fast-json-patch";
import { boundLookups } from "../rewriting/image-bounds.ts";
import type { SelectionNotes } from "../rewriting/notes/note.ts";
import type { PodDecision } from "../rewriting/patch.ts";
import type { AskedImages, ReviewedPod } from "../rewriting/reviewed-pod.ts";
import { boundImages } from "./bounds.ts";
import { type AdmissionContext, Copies } from "./copies.ts";
import type { Steering } from "./steer.ts";
import { steeredAffinity, steerOperations } from "./steer-patch.ts";
import { decideBy } from "./strategy.ts";
import { compareImages } from "./update.ts";

/** The future of a Pod's images, and of where it can land. */
export interface PodReview {
  readonly decisions: readonly PodDecision[];
  /** For its node affinity. */
  readonly steering: readonly Operation[];
  /** Why it could not be steered, where it asks for that. */
  readonly notSteered?: string;
}

/** A Pod as it came. */
export interface GivenPod {
  readonly reviewed: ReviewedPod;
  /** With everything that is not read of it. */
  readonly object: unknown;
  readonly namespace: string;
}

/** A Pod as it is to be, and as it was. */
export interface ChangedPod {
  readonly reviewed: ReviewedPod;
  readonly old: ReviewedPod;
  /** The old object's notes, as far as they count for putting back what it has. */
  readonly putBack: SelectionNotes;
  /** Those that were written in this very request. */
  readonly written: SelectionNotes;
  readonly namespace: string;
}

/** A Pod that is being created: which may be a copy of another, and may be steered. */
export async function reviewNew(
  { reviewed: whole, object, namespace }: GivenPod,
  context: AdmissionContext,
  steering: Steering,
  signal: AbortSignal,
): Promise<PodReview> {
  const { asked: reviewed, left } = boundImages(whole);
  const copies = await Copies.of(reviewed, namespace, boundLookups(context), signal);
  const decide = async (asked: AskedImages) => [
    ...(await copies.carryOver(await decideBy(asked, namespace, copies.context, signal))),
    ...left,
  ];
  if (reviewed.options.noMatch !== "steer") return { decisions: await decide(copies.asked), steering: [] };
  const plan = await steering.plan(copies.asked, namespace, copies.context, signal);
  if (plan.kind === "left") {
    return { decisions: await decide(copies.asked), steering: [], notSteered: plan.reason };
  }
  const operations = plan.kind === "only" ? steerOperations(object, plan.profiles) : [];
  if (plan.kind !== "only" || operations.length === 0) return { decisions: await decide(copies.asked), steering: [] };
  // The decisions hold for the nodes that are left.
  const { pod, ...images } = copies.asked;
  const steered = { ...pod, spec: { ...pod.spec, affinity: steeredAffinity(pod.spec.affinity, plan.profiles) } };
  return { decisions: await decide({ ...images, pod: steered }), steering: operations };
}

/**
 * A Pod that exists. Images that are asked for again stay as they are; others are decided on for the node that it is on,
 * or those that it can land on; and so are all of them where a Pod that waits for its node wishes otherwise than before. Its affinity is left: the API server lets nobody change it.
 */
export async function reviewChanged(
  { reviewed, old, putBack, written, namespace }: ChangedPod,
  context: AdmissionContext,
  signal: AbortSignal,
): Promise<PodReview> {
  const { restored, asked: changed } = compareImages(reviewed, old, putBack, written);
  const { asked, left } = boundImages(changed);
  const copies = await Copies.of(asked, namespace, boundLookups(context), signal);
  const decided = await copies.carryOver(await decideBy(copies.asked, namespace, copies.context, signal));
  return { decisions: [...restored, ...decided, ...left], steering: [] };
}
