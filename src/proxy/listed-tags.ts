import { isRecord } from "../json/object.ts";
import { OciError } from "../oci/error.ts";
import { parseJsonInSteps } from "../oci/json.ts";
import { RegistryError } from "../registry/error.ts";
import { inSlices } from "../registry/in-slices.ts";
import type { ListingPage } from "../registry/listings.ts";

export interface TagPage {
  /** The repository, as its registry calls it. */
  readonly name: string;
  readonly tags: readonly string[];
  /** The query of the next page, where there is one. */
  readonly next: string | undefined;
}

/** Says in the query of the next page after which tag those of lists go on. It is ours, and does not travel upstream. */
export const afterKey = "metahub.after";

/** @throws RegistryError INVALID where it is no list of tags */
export async function readTags({ bytes, next }: ListingPage, name: string, signal: AbortSignal): Promise<TagPage> {
  let page: unknown;
  try {
    page = await inSlices(parseJsonInSteps(bytes), signal, "reading a page of tags");
  } catch (error) {
    if (!(error instanceof OciError)) throw error;
    throw new RegistryError("INVALID", `the tags of ${name} cannot be read`, { cause: error });
  }
  // Some registries write null where there is none.
  const tags = isRecord(page) ? (page["tags"] ?? []) : undefined;
  if (!isRecord(page) || !isTexts(tags)) throw new RegistryError("INVALID", `the tags of ${name} are no list`);
  return { name: typeof page["name"] === "string" ? page["name"] : name, tags, next };
}

export function bytesOf({ name, tags }: TagPage): Uint8Array {
  return Buffer.from(JSON.stringify({ name, tags }));
}

/**
 * A page of an upstream's tags, with those for which lists speak at their places: the specification's order is that of
 * ASCII ("Listing Tags"). Each of them stands on one page; where an upstream has another order, perhaps on two, and on
 * one in any case. A page has `n` tags at most, but where its upstream names the next one by a key of its own.
 * @param listed in order, each once
 * @param query of this page
 */
export function joinTags(page: TagPage, listed: readonly string[], query: URLSearchParams): TagPage {
  const count = query.get("n");
  if (count === "0") return page;
  const after = query.get(afterKey) ?? query.get("last") ?? "";
  const end = page.next === undefined ? undefined : (page.tags.at(-1) ?? after);
  const there = new Set(page.tags);
  const more = listed.filter((tag) => tag > after && (end === undefined || tag <= end) && !there.has(tag));
  const tags = merge(page.tags, more);
  if (count !== null && tags.length > Number(count) && isBySpec(query, page.next)) {
    const cut = tags.slice(0, Number(count));
    return { ...page, tags: cut, next: queryAfter(cut, there, query) };
  }
  return { ...page, tags, next: page.next === undefined ? undefined : withAfter(page.next, end ?? after) };
}

/** Whether pages are found by `n` and `last` alone. */
function isBySpec(query: URLSearchParams, next: string | undefined): boolean {
  const keys = [...query.keys(), ...new URLSearchParams(next ?? "").keys()];
  return keys.every((key) => key === "n" || key === "last" || key === afterKey);
}

/** The page after one that was cut: upstream's tags go on after the last of them here, those of lists after the last one. */
function queryAfter(cut: readonly string[], there: ReadonlySet<string>, query: URLSearchParams): string {
  const next = new URLSearchParams(query);
  const last = cut.findLast((tag) => there.has(tag));
  if (last !== undefined) next.set("last", last);
  return withAfter(next.toString(), cut.at(-1) ?? "");
}

function withAfter(query: string, after: string): string {
  const next = new URLSearchParams(query);
  next.set(afterKey, after);
  return next.toString();
}

/** Keeps the order of the first ones, whatever it is: by it their registry knows where the next page begins. */
function merge(tags: readonly string[], more: readonly string[]): readonly string[] {
  const waiting = [...more];
  const joined: string[] = [];
  for (const tag of tags) {
    for (let first = waiting[0]; first !== undefined && first < tag; first = waiting[0]) {
      joined.push(first);
      waiting.shift();
    }
    joined.push(tag);
  }
  return [...joined, ...waiting];
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
