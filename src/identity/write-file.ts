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
 * Writes a file anew as a whole. A link is followed, and the file keeps its mode. False where its text is not `before`
 * any more: somebody else wrote it, and nothing is done.
 * @throws IdentityError UNWRITABLE; the signal's reason
 */
export async function replaceFile(path: string, before: string, text: string, signal: AbortSignal): Promise<boolean> {
  try {
    const target = await realpath(path);
    const kept = (await stat(target)).mode & 0o777;
    return await withDraft(target, text, kept, signal, async (draft) => {
      if ((await readFile(target, { encoding: "utf8", signal })) !== before) return false;
      await chmod(draft, kept); // As it was, whatever this process masks.
      await rename(draft, target);
      return true;
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
  const file = await open(draft, "wx", mode).catch((cause: unknown) => {
    throw unwritable(path, cause, signal);
  });
  try {
    await writeDraft(file, text);
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
