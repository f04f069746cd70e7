import type { PodDecision } from "../rewriting/patch.ts";
import { few } from "../text/few.ts";

/**
 * Characters of a Warning that the API server passes on for certain (apiserver/pkg/endpoints/warning.go,
 * truncateItemRunes).
 */
const limit = 256;
const mostNames = 3;
/** Warnings of one review: beyond 4,096 characters of them all the API server drops the rest (the same file). */
const mostWarnings = 16;
/** Characters of a name that comes from outside: of a container or a volume, as Kubernetes allows them. */
const mostOfName = 63;
/** Characters of the end of a reference that are looked at: the longest digest, and more than what is shown. */
const mostOfImage = 256;

/** One line for the Pod's owner on each image and reason, and one on all images that are beyond their bound. */
export function warningsOf(decisions: readonly PodDecision[]): readonly string[] {
  const told = decisions.filter(({ warn }) => warn);
  const beyond = told.filter(({ code }) => code === "too-many-images");
  const names = new Map<string, { readonly decision: PodDecision; readonly names: string[] }>();
  for (const decision of told) {
    if (decision.code === "too-many-images") continue;
    const { image, name } = decision.place;
    const key = `${image} ${decision.reason}`;
    const known = names.get(key);
    if (known === undefined) names.set(key, { decision, names: [name] });
    else known.names.push(name);
  }
  const lines = [...names.values()];
  const shown = lines.slice(0, lines.length > mostWarnings ? mostWarnings - 1 : mostWarnings);
  return [
    ...beyondWarning(beyond),
    ...shown.map(({ decision, names: all }) => warningOf(decision, all)),
    ...(lines.length === shown.length ? [] : [`metahub: ${lines.length - shown.length} more images are not as asked`]),
  ];
}

function beyondWarning(decisions: readonly PodDecision[]): readonly string[] {
  const [first] = decisions;
  if (first === undefined) return [];
  return [`metahub: images of ${decisions.length} containers are left as written: ${first.reason}`];
}

/** Cuts a Warning where the API server would, at the end of a word, and leaves nothing in it that moves a cursor. */
export function fitWarning(text: string): string {
  return printable(cut(text, limit));
}

/** Names are not validated yet, and a header with a control character would be dropped whole. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, "\uFFFD");
}

function warningOf({ place, image, reason }: PodDecision, names: readonly string[]): string {
  const what = image === undefined || image === place.image ? "is left as written" : `is put back to ${short(image)}`;
  const head = `metahub: image ${short(place.image)} of ${few(names.map(shortName), mostNames)} ${what}: `;
  // Where names are long, some of the reason is still to be read.
  return fitWarning(`${cut(head, limit - 80)}${reason}`);
}

function shortName(name: string): string {
  return name.length > mostOfName ? `${name.slice(0, mostOfName - 1)}…` : name;
}

/** The end of a reference tells more than its beginning, and a digest is known by its first digits. */
function short(image: string): string {
  const text = image.slice(-mostOfImage).replace(/(@sha\d+:[0-9a-f]{12})[0-9a-f]+$/, "$1…");
  return text.length > 72 ? `…${text.slice(-71)}` : text;
}

/** Not `text/shorten.ts`: a sentence ends with a whole word, where one ends near enough. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const room = text.slice(0, length - 1);
  const space = room.lastIndexOf(" ");
  return `${space > length - 24 ? room.slice(0, space) : room}…`;
}
