import type { Operation } from "fast-json-patch";
import { parsePod } from "../api/parse-pod.ts";
import type { Pod } from "../api/pod.ts";
import type { PodOptions } from "../api/pod-options.ts";
import type { PodDecision } from "../rewriting/patch.ts";
import { type AdmissionContext, Copies } from "./copies.ts";
import type { Steering } from "./steer.ts";
import { afterPatch, steerOperations } from "./steer-patch.ts";
import { decideBy } from "./strategy.ts";
import { compareImages } from "./update.ts";

/** What is to become of a Pod's images, and of where it can land. */
export interface PodReview {
  readonly decisions: readonly PodDecision[];
  /** For its node affinity. */
  readonly steering: readonly Operation[];
  /** Why it could not be steered, where it asks for that. */
  readonly notSteered?: string;
}

/** A Pod as it came. */
export interface GivenPod {
  readonly pod: Pod;
  /** With everything that `pod` leaves out. */
  readonly object: unknown;
  readonly namespace: string;
  readonly options: PodOptions;
}

/** A Pod that is being created: which may be a copy of another, and may be steered. */
export async function reviewNew(
  { pod, object, namespace, options }: GivenPod,
  context: AdmissionContext,
  steering: Steering,
  signal: AbortSignal,
): Promise<PodReview> {
  const copies = await Copies.of({ pod, namespace, signal }, context);
  const decide = async (asked: Pod) => {
    const decisions = await decideBy(options.strategy, asked, namespace, copies.context, signal);
    return await copies.carryOver(decisions);
  };
  if (options.noMatch !== "steer") return { decisions: await decide(copies.pod), steering: [] };
  const plan = await steering.plan(copies.pod, namespace, copies.context, signal);
  if (plan.kind === "left") {
    return { decisions: await decide(copies.pod), steering: [], notSteered: plan.reason };
  }
  const operations = plan.kind === "only" ? steerOperations(object, plan.profiles) : [];
  if (operations.length === 0) return { decisions: await decide(copies.pod), steering: [] };
  // What is decided now holds for the nodes that are left.
  const { affinity } = parsePod(afterPatch(object, operations)).spec;
  const steered = { ...copies.pod, spec: { ...copies.pod.spec, ...(affinity === undefined ? {} : { affinity }) } };
  return { decisions: await decide(steered), steering: operations };
}

/**
 * A Pod that exists. Images that are asked for again stay what they are; others are decided on for the node that it is
 * on, or those that it can land on. Its affinity is left: the API server lets nobody change it.
 */
export async function reviewChanged(
  { pod, namespace, options }: Omit<GivenPod, "object">,
  old: Pod,
  context: AdmissionContext,
  signal: AbortSignal,
): Promise<PodReview> {
  const { restored, asked } = compareImages(pod, old);
  return {
    decisions: [...restored, ...(await decideBy(options.strategy, asked, namespace, context, signal))],
    steering: [],
  };
}
