import { readFile } from "node:fs/promises";
import { CommandError } from "./failure.ts";

/** The text of a file that a flag names. @throws CommandError FILE_UNREADABLE with the flag, the path and the reason */
export async function readRequired(path: string, flag: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    const reason = code === "ENOENT" ? "no such file" : code === "EACCES" ? "permission denied" : String(code ?? cause);
    throw new CommandError("FILE_UNREADABLE", `${flag} ${path}: ${reason}`, {});
  }
}
