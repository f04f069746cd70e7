import type { Credentials } from "../credentials/credentials.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { effectiveTag, type Reference } from "../oci/reference.ts";
import type { Access } from "./access.ts";
import { Accounts } from "./account.ts";
import { Answers } from "./answers.ts";
import { Authorizer } from "./auth.ts";
import { type BlobElsewhere, Blobs, type OpenBlobOptions, type OpenedBlob } from "./blobs.ts";
import { Contents, grantMs, type Manifest } from "./contents.ts";
import { RegistryError } from "./error.ts";
import { Flights } from "./flight.ts";
import { type ListingPage, Listings } from "./listings.ts";
import { manifestHeaders, readHead, readManifest } from "./manifests.ts";
import type { HttpResponse } from "./message.ts";
import { type RegistryClientOptions, type Settings, settle } from "./options.ts";
import { describeRequest, openRepository, pullScope, type Repository } from "./repository.ts";
import { flightKey } from "./tenant.ts";
import { Tokens } from "./tokens.ts";
import { Transport } from "./transport.ts";
import { type BlobSource, Uploads } from "./upload.ts";

/** Bytes for the digests of tags; some 10,000 of usual length. */
const maxTagBytes = 8 * 1024 * 1024;
/** Answers of a registry that take the right to content away; any other may be its trouble of the moment. */
const refusals: ReadonlySet<string> = new Set(["DENIED", "NOT_FOUND", "UNAUTHORIZED"]);

/**
 * A client for OCI registries (distribution-spec v1.1). Whatever it returns as content has been verified against its
 * digest. Every method fails with RegistryError and nothing else.
 */
export class RegistryClient {
  readonly #settings: Settings;
  readonly #transport: Transport;
  readonly #authorizer: Authorizer;
  readonly #accounts = new Accounts();
  readonly #uploads: Uploads;
  readonly #blobs: Blobs;
  readonly #listings: Listings;
  readonly #contents: Contents;
  readonly #tags: Answers<Descriptor>;
  readonly #resolving = new Flights<Descriptor>();
  readonly #fetching = new Flights<Manifest>();
  readonly #rechecking = new Flights<void>();

