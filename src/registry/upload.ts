import type { Credentials } from "../credentials/credentials.ts";
import { type Descriptor, describe } from "../oci/descriptor.ts";
import { computeDigest } from "../oci/digest.ts";
import type { Reference } from "../oci/reference.ts";
import type { Authorizer } from "./auth.ts";
import type { BodySource } from "./body-source.ts";
import { RegistryError, redactUrl, statusError } from "./error.ts";
import type { HttpRequest, HttpResponse } from "./message.ts";
import type { Repository } from "./repository.ts";

interface PushAccess {
  readonly credentials: Credentials | undefined;
  readonly signal: AbortSignal;
}

/** A blob to push that is not in memory. The registry refuses it where the bytes are not what the digest names. */
export interface BlobSource extends BodySource {
  readonly digest: string;
}

/** Answers to pushes have no body worth reading. */
const maxAnswerBytes = 64 * 1024;

/** Pushing, as distribution-spec v1.1 "Push" has it. */
export class Uploads {
  readonly #authorizer: Authorizer;

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer;
  }

  /** Monolithic: POST, then PUT of the whole. Returns the digest. @throws RegistryError */
  async blob(
    repository: Repository,
    content: Uint8Array | BlobSource,
    access: PushAccess & { readonly mountFrom?: string | undefined },
  ): Promise<string> {
    const digest = content instanceof Uint8Array ? computeDigest(content) : content.digest;
    const scopes = pushScopes(repository, access.mountFrom);
    const existing = await this.#send("HEAD", repository.url(`blobs/${digest}`), access, { scopes });
    if (existing.status === 200) return digest;
    const start = repository.url("blobs/uploads/");
    if (access.mountFrom !== undefined) {
      start.searchParams.set("mount", digest);
      start.searchParams.set("from", access.mountFrom);
    }
    const started = await this.#send("POST", start, access, { scopes });
    if (started.status === 201) return digest;
    if (started.status !== 202) throw statusError(`POST ${redactUrl(start)}`, started);
    const target = uploadTarget(started, start);
    target.searchParams.set("digest", digest);
    const done = await this.#send("PUT", target, access, {
      scopes,
      name: `PUT ${redactUrl(start)}`,
      body: content,
      headers: { "content-type": "application/octet-stream" },
      ...(target.origin === start.origin ? {} : { sentBy: start }),
    });
    if (done.status !== 201) throw statusError(`PUT ${redactUrl(start)}`, done);
    return digest;
  }

  /** @throws RegistryError DIGEST_MISMATCH where the reference, or the registry's answer, has another digest; others */
  async manifest(
    repository: Repository,
    reference: Reference,
    content: { readonly mediaType: string; readonly bytes: Uint8Array },
    access: PushAccess,
  ): Promise<Descriptor> {
    const descriptor = describe(content.mediaType, content.bytes);
    if (reference.digest !== undefined && reference.digest !== descriptor.digest) {
      const text = `${repository.label}: the content to push has digest ${descriptor.digest}, not ${reference.digest}`;
      throw new RegistryError("DIGEST_MISMATCH", text);
    }
    const url = repository.url(`manifests/${reference.tag ?? descriptor.digest}`);
    const done = await this.#send("PUT", url, access, {
      scopes: pushScopes(repository, undefined),
      body: content.bytes,
      headers: { "content-type": content.mediaType },
    });
    if (done.status !== 201) throw statusError(`PUT ${redactUrl(url)}`, done);
    const stored = done.header("docker-content-digest");
    if (stored !== undefined && stored !== descriptor.digest) {
      const text = `PUT ${redactUrl(url)}: the registry stored it under another digest than ${descriptor.digest}`;
      throw new RegistryError("DIGEST_MISMATCH", text);
    }
    return descriptor;
  }

  async #send(
    method: HttpRequest["method"],
    url: URL,
    access: PushAccess,
    rest: {
      readonly scopes: readonly string[];
      readonly body?: Uint8Array | BodySource;
      readonly headers?: Readonly<Record<string, string>>;
      readonly sentBy?: URL;
      readonly name?: string;
    },
  ): Promise<HttpResponse> {
    return await this.#authorizer.send({
      method,
      url,
      headers: {},
      maxBytes: maxAnswerBytes,
      redirects: method === "HEAD" ? "follow" : "refuse",
      credentials: access.credentials,
      signal: access.signal,
      ...rest,
    });
  }
}

function pushScopes(repository: Repository, mountFrom: string | undefined): readonly string[] {
  const own = `repository:${repository.name}:pull,push`;
  return mountFrom === undefined ? [own] : [own, `repository:${mountFrom}:pull`];
}

/** Where the upload continues. The transport refuses plain HTTP and addresses that may not be asked. */
function uploadTarget(started: HttpResponse, start: URL): URL {
  const location = started.header("location");
  if (location === undefined || location.length > 8192 || !URL.canParse(location, start.href)) {
    throw new RegistryError("INVALID", `POST ${redactUrl(start)}: did not say where the upload continues`);
  }
  const target = new URL(location, start);
  if (
    target.username !== "" ||
    target.password !== "" ||
    (target.protocol === "http:" && start.protocol === "https:")
  ) {
    throw new RegistryError("REFUSED_REDIRECT", `POST ${redactUrl(start)}: the upload would continue without HTTPS`);
  }
  return target;
}
