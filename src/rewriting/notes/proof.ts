import { createHmac, type KeyObject, timingSafeEqual } from "node:crypto";
import type { Pod } from "../../api/pod.ts";
import { allChoiceOptions, type ChoiceOptions } from "../../api/pod-options.ts";
import { type SigningKeys, signingKey } from "../../keys/signing-keys.ts";
import { mostImages } from "../image-bounds.ts";
import type { ImagePlace } from "../images.ts";
import { noteName, type SelectionNote, type SelectionNotes } from "./note.ts";

/** Whose notes they are, and by which keys they prove themselves. */
export interface NoteProof {
  readonly keys: SigningKeys;
  /** The Pod's: at admission the object itself may not say it yet. */
  readonly namespace: string;
  /** Whether notes of an earlier Pod count: of one that is being created, which may be a copy. */
  readonly copied: boolean;
}

/** A Pod's own word on how its images are chosen, and what proves its notes. Without keys nothing does. */
export interface NoteOwner {
  readonly options: ChoiceOptions;
  readonly proof: NoteProof | undefined;
}

/** Says which form the bytes have that a MAC is over: another form has another word. */
const form = "metahub-selection-1";
/**
 * Bytes of a MAC: half of SHA-256's, which RFC 2104 (section 5) names as the least. 2^128 tries are beyond anybody, and
 * the annotation's room is scarce.
 */
const macBytes = 16;
/**
 * Milliseconds that a note may be older than its Pod. It is written while the Pod is being created, for which an API
 * server takes a minute at most (kube-apiserver, --request-timeout); another minute is for clocks that differ.
 */
const toleranceMs = 120_000;

/**
 * The note with its MAC, by the key that signs at the note's time; without one where none does. It covers all that
 * decisions follow from. Texts for people, which are shortened for size, are not covered.
 */
export function signNote(note: SelectionNote, place: NotePlace, { options, proof }: NoteOwner): SelectionNote {
  const { key: _, mac: __, ...bare } = note;
  const key = proof === undefined ? undefined : signingKey(proof.keys, new Date(note.at));
  if (key === undefined || proof === undefined) return bare;
  return { ...bare, key: key.id, mac: macOf(key.secret, bare, place, proof.namespace, options).toString("base64url") };
}

/**
 * The notes on a Pod's images that this installation wrote for images of these names, in this namespace, under the options
 * that the Pod has, and not before the Pod was there. Nothing in them ties them to one Pod, as none has a uid when it is
 * admitted: a note that another Pod of the same namespace was given says here what this Pod would be given as well.
 */
export function provenNotes(
  claims: SelectionNotes,
  pod: Pod,
  places: readonly NotePlace[],
  { options, proof }: NoteOwner,
): SelectionNotes {
  const proven = new Map<string, SelectionNote>();
  if (proof === undefined) return proven;
  const runs = (pod.spec.nodeName ?? "") !== "";
  const earlier = new EarlierOptions(options);
  for (const place of firstOfEach(places)) {
    const name = noteName(place);
    const note = claims.get(name);
    if (note === undefined || !isSigned(note, proof) || !(proof.copied || isOfLifetime(note, pod))) continue;
    const proves = (each: ChoiceOptions) => holds(note, place, proof, each);
    // Of what runs, or never changes, notes only say what to put back, whatever the Pod's options are by now.
    const any = !proof.copied && (runs || place.kind === "volumes");
    if (any ? earlier.some(proves) : proves(options)) proven.set(name, note);
  }
  return proven;
}

/** MACs that are computed for notes under other options than the Pod has now. */
const mostTries = 256;

/**
 * The options that a Pod may have had. Those that proved its last note are tried first: all were written under the same,
 * but for the few that came later. Who writes notes that nothing proves has so many tries for all of them.
 */
class EarlierOptions {
  readonly #all: ChoiceOptions[];
  #triesLeft = mostTries;

  constructor(present: ChoiceOptions) {
    const others = allChoiceOptions.filter(
      ({ strategy, accelerators }) => strategy !== present.strategy || accelerators !== present.accelerators,
    );
    this.#all = [present, ...others];
  }

  some(proves: (options: ChoiceOptions) => boolean): boolean {
    for (const [at, options] of this.#all.entries()) {
      if (at > 0 && this.#triesLeft <= 0) return false;
      if (at > 0) this.#triesLeft -= 1;
      if (!proves(options)) continue;
      this.#all.splice(at, 1);
      this.#all.unshift(options);
      return true;
    }
    return false;
  }
}

/** The places whose notes are looked at: an object that is not validated yet may have any number of one name. */
function firstOfEach(places: readonly NotePlace[]): readonly NotePlace[] {
  const names = new Map<string, NotePlace>();
  for (const place of places) {
    if (names.size === mostImages) break;
    const key = `${place.kind} ${place.name}`;
    if (!names.has(key)) names.set(key, place);
  }
  return [...names.values()];
}

/** Whether a note is as young as one that was written for the same request, by a webhook that is called again. */
export function isRecent({ at }: SelectionNote, now: Date): boolean {
  return Math.abs(now.getTime() - Date.parse(at)) <= toleranceMs;
}

/** Whether the Pod is older than the oldest key. While there are no keys, any Pod is older than the first that comes. */
export function precedesKeys({ metadata }: Pod, keys: SigningKeys): boolean {
  const created = Date.parse(metadata.creationTimestamp ?? "");
  return !Number.isNaN(created) && keys.every(({ signsFrom }) => created < signsFrom.getTime());
}

/** A Pod's uid and often its name are made after its admission, so that no MAC can hold them. */
type NotePlace = Pick<ImagePlace, "kind" | "name">;

/** Whether a MAC of a key that is known is there to be compared. */
function isSigned({ key, mac }: SelectionNote, { keys }: NoteProof): boolean {
  return mac !== undefined && keys.some(({ id }) => id === key);
}

function holds(note: SelectionNote, place: NotePlace, { keys, namespace }: NoteProof, options: ChoiceOptions): boolean {
  const key = keys.find(({ id }) => id === note.key);
  if (key === undefined || note.mac === undefined) return false;
  const given = Buffer.from(note.mac, "base64url");
  return given.length === macBytes && timingSafeEqual(given, macOf(key.secret, note, place, namespace, options));
}

/** False for one that is copied from another Pod. */
function isOfLifetime({ at }: SelectionNote, { metadata }: Pod): boolean {
  return Date.parse(at) >= Date.parse(metadata.creationTimestamp ?? "") - toleranceMs;
}

/** A list in JSON is unambiguous: no member can spill over into the next. */
function macOf(
  secret: KeyObject,
  { asked, index, variant, node, at, code, list }: SelectionNote,
  { kind, name }: NotePlace,
  namespace: string,
  { strategy, accelerators }: ChoiceOptions,
): Buffer {
  const source = list === undefined ? [] : [list];
  const said = [asked, index ?? null, variant ?? null, node ?? null, at, code, ...source];
  const text = JSON.stringify([form, namespace, kind, name, strategy, accelerators, ...said]);
  return createHmac("sha256", secret).update(text).digest().subarray(0, macBytes);
}
