import { realpath } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";

/** Whether a file lies in a folder or below it, whatever links lead to either; it need not be there yet. */
export async function liesIn(file: string, folder: string): Promise<boolean> {
  const [target, base] = await Promise.all([realFile(file), realFolder(folder)]);
  const way = relative(base, target);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`));
}

/** A link that is the file itself is followed too. */
async function realFile(path: string): Promise<string> {
  const real = await realpath(path).catch(() => undefined);
  return real ?? join(await realFolder(dirname(resolve(path))), basename(path));
}

/** As it is written where it is not there. */
async function realFolder(path: string): Promise<string> {
  return await realpath(path).catch(() => resolve(path));
}
