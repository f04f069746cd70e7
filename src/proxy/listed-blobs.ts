import type { Asker } from "../registry/with-credentials.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { Deadline } from "../time/deadline.ts";
import { notKnown } from "./answer.ts";
import type { Source } from "./list-index.ts";
import type { ListedNames } from "./listed-names.ts";
import { isMissing } from "./missing.ts";

/** Longest time for finding where a blob lies, ms. */
const lookMs = 60_000;

export interface ListedBlob {
  readonly place: Source;
  readonly digest: string;
  readonly asker: Asker;
  readonly clock?: Clock;
  /** Sends it from a repository. */
  readonly send: (from: Source) => Promise<void>;
  /** Whether a part of the answer has gone. */
  readonly hasBegun: () => boolean;
}

/**
 * Sends a blob of the asked repository; or of another one, where a build lies to which a list leads under the asked name,
 * and that build refers to this blob. @throws what `send` threw for the asked repository, where there is no such build; Refusal
 * where nobody can say that
 */
export async function sendFromWhereItIs(lists: ListedNames, blob: ListedBlob): Promise<void> {
  const { place, digest, asker, send, hasBegun, clock = systemClock } = blob;
  const known = lists.knownBlob(place.name, digest);
  if (known !== undefined) return await send(known);
  try {
    await send(place);
  } catch (error) {
    if (!isMissing(error) || hasBegun()) throw error;
    const deadline = new Deadline(clock, asker.signal, "finding the blob", lookMs);
    let source: Source | "unreadable" | undefined;
    try {
      source = await lists.findBlob(place, digest, { ...asker, signal: deadline.signal });
    } finally {
      deadline.end();
    }
    if (source === "unreadable") throw notKnown();
    if (source === undefined) throw error;
    await send(source);
  }
}
