import { drain, type Steps } from "../oci/steps.ts";
import type { Variant } from "../oci/variant.ts";
import { prepareInSteps } from "./prepare.ts";
import { chooseInSteps, type Machine } from "./select.ts";

/**
 * The build that may run on a machine, among builds of which only their list's word is known: they may require more. Then
 * nobody can say whether another one is the better. Undefined where none of them can, whatever else it requires.
 */
export function* unaskedInSteps(unasked: readonly Variant[], machine: Machine): Steps<Variant | undefined> {
  // The platform of some is said by the image alone.
  const variants = unasked.map((one) =>
    one.platform.architecture === "" ? { ...one, platform: machine.platform } : one,
  );
  const prepared = yield* prepareInSteps({ variants, written: [] });
  return (yield* chooseInSteps(prepared, [machine])).selected ?? undefined;
}

/** The same at once. */
export function unaskedFor(unasked: readonly Variant[], machine: Machine): Variant | undefined {
  return drain(unaskedInSteps(unasked, machine));
}

/** One line for people. The digest of such a build is its reference. */
export function unaskedReason({ digest }: Variant, list: string): string {
  return `${digest} of ${list} may be the right one, and what it requires cannot be read now`;
}
