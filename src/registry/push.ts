import { type Descriptor, describe } from "../oci/descriptor.ts";
import { computeDigest } from "../oci/digest.ts";
import { ociConfig, ociManifest } from "../oci/media-types.ts";
import type { Reference } from "../oci/reference.ts";
import type { Access } from "./access.ts";
import type { RegistryClient } from "./client.ts";

/** An uncompressed layer: its digest is its diff id, and no compressor's version changes it. */
const layerMediaType = "application/vnd.oci.image.layer.v1.tar";

/** An image to be built from ready layers. */
export interface NewImage {
  readonly platform: { readonly os: string; readonly architecture: string; readonly variant?: string | undefined };
  /** Uncompressed tar archives, the lowest first. */
  readonly layers: readonly Uint8Array[];
  /** Says of each layer by what it was made. Charliecloud 0.31 refuses an image without that, though it is optional. */
  readonly history?: readonly string[] | undefined;
  readonly entrypoint?: readonly string[] | undefined;
  readonly command?: readonly string[] | undefined;
  /** `NAME=value` */
  readonly env?: readonly string[] | undefined;
  readonly user?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Annotations of the manifest. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/**
 * Builds an OCI image and pushes it. The same image has the same digest, on every day and machine: it holds no times.
 * @throws RegistryError
 */
export async function pushImage(
  client: RegistryClient,
  reference: Reference,
  image: NewImage,
  access: Access,
): Promise<Descriptor> {
  const config = toBytes({
    architecture: image.platform.architecture,
    os: image.platform.os,
    variant: image.platform.variant,
    config: {
      Entrypoint: image.entrypoint,
      Cmd: image.command,
      Env: image.env,
      User: image.user,
      Labels: image.labels,
    },
    rootfs: { type: "layers", diff_ids: image.layers.map((layer) => computeDigest(layer)) },
    history: image.history?.map((by) => ({ created_by: by })),
  });
  for (const blob of [...image.layers, config]) await client.pushBlob(reference, blob, access);
  const manifest = toBytes({
    schemaVersion: 2,
    mediaType: ociManifest,
    config: describe(ociConfig, config),
    layers: image.layers.map((layer) => describe(layerMediaType, layer)),
    annotations: image.annotations,
  });
  return await client.pushManifest(reference, ociManifest, manifest, access);
}

/** Fields that are undefined are left out. */
function toBytes(document: object): Uint8Array {
  return Buffer.from(JSON.stringify(document));
}
