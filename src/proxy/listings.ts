import type { ServerResponse } from "node:http";
import { ociIndex } from "../oci/media-types.ts";
import type { RegistryClient } from "../registry/client.ts";
import { emptyIndex, type ListingPage } from "../registry/listings.ts";
import { type Asker, withCredentials } from "../registry/with-credentials.ts";
import type { Clock } from "../time/clock.ts";
import { notThere, privateHeaders } from "./answer.ts";
import { afterKey, bytesOf, joinTags, readTags, type TagPage } from "./listed-tags.ts";
import { isMissing } from "./missing.ts";
import type { Asked } from "./names.ts";
import { sendWhole } from "./pour.ts";
import type { Place } from "./upstreams.ts";

/** Keys and characters of the query of a listing, which is passed on. */
const mostKeys = 8;
const longestQuery = 2_048;
/** Tags of one page, where a client asks for more: a page is held in memory. */
const mostListed = 10_000;
/** Bytes of an index in which nothing is listed. */
const longestEmpty = 4_096;

export interface AskedListing {
  readonly asked: Asked & { readonly kind: "tags" | "referrers" };
  readonly place: Place["reference"];
  readonly query: URLSearchParams;
  /** Tags for which lists speak, in order, each once. */
  readonly listedTags: readonly string[];
  readonly asker: Asker;
  readonly clock: Clock;
}

interface Page extends ListingPage {
  readonly filtered?: string | undefined;
}

/** One page of tags or referrers, as it is upstream, with a link to the next one here. @throws RegistryError; Refusal */
export async function sendListing(
  client: RegistryClient,
  { asked, place, query, listedTags, asker, clock }: AskedListing,
  response: ServerResponse,
): Promise<void> {
  // A registry's next page may be named by any key of its own.
  const passed = new URLSearchParams([...query].filter(([key]) => key !== "ns"));
  const count = passed.get("n");
  if (count !== null && !/^\d{1,15}$/.test(count)) passed.delete("n");
  else if (count !== null && Number(count) > mostListed) passed.set("n", String(mostListed));
  if (passed.size > mostKeys || passed.toString().length > longestQuery) throw notThere("NAME_UNKNOWN");
  const upstream = new URLSearchParams([...passed].filter(([key]) => key !== afterKey));
  const page: Page =
    asked.kind === "tags"
      ? await tagsOf(client, { place, passed, upstream, listedTags, asker })
      : await withCredentials(place, asker, (access) => client.referrers(place, asked.digest, upstream, access));
  if (asked.kind === "referrers" && isEmpty(page)) await sendNoReferrers(query, response, clock);
  else await sendPage(asked, page, response, clock);
}

interface AskedTags extends Pick<AskedListing, "place" | "listedTags" | "asker"> {
  readonly passed: URLSearchParams;
  readonly upstream: URLSearchParams;
}

/** A page of tags: upstream's as it is, unless lists speak for some. Those are there also where the repository is not. */
async function tagsOf(
  client: RegistryClient,
  { place, passed, upstream, listedTags, asker }: AskedTags,
): Promise<ListingPage> {
  const pageOf = async (): Promise<ListingPage> =>
    await withCredentials(place, asker, (access) => client.tags(place, upstream, access));
  if (listedTags.length === 0) return await pageOf();
  const own: TagPage = { name: place.repository, tags: [], next: undefined };
  const page = await pageOf().then(
    (found) => readTags(found, place.repository, asker.signal),
    (error: unknown) => {
      if (isMissing(error)) return own;
      throw error;
    },
  );
  const joined = joinTags(page, listedTags, passed);
  return { bytes: bytesOf(joined), next: joined.next };
}

/**
 * An index of nothing: where nothing refers to the digest, where there is no such repository, and where it is not for
 * whoever asks, one as the other (distribution-spec v1.1, "Listing Referrers": never a 404).
 */
export async function sendNoReferrers(query: URLSearchParams, response: ServerResponse, clock: Clock): Promise<void> {
  response.writeHead(200, {
    ...privateHeaders,
    "content-type": ociIndex,
    "content-length": emptyIndex.length,
    // Nothing is what is left of nothing.
    ...(query.has("artifactType") ? { "oci-filters-applied": "artifactType" } : {}),
  });
  await sendWhole(response, response.req.method === "HEAD" ? undefined : emptyIndex, clock);
}

async function sendPage(
  asked: AskedListing["asked"],
  page: Page,
  response: ServerResponse,
  clock: Clock,
): Promise<void> {
  const path = asked.kind === "tags" ? "tags/list" : `referrers/${asked.digest}`;
  response.writeHead(200, {
    ...privateHeaders,
    "content-type": asked.kind === "tags" ? "application/json" : ociIndex,
    "content-length": page.bytes.length,
    ...(page.next === undefined ? {} : { link: `</v2/${asked.repository}/${path}?${page.next}>; rel="next"` }),
    ...(page.filtered === undefined ? {} : { "oci-filters-applied": "artifactType" }),
  });
  await sendWhole(response, response.req.method === "HEAD" ? undefined : page.bytes, clock);
}

/** Each registry writes an index of nothing in its own way. */
function isEmpty({ bytes, next }: Page): boolean {
  if (next !== undefined || bytes.length > longestEmpty) return false;
  try {
    const index: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    const manifests = typeof index === "object" && index !== null && "manifests" in index ? index.manifests : undefined;
    return Array.isArray(manifests) && manifests.length === 0;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
