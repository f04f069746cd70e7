import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import type { CommandContext } from "../process/context.ts";
import { readAll } from "../process/stdin.ts";
import { InventoryError } from "./error.ts";
import { reasonOf } from "./file-reason.ts";

/** The text of one file that `-f` named, or that lies in a folder it named. */
export interface Source {
  /** The path as it was given; `-` for standard input. */
  readonly path: string;
  readonly text: string;
}

/** As src/inventory has them: far above what people write. */
const maxFiles = 1_000;
const maxBytes = 32 * 1024 * 1024;
const extensions = [".yaml", ".yml", ".json"];

/**
 * What `-f` names, in its order: files, the manifests directly in folders by name, and `-`. The same path counts once.
 * @throws InventoryError UNREADABLE, TOO_MUCH
 */
export async function readSources(
  paths: readonly string[],
  context: Pick<CommandContext, "stdin" | "signal">,
): Promise<readonly Source[]> {
  const files: string[] = [];
  for (const path of paths) files.push(...(await expand(path)));
  const distinct = [...new Set(files)];
  if (distinct.length > maxFiles) throw new InventoryError("TOO_MUCH", `-f names more than ${maxFiles} files`);
  const sources: Source[] = [];
  for (const path of distinct) sources.push({ path, text: await readSource(path, context) });
  return sources;
}

async function expand(path: string): Promise<readonly string[]> {
  if (path === "-") return [path];
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = await readdir(path);
    return names
      .filter((name) => extensions.includes(extname(name)) && !name.startsWith("."))
      .sort()
      .map((name) => join(path, name));
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function readSource(path: string, { stdin, signal }: Pick<CommandContext, "stdin" | "signal">): Promise<string> {
  if (path === "-") {
    const text = await readAll(stdin, { maxBytes, signal });
    if (text === undefined) throw new InventoryError("TOO_MUCH", `standard input: larger than ${maxBytes} bytes`);
    return text;
  }
  try {
    const { size } = await stat(path);
    if (size > maxBytes) throw new InventoryError("TOO_MUCH", `${path}: larger than ${maxBytes} bytes`);
    return await readFile(path, { encoding: "utf8", signal });
  } catch (cause) {
    if (cause instanceof InventoryError) throw cause;
    signal.throwIfAborted();
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): InventoryError {
  return new InventoryError("UNREADABLE", `${path}: ${reasonOf(cause)}`, { cause });
}
