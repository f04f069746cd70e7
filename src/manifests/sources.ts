import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import type { CommandContext } from "../process/context.ts";
import { fileReason } from "../process/file-reason.ts";
import { readAll } from "../process/stdin.ts";
import { maxFiles, maxTextBytes } from "./bounds.ts";
import { ManifestError } from "./error.ts";

/** The text of one file that `-f` named, or that lies in a folder it named. */
export interface Source {
  /** The path as it was given; `-` for standard input. */
  readonly path: string;
  /** The same for messages: `standard input`. */
  readonly name: string;
  readonly text: string;
}

type Input = Pick<CommandContext, "stdin" | "signal">;

const extensions = [".yaml", ".yml", ".json"];

/**
 * Reads all that `-f` names, in its order: files, the manifests directly in folders by name, and `-`. The same path counts once.
 * @throws ManifestError UNREADABLE, TOO_MUCH; the signal's reason
 */
export async function readSources(paths: readonly string[], input: Input): Promise<readonly Source[]> {
  const files: string[] = [];
  for (const path of paths) files.push(...((await isFolder(path)) ? await filesOf(path) : [path]));
  const distinct = [...new Set(files)];
  if (distinct.length > maxFiles) throw new ManifestError("TOO_MUCH", `-f names more than ${maxFiles} files`);
  const sources: Source[] = [];
  for (const path of distinct) sources.push(path === "-" ? await readStdin(input) : await readOne(path, input.signal));
  return sources;
}

/**
 * Every `.yaml`, `.yml` and `.json` file directly in a folder, by name; hidden ones are passed over.
 * @throws ManifestError UNREADABLE, also where it is no folder; TOO_MUCH; the signal's reason
 */
export async function readFolder(folder: string, signal: AbortSignal): Promise<readonly Source[]> {
  const sources: Source[] = [];
  for (const path of await filesOf(folder)) sources.push(await readOne(path, signal));
  return sources;
}

/** False also where nothing is there: reading it will tell. */
async function isFolder(path: string): Promise<boolean> {
  if (path === "-") return false;
  return await stat(path).then(
    (about) => about.isDirectory(),
    () => false,
  );
}

/** Paths of the manifests directly in a folder, by name. @throws ManifestError UNREADABLE, TOO_MUCH */
export async function filesOf(folder: string): Promise<readonly string[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (cause) {
    throw unreadable(folder, cause, "; a folder with YAML files was expected");
  }
  const files = names.filter((name) => extensions.includes(extname(name)) && !name.startsWith(".")).sort();
  if (files.length > maxFiles) throw new ManifestError("TOO_MUCH", `${folder}: more than ${maxFiles} files`);
  return files.map((name) => join(folder, name));
}

async function readStdin({ stdin, signal }: Input): Promise<Source> {
  const name = "standard input";
  const text = await readAll(stdin, { maxBytes: maxTextBytes, signal });
  if (text === undefined) throw tooLarge(name);
  return { path: "-", name, text };
}

async function readOne(path: string, signal: AbortSignal): Promise<Source> {
  try {
    const { size } = await stat(path);
    if (size > maxTextBytes) throw tooLarge(path);
    return { path, name: path, text: await readFile(path, { encoding: "utf8", signal }) };
  } catch (cause) {
    if (cause instanceof ManifestError) throw cause;
    signal.throwIfAborted();
    throw unreadable(path, cause);
  }
}

function tooLarge(name: string): ManifestError {
  return new ManifestError("TOO_MUCH", `${name}: larger than ${maxTextBytes} bytes`);
}

function unreadable(path: string, cause: unknown, advice = ""): ManifestError {
  return new ManifestError("UNREADABLE", `${path}: ${fileReason(cause)}${advice}`, { cause });
}
