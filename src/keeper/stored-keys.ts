import { KeyError } from "../keys/error.ts";
import type { KeeperContext } from "./context.ts";

/** A text of a Secret, and where it stands. */
export interface StoredText {
  readonly text: string | undefined;
  readonly secret: string;
  readonly key: string;
  /** Said in the log where the text cannot be read. */
  readonly lost: string;
}

/**
 * The keys that a Secret holds. None where its text is none: all of it is made anew, while those who read it before keep
 * what they have.
 */
export function readStored<T>(
  { text, secret, key, lost }: StoredText,
  parse: (text: string) => readonly T[],
  log: KeeperContext["log"],
): readonly T[] {
  if (text === undefined) return [];
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    log.error({ error, secret, key }, lost);
    return [];
  }
}