  constructor(options: RegistryClientOptions) {
    const settings = settle(options);
    this.#settings = settings;
    this.#transport = new Transport(settings);
    const tokens = new Tokens(this.#transport, settings.plainHttp, settings.now);
    this.#authorizer = new Authorizer(this.#transport, this.#accounts, tokens);
    this.#uploads = new Uploads(this.#authorizer);
    this.#blobs = new Blobs(this.#authorizer, settings.plainHttp);
    this.#listings = new Listings(this.#authorizer);
    this.#contents = new Contents(settings.cacheBytes, settings.now);
    this.#tags = new Answers({
      maxBytes: maxTagBytes,
      sizeOf: ({ mediaType, digest }) => mediaType.length + digest.length,
      negativeTtlMs: settings.negativeTtlMs,
      now: settings.now,
    });
  }

  /** A name for what these credentials may read here: what is cached under it is shown to nobody else. */
  accessName(reference: Reference, credentials: Credentials | undefined): string {
    return `${reference.registry.toLowerCase()}/${reference.repository} ${this.#accounts.name(credentials)}`;
  }

  /**
   * The descriptor of the content that the reference's digest, or its tag at this moment, names. A tag's answer is up to
   * `tagTtlMs` old. Media type
   * and size are what the registry says; nothing is verified until the content is fetched. A digest whose content this
   * access was served before is answered from that, since it cannot name anything else: for an hour without a question,
   * and then, once the registry was asked if this access still may have it, or for a day while it is away.
   */
  async resolve(reference: Reference, access: Access): Promise<Descriptor> {
    const repository = openRepository(reference, this.#settings);
    const target = targetOf(reference);
    const name = this.accessName(reference, access.credentials);
    const held = reference.digest === undefined ? undefined : await this.#held(repository, reference.digest, access);
    if (held !== undefined) return descriptorOf(held);
    const key = `${name} ${target}`;
    const known = this.#tags.get(key);
    if (known !== undefined) return known;
    const ttlMs = reference.digest === undefined ? this.#settings.tagTtlMs : grantMs;
    return await this.#resolving.join(flightKey(key, access.tenant), access.signal, (signal) =>
      this.#tags.remember(key, ttlMs, async () => {
        const response = await this.#ask("HEAD", repository, `manifests/${target}`, { ...access, signal });
        const what = describeRequest("HEAD", repository, `manifests/${target}`);
        const head = readHead(response, what, reference.digest);
        if (head !== undefined) {
          this.#contents.renew(name, head.digest);
          return head;
        }
        return descriptorOf(await this.#get(repository, target, name, { ...access, signal }));
      }),
    );
  }

  /**
   * The manifest or index itself, verified. By digest it is fetched once and kept.
   * @throws RegistryError TOO_LARGE beyond `maxBytes`, where it has to be fetched
   */
  async manifest(reference: Reference, access: Access, maxBytes = this.#settings.maxManifestBytes): Promise<Manifest> {
    const repository = openRepository(reference, this.#settings);
    const digest = reference.digest ?? (await this.resolve(reference, access)).digest;
    const name = this.accessName(reference, access.credentials);
    const known = await this.#held(repository, digest, access);
    if (known !== undefined) return known;
    const key = flightKey(`${name} ${digest} ${maxBytes}`, access.tenant);
    return await this.#fetching.join(key, access.signal, (signal) =>
      this.#get(repository, digest, name, { ...access, signal }, maxBytes),
    );
  }

  /** A blob, verified, whole in memory; not kept. @throws RegistryError TOO_LARGE beyond `maxBytes` */
  async blob(
    reference: Reference,
    digest: string,
    access: Access,
    maxBytes = this.#settings.maxBlobBytes,
  ): Promise<Uint8Array> {
    return await this.#blobs.read(openRepository(reference, this.#settings), digest, { ...access, maxBytes });
  }

  /**
   * A blob as a stream, or one range of it. The answer's head was checked when this resolves; the body has to be read
   * to its end or destroyed, since it keeps a connection and one of the places for open streams.
   */
  async openBlob(reference: Reference, digest: string, options: OpenBlobOptions): Promise<OpenedBlob> {
    return await this.#blobs.open(openRepository(reference, this.#settings), digest, options);
  }

  /** The same, but where the registry redirects: where it does, for a client that may go there by itself. */
  async openBlobOrFind(
    reference: Reference,
    digest: string,
    options: OpenBlobOptions,
  ): Promise<OpenedBlob | BlobElsewhere> {
    return await this.#blobs.openOrFind(openRepository(reference, this.#settings), digest, options);
  }

  /** The size of a blob, by HEAD; undefined where the registry does not say it. */
  async blobSize(reference: Reference, digest: string, access: Access): Promise<number | undefined> {
    return await this.#blobs.size(openRepository(reference, this.#settings), digest, access);
  }

  /** One page of the tags of a repository, as the registry wrote it. `query`: `n` and `last`. */
  async tags(reference: Reference, query: URLSearchParams, access: Access): Promise<ListingPage> {
    return await this.#listings.tags(openRepository(reference, this.#settings), query, access);
  }

  /** An index of what refers to a digest; an empty one where the registry knows none. `query`: `artifactType`. */
  async referrers(reference: Reference, digest: string, query: URLSearchParams, access: Access) {
    return await this.#listings.referrers(openRepository(reference, this.#settings), digest, query, access);
  }

  /** Puts a blob into the repository, unless it is there already. `mountFrom` names a repository that may have it. */
  async pushBlob(
    reference: Reference,
    content: Uint8Array | BlobSource,
    access: Access & { readonly mountFrom?: string | undefined },
  ): Promise<string> {
    return await this.#uploads.blob(openRepository(reference, this.#settings), content, access);
  }

  /** Puts a manifest or index under the reference's tag, or under its digest where it has none. */
  async pushManifest(reference: Reference, mediaType: string, bytes: Uint8Array, access: Access): Promise<Descriptor> {
    const repository = openRepository(reference, this.#settings);
    if (bytes.length > this.#settings.maxManifestBytes) {
      const text = `${repository.label}: a manifest of ${bytes.length} bytes is larger than registries take`;
      throw new RegistryError("TOO_LARGE", text);
    }
    const descriptor = await this.#uploads.manifest(repository, reference, { mediaType, bytes }, access);
    const name = this.accessName(reference, access.credentials);
    this.#tags.forget(`${name} ${targetOf(reference)}`);
    this.#tags.forget(`${name} ${descriptor.digest}`);
    return descriptor;
  }

  /** Ends what is under way with CLOSED, and every connection. */
  async close(): Promise<void> {
    await this.#transport.close();
  }

  /** The content that this access was served before, if it still may have it. @throws RegistryError where it may not */
  async #held(repository: Repository, digest: string, access: Access): Promise<Manifest | undefined> {
    const name = `${repository.label} ${this.#accounts.name(access.credentials)}`;
    const held = this.#contents.get(name, digest);
    if (held?.due === true) {
      const key = flightKey(`${name} ${digest}`, access.tenant);
      await this.#rechecking.join(key, access.signal, (signal) =>
        this.#recheck(repository, digest, name, { ...access, signal }),
      );
    }
    return held?.manifest;
  }

  async #recheck(repository: Repository, digest: string, name: string, access: Access): Promise<void> {
    const path = `manifests/${digest}`;
    const patience = AbortSignal.timeout(this.#settings.timeouts.recheckMs);
    const patient = { ...access, signal: AbortSignal.any([access.signal, patience]) };
    try {
      const response = await this.#ask("HEAD", repository, path, patient);
      const head = readHead(response, describeRequest("HEAD", repository, path), digest);
      if (head === undefined) await this.#get(repository, digest, name, patient);
      else this.#contents.renew(name, digest);
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      if (refusals.has(error.code)) this.#contents.revoke(name, digest);
      else if (!access.signal.aborted && this.#contents.extend(name, digest)) return;
      throw error;
    }
  }

  async #get(
    repository: Repository,
    target: string,
    name: string,
    access: Access,
    maxBytes = this.#settings.maxManifestBytes,
  ): Promise<Manifest> {
    const response = await this.#ask("GET", repository, `manifests/${target}`, access, maxBytes);
    const what = describeRequest("GET", repository, `manifests/${target}`);
    const manifest = readManifest(response, what, target.includes(":") ? target : undefined);
    this.#contents.put(name, manifest);
    return manifest;
  }

  async #ask(
    method: "GET" | "HEAD",
    repository: Repository,
    path: string,
    access: Access,
    maxBytes = this.#settings.maxManifestBytes,
  ): Promise<HttpResponse> {
    return await this.#authorizer.send({
      method,
      url: repository.url(path),
      headers: manifestHeaders,
      maxBytes: Math.min(maxBytes, this.#settings.maxManifestBytes),
      redirects: "follow",
      scopes: [pullScope(repository)],
      repository: repository.label,
      credentials: access.credentials,
      signal: access.signal,
      tenant: access.tenant,
    });
  }
}

/** A tag holds no colon, a digest does. */
function targetOf(reference: Reference): string {
  return reference.digest ?? effectiveTag(reference) ?? "latest";
}

function descriptorOf({ bytes: _bytes, ...descriptor }: Manifest): Descriptor {
  return descriptor;
}
