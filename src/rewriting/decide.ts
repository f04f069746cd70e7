import type { Pod } from "../api/pod.ts";
import { isAcceleratorNamespace } from "../hardware/namespace.ts";
import type { SigningKeys } from "../keys/signing-keys.ts";
import type { Reference } from "../oci/reference.ts";
import { parseReference } from "../oci/reference.ts";
import type { PlacedProfile } from "../placement/placement.ts";
import { RegistryError } from "../registry/error.ts";
import type { Image, IndexImage } from "../registry/images.ts";
import { buildReference, type ImageForm } from "./build-reference.ts";
import type { DecisionCode, ImageDecision } from "./decision.ts";
import type { ImagePlace } from "./images.ts";
import { sourceOf } from "./notes/note.ts";
import type { AskedImages } from "./reviewed-pod.ts";
import { describeRequirement, type Verdict } from "./verdict.ts";

export type { ImageForm } from "./build-reference.ts";

/** All that deciding on a Pod's images needs, handed in by whoever decides: the webhook, or `metahub rewrite`. */
export interface DecisionContext {
  /** Where the Pod can land; undefined while nodes and machine types are not known yet. */
  place(pod: Pod): readonly PlacedProfile[] | undefined;
  /** The image as its registry has it, asked with the credentials that the Pod has for it. */
  lookup(reference: Reference, pod: Pod, namespace: string, signal: AbortSignal): Promise<Image>;
  /** At once where it is known. @throws RegistryError ABORTED where the signal ends first */
  judge(
    image: IndexImage,
    landings: readonly PlacedProfile[],
    how: JudgeOptions,
    signal?: AbortSignal,
  ): Verdict | Promise<Verdict>;
  /** False for registries that may not be asked. */
  mayAsk(registry: string): boolean;
  readonly imageForm: ImageForm;
  /** The keys that prove notes, as they are at this moment. */
  noteKeys(): SigningKeys;
  /** Extended resources that a DeviceClass serves. */
  allocatedResources?(): ReadonlySet<string>;
  /** True where Pods are decided on at binding too: only then is anything left for it. */
  readonly atBinding?: boolean;
}

export interface JudgeOptions {
  readonly accelerated: boolean;
  readonly common: boolean;
}

/**
 * Decides on image references of a Pod. Never throws for what a registry or a Pod's owner did: each such failure is a
 * decision to leave the image, with its reason. The same reference is looked up once. Images that strategy `bind` leaves
 * for later are the caller's to tell apart. `namespace` is the Pod's: at admission the object itself may not say it yet.
 */
export async function decide(
  { pod, options, places }: AskedImages,
  namespace: string,
  context: DecisionContext,
  signal: AbortSignal,
): Promise<ImageDecision[]> {
  const landings = places.length === 0 ? [] : context.place(pod);
  if (landings === undefined) {
    return places.map((place) => leave(place, "not-ready", "nodes and machine types are not known yet", true));
  }
  const common = options.strategy === "common";
  // A Pod that names its node is never bound by a scheduler.
  const onNode = (pod.spec.nodeName ?? "") !== "";
  const isBoundLater = context.atBinding === true && !onNode;
  const always = options.accelerators === "always";
  const byDevice = isBoundLater && options.strategy !== "admission" && !common;
  const decisions = new Map<string, Promise<ImageDecision>>();
  return Promise.all(
    places.map(async (place) => {
      // Which devices its claims gave to a Pod that is there already, nobody here knows; unknown is not yes.
      const unknownDevice = onNode && place.claims && !always;
      const how = { accelerated: place.accelerated && !unknownDevice, common: common || place.fixed };
      const awaitsDevices = byDevice && place.allocated && !place.fixed;
      const key = `${how.accelerated} ${how.common} ${awaitsDevices} ${place.image}`;
      const known =
        decisions.get(key) ??
        decideOne(
          place,
          (reference) => context.lookup(reference, pod, namespace, signal),
          landings,
          { ...how, awaitsDevices },
          context,
          signal,
        );
      decisions.set(key, known);
      return { ...(await known), place };
    }),
  );
}

