import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface StoredManifest {
  readonly mediaType: string;
  readonly digest: string;
  readonly bytes: Uint8Array;
}

interface RepositoryState {
  readonly blobs: Set<string>;
  /** Media type by digest. */
  readonly manifests: Map<string, string>;
  /** Digest by tag. */
  readonly tags: Map<string, string>;
}

export interface StoreOptions {
  /** Keep everything in this folder, too; what is there already is served again. */
  readonly directory?: string | undefined;
  /** Most bytes that are kept. 2 GiB if absent. */
  readonly maxBytes?: number | undefined;
}

/** Blobs, manifests and tags of some repositories, in memory and, if so wished, in a folder. */
export class ContentStore {
  readonly #repositories = new Map<string, RepositoryState>();
  readonly #contents = new Map<string, Uint8Array>();
  readonly #directory: string | undefined;
  readonly #maxBytes: number;
  #bytes = 0;
  #writing: Promise<void> = Promise.resolve();

  private constructor(options: StoreOptions) {
    this.#directory = options.directory;
    this.#maxBytes = options.maxBytes ?? 2 ** 31;
  }

  static async open(options: StoreOptions = {}): Promise<ContentStore> {
    const store = new ContentStore(options);
    if (options.directory !== undefined) await store.#load(options.directory);
    return store;
  }

  async blob(repository: string, digest: string): Promise<Uint8Array | undefined> {
    return this.#repositories.get(repository)?.blobs.has(digest) === true ? await this.#content(digest) : undefined;
  }

  /** False where the store is full. */
  async putBlob(repository: string, bytes: Uint8Array): Promise<string | undefined> {
    const digest = await this.#putContent(bytes);
    if (digest === undefined) return undefined;
    this.#repository(repository).blobs.add(digest);
    await this.#save();
    return digest;
  }

  /** Lets a blob of one repository be read in another one. */
  async mountBlob(from: string, to: string, digest: string): Promise<boolean> {
    if (this.#repositories.get(from)?.blobs.has(digest) !== true) return false;
    this.#repository(to).blobs.add(digest);
    await this.#save();
    return true;
  }

  /** By tag or digest. */
  async manifest(repository: string, target: string): Promise<StoredManifest | undefined> {
    const state = this.#repositories.get(repository);
    const digest = target.includes(":") ? target : state?.tags.get(target);
    const mediaType = digest === undefined ? undefined : state?.manifests.get(digest);
    if (digest === undefined || mediaType === undefined) return undefined;
    const bytes = await this.#content(digest);
    return bytes === undefined ? undefined : { mediaType, digest, bytes };
  }

  async putManifest(
    repository: string,
    manifest: { readonly mediaType: string; readonly bytes: Uint8Array; readonly tag?: string | undefined },
  ): Promise<string | undefined> {
    const digest = await this.#putContent(manifest.bytes);
    if (digest === undefined) return undefined;
    const state = this.#repository(repository);
    state.manifests.set(digest, manifest.mediaType);
    if (manifest.tag !== undefined) state.tags.set(manifest.tag, digest);
    await this.#save();
    return digest;
  }

  /** Sorted; undefined where there is no such repository. */
  tags(repository: string): readonly string[] | undefined {
    const state = this.#repositories.get(repository);
    return state === undefined ? undefined : [...state.tags.keys()].sort();
  }

  #repository(name: string): RepositoryState {
    const state = this.#repositories.get(name) ?? { blobs: new Set(), manifests: new Map(), tags: new Map() };
    this.#repositories.set(name, state);
    return state;
  }

  async #putContent(bytes: Uint8Array): Promise<string | undefined> {
    const digest = digestOf(bytes);
    if (this.#contents.has(digest)) return digest;
    if (this.#bytes + bytes.length > this.#maxBytes) return undefined;
    this.#bytes += bytes.length;
    this.#contents.set(digest, bytes);
    if (this.#directory !== undefined) await replaceFile(contentPath(this.#directory, digest), bytes);
    return digest;
  }

  async #content(digest: string): Promise<Uint8Array | undefined> {
    const known = this.#contents.get(digest);
    if (known !== undefined || this.#directory === undefined) return known;
    const bytes = await readFile(contentPath(this.#directory, digest));
    this.#contents.set(digest, bytes);
    this.#bytes += bytes.length;
    return bytes;
  }

  async #load(directory: string): Promise<void> {
    await mkdir(join(directory, "sha256"), { recursive: true });
    let text: string;
    try {
      text = await readFile(join(directory, "repositories.json"), "utf8");
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return;
      throw error;
    }
    for (const [name, { blobs, manifests, tags }] of parseState(text)) {
      this.#repositories.set(name, { blobs: new Set(blobs), manifests: new Map(manifests), tags: new Map(tags) });
    }
  }

  /** One write after another, so that the file always holds the latest state in the end. */
  async #save(): Promise<void> {
    const directory = this.#directory;
    if (directory === undefined) return;
    this.#writing = this.#writing.then(async () => {
      const state = [...this.#repositories].map(([name, { blobs, manifests, tags }]) => [
        name,
        { blobs: [...blobs], manifests: [...manifests], tags: [...tags] },
      ]);
      await replaceFile(join(directory, "repositories.json"), Buffer.from(JSON.stringify(state)));
    });
    await this.#writing;
  }
}

interface SavedRepository {
  readonly blobs: readonly string[];
  readonly manifests: readonly (readonly [string, string])[];
  readonly tags: readonly (readonly [string, string])[];
}

function parseState(text: string): readonly (readonly [string, SavedRepository])[] {
  const json: unknown = JSON.parse(text);
  const strings = (value: unknown): value is string[] =>
    Array.isArray(value) && value.every((part) => typeof part === "string");
  const pairs = (value: unknown): value is [string, string][] => Array.isArray(value) && value.every(strings);
  if (!Array.isArray(json)) throw new Error("repositories.json is not what this registry writes");
  return json.map((entry: unknown) => {
    if (!Array.isArray(entry)) throw new Error("repositories.json is not what this registry writes");
    const [name, state]: unknown[] = entry;
    if (typeof name === "string" && typeof state === "object" && state !== null) {
      const { blobs, manifests, tags } = { blobs: undefined, manifests: undefined, tags: undefined, ...state };
      if (strings(blobs) && pairs(manifests) && pairs(tags)) return [name, { blobs, manifests, tags }];
    }
    throw new Error("repositories.json is not what this registry writes");
  });
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function contentPath(directory: string, digest: string): string {
  return join(directory, "sha256", digest.replace("sha256:", ""));
}

async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const fresh = `${path}.${randomUUID()}`;
  await writeFile(fresh, bytes);
  await rename(fresh, path);
}
