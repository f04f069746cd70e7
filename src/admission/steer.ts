import { profileLabel } from "../api/node-labels.ts";
import { formatReference, type Reference } from "../oci/reference.ts";
import type { PlacedProfile } from "../placement/placement.ts";
import { RegistryError } from "../registry/error.ts";
import type { IndexImage } from "../registry/images.ts";
import { asksForDevice, type DecisionContext, type JudgeOptions } from "../rewriting/decide.ts";
import { readReference } from "../rewriting/origin.ts";
import type { AskedImages } from "../rewriting/reviewed-pod.ts";

/** Values of one requirement: the scheduler compares each of them with every node. */
const mostProfiles = 64;

/** The future of a Pod's node affinity. */
export type SteerPlan =
  /** All of its nodes run a build of each image, or no image has a choice in it. */
  | { readonly kind: "everywhere" }
  /** Only nodes with one of these profiles (ids, sorted) run a build of each image. */
  | { readonly kind: "only"; readonly profiles: readonly string[] }
  /** The Pod cannot be steered. */
  | { readonly kind: "left"; readonly reason: string };

export interface SteeringOptions {
  /** Whether such a node carries the label `metahub.dev/profile`. Default: it does, for the controller writes it. */
  readonly labelled?: (landing: PlacedProfile) => boolean;
}

interface Choice {
  readonly image: IndexImage;
  readonly how: JudgeOptions;
}

/**
 * `metahub.dev/no-match: steer`: finds the profiles, among those that the Pod can land on, where a build of each of its
 * images fits. Images of which nothing is known (one build, no such image, a registry that is away) count everywhere.
 */
export class Steering {
  readonly #labelled: (landing: PlacedProfile) => boolean;
  /** One array for each, because verdicts are remembered by it. */
  readonly #alone = new WeakMap<PlacedProfile, readonly PlacedProfile[]>();

  constructor({ labelled = () => true }: SteeringOptions = {}) {
    this.#labelled = labelled;
  }

  async plan(asked: AskedImages, namespace: string, context: DecisionContext, signal: AbortSignal): Promise<SteerPlan> {
    const { pod } = asked;
    const landings = context.place(pod) ?? [];
    // The kubelet refuses a Pod that names its node where the affinity does not hold.
    if (landings.length === 0 || (pod.spec.nodeName ?? "") !== "") return { kind: "everywhere" };
    const choices = await choicesOf(asked, namespace, context, signal);
    const fitting: PlacedProfile[] = [];
    for (const landing of landings) {
      if (signal.aborted) return { kind: "left", reason: "the time for the review ran out" };
      if (await this.#runsAll(choices, landing, context, signal)) fitting.push(landing);
    }
    if (fitting.length === landings.length) return { kind: "everywhere" };
    if (fitting.length === 0) {
      return { kind: "left", reason: "no node that it can land on runs a build of each of its images" };
    }
    if (fitting.length > mostProfiles) {
      const reason = `nodes of ${fitting.length} profiles run its images, more than the ${mostProfiles} that one rule names`;
      return { kind: "left", reason };
    }
    if (!fitting.some(this.#labelled)) {
      return { kind: "left", reason: `its nodes do not carry the label ${profileLabel}` };
    }
    return { kind: "only", profiles: fitting.map(({ profile }) => profile.id).sort() };
  }

  async #runsAll(
    choices: readonly Choice[],
    landing: PlacedProfile,
    context: DecisionContext,
    signal: AbortSignal,
  ): Promise<boolean> {
    const alone = this.#alone.get(landing) ?? [landing];
    this.#alone.set(landing, alone);
    for (const { image, how } of choices) {
      try {
        if ((await context.judge(image, alone, how, signal)).code === "nothing-fits") return false;
      } catch (error) {
        if (!(error instanceof RegistryError)) throw error;
        // Time is over: nothing is known of it, and the decision on the image says so.
      }
    }
    return true;
  }
}

interface Wanted {
  readonly reference: Reference;
  readonly accelerated: boolean;
  readonly allocated: boolean;
}

/** Each index once for containers with and once for those without an accelerator. */
async function choicesOf(
  { pod, places }: AskedImages,
  namespace: string,
  context: DecisionContext,
  signal: AbortSignal,
): Promise<readonly Choice[]> {
  const wanted = new Map<string, Wanted>();
  for (const { image, accelerated, allocated } of places) {
    const reference = readReference(image);
    if (reference === undefined || !context.mayAsk(reference.registry)) continue;
    const key = `${accelerated} ${allocated} ${formatReference(reference)}`;
    wanted.set(key, { reference, accelerated, allocated });
  }
  const found = await Promise.all(
    [...wanted.values()].map(async ({ reference, accelerated, allocated }): Promise<readonly Choice[]> => {
      try {
        const image = await context.lookup(reference, pod, namespace, signal);
        // Which devices a claim gets, no label can tell; the scheduler goes by the claim itself.
        if (allocated && image.kind === "index" && asksForDevice(image)) return [];
        return image.kind === "index" ? [{ image, how: { accelerated, common: false } }] : [];
      } catch (error) {
        if (!(error instanceof RegistryError)) throw error;
        return []; // The decision on the image says so to its owner.
      }
    }),
  );
  return found.flat();
}
