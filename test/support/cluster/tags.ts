import { parseFeatures } from "../../../src/hardware/parse.ts";
import { describe as describeContent } from "../../../src/oci/descriptor.ts";
import { parseReference } from "../../../src/oci/reference.ts";
import { buildIndex } from "../../../src/oci/write-index.ts";
import { RegistryClient } from "../../../src/registry/client.ts";
import type { PublishedBuilds } from "../../demo/builds.ts";
import { soon } from "./stage.ts";

const access = () => ({ credentials: undefined, signal: soon() });

/** Gives the index of `qnib/bench` more tags: names that the webhook has not asked for yet. */
export async function tagIndex(registry: string, tags: readonly string[]): Promise<void> {
  await withClient(registry, async (client) => {
    const { bytes, mediaType } = await client.manifest(parseReference("qnib/bench:latest"), access());
    for (const tag of tags) {
      await client.pushManifest(parseReference(`qnib/bench:${tag}`), mediaType, bytes, access());
    }
  });
}

/** Pushes an index under a tag of `qnib/bench` that lists only the build which needs a Skylake. */
export async function pushSkylakeOnly(registry: string, tag: string, builds: PublishedBuilds): Promise<void> {
  await withClient(registry, async (client) => {
    const [digest = ""] = [...builds.tags].find(([, pushed]) => pushed === "cpu-skylake") ?? [];
    const build = await client.manifest(parseReference(`qnib/bench@${digest}`), access());
    const platform = { os: "linux", architecture: "amd64" };
    const features = parseFeatures("cpu:skylake", { architecture: "amd64" });
    const { mediaType, bytes } = buildIndex([
      { descriptor: describeContent(build.mediaType, build.bytes), platform, features },
    ]);
    await client.pushManifest(parseReference(`qnib/bench:${tag}`), mediaType, bytes, access());
  });
}

async function withClient(registry: string, use: (client: RegistryClient) => Promise<void>): Promise<void> {
  const client = new RegistryClient({
    mirrors: new Map([["docker.io", registry]]),
    plainHttp: (asked) => asked === registry,
  });
  try {
    await use(client);
  } finally {
    await client.close();
  }
}
