import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { delimiter, join } from "node:path";
import { adminPath } from "../cluster/admin-env.ts";
import { systemCode } from "../cluster/error.ts";

/** Makes `folder` a search path of its own: a link to every program of `path` but those that are hidden. */
export function linkPrograms(folder: string, hidden: ReadonlySet<string>, path: string = adminPath()): void {
  mkdirSync(folder, { recursive: true });
  for (const from of path.split(delimiter).filter((each) => each !== "")) {
    for (const name of listIfFolder(from)) {
      if (!hidden.has(name)) linkFirst(join(from, name), join(folder, name));
    }
  }
}

/**
 * Makes `folder` a cache that holds what takes minutes to build, by links to what `cache` has of it, and nothing of what
 * builds in seconds. Gives the names that are left out.
 */
export function linkCache(folder: string, cache: string, builtAnew: readonly RegExp[]): readonly string[] {
  mkdirSync(folder, { recursive: true });
  const names = listIfFolder(cache).filter((name) => !name.endsWith(".lock"));
  const left = names.filter((name) => builtAnew.some((one) => one.test(name)));
  for (const name of names) if (!left.includes(name)) linkFirst(join(cache, name), join(folder, name));
  return left;
}

/** As a search path is read: whoever comes first has the name. */
function linkFirst(target: string, link: string): void {
  try {
    symlinkSync(target, link);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  }
}

function listIfFolder(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EACCES"].includes(systemCode(error) ?? "")) return [];
    throw error;
  }
}
