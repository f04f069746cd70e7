import { LRUCache } from "lru-cache";
import { isRecord } from "../json/object.ts";
import { OciError } from "../oci/error.ts";
import { parseJsonInSteps } from "../oci/json.ts";
import type { Manifest } from "../registry/contents.ts";
import { inSlices } from "../registry/in-slices.ts";

/** Bytes of digests that are kept; a build of 20 layers takes 4 KiB. */
const maxBytes = 8 * 1_048_576;
const digestBytes = 160;
/** Blobs of one build. A manifest of 4 MiB has no more. */
const mostBlobs = 32_768;

/** The blobs to which builds refer, by repository and digest of the build. */
export class BuildBlobs {
  readonly #known = new LRUCache<string, ReadonlySet<string>>({
    maxSize: maxBytes,
    sizeCalculation: (blobs) => digestBytes * (blobs.size + 2),
  });

  of(name: string, build: string): ReadonlySet<string> | undefined {
    return this.#known.get(`${name} ${build}`);
  }

  /** @throws RegistryError ABORTED where the signal ends first */
  async learn(name: string, { digest, bytes }: Pick<Manifest, "digest" | "bytes">, signal: AbortSignal): Promise<void> {
    const key = `${name} ${digest}`;
    if (!this.#known.has(key)) this.#known.set(key, await readBlobs(bytes, signal));
  }
}

/** None where it is no manifest: its registry gave it under the digest that it has. */
async function readBlobs(bytes: Uint8Array, signal: AbortSignal): Promise<ReadonlySet<string>> {
  try {
    return blobsOf(await inSlices(parseJsonInSteps(bytes), signal, "reading a manifest"));
  } catch (error) {
    if (error instanceof OciError) return new Set();
    throw error;
  }
}

/** Configuration and layers (image-spec, manifest.md), or the blobs of the former artifact manifest. */
function blobsOf(manifest: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  if (!isRecord(manifest)) return found;
  for (const one of [manifest["config"], manifest["layers"], manifest["blobs"]].flat()) {
    const digest = isRecord(one) ? one["digest"] : undefined;
    if (typeof digest === "string" && found.size < mostBlobs) found.add(digest);
  }
  return found;
}
