import { type ContentStore, digestOf } from "./store.ts";

export const ociIndex = "application/vnd.oci.image.index.v1+json";
const ociManifest = "application/vnd.oci.image.manifest.v1+json";

export interface StoredDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export interface IndexEntry extends StoredDescriptor {
  readonly platform?: Readonly<Record<string, unknown>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Puts bytes under a tag, whatever they are. */
export async function putRaw(
  store: ContentStore,
  repository: string,
  tag: string | undefined,
  mediaType: string,
  bytes: Uint8Array,
): Promise<StoredDescriptor> {
  await store.putManifest(repository, { mediaType, bytes, tag });
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

/** Puts a manifest that names no layers: enough to be pointed at. Other texts make other digests. */
export async function putManifest(
  store: ContentStore,
  repository: string,
  tag: string | undefined,
  text: string,
): Promise<StoredDescriptor> {
  return await putImage(store, repository, tag, Buffer.from("{}"), { annotations: { text } });
}

/** Puts an image without layers, with these bytes for its configuration. `changes` are made to its manifest. */
export async function putImage(
  store: ContentStore,
  repository: string,
  tag: string | undefined,
  config: Uint8Array,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<StoredDescriptor> {
  await store.putBlob(repository, config);
  const document = {
    schemaVersion: 2,
    mediaType: ociManifest,
    config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: digestOf(config), size: config.length },
    layers: [],
    ...changes,
  };
  return await putRaw(store, repository, tag, ociManifest, Buffer.from(JSON.stringify(document)));
}

export async function putIndex(
  store: ContentStore,
  repository: string,
  tag: string | undefined,
  manifests: readonly IndexEntry[],
): Promise<StoredDescriptor> {
  const document = { schemaVersion: 2, mediaType: ociIndex, manifests };
  return await putRaw(store, repository, tag, ociIndex, Buffer.from(JSON.stringify(document)));
}
