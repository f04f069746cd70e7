import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { Reference } from "../oci/reference.ts";
import type { RegistryClient } from "../registry/client.ts";
import { type Asker, withCredentials } from "../registry/with-credentials.ts";
import { privateHeaders } from "./answer.ts";
import { readRange } from "./ranges.ts";

/** Bytes of one blob: layers of the largest images have some tens of GiB. */
const maxBytes = 256 * 1_073_741_824;

export interface AskedBlob {
  readonly reference: Reference;
  readonly digest: string;
  readonly asker: Asker;
}

/**
 * Streams a blob, or a range of it, at the pace of its reader; nothing of it is kept. A whole blob is verified while it
 * passes: where it is not what its digest names, the connection breaks before its end.
 * @throws RegistryError; after the head was sent, what broke the stream
 */
export async function sendBlob(
  client: RegistryClient,
  { reference, digest, asker }: AskedBlob,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const etag = `"${digest}"`;
  const headers = {
    ...privateHeaders,
    "content-type": "application/octet-stream",
    "docker-content-digest": digest,
    "accept-ranges": "bytes",
    etag,
  };
  if (request.method === "HEAD") {
    const size = await withCredentials(reference, asker, (access) => client.blobSize(reference, digest, access));
    response.writeHead(200, { ...headers, ...lengthOf(size) }).end();
    return;
  }
  const range = readRange(request.headers.range, oneOf(request.headers["if-range"]), etag);
  const opened = await withCredentials(reference, asker, (access) =>
    client.openBlob(reference, digest, { ...access, maxBytes, range }),
  );
  if (opened.kind === "part") {
    const total = opened.total === undefined ? "*" : String(opened.total);
    const part = { "content-range": `bytes ${opened.first}-${opened.last}/${total}` };
    response.writeHead(206, { ...headers, ...part, ...lengthOf(opened.size) });
  } else response.writeHead(200, { ...headers, ...lengthOf(opened.size) });
  await pipeline(opened.body, response);
}

function lengthOf(size: number | undefined): Readonly<Record<string, string>> {
  return size === undefined ? {} : { "content-length": String(size) };
}

/** Node joins what may be repeated, and its types do not know which headers that are. */
function oneOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(", ") : header;
}
