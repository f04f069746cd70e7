import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CertificateError } from "./error.ts";
import { type StoredData, storedNames } from "./material.ts";
import type { CertificateStore, Stored } from "./store.ts";

/** A folder of the four files, for one process: demos, tests, and webhooks that run outside a cluster. */
export class DirectoryStore implements CertificateStore {
  readonly place: string;
  readonly #folder: string;

  constructor(folder: string) {
    this.place = `folder ${folder}`;
    this.#folder = folder;
  }

  async read(signal: AbortSignal): Promise<Stored | undefined> {
    const texts = await Promise.all(storedNames.map((name) => this.#readFile(name, signal)));
    if (texts.every((text) => text === undefined)) return undefined;
    return toStored(Object.fromEntries(storedNames.map((name, index) => [name, texts[index]])));
  }

  create(data: Required<StoredData>, signal: AbortSignal): Promise<Stored | "conflict"> {
    return this.#write(data, undefined, signal);
  }

  update(data: Required<StoredData>, version: string, signal: AbortSignal): Promise<Stored | "conflict"> {
    return this.#write(data, version, signal);
  }

  async #write(
    data: Required<StoredData>,
    version: string | undefined,
    signal: AbortSignal,
  ): Promise<Stored | "conflict"> {
    if ((await this.read(signal))?.version !== version) return "conflict";
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      for (const name of storedNames) {
        const file = join(this.#folder, name);
        // A reader must never see half a file.
        await writeFile(`${file}.new`, data[name] ?? "", { mode: name.endsWith(".key") ? 0o600 : 0o644, signal });
        await rename(`${file}.new`, file);
      }
    } catch (cause) {
      throw this.#failed("write", cause);
    }
    return toStored(data);
  }

  async #readFile(name: string, signal: AbortSignal): Promise<string | undefined> {
    try {
      return await readFile(join(this.#folder, name), { encoding: "utf8", signal });
    } catch (cause) {
      if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
      throw this.#failed("read", cause);
    }
  }

  #failed(verb: string, cause: unknown): CertificateError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new CertificateError("STORE_FAILED", `cannot ${verb} certificates in ${this.place}: ${reason}`, { cause });
  }
}

function toStored(data: StoredData): Stored {
  const hash = createHash("sha256");
  for (const name of storedNames) hash.update(`${name}\0${data[name] ?? ""}\0`);
  return { data, version: hash.digest("hex") };
}
