import type { Credentials } from "../credentials/credentials.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { effectiveTag, type Reference } from "../oci/reference.ts";
import type { Access } from "./access.ts";
import { Accounts } from "./account.ts";
import { Answers } from "./answers.ts";
import { Authorizer } from "./auth.ts";
import { Blobs, type OpenBlobOptions, type OpenedBlob } from "./blobs.ts";
import { Contents, type Manifest } from "./contents.ts";
import { RegistryError } from "./error.ts";
import { Flights } from "./flight.ts";
import { manifestHeaders, readHead, readManifest } from "./manifests.ts";
import type { HttpResponse } from "./message.ts";
import { type RegistryClientOptions, type Settings, settle } from "./options.ts";
import { describeRequest, openRepository, pullScope, type Repository } from "./repository.ts";
import { flightKey } from "./tenant.ts";
import { Tokens } from "./tokens.ts";
import { Transport } from "./transport.ts";
import { type BlobSource, Uploads } from "./upload.ts";

/** Tags whose digest is remembered; some hundred bytes each. */
const maxTags = 20_000;
/** Content behind a digest never changes; where it is not held, that it still exists is asked again each hour. */
const digestTtlMs = 3_600_000;

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
  readonly #contents: Contents;
  readonly #tags: Answers<Descriptor>;
  readonly #resolving = new Flights<Descriptor>();
  readonly #fetching = new Flights<Manifest>();

  constructor(options: RegistryClientOptions) {
    const settings = settle(options);
    this.#settings = settings;
    this.#transport = new Transport(settings);
    const tokens = new Tokens(this.#transport, settings.plainHttp, settings.now);
    this.#authorizer = new Authorizer(this.#transport, this.#accounts, tokens);
    this.#uploads = new Uploads(this.#authorizer);
    this.#blobs = new Blobs(this.#authorizer);
    this.#contents = new Contents(settings.cacheBytes);
    this.#tags = new Answers({ max: maxTags, negativeTtlMs: settings.negativeTtlMs, now: settings.now });
  }

  /** A name for what these credentials may read here: what is cached under it is shown to nobody else. */
  accessName(reference: Reference, credentials: Credentials | undefined): string {
    return `${reference.registry.toLowerCase()}/${reference.repository} ${this.#accounts.name(credentials)}`;
  }

  /**
   * The descriptor of the content that the reference's digest, or its tag at this moment, names. A tag's answer is up to
   * `tagTtlMs` old. Media type
   * and size are what the registry says; nothing is verified until the content is fetched. A digest whose content this
   * access was served before is answered from that, also while the registry is away: it cannot name anything else.
   */
  async resolve(reference: Reference, access: Access): Promise<Descriptor> {
    const repository = openRepository(reference, this.#settings);
    const target = targetOf(reference);
    const name = this.accessName(reference, access.credentials);
    const held = reference.digest === undefined ? undefined : this.#contents.get(name, reference.digest);
    if (held !== undefined) return descriptorOf(held);
    const key = `${name} ${target}`;
    const known = this.#tags.get(key);
    if (known !== undefined) return known;
    const ttlMs = reference.digest === undefined ? this.#settings.tagTtlMs : digestTtlMs;
    return await this.#resolving.join(flightKey(key, access.tenant), access.signal, (signal) =>
      this.#tags.remember(key, ttlMs, async () => {
        const response = await this.#ask("HEAD", repository, `manifests/${target}`, { ...access, signal });
        const what = describeRequest("HEAD", repository, `manifests/${target}`);
        const head = readHead(response, what, reference.digest);
        if (head !== undefined) return head;
        return descriptorOf(await this.#get(repository, target, name, { ...access, signal }));
      }),
    );
  }

  /** The manifest or index itself, verified. By digest it is fetched once and kept. */
  async manifest(reference: Reference, access: Access): Promise<Manifest> {
    const repository = openRepository(reference, this.#settings);
    const digest = reference.digest ?? (await this.resolve(reference, access)).digest;
    const name = this.accessName(reference, access.credentials);
    const known = this.#contents.get(name, digest);
    if (known !== undefined) return known;
    return await this.#fetching.join(flightKey(`${name} ${digest}`, access.tenant), access.signal, (signal) =>
      this.#get(repository, digest, name, { ...access, signal }),
    );
  }

  /** A blob, verified, whole in memory; not kept. @throws RegistryError TOO_LARGE beyond `maxBlobBytes` */
  async blob(reference: Reference, digest: string, access: Access): Promise<Uint8Array> {
    const { maxBlobBytes: maxBytes } = this.#settings;
    return await this.#blobs.read(openRepository(reference, this.#settings), digest, { ...access, maxBytes });
  }

  /**
   * A blob as a stream, or one range of it. The answer's head was checked when this resolves; the body has to be read
   * to its end or destroyed, since it keeps a connection and one of the places for open streams.
   */
  async openBlob(reference: Reference, digest: string, options: OpenBlobOptions): Promise<OpenedBlob> {
    return await this.#blobs.open(openRepository(reference, this.#settings), digest, options);
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

  async #get(repository: Repository, target: string, name: string, access: Access): Promise<Manifest> {
    const response = await this.#ask("GET", repository, `manifests/${target}`, access);
    const what = describeRequest("GET", repository, `manifests/${target}`);
    const manifest = readManifest(response, what, target.includes(":") ? target : undefined);
    this.#contents.put(name, manifest);
    return manifest;
  }

  async #ask(method: "GET" | "HEAD", repository: Repository, path: string, access: Access): Promise<HttpResponse> {
    return await this.#authorizer.send({
      method,
      url: repository.url(path),
      headers: manifestHeaders,
      maxBytes: this.#settings.maxManifestBytes,
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
