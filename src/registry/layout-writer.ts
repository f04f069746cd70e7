import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Descriptor } from "../oci/descriptor.ts";
import { computeDigest, parseDigest } from "../oci/digest.ts";
import { OciError } from "../oci/error.ts";
import { asObject, optionalArray } from "../oci/fields.ts";
import { maxDocumentBytes, parseJson } from "../oci/json.ts";
import { RegistryError } from "./error.ts";

const refName = "org.opencontainers.image.ref.name";

/**
 * Writes into an OCI image layout on disk (image-spec v1.1, image-layout.md), which is made where there is none. Each
 * file appears whole or not at all; two writers at once may lose the name of one.
 */
export class LayoutWriter {
  readonly #directory: string;
  readonly #label: string;

  private constructor(directory: string, label: string) {
    this.#directory = directory;
    this.#label = label;
  }

  /** `label` names the layout in messages. @throws RegistryError INVALID where the folder holds something else */
  static async open(directory: string, label: string): Promise<LayoutWriter> {
    const writer = new LayoutWriter(directory, label);
    try {
      await mkdir(join(directory, "blobs", "sha256"), { recursive: true });
      const marker = join(directory, "oci-layout");
      if (!(await exists(marker))) {
        if (await exists(join(directory, "index.json")))
          throw writer.#invalid("it has an index.json and no oci-layout");
        await writer.#write("oci-layout", '{"imageLayoutVersion":"1.0.0"}');
        await writer.#write("index.json", '{"schemaVersion":2,"manifests":[]}');
      }
      return writer;
    } catch (cause) {
      throw writer.#failure(cause);
    }
  }

  /** Puts content into the layout, unless it is there. Returns its digest. @throws RegistryError INVALID */
  async blob(bytes: Uint8Array): Promise<string> {
    const digest = computeDigest(bytes);
    const path = join("blobs", ...Object.values(parseDigest(digest)));
    try {
      if (!(await exists(join(this.#directory, path)))) await this.#write(path, bytes);
      return digest;
    } catch (cause) {
      throw this.#failure(cause);
    }
  }

  /** Names content that is in the layout, in place of what had this name. Other entries stay. @throws RegistryError INVALID */
  async name({ mediaType, digest, size }: Descriptor, tag: string | undefined): Promise<void> {
    try {
      const text = await readFile(join(this.#directory, "index.json"));
      if (text.length > maxDocumentBytes) throw this.#invalid("its index.json is too large");
      const root = asObject(parseJson(text), "index.json");
      const kept = (optionalArray(root, "manifests", "") ?? []).filter((value) => {
        const entry = asObject(value, "manifests");
        const annotations = entry["annotations"];
        const name = annotations === undefined || annotations === null ? undefined : asObject(annotations, "")[refName];
        return tag === undefined ? entry["digest"] !== digest || name !== undefined : name !== tag;
      });
      const named = { mediaType, digest, size, ...(tag === undefined ? {} : { annotations: { [refName]: tag } }) };
      const document = { ...root, manifests: [...kept, named] };
      await this.#write("index.json", `${JSON.stringify(document, null, 2)}\n`);
    } catch (cause) {
      throw this.#failure(cause);
    }
  }

  /** Written beside its place and moved there: a reader never sees half a file. */
  async #write(path: string, content: string | Uint8Array): Promise<void> {
    const target = join(this.#directory, path);
    const draft = join(dirname(target), `.${randomBytes(6).toString("hex")}.draft`);
    try {
      await writeFile(draft, content);
      await rename(draft, target);
    } finally {
      await rm(draft, { force: true });
    }
  }

  #invalid(what: string): RegistryError {
    return new RegistryError("INVALID", `${this.#label}: ${what}: this is no OCI image layout that can be written to`);
  }

  #failure(cause: unknown): RegistryError {
    if (cause instanceof RegistryError) return cause;
    if (cause instanceof OciError) {
      return new RegistryError("INVALID", `${this.#label}: index.json: ${cause.message}`, { cause });
    }
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    const known = new Map<unknown, string>([
      ["EACCES", "this user may not write here"],
      ["EROFS", "the file system is read-only"],
      ["ENOSPC", "the disk is full"],
      ["EEXIST", "a file is in its place"],
      ["ENOTDIR", "a file is in its place"],
      ["ENOENT", "its index.json is missing"],
    ]);
    const text = known.get(code) ?? (cause instanceof Error ? cause.message : String(cause));
    return new RegistryError("INVALID", `${this.#label}: cannot be written: ${text}`, { cause });
  }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
      throw error;
    },
  );
}
