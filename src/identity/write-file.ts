import { randomUUID } from "node:crypto";
import { chmod, type FileHandle, link, open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileReason } from "../process/file-reason.ts";
import { IdentityError } from "./error.ts";

/**
 * Makes a file as a whole: whoever looks sees all of it or nothing. False where something of its name is there.
 * @throws IdentityError UNWRITABLE; the signal's reason
 */
export async function createFile(path: string, text: string, mode: number, signal: AbortSignal): Promise<boolean> {
  return await withDraft(path, text, mode, signal, async (draft) => {
    try {
      // Unlike a rename, it takes nobody's place.
      await link(draft, path);
      return true;
    } catch (cause) {
      if (cause instanceof Error && "code" in cause && cause.code === "EEXIST") return false;
      throw cause;
    }
  });
}

/**
 * Writes a file anew as a whole. A link is followed, and without a mode the file keeps its own.
 * @param before its text, as it was read: where it is another one now, somebody else wrote, and nothing is done
 * @throws IdentityError UNWRITABLE; the signal's reason
 */
export async function replaceFile(
  path: string,
  before: string,
  text: string,
  mode: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  try {
    const target = await realpath(path);
    const kept = mode ?? (await stat(target)).mode & 0o777;
    await withDraft(target, text, kept, signal, async (draft) => {
      if ((await readFile(target, { encoding: "utf8", signal })) !== before) {
        throw new IdentityError("UNWRITABLE", `${path}: somebody else wrote it meanwhile; try again`);
      }
      await chmod(draft, kept); // As it was, whatever this process masks.
      await rename(draft, target);
    });
  } catch (cause) {
    throw unwritable(path, cause, signal);
  }
}

/** Writes a draft beside the target, hidden from whoever reads the folder; it is gone afterwards. */
async function withDraft<T>(
  path: string,
  text: string,
  mode: number,
  signal: AbortSignal,
  use: (draft: string) => Promise<T>,
): Promise<T> {
  const draft = join(dirname(path), `.${basename(path)}.${randomUUID()}`);
  try {
    await writeDraft(await open(draft, "wx", mode), text);
    return await use(draft);
  } catch (cause) {
    throw unwritable(path, cause, signal);
  } finally {
    await rm(draft, { force: true });
  }
}

async function writeDraft(file: FileHandle, text: string): Promise<void> {
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

function unwritable(path: string, cause: unknown, signal: AbortSignal): unknown {
  if (cause instanceof IdentityError) return cause;
  if (signal.aborted) return signal.reason;
  return new IdentityError("UNWRITABLE", `${path}: ${fileReason(cause)}`, { cause });
}
