import type { IncomingMessage, ServerResponse } from "node:http";
import type { Reference } from "../oci/reference.ts";
import type { Access } from "../registry/access.ts";
import type { BlobElsewhere, OpenedBlob } from "../registry/blobs.ts";
import type { RegistryClient } from "../registry/client.ts";
import type { ByteRange } from "../registry/range.ts";
import { type Asker, withCredentials } from "../registry/with-credentials.ts";
import type { Clock } from "../time/clock.ts";
import { Deadline } from "../time/deadline.ts";
import { privateHeaders } from "./answer.ts";
import { hasAlready } from "./conditions.ts";
import { type Pace, pour, sendWhole } from "./pour.ts";
import { readRange } from "./ranges.ts";

/** Bytes of one blob: layers of the largest images have some tens of GiB. */
const maxBytes = 256 * 1_073_741_824;

/** Longest time to the head of its answer, a place for it included, ms. */
const headMs = 60_000;

export interface AskedBlob {
  readonly reference: Reference;
  readonly digest: string;
  readonly asker: Asker;
  readonly clock: Clock;
  /** Whether a client may be sent to where a URL leads; undefined where none is sent anywhere. */
  readonly maySend: ((url: URL) => boolean) | undefined;
  /** How fast its reader has to be. */
  readonly pace: Pace;
  /** Told of each piece that was handed on, in bytes. */
  readonly onPassed: (bytes: number) => void;
}

/**
 * Streams a blob, or a range of it, at the pace of its reader; nothing of it is kept. A whole blob is verified while it
 * passes: where it is not what its digest names, the connection breaks before its end.
 * @throws RegistryError; after the head was sent, what broke the stream
 */
export async function sendBlob(
  client: RegistryClient,
  asked: AskedBlob,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { reference, digest, clock } = asked;
  const etag = `"${digest}"`;
  const headers = {
    ...privateHeaders,
    "content-type": "application/octet-stream",
    "docker-content-digest": digest,
    "accept-ranges": "bytes",
    etag,
  };
  const known = hasAlready(request.headers["if-none-match"], etag);
  if (known || request.method === "HEAD") {
    const size = await withCredentials(reference, asked.asker, (access) => client.blobSize(reference, digest, access));
    if (known) response.writeHead(304, { ...privateHeaders, etag });
    else response.writeHead(200, { ...headers, ...lengthOf(size) });
    await sendWhole(response, undefined, clock);
    return;
  }
  const range = readRange(request.headers.range, oneOf(request.headers["if-range"]), etag);
  const opened = await openOrFind(client, asked, range);
  if (opened.kind === "elsewhere") {
    response.writeHead(307, { ...privateHeaders, location: opened.url.href, "content-length": 0 });
    await sendWhole(response, undefined, clock);
    return;
  }
  // Also while it waits for the next piece: whoever leaves gives the place back at once.
  response.once("close", () => opened.body.destroy());
  if (opened.kind === "part") {
    const total = opened.total === undefined ? "*" : String(opened.total);
    const part = { "content-range": `bytes ${opened.first}-${opened.last}/${total}` };
    response.writeHead(206, { ...headers, ...part, ...lengthOf(opened.size) });
  } else response.writeHead(200, { ...headers, ...lengthOf(opened.size) });
  await pour(opened.body, response, clock, asked.pace, asked.onPassed);
}

/** The blob, or where the client may fetch it by itself. */
async function openOrFind(
  client: RegistryClient,
  asked: AskedBlob,
  range: ByteRange | undefined,
): Promise<OpenedBlob | BlobElsewhere> {
  const { reference, digest, maySend } = asked;
  const open = () => openInTime(asked, (access) => client.openBlob(reference, digest, { ...access, maxBytes, range }));
  if (maySend === undefined) return await open();
  const found = await openInTime(asked, (access) =>
    client.openBlobOrFind(reference, digest, { ...access, maxBytes, range }),
  );
  if (found.kind !== "elsewhere") return found;
  // Where the registry itself answers, it wants credentials, which are not the client's.
  return found.url.host !== found.from.host && maySend(found.url) ? found : await open();
}

/** Waits for a place and for the answer's head no longer than for any other answer. */
async function openInTime<T>({ reference, asker, clock }: AskedBlob, open: (access: Access) => Promise<T>): Promise<T> {
  const deadline = new Deadline(clock, asker.signal, "the blob", headMs);
  try {
    return await withCredentials(reference, { ...asker, signal: deadline.signal }, open);
  } finally {
    deadline.end();
  }
}

function lengthOf(size: number | undefined): Readonly<Record<string, string>> {
  return size === undefined ? {} : { "content-length": String(size) };
}

/** Node joins what may be repeated, and its types do not know which headers that are. */
function oneOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(", ") : header;
}
