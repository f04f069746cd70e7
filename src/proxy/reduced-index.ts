import { isRecord } from "../json/object.ts";
import type { Steps } from "../oci/steps.ts";

/** Annotations by which an entry of an index says whose it is: BuildKit's attestations, and SOCI's indexes of layers. */
const owners = ["vnd.docker.reference.digest", "com.amazon.soci.image-manifest-digest"] as const;
/** Characters that are looked at in one step. */
const stepCharacters = 65_536;
/** Characters of the key with its quotes, where each of them is written as an escape. */
const longestKey = 64;

/** Where the entries of an index stand in its text: behind the bracket that opens their list, and before the one that ends it. */
interface EntryList {
  readonly begin: number;
  readonly end: number;
  /** First character of each, and the one behind its last. */
  readonly entries: readonly (readonly [number, number])[];
}

/**
 * The text of an index reduced to the entries of one digest and to what belongs to it; undefined where it has no such
 * entry. Entries are byte for byte what they were, and so is all that stands around their list: the same text gives the
 * same text. The index was read before (`parseJson`), so that it is JSON and has every key once.
 */
export function* reduceIndex(text: string, digest: string): Steps<string | undefined> {
  const list = yield* findEntries(text);
  if (list === undefined) return undefined;
  const kept: string[] = [];
  let there = false;
  for (const [first, end] of list.entries) {
    const entry = text.slice(first, end);
    const what = claimOf(JSON.parse(entry), digest);
    if (what !== "other") kept.push(entry);
    there ||= what === "itself";
    yield;
  }
  if (!there) return undefined;
  if (kept.length === list.entries.length) return text;
  return `${text.slice(0, list.begin)}${kept.join(",")}${text.slice(list.end)}`;
}

/** Digests of the indexes that are nested in one. */
export function* nestedIn(text: string, isIndex: (mediaType: string) => boolean): Steps<readonly string[]> {
  const list = yield* findEntries(text);
  const nested: string[] = [];
  for (const [first, end] of list?.entries ?? []) {
    const entry: unknown = JSON.parse(text.slice(first, end));
    if (!isRecord(entry)) continue;
    const { mediaType, digest } = entry;
    if (typeof mediaType === "string" && typeof digest === "string" && isIndex(mediaType)) nested.push(digest);
    yield;
  }
  return nested;
}

function claimOf(entry: unknown, digest: string): "itself" | "belongs" | "other" {
  if (!isRecord(entry)) return "other";
  if (entry["digest"] === digest) return "itself";
  const { annotations } = entry;
  return isRecord(annotations) && owners.some((key) => annotations[key] === digest) ? "belongs" : "other";
}

/** Undefined where there is no list called `manifests`. */
function* findEntries(text: string): Steps<EntryList | undefined> {
  const finder = new EntryFinder(text);
  let checked = 0;
  for (let at = 0; at < text.length && finder.found === undefined; ) {
    if (at - checked > stepCharacters) {
      checked = at;
      yield;
    }
    at = finder.inString ? finder.within(at) : finder.outside(at);
  }
  return finder.found;
}

/** Reads a text character by character. */
class EntryFinder {
  found: EntryList | undefined;
  inString = false;
  readonly #text: string;
  readonly #entries: [number, number][] = [];
  #depth = 0;
  #stringBegin = 0;
  /** Behind the bracket of the list, as soon as its key was read. */
  #begin = Number.POSITIVE_INFINITY;
  #first = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** A character of a string. Returns where to go on. */
  within(at: number): number {
    const character = this.#text[at];
    if (character === "\\") return at + 2;
    if (character !== '"') return at + 1;
    this.inString = false;
    const mayBeKey = this.#depth === 1 && this.#begin === Number.POSITIVE_INFINITY;
    if (mayBeKey && at - this.#stringBegin < longestKey && this.#isKey(at + 1)) {
      this.#begin = listBehind(this.#text, at + 1) ?? this.#begin;
    }
    return at + 1;
  }

  /** A character outside of strings. Returns where to go on. */
  outside(at: number): number {
    switch (this.#text[at]) {
      case '"':
        this.inString = true;
        this.#stringBegin = at;
        break;
      case "{":
      case "[":
        this.#depth += 1;
        if (this.#depth === 3 && at >= this.#begin) this.#first = at;
        break;
      case "}":
      case "]":
        this.#close(at);
        break;
      default:
    }
    return at + 1;
  }

  #close(at: number): void {
    this.#depth -= 1;
    if (at < this.#begin) return;
    if (this.#depth === 2) this.#entries.push([this.#first, at + 1]);
    if (this.#depth === 1) this.found = { begin: this.#begin, end: at, entries: this.#entries };
  }

  #isKey(end: number): boolean {
    return JSON.parse(this.#text.slice(this.#stringBegin, end)) === "manifests";
  }
}

/** The character behind the bracket that follows a key; undefined where the text is a value, or no list follows. */
function listBehind(text: string, end: number): number | undefined {
  const found = /\s*:\s*\[/y;
  found.lastIndex = end;
  return found.test(text) ? found.lastIndex : undefined;
}
