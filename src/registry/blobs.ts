import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { isDigest } from "../oci/digest.ts";
import type { Access } from "./access.ts";
import type { Authorizer } from "./auth.ts";
import { BlobBody } from "./blob-body.ts";
import { ContentCheck } from "./content-check.ts";
import { RegistryError, statusError } from "./error.ts";
import { tooLarge } from "./live-body.ts";
import { mismatch } from "./manifests.ts";
import { type AnswerHead, type HttpRequest, type HttpResponse, type HttpStream, isStream } from "./message.ts";
import { answersRange, type ByteRange, formatRange, readContentRange, readUnsatisfiedSize } from "./range.ts";
import { mayFollow, redirectTarget } from "./redirect.ts";
import { describeRequest, pullScope, type Repository } from "./repository.ts";

export interface OpenBlobOptions extends Access {
  /** Longest body, in bytes: of the blob, or of the range. */
  readonly maxBytes: number;
  /** Bytes of the whole blob, where its descriptor is at hand. */
  readonly size?: number | undefined;
  /** A server may answer with the whole blob all the same. */
  readonly range?: ByteRange | undefined;
}

export type OpenedBlob = WholeBlob | PartOfBlob;

/** The registry sends whoever asks to another place, by an address that may be a right of its own: signed, and for a while. */
export interface BlobElsewhere {
  readonly kind: "elsewhere";
  readonly url: URL;
  /** The registry's own address of the blob. */
  readonly from: URL;
}

/** The whole blob. The body ends only where digest and size fit, and fails with DIGEST_MISMATCH where they do not. */
export interface WholeBlob {
  readonly kind: "whole";
  readonly verification: "at-end";
  readonly status: 200;
  /** A range was asked for, and the server gives the whole. */
  readonly rangeIgnored: boolean;
  /** Bytes; undefined where neither the caller nor the server says. */
  readonly size: number | undefined;
  /** As the server says it, without parameters. */
  readonly mediaType: string | undefined;
  readonly body: Readable;
}

/** A range of the blob. No digest names a part: only its length is compared, nothing vouches for the bytes. */
export interface PartOfBlob {
  readonly kind: "part";
  readonly verification: "none";
  readonly status: 206;
  /** Position of the first and of the last byte of the body. */
  readonly first: number;
  readonly last: number;
  /** Bytes of the body. */
  readonly size: number;
  /** Bytes of the whole blob; undefined where neither the caller nor the server says. */
  readonly total: number | undefined;
  readonly mediaType: string | undefined;
  readonly body: Readable;
}

/** Pulling blobs, as distribution-spec v1.1 "Pulling blobs" has it, with RFC 9110's single range. */
export class Blobs {
  readonly #authorizer: Authorizer;
  readonly #plainHttp: (host: string) => boolean;

  /** @param plainHttp hosts that a registry of plain HTTP may send to by plain HTTP */
  constructor(authorizer: Authorizer, plainHttp: (host: string) => boolean) {
    this.#authorizer = authorizer;
    this.#plainHttp = plainHttp;
  }

  /** @throws RegistryError RANGE_UNSATISFIABLE, DIGEST_MISMATCH where the size is wrong already, TOO_LARGE, and others */
  async open(repository: Repository, digest: string, options: OpenBlobOptions): Promise<OpenedBlob> {
    const opened = await this.#ask(repository, digest, { ...options, redirects: "follow" }, "long");
    if (opened.kind === "elsewhere") throw new RegistryError("INVALID", "a redirect was followed to nowhere");
    return opened;
  }

  /** The same, and where the registry redirects, only where it does. @throws RegistryError as `open` */
  async openOrFind(
    repository: Repository,
    digest: string,
    options: OpenBlobOptions,
  ): Promise<OpenedBlob | BlobElsewhere> {
    return await this.#ask(repository, digest, { ...options, redirects: "refuse" }, "long");
  }

  /** The whole, verified, in memory, within the time limit of any other answer. @throws RegistryError */
  async read(
    repository: Repository,
    digest: string,
    options: Access & { readonly maxBytes: number },
  ): Promise<Uint8Array> {
    const opened = await this.#ask(repository, digest, { ...options, redirects: "follow" }, "brief");
    if (opened.kind === "elsewhere") throw new RegistryError("INVALID", "a redirect was followed to nowhere");
    return await buffer(opened.body);
  }

