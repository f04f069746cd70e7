import type { Steps } from "../oci/steps.ts";
import type { PlacedProfile } from "../placement/placement.ts";
import type { IndexImage } from "../registry/images.ts";
import { offered } from "../selection/offered.ts";
import { unaskedInSteps, unaskedReason } from "../selection/unasked.ts";
import type { Verdict } from "./verdict.ts";

/** The verdict where a build of a list could not be asked for now, and may be for one of these machines. */
export async function doubtOf(
  { unasked = [], madeOf }: IndexImage,
  landings: readonly PlacedProfile[],
  accelerated: boolean,
  inTurn: <T>(steps: Steps<T>) => Promise<T>,
): Promise<Verdict | undefined> {
  for (const { profile } of unasked.length === 0 ? [] : landings) {
    const doubtful = await inTurn(unaskedInSteps(unasked, offered(profile, accelerated)));
    if (doubtful === undefined) continue;
    return {
      code: "uncertain",
      machineTypes: [...new Set(landings.flatMap(({ machineTypes }) => machineTypes))].sort(),
      reason: unaskedReason(doubtful, madeOf?.shown ?? "its list"),
      warn: true,
    };
  }
  return undefined;
}
