import type { UnprovenNotes } from "../../admission/earlier-notes.ts";
import { KeyError } from "../../keys/error.ts";
import { createSigningKey, parseSigningKeys, type SigningKeys } from "../../keys/signing-keys.ts";
import { UsageError } from "../../process/failure.ts";
import { readRequired } from "../../process/read-required.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { FollowedKeys } from "./keys.ts";

export interface NoteOptions {
  /** Keys as `formatSigningKeys` writes them; beside those of the keeper. */
  readonly keyFile?: string | undefined;
  /** The weight of notes that no key proves. */
  readonly unproven: UnprovenNotes;
}

/**
 * The keys that prove notes: those of the file, read once, and the keeper's as they change. Where there are neither, one
 * that ends with the process.
 *
 * @throws CommandError FILE_UNREADABLE, UsageError where the file holds no keys; nothing of it is repeated
 */
export async function openNoteKeys(
  { keyFile }: NoteOptions,
  kept: Pick<FollowedKeys, "noteKeys"> | undefined,
  log: Logger,
): Promise<() => SigningKeys> {
  const given = keyFile === undefined ? [] : await readKeys(keyFile);
  if (kept !== undefined) return () => (given.length === 0 ? kept.noteKeys : [...given, ...kept.noteKeys]);
  if (keyFile !== undefined) return () => given;
  const own = [createSigningKey(new Date())];
  log.warn("no keys for notes were given: those of earlier runs and of other replicas do not prove themselves");
  return () => own;
}

async function readKeys(file: string): Promise<SigningKeys> {
  const text = await readRequired(file, "--note-key-file");
  try {
    const keys = parseSigningKeys(text);
    if (keys.length > 0) return keys;
  } catch (cause) {
    if (!(cause instanceof KeyError)) throw cause;
    throw new UsageError(`--note-key-file ${file}: ${cause.message}`, { cause });
  }
  throw new UsageError(`--note-key-file ${file}: it holds no key`);
}
