import { createHash, timingSafeEqual } from "node:crypto";
import type { RequestListener } from "node:http";

/** Longest segment that is looked at, characters: a request with a longer one is refused unread. */
const longest = 256;

/** Serves only requests whose path begins with a secret segment, which the listener does not see. */
export class PathSegments {
  #hashes: readonly Buffer[] = [];
  #bare = false;

  constructor(segments: readonly string[]) {
    this.set(segments);
  }

  /** Any of these counts from now on: several do while one takes over from another. An empty one is a path without. */
  set(segments: readonly string[]): void {
    this.#hashes = segments.filter((segment) => segment !== "").map(hashOf);
    this.#bare = segments.includes("");
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
