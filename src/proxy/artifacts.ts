import type { PlacedProfile } from "../placement/placement.ts";
import type { IndexImage } from "../registry/images.ts";
import { inSlices } from "../registry/in-slices.ts";
import { offered } from "../selection/offered.ts";
import { prepareInSteps } from "../selection/prepare.ts";
import { chooseInSteps } from "../selection/select.ts";
import type { Choice } from "../selection/selection.ts";

const what = "choosing an artifact";

/**
 * The artifact of an index (SIF files of Apptainer, and the like) for a machine, by the rules for images. No runtime stands
 * behind, which would match platforms by itself: apptainer takes the first entry. So what is selected is given, also where
 * an image would be left to runtimes. @throws RegistryError ABORTED where the signal ends first
 */
export async function chooseArtifact(
  index: IndexImage,
  profiles: readonly PlacedProfile[],
  signal: AbortSignal,
): Promise<Choice> {
  const prepared = await inSlices(prepareInSteps({ ...index, warnings: [] }), signal, what);
  const machines = profiles.map(({ profile }) => offered(profile, true));
  return await inSlices(chooseInSteps(prepared, machines), signal, what);
}