async function decideOne(
  place: ImagePlace,
  lookup: (reference: Reference) => Promise<Image>,
  landings: readonly PlacedProfile[],
  how: JudgeOptions & { readonly awaitsDevices: boolean },
  context: DecisionContext,
  signal: AbortSignal,
): Promise<ImageDecision> {
  let reference: Reference;
  try {
    reference = parseReference(place.image);
  } catch {
    // The kubelet refuses it in its own words (InvalidImageName); a second voice would only confuse.
    return leave(place, "invalid-reference", "it is not a valid image reference", false);
  }
  if (!context.mayAsk(reference.registry)) {
    return leave(place, "registry-not-asked", `${reference.registry} is not a registry that MetaHub may ask`, false);
  }
  let image: Image;
  try {
    image = await lookup(reference);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    const [code, reason] = explainFailure(error, reference.registry, signal);
    return leave(place, code, reason, true);
  }
  if (image.kind !== "index") return leave(place, "no-index", "it is one build, not an index of several", false);
  const nowOrNever = image.madeOf?.atBinding === false;
  if (how.awaitsDevices && asksForDevice(image) && !nowOrNever) {
    // Labels may tell of another device than the one that it gets, or of none at all.
    const reason = "its build is chosen when it is bound, for the devices that it is given then";
    return { ...leave(place, "at-binding", reason, false), ...sourceOf(image) };
  }
  let verdict: Verdict;
  try {
    verdict = await context.judge(image, landings, how, signal);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    const [code, reason] = explainFailure(error, reference.registry, signal);
    return leave(place, code, reason, true);
  }
  const base = {
    place,
    code: verdict.code,
    ...sourceOf(image),
    machineTypes: verdict.machineTypes,
    reason: verdict.reason,
    warn: verdict.warn,
    ...(nowOrNever ? { nowOrNever } : {}),
  };
  const { variant } = verdict;
  if (variant === undefined) return nowOrNever ? missed(base, image) : base;
  return {
    ...base,
    image: buildReference(reference, variant, context.imageForm),
    variant: variant.digest,
    requires: describeRequirement(variant),
  };
}

/** The owner hears of it where a list could have decided, and nothing else will. */
function missed(decision: ImageDecision, { madeOf }: IndexImage): ImageDecision {
  if (decision.code !== "nodes-differ" && decision.code !== "no-nodes") return decision;
  const shown = madeOf?.shown ?? "its list";
  return { ...decision, warn: true, reason: `${shown} decides when a Pod is made or never, and ${decision.reason}` };
}

/** Whether devices have a say in which build of the image is chosen. */
export function asksForDevice({ variants }: IndexImage): boolean {
  return variants.some(({ requires }) => requires.flat().some(({ namespace }) => isAcceleratorNamespace(namespace)));
}

function leave(place: ImagePlace, code: DecisionCode, reason: string, warn: boolean): ImageDecision {
  return { place, code, machineTypes: [], reason, warn };
}

/** No text of the registry's own reaches a Warning: it goes to whoever creates a Pod, and a Pod's author picks the host. */
export function explainFailure(error: RegistryError, registry: string, signal: AbortSignal): [DecisionCode, string] {
  if (signal.aborted) return ["deadline", `${registry} did not answer within the time that this admission has`];
  switch (error.code) {
    case "NOT_FOUND":
      return ["not-found", `${registry} has no such image`];
    case "UNAUTHORIZED":
    case "DENIED":
      return ["not-found", `${registry} does not show it to the credentials of this Pod`];
    case "REFUSED_HOST":
      return ["registry-not-asked", `${registry} is not a registry that MetaHub may ask`];
    case "RATE_LIMITED":
      return ["registry-failed", `${registry} limits the rate of requests`];
    case "DIGEST_MISMATCH":
    case "TOO_LARGE":
    case "INVALID":
      return ["registry-failed", `${registry} answered with content that cannot be trusted`];
    default:
      return ["registry-failed", `${registry} does not answer`];
  }
}
