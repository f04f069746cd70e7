import { readFile, stat } from "node:fs/promises";
import { KeyError } from "../keys/error.ts";
import { formatSigningKeys, parseSigningKeys, renewSigningKeys, type SigningKeys } from "../keys/signing-keys.ts";
import { tokenKeyRules } from "../keys/token-rules.ts";
import { fileReason } from "../process/file-reason.ts";
import { IdentityError } from "./error.ts";
import { createFile, replaceFile } from "./write-file.ts";

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
  const wanted = renewSigningKeys(keys, { now, ...tokenKeyRules });
  if (wanted === keys) return keys;
  const content = formatSigningKeys(wanted);
  const written =
    text === undefined ? await createFile(path, content, mode, signal) : await replaceFile(path, text, content, signal);
  // Another process may write it at the same moment: then its keys are everybody's.
  return written ? wanted : parseKeys(path, (await readKeys(path, signal)) ?? "");
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
