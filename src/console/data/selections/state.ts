import type { Rewrite } from "../../../api/pod-options.ts";
import type { Feature } from "../../../hardware/feature.ts";
import { createOffer, type Offer, satisfies } from "../../../hardware/offer.ts";
import type { Profile } from "../../../hardware/profile.ts";
import { isBuildOf, isOpen, type SelectionNote } from "../../../rewriting/notes/note.ts";
import type { SelectionView } from "../../contract/views.ts";
import type { KeptImage, KeptPod } from "./kept-pod.ts";

type State = SelectionView["state"];

const offers = new WeakMap<Profile, Offer>();

/** Where a Pod is, as far as the person may know. */
export interface Surroundings {
  /** The offer of the Pod's node; undefined where it is not known. */
  readonly profile: Profile | undefined;
  /** The label of the namespace; undefined where it is not known. */
  readonly namespace: Rewrite | undefined;
}

/**
 * The state of one image of a Pod; undefined where MetaHub has nothing to do with it. Goes by notes that nobody proved: a
 * forged one says something wrong of its own Pod, and nothing else.
 */
export function stateOf(pod: KeptPod, { image, note }: KeptImage, around: Surroundings): State | undefined {
  if (note === undefined) return isMissed(pod, around) ? "missed" : undefined;
  if (isOpen(note)) return pod.node === undefined ? "unknown" : pod.final ? "left" : "missed";
  if (note.variant === undefined) return "left";
  // Somebody wrote another image since.
  if (!isBuildOf(note, image)) return "unknown";
  if (pod.node === undefined || around.profile === undefined) return "unknown";
  const requirement = requirementOf(note);
  if (requirement === undefined) return "unknown";
  return requirement.every((group) => group.some((feature) => satisfies(offerOf(around.profile), feature)))
    ? "best"
    : "stale";
}

/** A Pod without any note, where one was to be expected: MetaHub was away when it was created. */
function isMissed({ node, rewrite }: KeptPod, { namespace }: Surroundings): boolean {
  if (node === undefined || rewrite === "disabled") return false;
  return rewrite === "enabled" || namespace === "enabled";
}

/**
 * The build's requirement, as the note has it: `cpu:broadwell, nvcap:7.0|nvcap:8.0`. Undefined where the note was shortened:
 * its reason goes first, then what it requires.
 */
function requirementOf({ requires, reason }: SelectionNote): readonly (readonly Feature[])[] | undefined {
  if (requires === undefined) return reason === "" ? undefined : [];
  if (requires === "" || requires === "generic") return [];
  return requires.split(", ").map((group) => group.split("|").map(featureOf));
}

function featureOf(text: string): Feature {
  const colon = text.indexOf(":");
  return { namespace: text.slice(0, Math.max(colon, 0)), value: text.slice(colon + 1) };
}

/** With what its devices offer: the container that got the build got a device, if the build needs one. */
function offerOf(profile: Profile | undefined): Offer {
  const { platform, features, accelerators } = profile ?? {
    platform: { os: "", architecture: "" },
    features: [],
    accelerators: [],
  };
  const known = profile === undefined ? undefined : offers.get(profile);
  if (known !== undefined) return known;
  const made = createOffer(platform, [...features, ...accelerators]);
  if (profile !== undefined) offers.set(profile, made);
  return made;
}
