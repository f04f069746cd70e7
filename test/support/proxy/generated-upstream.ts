import { createHash } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { createServer, type ServerResponse } from "node:http";

/** How an answer with a blob goes wrong. */
export type Fault = "breaks" | "other bytes" | "too long" | "too short";

/** A blob of zeros that is made while it is sent. */
export interface GeneratedBlob {
  readonly size: number;
  readonly fault?: Fault;
}

/** A registry over plain HTTP whose blobs take no memory, and whose `qnib/many` has many tags. */
export interface GeneratedUpstream {
  readonly host: string;
  /** Makes a blob of any repository. @returns its digest */
  add(blob: GeneratedBlob): string;
  /** Bytes that were handed to the connections that ask for a blob. */
  sent(digest: string): number;
  /** Resolves when an answer with the blob was cut off, by whichever side. */
  cut(digest: string): Promise<void>;
  close(): Promise<void>;
}

const piece = Buffer.alloc(256 * 1_024);

export async function startGeneratedUpstream(tags: readonly string[] = []): Promise<GeneratedUpstream> {
  const blobs = new Map<string, GeneratedBlob>();
  const sent = new Map<string, number>();
  const events = new EventEmitter();
  const server = createServer((request, response) => {
    const [path = "", query = ""] = (request.url ?? "").split("?");
    const [, digest = ""] = /\/blobs\/(sha256:[0-9a-f]{64})$/.exec(path) ?? [];
    const blob = blobs.get(digest);
    if (blob !== undefined) {
      const count = (bytes: number): void => void sent.set(digest, (sent.get(digest) ?? 0) + bytes);
      response.once("close", () => {
        if (!response.writableFinished) events.emit(digest);
      });
      send(response, blob, count).catch(() => response.destroy());
    } else if (path.endsWith("/tags/list")) sendTags(response, tags, new URLSearchParams(query));
    else response.writeHead(path === "/v2/" ? 200 : 404).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it listens on no port");
  return {
    host: `127.0.0.1:${address.port}`,
    add(blob) {
      const digest = digestOf(blob);
      blobs.set(digest, blob);
      return digest;
    },
    sent: (digest) => sent.get(digest) ?? 0,
    cut: async (digest) => {
      await once(events, digest);
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Each fault has a digest of its own, so that a test tells them apart. */
function digestOf({ size, fault }: GeneratedBlob): string {
  const hash = createHash("sha256");
  for (let left = size; left > 0; left -= piece.length) hash.update(piece.subarray(0, Math.min(left, piece.length)));
  if (fault !== undefined) hash.update(fault);
  return `sha256:${hash.digest("hex")}`;
}

async function send(response: ServerResponse, { size, fault }: GeneratedBlob, count: (bytes: number) => void) {
  const closed = once(response, "close");
  // Without a length, it is the digest alone that tells.
  response.writeHead(200, fault?.startsWith("too") === true ? {} : { "content-length": size });
  const wanted = fault === "too long" ? size + 1 : fault === "too short" ? size - 1 : size;
  for (let left = wanted; left > 0 && !response.destroyed; left -= piece.length) {
    const part = piece.subarray(0, Math.min(left, piece.length));
    count(part.length);
    if (!response.write(part)) await Promise.race([once(response, "drain"), closed]);
    if (fault === "breaks" && left < wanted / 2) response.destroy();
  }
  response.end();
}

/** Pages as the distribution specification has them ("Listing Tags"). */
function sendTags(response: ServerResponse, tags: readonly string[], query: URLSearchParams): void {
  const from = tags.indexOf(query.get("last") ?? "") + 1;
  const page = tags.slice(from, from + Number(query.get("n") ?? tags.length));
  const last = page.at(-1);
  const more = last !== undefined && last !== tags.at(-1);
  const link = more ? { link: `</v2/qnib/many/tags/list?n=${query.get("n")}&last=${last}>; rel="next"` } : {};
  response.writeHead(200, { "content-type": "application/json", ...link });
  response.end(JSON.stringify({ name: "qnib/many", tags: page }));
}
