import { createHash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { stat } from "node:fs/promises";
import { ManifestError } from "./error.ts";
import { filesOf } from "./sources.ts";

/** Files that are looked at side by side. */
const atOnce = 16;

/**
 * A text that is another one when a folder or one of its manifests was replaced or written, by what the file system says
 * of them: nothing is read. A folder that is not there has one too.
 */
export async function fingerprintOf(folder: string): Promise<string> {
  // When the folder was written says nothing: files that are no manifests come and go in it.
  const hash = createHash("sha256").update(await aboutOf(folder, ({ dev, ino }) => [dev, ino]));
  let files: readonly string[];
  try {
    files = await filesOf(folder);
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    return hash.update(error.message).digest("hex");
  }
  for (let start = 0; start < files.length; start += atOnce) {
    const some = files.slice(start, start + atOnce);
    const about = await Promise.all(some.map(async (file) => `${file} ${await aboutOf(file, contentOf)}\n`));
    for (const one of about) hash.update(one);
  }
  return hash.digest("hex");
}

function contentOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): readonly bigint[] {
  return [dev, ino, size, mtimeNs, ctimeNs];
}

/** Links are followed: it is what they lead to that is read. */
async function aboutOf(path: string, read: (about: BigIntStats) => readonly bigint[]): Promise<string> {
  try {
    return read(await stat(path, { bigint: true })).join(" ");
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "unknown";
  }
}
