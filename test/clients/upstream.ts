import { parseReference } from "../../src/oci/reference.ts";
import { buildIndex } from "../../src/oci/write-index.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import { pushImage } from "../../src/registry/push.ts";
import { tar } from "../support/registry/tar.ts";

/** Pushes `qnib/gpu`, an index with one build, for a GPU that none of the four machines has. `host`: plain HTTP. */
export async function publishMisfit(host: string, signal: AbortSignal): Promise<void> {
  const client = new RegistryClient({
    mirrors: new Map([["docker.io", host]]),
    plainHttp: (asked) => asked === host,
  });
  const access = { credentials: undefined, signal };
  try {
    const platform = { os: "linux", architecture: "amd64" };
    const layers = [tar([{ path: "built-for.txt", bytes: Buffer.from("a GPU\n"), mode: 0o644 }])];
    const build = await pushImage(client, parseReference("qnib/gpu:nvcap-9.0"), { platform, layers }, access);
    const features = [{ namespace: "nvcap", value: "9.0" }];
    const index = buildIndex([{ descriptor: build, platform, features }]);
    await client.pushManifest(parseReference("qnib/gpu:latest"), index.mediaType, index.bytes, access);
  } finally {
    await client.close();
  }
}
