import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { Clock } from "../time/clock.ts";
import { ProxyError } from "./error.ts";
import { defaultLimits, type ProxyLimits } from "./settings.ts";

/** Bounds for clients that take what they asked for slowly, or not at all. */
export interface Pace {
  /** Longest that a client may leave one piece of at most 64 KiB untaken, ms. */
  readonly idleMs: number;
  /** Time of waiting for the client that is not judged, ms. */
  readonly graceMs: number;
  /** Bytes in a second of such waiting, on average, from then on. */
  readonly leastRate: number;
}

export function paceOf({
  idleSeconds,
  leastBytesPerSecond,
}: Pick<ProxyLimits, "idleSeconds" | "leastBytesPerSecond">): Pace {
  return { idleMs: idleSeconds * 1_000, graceMs: idleSeconds * 1_000, leastRate: leastBytesPerSecond };
}

/** For what is in memory. A line of a modem is faster; whoever is slower keeps others from a place. */
const clientPace = paceOf(defaultLimits);

const pieceBytes = 64 * 1024;

/**
 * Sends a body at the pace of its client, and resolves when all of it was handed to the system: what counts as under way
 * until then is really over. Only the time in which bytes wait for the client is held against it, never an upstream's.
 * @throws ProxyError CLIENT_GONE, CLIENT_SLOW; what `body` throws
 */
export async function pour(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  response: ServerResponse,
  clock: Clock,
  { idleMs, graceMs, leastRate }: Pace = clientPace,
  onPassed: (bytes: number) => void = () => undefined,
): Promise<void> {
  let waitedMs = 0;
  let bytes = 0;
  const wait = async (event: "drain" | "finish"): Promise<void> => {
    const began = clock.now();
    await taken(response, event, clock, idleMs);
    waitedMs += clock.now() - began;
    if (waitedMs > graceMs && bytes * 1_000 < leastRate * waitedMs) throw tooSlow();
  };
  const take = (piece: Uint8Array): Promise<void> | undefined => {
    if (response.destroyed) throw gone();
    const more = response.write(piece);
    bytes += piece.length;
    onPassed(piece.length);
    return more ? undefined : wait("drain");
  };
  if (body instanceof Readable) await flow(body, take);
  else for await (const piece of body) await take(piece);
  response.end();
  await wait("finish");
}

/**
 * Hands on what arrives when it arrives, and pauses the stream where that has to wait. Iterating over a stream would cost a
 * promise for each piece, and copy into one what waits.
 */
function flow(body: Readable, take: (piece: Uint8Array) => Promise<void> | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      reject(error);
      body.destroy();
    };
    body.once("error", reject).once("end", resolve);
    // Also where it is ended without an error: by whoever saw the client leave.
    body.once("close", () => reject(gone()));
    body.on("data", (piece: Uint8Array) => {
      try {
        const waiting = take(piece);
        if (waiting === undefined) return;
        body.pause();
        waiting.then(() => body.resume(), fail);
      } catch (error) {
        fail(error);
      }
    });
  });
}

/** Sends an answer without a body, or with one that is in memory. @throws as `pour` */
export async function sendWhole(response: ServerResponse, bytes: Uint8Array | undefined, clock: Clock): Promise<void> {
  await pour(bytes === undefined ? [] : piecesOf(bytes), response, clock);
}

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += pieceBytes) yield bytes.subarray(start, start + pieceBytes);
}

function taken(response: ServerResponse, event: "drain" | "finish", clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    if (response.destroyed) {
      reject(gone());
      return;
    }
    const end = (how: () => void) => (): void => {
      cancel();
      response.off(event, done).off("close", left);
      how();
    };
    const done = end(resolve);
    const left = end(() => (response.writableFinished ? resolve() : reject(gone())));
    const cancel = clock.after(
      ms,
      end(() => reject(tooSlow())),
    );
    response.once(event, done).once("close", left);
  });
}

function gone(): ProxyError {
  return new ProxyError("CLIENT_GONE", "the client has gone");
}

function tooSlow(): ProxyError {
  return new ProxyError("CLIENT_SLOW", "the client takes too little");
}
