import type { Draft, Spec } from "../text/draft.ts";

/** A form that was begun and neither saved nor given up. */
export interface Begun {
  readonly draft: Draft;
  /** The spec as it was read, and its version: absent for a new machine type. */
  readonly base: { readonly spec: Spec; readonly resourceVersion: string | undefined } | undefined;
}

/** By the name of the machine type; empty for a new one. Kept while the page is open, also where the session ends. */
const begun = new Map<string, Begun>();
let owner: string | undefined;

/** Forgets what another person had begun. */
export function forgetDrafts(user: string | undefined): void {
  if (user !== owner) begun.clear();
  owner = user;
}

export function keepDraft(name: string, draft: Begun | undefined): void {
  if (draft === undefined) begun.delete(name);
  else begun.set(name, draft);
}

export function keptDraft(name: string): Begun | undefined {
  return begun.get(name);
}
