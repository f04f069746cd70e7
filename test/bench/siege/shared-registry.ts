// The registry of the others in the siege: every tag of `good/…` is one index with a build for each kind of node; all of
// `evil/…` answers 500. It prints its host, and ends with its standard input.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { computeDigest } from "../../../src/oci/digest.ts";
import { ociIndex } from "../../../src/oci/media-types.ts";
import { annotated, indexBytes } from "../../support/oci/indexes.ts";

const bytes = indexBytes(
  ["cpu:skylake", "cpu:broadwell", "cpu:coffelake"].map((feature) => annotated(feature, feature)),
);
const headers = {
  "content-type": ociIndex,
  "content-length": bytes.length,
  "docker-content-digest": computeDigest(bytes),
};

const server = createServer(({ url = "", method }, response) => {
  if (url.startsWith("/v2/good/")) response.writeHead(200, headers).end(method === "HEAD" ? undefined : bytes);
  else response.writeHead(url === "/v2/" ? 200 : 500).end();
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`127.0.0.1:${(server.address() as AddressInfo).port}\n`));
process.stdin.resume().once("end", () => process.exit(0));
