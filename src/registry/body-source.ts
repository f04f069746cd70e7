import { Readable } from "node:stream";
import { RegistryError } from "./error.ts";

/** A request's body that is not in memory. */
export interface BodySource {
  /** Bytes; another number of them is an error. */
  readonly size: number;
  /** The bytes from the first on; called again where the request is sent again. */
  open(): AsyncIterable<Uint8Array>;
}

/** The body of a request as undici takes it, with the length that a stream cannot tell. */
export function outgoing(body: Uint8Array | BodySource | undefined): {
  readonly lengthHeader: Readonly<Record<string, string>>;
  readonly body: Uint8Array | Readable | null;
} {
  if (body === undefined || body instanceof Uint8Array) return { lengthHeader: {}, body: body ?? null };
  return {
    lengthHeader: { "content-length": String(body.size) },
    body: Readable.from(measured(body), { objectMode: false }),
  };
}

/** Fails before a byte too many is sent: the host would take it for the next request, and break off. */
async function* measured({ size, open }: BodySource): AsyncGenerator<Uint8Array> {
  let sent = 0;
  for await (const piece of open()) {
    sent += piece.length;
    if (sent > size) throw changed();
    yield piece;
  }
  if (sent < size) throw changed();
}

function changed(): RegistryError {
  return new RegistryError(
    "INVALID",
    "the content to push is not as long as it was a moment ago; is it being written?",
  );
}
