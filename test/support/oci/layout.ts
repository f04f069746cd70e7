import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Descriptor, describe } from "../../../src/oci/descriptor.ts";
import { ociIndex } from "../../../src/oci/media-types.ts";

/** A document of a layout and what its descriptor says of it. */
export interface LayoutEntry {
  readonly bytes: Uint8Array;
  readonly mediaType?: string;
  /** `org.opencontainers.image.ref.name` */
  readonly tag?: string;
  /** Changes what the descriptor in index.json says. */
  readonly says?: Record<string, unknown>;
}

/** Writes an OCI image layout. `others` are blobs that only other documents name. */
export async function writeLayout(
  directory: string,
  entries: readonly LayoutEntry[],
  others: readonly Uint8Array[] = [],
): Promise<readonly Descriptor[]> {
  await mkdir(join(directory, "blobs/sha256"), { recursive: true });
  const descriptors = entries.map(({ bytes, mediaType = ociIndex }) => describe(mediaType, bytes));
  const manifests = entries.map(({ tag, says }, index) => ({
    ...descriptors[index],
    ...(tag === undefined ? {} : { annotations: { "org.opencontainers.image.ref.name": tag } }),
    ...says,
  }));
  for (const bytes of [...entries.map((entry) => entry.bytes), ...others]) {
    await writeFile(join(directory, blobPath(describe("", bytes).digest)), bytes);
  }
  await writeFile(join(directory, "oci-layout"), '{"imageLayoutVersion": "1.0.0"}');
  await writeFile(join(directory, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  return descriptors;
}

/** `blobs/sha256/…` */
export function blobPath(digest: string): string {
  return join("blobs", ...digest.split(":", 2));
}
