import { readFile } from "node:fs/promises";
import { CommandError } from "./failure.ts";
import { fileReason } from "./file-reason.ts";

/** The text of a file that a flag names. @throws CommandError FILE_UNREADABLE with the flag, the path and the reason */
export async function readRequired(path: string, flag: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new CommandError("FILE_UNREADABLE", `${flag} ${path}: ${fileReason(cause)}`, {});
  }
}
