import { ociIndex } from "../oci/media-types.ts";
import type { Access } from "./access.ts";
import type { Authorizer } from "./auth.ts";
import { RegistryError, statusError } from "./error.ts";
import type { HttpResponse } from "./message.ts";
import { describeRequest, pullScope, type Repository } from "./repository.ts";

/** One page of a listing, as the registry wrote it. */
export interface ListingPage {
  readonly bytes: Uint8Array;
  /** The query of the next page, where there is one: it is asked for by the same path. */
  readonly next: string | undefined;
}

/** Bytes of one page: 10,000 tags of usual length, or the largest index that registries take. */
const maxBytes = 4 * 1_048_576;
export const emptyIndex: Uint8Array = Buffer.from(
  JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: [] }),
);
/** Statuses of registries that have no referrers API (distribution-spec v1.1, "Unavailable Referrers API"). */
const unavailable: ReadonlySet<number> = new Set([400, 404, 405, 406, 501]);

/** Tags and referrers of a repository (distribution-spec v1.1, "Content Discovery"), passed on unread. */
export class Listings {
  readonly #authorizer: Authorizer;

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer;
  }

  /** `query`: `n` and `last`, and nothing else. @throws RegistryError */
  async tags(repository: Repository, query: URLSearchParams, access: Access): Promise<ListingPage> {
    const response = await this.#get(repository, "tags/list", query, "application/json", access);
    if (response.status !== 200) throw statusError(describeRequest("GET", repository, "tags/list"), response);
    return { bytes: response.body, next: nextQuery(response, repository.url("tags/list")) };
  }

  /**
   * An index of what refers to a digest. Where the registry has no such API, the tag that stands in for it; where there is
   * none either, an empty index. @throws RegistryError
   */
  async referrers(
    repository: Repository,
    digest: string,
    query: URLSearchParams,
    access: Access,
  ): Promise<ListingPage & { readonly filtered: string | undefined }> {
    const path = `referrers/${digest}`;
    const response = await this.#get(repository, path, query, ociIndex, access);
    if (response.status === 200) {
      const filtered = response.header("oci-filters-applied");
      return { bytes: response.body, next: nextQuery(response, repository.url(path)), filtered };
    }
    if (!unavailable.has(response.status)) throw statusError(describeRequest("GET", repository, path), response);
    const tag = `manifests/${digest.replace(":", "-")}`;
    const standIn = await this.#get(repository, tag, new URLSearchParams(), ociIndex, access);
    const there = standIn.status === 200;
    if (!there && standIn.status !== 404) throw statusError(describeRequest("GET", repository, tag), standIn);
    // Somebody may have given the name to an image.
    const isIndex = there && (standIn.header("content-type") ?? "").split(";", 1)[0]?.trim() === ociIndex;
    return { bytes: isIndex ? standIn.body : emptyIndex, next: undefined, filtered: undefined };
  }

  async #get(
    repository: Repository,
    path: string,
    query: URLSearchParams,
    accept: string,
    { credentials, signal, tenant }: Access,
  ): Promise<HttpResponse> {
    const url = repository.url(path);
    url.search = query.toString();
    return await this.#authorizer.send({
      method: "GET",
      url,
      headers: { accept },
      maxBytes,
      redirects: "follow",
      scopes: [pullScope(repository)],
      repository: repository.label,
      credentials,
      signal,
      tenant,
    });
  }
}

/** The `Link` of RFC 8288 with `rel="next"`: its query, where it leads to the same path. */
function nextQuery(response: HttpResponse, asked: URL): string | undefined {
  const target = /^<([^<>]{1,4096})>;\s*rel="?next"?/i.exec(response.header("link") ?? "")?.[1];
  if (target === undefined || !URL.canParse(target, asked.href)) return undefined;
  const next = new URL(target, asked.href);
  if (next.pathname !== asked.pathname || next.search === "") return undefined;
  if (next.search.length > 4_096) throw new RegistryError("INVALID", "the link to the next page is too long");
  return next.search.slice(1);
}
