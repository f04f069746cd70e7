import { createHash, timingSafeEqual } from "node:crypto";
import type { RequestListener } from "node:http";

/** Longest segment that is looked at, characters: a request with a longer one is refused unread. */
const longest = 256;

export interface PathSegmentsOptions {
  /** Called for each request that is refused. */
  readonly onRefused?: () => void;
}

/** Serves only requests whose path begins with a secret segment, which the listener does not see. */
export class PathSegments {
  readonly #onRefused: () => void;
  #hashes: readonly Buffer[] = [];
  #bare = false;

  constructor(segments: readonly string[], { onRefused = () => undefined }: PathSegmentsOptions = {}) {
    this.#onRefused = onRefused;
    this.set(segments);
  }

  /** Any of these counts from now on: several do while one takes over from another. An empty one is a path without. */
  set(segments: readonly string[]): void {
    this.#hashes = segments.filter((segment) => segment !== "").map(hashOf);
    this.#bare = segments.includes("");
  }

  /** Whether a segment counts, by its SHA-256 in hexadecimal digits: who asks so knows it already. */
  knows(hash: string): boolean {
    return this.#hashes.some((one) => one.toString("hex") === hash);
  }

  /**
   * All other requests are answered with 404 before a byte of their body is read. Segments are compared by their hashes
   * in constant time, so that nobody learns one by the time that an answer takes.
   */
  guard(listener: RequestListener): RequestListener {
    return (request, response) => {
      const [, segment = "", rest = "/"] = /^\/([^/?#]*)(\/.*)?$/s.exec(request.url ?? "") ?? [];
      if (segment.length <= longest && isOneOf(this.#hashes, hashOf(segment))) request.url = rest;
      else if (!this.#bare) {
        this.#onRefused();
        response.writeHead(404, { "content-type": "text/plain; charset=utf-8" }).end("nothing is answered here\n");
        return;
      }
      listener(request, response);
    };
  }
}

/** Compares with every one, whichever fits. */
function isOneOf(hashes: readonly Buffer[], given: Buffer): boolean {
  return hashes.reduce((found, hash) => timingSafeEqual(hash, given) || found, false);
}

function hashOf(segment: string): Buffer {
  return createHash("sha256").update(segment).digest();
}
