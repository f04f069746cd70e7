import { noMatchAnnotation } from "../api/pod-keys.ts";
import type { PodOptions } from "../api/pod-options.ts";
import type { PodDecision } from "../rewriting/patch.ts";

/** Only a Pod that asks for it is refused, and only where it is certain that no candidate node fits. */
export function refusalOf({ noMatch }: PodOptions, decisions: readonly PodDecision[]): string | undefined {
  if (noMatch !== "deny") return undefined;
  const unmatched = decisions.filter(({ code }) => code === "nothing-fits");
  if (unmatched.length === 0) return undefined;
  const reasons = unmatched.map(({ place, reason }) => `${place.name}: ${place.image}: ${reason}`);
  const text = `no build fits the nodes that this Pod can land on (annotation ${noMatchAnnotation}: deny): ${reasons.join("; ")}`;
  return text.slice(0, 1024);
}
