import { parseFeature } from "../../../src/hardware/parse.ts";
import { parseReference } from "../../../src/oci/reference.ts";
import { buildIndex, type IndexEntry } from "../../../src/oci/write-index.ts";
import { RegistryClient } from "../../../src/registry/client.ts";
import { pushImage } from "../../../src/registry/push.ts";

/**
 * Pushes builds and an index of them to the registry at `host`, which stands in for docker.io; features by tag. Gives
 * digests by tag, the index's as `""`.
 */
export async function publishIndex(
  host: string,
  image: string,
  builds: Readonly<Record<string, readonly string[]>>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const registry = new RegistryClient({
    mirrors: new Map([["docker.io", host]]),
    plainHttp: (asked) => asked === host,
  });
  const { tag: asked = "latest", ...untagged } = parseReference(image);
  const reference = { ...untagged, tag: asked };
  const platform = { os: "linux", architecture: "amd64" };
  const access = { credentials: undefined, signal };
  const digests = new Map<string, string>();
  const entries: IndexEntry[] = [];
  try {
    for (const [tag, texts] of Object.entries(builds)) {
      // Builds that hold the same are builds of their own all the same.
      const annotations = { "org.opencontainers.image.ref.name": `${image} ${tag}` };
      const content = { platform, layers: [], annotations };
      const descriptor = await pushImage(registry, { ...reference, tag }, content, access);
      digests.set(tag, descriptor.digest);
      entries.push({ descriptor, platform, features: texts.map((text) => parseFeature(text)) });
    }
    const index = buildIndex(entries);
    await registry.pushManifest(reference, index.mediaType, index.bytes, access);
    return digests.set("", index.digest);
  } finally {
    await registry.close();
  }
}
