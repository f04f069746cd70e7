import { createHash, timingSafeEqual } from "node:crypto";
import type { RequestListener } from "node:http";

/** Longest segment that is looked at, characters: a request with a longer one is refused unread. */
const longest = 256;

/**
 * Serves only requests whose path begins with a secret segment, which the listener does not see; all others are
 * answered with 404 before a byte of their body is read. Segments are compared by their hashes in constant time, so
 * that nobody learns one by the time that an answer takes. Several count at once while one takes over from another.
 */
export function behindSegment(segments: readonly string[], listener: RequestListener): RequestListener {
  const hashes = segments.map(hashOf);
  return (request, response) => {
    const [, segment = "", rest = ""] = /^\/([^/?#]*)(\/.*)?$/s.exec(request.url ?? "") ?? [];
    if (segment.length > longest || !isOneOf(hashes, hashOf(segment))) {
      response.writeHead(404, { "content-type": "text/plain; charset=utf-8" }).end("nothing is answered here\n");
      return;
    }
    request.url = rest;
    listener(request, response);
  };
}

/** Compares with every one, whichever fits. */
function isOneOf(hashes: readonly Buffer[], given: Buffer): boolean {
  return hashes.reduce((found, hash) => timingSafeEqual(hash, given) || found, false);
}

function hashOf(segment: string): Buffer {
  return createHash("sha256").update(segment).digest();
}
