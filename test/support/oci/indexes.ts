import { computeDigest } from "../../../src/oci/digest.ts";
import { type FlattenedIndex, readIndex } from "../../../src/oci/flatten.ts";
import { ociIndex, ociManifest } from "../../../src/oci/media-types.ts";

/** The digest of a manifest that only has a name. */
export function digestOf(name: string): string {
  return computeDigest(new TextEncoder().encode(name));
}

/** An index entry: linux/amd64, changed by whatever is given. */
export function entry(name: string, changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    mediaType: ociManifest,
    digest: digestOf(name),
    size: 500,
    platform: { os: "linux", architecture: "amd64" },
    ...changes,
  };
}

export function annotated(
  name: string,
  features: string,
  platform: Record<string, unknown> = {},
): Record<string, unknown> {
  return entry(name, {
    platform: { os: "linux", architecture: "amd64", ...platform },
    annotations: { "dev.metahub.features": features },
  });
}

export function indexBytes(manifests: unknown, changes: Record<string, unknown> = {}): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests, ...changes }));
}

/** Reads an index that has nothing nested in it. */
export function readEntries(...entries: unknown[]): Extract<FlattenedIndex, { complete: true }> {
  const index = readIndex(indexBytes(entries));
  if (!index.complete) {
    throw new Error("something is nested in it");
  }
  return index;
}
