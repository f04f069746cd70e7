import { readFile, stat } from "node:fs/promises";
import { KeyError } from "../keys/error.ts";
import { formatSigningKeys, parseSigningKeys, renewSigningKeys, type SigningKeys } from "../keys/signing-keys.ts";
import { fileReason } from "../process/file-reason.ts";
import { IdentityError } from "./error.ts";
import { createFile, replaceFile } from "./write-file.ts";

const hourMs = 3_600_000;
/** A key signs for a day. A token counts for an hour after its last signature; the second one is for wrong clocks. */
const rules = { signsForMs: 24 * hourMs, verifiesForMs: 2 * hourMs } as const;
/** Others than the owner may neither read nor write it. */
const mode = 0o600;

/**
 * The keys that sign tokens, kept in a file that is made where it is not there, and renewed as time goes by. To be called
 * again at intervals of some minutes, so that a key is renewed in time: a new one signs ten minutes after it was written.
 * @throws IdentityError KEYS_UNUSABLE where the file cannot be read, holds no keys, or may be read by others
 */
export async function openKeyFile(path: string, now: Date, signal: AbortSignal): Promise<SigningKeys> {
  const text = await readKeys(path, signal);
  const keys = text === undefined ? [] : parseKeys(path, text);
  const wanted = renewSigningKeys(keys, { now, ...rules });
  if (wanted === keys) return keys;
  const content = formatSigningKeys(wanted);
  if (text !== undefined) {
    await replaceFile(path, text, content, mode, signal);
    return wanted;
  }
  // Another process may make it at the same moment: then its keys are everybody's.
  if (await createFile(path, content, mode, signal)) return wanted;
  return parseKeys(path, (await readKeys(path, signal)) ?? "");
}

async function readKeys(path: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const about = await stat(path);
    if ((about.mode & 0o077) !== 0) {
      throw new IdentityError("KEYS_UNUSABLE", `${path}: others than its owner may read or write it; chmod 600 it`);
    }
    return await readFile(path, { encoding: "utf8", signal });
  } catch (cause) {
    if (cause instanceof IdentityError) throw cause;
    signal.throwIfAborted();
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw new IdentityError("KEYS_UNUSABLE", `${path}: ${fileReason(cause)}`, { cause });
  }
}

function parseKeys(path: string, text: string): SigningKeys {
  try {
    return parseSigningKeys(text);
  } catch (cause) {
    if (!(cause instanceof KeyError)) throw cause;
    throw new IdentityError("KEYS_UNUSABLE", `${path}: ${cause.message}`);
  }
}
