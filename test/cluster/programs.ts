import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { systemCode } from "./error.ts";
import { type Lack, lack } from "./lack.ts";

/** The first program of this name in the folders of a search path. */
export function findProgram(name: string, path: string = process.env["PATH"] ?? ""): string | undefined {
  return path
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** A program of this machine for a test. `packages` would bring it. */
export function requireProgram(name: string, ...packages: readonly string[]): { readonly path: string } | Lack {
  const path = findProgram(name);
  return path === undefined ? lack(`no ${name} on the PATH`, packages) : { path };
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch (error) {
    if (["ENOENT", "EACCES", "ENOTDIR"].includes(systemCode(error) ?? "")) return false;
    throw error;
  }
}