  /** By HEAD. Undefined where the answer does not say it. @throws RegistryError */
  async size(
    repository: Repository,
    digest: string,
    { credentials, signal, tenant }: Access,
  ): Promise<number | undefined> {
    const what = describeRequest("HEAD", repository, `blobs/${digest}`);
    if (!isDigest(digest)) throw new RegistryError("INVALID", `${what}: its digest is none that can be verified`);
    const answer = await this.#authorizer.send({
      method: "HEAD",
      url: repository.url(`blobs/${digest}`),
      headers: {},
      maxBytes: 0,
      redirects: "follow",
      scopes: [pullScope(repository)],
      repository: repository.label,
      service: "blobs",
      credentials,
      signal,
      tenant,
    });
    if (answer.status !== 200) throw statusError(what, answer);
    const length = answer.header("content-length");
    return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
  }

  async #ask(
    repository: Repository,
    digest: string,
    options: OpenBlobOptions & Pick<HttpRequest, "redirects">,
    lasting: HttpRequest["lasting"],
  ): Promise<OpenedBlob | BlobElsewhere> {
    const { credentials, signal, tenant, maxBytes, redirects } = options;
    const what = describeRequest("GET", repository, `blobs/${digest}`);
    if (!isDigest(digest)) throw new RegistryError("INVALID", `${what}: its digest is none that can be verified`);
    const answer = await this.#authorizer.open({
      method: "GET",
      url: repository.url(`blobs/${digest}`),
      headers: rangeHeader(options.range, what),
      maxBytes,
      redirects,
      scopes: [pullScope(repository)],
      repository: repository.label,
      service: "blobs",
      tenant,
      lasting,
      credentials,
      signal,
    });
    if (!isStream(answer)) {
      const target = redirects === "refuse" && mayFollow("GET", answer.status) ? this.#target(answer) : undefined;
      if (target === undefined) throw refusal(answer, what);
      if (typeof target === "string") throw new RegistryError("REFUSED_REDIRECT", `${what}: ${target}`);
      return { kind: "elsewhere", url: target, from: answer.url };
    }
    try {
      return answer.status === 206 ? openPart(answer, options, what) : openWhole(answer, { ...options, digest }, what);
    } catch (error) {
      answer.live.cancel();
      throw error;
    }
  }

  #target(answer: HttpResponse): URL | string {
    return redirectTarget(answer, answer.url, this.#plainHttp);
  }
}

function rangeHeader(range: ByteRange | undefined, what: string): Readonly<Record<string, string>> {
  if (range === undefined) return {};
  const header = formatRange(range);
  if (header === undefined) throw new RegistryError("INVALID", `${what}: the range to ask for is none`);
  return { range: header };
}

function refusal(answer: HttpResponse, what: string): RegistryError {
  if (answer.status !== 416) return statusError(what, answer);
  const contentSize = readUnsatisfiedSize(answer.header("content-range"));
  const text = `${what}: answered 416: the range begins after the end of the blob`;
  return new RegistryError("RANGE_UNSATISFIABLE", text, { status: 416, contentSize });
}

function openWhole(answer: HttpStream, asked: OpenBlobOptions & { readonly digest: string }, what: string): WholeBlob {
  if (answer.status !== 200) throw statusError(what, { ...answer, body: new Uint8Array() });
  const length = contentLength(answer);
  if (asked.size !== undefined && length !== undefined && length !== asked.size) throw mismatch(what);
  const size = asked.size ?? length;
  if (size !== undefined && size > asked.maxBytes) throw tooLarge(what, asked.maxBytes);
  return {
    kind: "whole",
    verification: "at-end",
    status: 200,
    rangeIgnored: asked.range !== undefined,
    size,
    mediaType: mediaTypeOf(answer),
    body: new BlobBody(answer.live, new ContentCheck({ digest: asked.digest, size }, what)),
  };
}

function openPart(answer: HttpStream, { range, size: whole, maxBytes }: OpenBlobOptions, what: string): PartOfBlob {
  const served = readContentRange(answer.header("content-range"));
  if (range === undefined || served === undefined || !answersRange(served, range)) {
    throw new RegistryError("INVALID", `${what}: answered with another part of the blob than was asked for`);
  }
  const total = served.total ?? whole;
  if (whole !== undefined && (total !== whole || served.last >= whole)) throw mismatch(what);
  const size = served.last - served.first + 1;
  if (size > maxBytes) throw tooLarge(what, maxBytes);
  return {
    kind: "part",
    verification: "none",
    status: 206,
    first: served.first,
    last: served.last,
    size,
    total,
    mediaType: mediaTypeOf(answer),
    body: new BlobBody(answer.live, new ContentCheck({ digest: undefined, size }, what)),
  };
}

function contentLength(answer: AnswerHead): number | undefined {
  const length = answer.header("content-length");
  return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

/** Undefined where it is none: a header is handed on by proxies, and must be what it seems. */
function mediaTypeOf(answer: AnswerHead): string | undefined {
  const type = (answer.header("content-type") ?? "").replace(/;.*$/s, "").trim().toLowerCase();
  return /^[a-z0-9!#$&^_.+-]{1,127}\/[a-z0-9!#$&^_.+-]{1,127}$/.test(type) ? type : undefined;
}
