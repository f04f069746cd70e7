import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { InventoryError } from "./error.ts";
import { reasonOf } from "./file-reason.ts";
import { type Manifest, parseManifests } from "./parse.ts";

const maxFiles = 1_000;
const maxFileBytes = 32 * 1024 * 1024;

/** The manifests of every `.yaml`, `.yml` and `.json` file directly in a folder, in order of name. */
export async function readFolder(folder: string, signal: AbortSignal): Promise<readonly Manifest[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (cause) {
    throw new InventoryError("UNREADABLE", `${folder}: ${reasonOf(cause)}; a folder with YAML files was expected`, {
      cause,
    });
  }
  const files = names
    .filter((name) => [".yaml", ".yml", ".json"].includes(extname(name)) && !name.startsWith("."))
    .sort();
  if (files.length > maxFiles) throw new InventoryError("TOO_MUCH", `${folder}: more than ${maxFiles} files`);
  const manifests: Manifest[] = [];
  for (const file of files) manifests.push(...(await readManifestFile(join(folder, file), signal)));
  return manifests;
}

export async function readManifestFile(path: string, signal: AbortSignal): Promise<readonly Manifest[]> {
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > maxFileBytes) throw new InventoryError("TOO_MUCH", `${path}: larger than ${maxFileBytes} bytes`);
    text = await readFile(path, { encoding: "utf8", signal });
  } catch (cause) {
    if (cause instanceof InventoryError) throw cause;
    throw new InventoryError("UNREADABLE", `${path}: ${reasonOf(cause)}`, { cause });
  }
  return parseManifests(text, path);
}
