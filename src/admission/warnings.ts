import type { PodDecision } from "../rewriting/patch.ts";

/**
 * Characters of a Warning that the API server passes on for certain (apiserver/pkg/endpoints/warning.go,
 * truncateItemRunes).
 */
const limit = 256;
const mostNames = 3;

/** One line for the Pod's owner on each image and reason. */
export function warningsOf(decisions: readonly PodDecision[]): readonly string[] {
  const names = new Map<string, { readonly decision: PodDecision; readonly names: string[] }>();
  for (const decision of decisions) {
    if (!decision.warn) continue;
    const { image, name } = decision.place;
    const key = `${image} ${decision.reason}`;
    const known = names.get(key);
    if (known === undefined) names.set(key, { decision, names: [name] });
    else known.names.push(name);
  }
  return [...names.values()].map(({ decision, names: all }) => warningOf(decision, all));
}

/** Cuts a Warning where the API server would, at the end of a word. */
export function fitWarning(text: string): string {
  return cut(text, limit);
}

function warningOf({ place, image, reason }: PodDecision, names: readonly string[]): string {
  const more = names.length > mostNames ? ` and ${names.length - mostNames} more` : "";
  const what = image === undefined || image === place.image ? "is left as written" : `is put back to ${short(image)}`;
  const head = `metahub: image ${short(place.image)} of ${names.slice(0, mostNames).join(", ")}${more} ${what}: `;
  // Where names are long, some of the reason is still to be read.
  return cut(`${cut(head, limit - 80)}${reason}`, limit);
}

/** The end of a reference tells more than its beginning, and a digest is known by its first digits. */
function short(image: string): string {
  const text = image.replace(/(@sha\d+:[0-9a-f]{12})[0-9a-f]+$/, "$1…");
  return text.length > 72 ? `…${text.slice(-71)}` : text;
}

function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const room = text.slice(0, length - 1);
  const space = room.lastIndexOf(" ");
  return `${space > length - 24 ? room.slice(0, space) : room}…`;
}
