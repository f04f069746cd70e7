import { readdirSync, readFileSync } from "node:fs";
import { systemCode } from "./error.ts";

/** The content of a file in /proc; undefined when it, or its process, is gone or another user's. */
export function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = systemCode(error);
    // ESRCH: the process ended between open and read.
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES" || code === "EPERM" || code === "ENOTDIR")
      return undefined;
    throw error;
  }
}

export function listIfThere(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return [];
    throw error;
  }
}
