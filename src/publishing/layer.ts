import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { parseDigest } from "../oci/digest.ts";
import { CommandError } from "../process/failure.ts";
import { RegistryError } from "../registry/error.ts";
import type { BlobSource } from "../registry/upload.ts";

/** Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever; a link could name any file. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * A layer or configuration of a layout to push from disk: read once to verify it, and again for each time that it is
 * sent. Undefined where it is not there.
 * @throws CommandError FILE_UNREADABLE
 */
export async function openLayer(directory: string, digest: string, label: string): Promise<BlobSource | undefined> {
  const { algorithm, hex } = parseDigest(digest);
  const path = join(directory, "blobs", algorithm, hex);
  const hash = createHash(algorithm);
  let size = 0;
  try {
    for await (const piece of read(path)) {
      hash.update(piece);
      size += piece.length;
    }
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause)) throw cause;
    if (cause.code === "ENOENT") return undefined;
    throw new CommandError("FILE_UNREADABLE", `${label}: ${digest} cannot be read: ${cause.message}`, { cause });
  }
  if (hash.digest("hex") !== hex) {
    throw new CommandError("FILE_UNREADABLE", `${label}: ${digest} does not hold the content that its name says`);
  }
  return { digest, size, open: () => again(path, `${label}: ${digest}`) };
}

async function* read(path: string): AsyncGenerator<Uint8Array> {
  const file: FileHandle = await open(path, flags);
  try {
    for await (const piece of file.createReadStream({ autoClose: false })) if (piece instanceof Uint8Array) yield piece;
  } finally {
    await file.close();
  }
}

/** A failure to read is ours: without a name of its own it would look like one of the registry. */
async function* again(path: string, shown: string): AsyncGenerator<Uint8Array> {
  try {
    yield* read(path);
  } catch (cause) {
    throw new RegistryError("INVALID", `${shown} could be read before, and now no more`, { cause });
  }
}
