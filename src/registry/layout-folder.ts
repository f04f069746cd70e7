import { constants } from "node:fs";
import { type FileHandle, open, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { maxDocumentBytes } from "../oci/json.ts";
import { RegistryError, type RegistryErrorCode } from "./error.ts";

/**
 * Reads files of a layout that somebody else made: only regular files, only inside the folder, only of bounded size.
 * A link inside a layout could name any file of this machine, a pipe would never end.
 */
export class LayoutFolder {
  readonly #root: string;
  readonly #label: string;

  private constructor(root: string, label: string) {
    this.#root = root;
    this.#label = label;
  }

  /** @throws RegistryError NOT_FOUND, INVALID */
  static async open(directory: string, label: string, signal: AbortSignal): Promise<LayoutFolder> {
    throwIfAborted(label, signal);
    try {
      // The folder itself may be named by a link: its user chose it.
      const root = await realpath(directory);
      if ((await stat(root)).isDirectory()) return new LayoutFolder(root, label);
    } catch (cause) {
      throw failure(label, "the folder", cause);
    }
    throw new RegistryError("INVALID", `${label}: is a file; unpack it (tar -xf) and name the folder`);
  }

  /** The bytes of a file by its path below the layout. @throws RegistryError NOT_FOUND, INVALID, TOO_LARGE, ABORTED */
  async read(path: string, signal: AbortSignal): Promise<Uint8Array> {
    throwIfAborted(this.#label, signal);
    const whole = join(this.#root, path);
    let file: FileHandle | undefined;
    try {
      if ((await realpath(whole)) !== whole) {
        throw new RegistryError(
          "INVALID",
          `${this.#label}: ${path} is reached through a symbolic link, which is not followed`,
        );
      }
      // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
      file = await open(whole, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      const about = await file.stat();
      if (!about.isFile()) throw new RegistryError("INVALID", `${this.#label}: ${path} is no regular file`);
      if (about.size > maxDocumentBytes) {
        const text = `${this.#label}: ${path} has ${about.size} bytes, at most ${maxDocumentBytes} are read`;
        throw new RegistryError("TOO_LARGE", text);
      }
      return await readWhole(file, about.size);
    } catch (cause) {
      throw cause instanceof RegistryError ? cause : failure(this.#label, path, cause);
    } finally {
      await file?.close();
    }
  }
}

/** So many bytes and not more, also where the file grows meanwhile; what is cut off does not have its digest. */
async function readWhole(file: FileHandle, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let offset = 0;
  while (offset < size) {
    const { bytesRead } = await file.read(bytes, offset, size - offset, offset);
    if (bytesRead === 0) break;
    offset += bytesRead;
  }
  return bytes.subarray(0, offset);
}

function failure(label: string, what: string, cause: unknown): RegistryError {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const known: Readonly<Record<string, readonly [RegistryErrorCode, string]>> = {
    ENOENT: [
      "NOT_FOUND",
      what === "oci-layout" || what === "index.json"
        ? `no ${what} in this folder; an OCI image layout has oci-layout, index.json and blobs`
        : `${what} is not there`,
    ],
    ENOTDIR: ["NOT_FOUND", `${what} is not there`],
    EACCES: ["INVALID", `${what} may not be read by this user`],
    ELOOP: ["INVALID", `${what} is a symbolic link, which is not followed`],
  };
  const [own, text] = known[String(code)] ?? ["INVALID", `${what} cannot be read (${String(code ?? cause)})`];
  return new RegistryError(own, `${label}: ${text}`, { cause });
}

function throwIfAborted(label: string, signal: AbortSignal): void {
  if (signal.aborted) throw new RegistryError("ABORTED", `${label}: given up`, { cause: signal.reason });
}
