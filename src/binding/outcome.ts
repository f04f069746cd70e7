import type { Reselection } from "./reselection.ts";

/** The outcomes of a binding for the images of its Pod. Each is told in docs/binding.md. */
export const bindingOutcomes = [
  "written", // builds for this node were written
  "corrected", // what was chosen at admission was replaced
  "returned", // a build that this node does not run was replaced by what was asked
  "unchanged", // they are right already, or there is no choice
  "nothing-fits", // no build fits this node; left as written
  "unproven", // the annotation says that a build was chosen, and does not prove it; left as it is
  "too-many-images", // the Pod has more images, or more of all else, than are looked at; left as it is
  "undecided", // a registry did not tell, or not all of it could be read; left as it is
  "skipped", // the Pod wants no rewriting, or not here
  "unknown-node", // the node is not known, or none is yet
  "stale", // the Pod is gone or bound
  "refused", // a policy refused the write
  "conflict", // another binding of the Pod, to another node, is under way: this one was refused
  "deadline", // the time was over
  "failed", // the API server did not take the write
  "dry-run", // something would have been written
] as const;
export type BindingOutcome = (typeof bindingOutcomes)[number];

/** Where something was written. */
export function writtenOutcome(reselections: readonly Reselection[]): BindingOutcome {
  const kinds = new Set(reselections.map(({ kind, write }) => (write === undefined ? "keep" : kind)));
  if (kinds.has("return")) return "returned";
  if (kinds.has("correct")) return "corrected";
  return kinds.has("choose") || kinds.has("move") ? "written" : leftOutcome(reselections);
}

/** Where nothing was, or a note alone: the one that an operator should look at first. */
export function leftOutcome(reselections: readonly Reselection[]): BindingOutcome {
  const codes = new Set(reselections.map(({ code }) => code));
  if (codes.has("unproven")) return "unproven";
  if (codes.has("nothing-fits")) return "nothing-fits";
  if (codes.has("too-many-images")) return "too-many-images";
  const undecided = ["registry-failed", "not-found", "deadline", "uncertain"] as const;
  return undecided.some((code) => codes.has(code)) ? "undecided" : "unchanged";
}
