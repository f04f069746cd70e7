// A registry of an attacker whose indexes name no platforms, so that configurations are asked for: `small/sN` and
// `large/sN` send half of each and then nothing, `failing/sN` answers 500 to each. Every N has digests of its own. It
// prints its host, and ends with its standard input.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { computeDigest } from "../../../src/oci/digest.ts";
import { ociIndex, ociManifest } from "../../../src/oci/media-types.ts";

/** Bytes of a configuration, by what holds it back: the small ones have a room of their own, up to 64 KiB. */
const sizes: Readonly<Record<string, number>> = { small: 60_000, large: 500_000, failing: 2_000 };
const entries = 4;

interface Document {
  readonly type: string;
  readonly bytes: Buffer;
}

function document(type: string, content: object): Document {
  return { type, bytes: Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: type, ...content })) };
}
const descriptor = ({ type, bytes }: Document) => ({
  mediaType: type,
  digest: computeDigest(bytes),
  size: bytes.length,
});

/** The index of this kind and number, and its manifests. */
function documents(kind: string, salt: string): readonly Document[] {
  const manifests = Array.from({ length: entries }, (_, row) => {
    const digest = computeDigest(Buffer.from(`${kind} ${salt} ${row}`));
    const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest, size: sizes[kind] ?? 0 };
    return document(ociManifest, { config, layers: [] });
  });
  return [document(ociIndex, { manifests: manifests.map(descriptor) }), ...manifests];
}

function blob(kind: string, response: ServerResponse): void {
  const size = sizes[kind] ?? 0;
  if (kind === "failing") return void response.writeHead(500).end();
  response.writeHead(200, { "content-length": size }).write(Buffer.alloc(size / 2, 0x20));
}

const server = createServer(({ method, url = "" }, response) => {
  const [, kind = "", salt = "", what, name = ""] = /^\/v2\/(\w+)\/s(\d+)\/(manifests|blobs)\/(.+)$/.exec(url) ?? [];
  if (sizes[kind] === undefined) return void response.writeHead(url === "/v2/" ? 200 : 404).end();
  if (what === "blobs") return blob(kind, response);
  const all = documents(kind, salt);
  const found = name.startsWith("sha256:") ? all.find(({ bytes }) => computeDigest(bytes) === name) : all[0];
  if (found === undefined) return void response.writeHead(404).end();
  const { type, bytes } = found;
  const digest = computeDigest(bytes);
  response.writeHead(200, { "content-type": type, "content-length": bytes.length, "docker-content-digest": digest });
  response.end(method === "HEAD" ? undefined : bytes);
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`127.0.0.1:${(server.address() as AddressInfo).port}\n`));
process.stdin.resume().once("end", () => process.exit(0));
