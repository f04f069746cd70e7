import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import type { RequestHandler } from "express";
import { CommandError } from "../../process/failure.ts";

interface File {
  readonly type: string;
  readonly bytes: Buffer;
  /** By the name of their encoding, the best first. */
  readonly packed: readonly (readonly ["br" | "gzip", Buffer])[];
  /** Its name holds a hash of its content, so that it never changes. */
  readonly hashed: boolean;
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".txt": "text/plain; charset=utf-8",
  ".woff2": "font/woff2",
};
/** Bytes of all files: they are held in memory. */
const mostBytes = 16 * 1_048_576;

/**
 * The files of the pages, as the build wrote them: read once, packed forms beside them as NAME.br and NAME.gz. Answered
 * by their exact names out of memory: no path of a request ever reaches the disk.
 */
export class Files {
  readonly #files: ReadonlyMap<string, File>;

  private constructor(files: ReadonlyMap<string, File>) {
    this.#files = files;
  }

  /** @throws CommandError FILE_UNREADABLE where there is no index.html, or more than fits */
  static async read(folder: string): Promise<Files> {
    const contents = await contentsOf(folder);
    const files = new Map<string, File>();
    for (const [name, bytes] of contents) {
      const type = types[extname(name)];
      if (type === undefined) continue;
      const packed = (["br", "gzip"] as const).flatMap((encoding) => {
        const found = contents.get(`${name}.${encoding === "gzip" ? "gz" : "br"}`);
        return found === undefined ? [] : [[encoding, found] as const];
      });
      files.set(name, { type, bytes, packed, hashed: /[-.][A-Za-z0-9]{8,}\.[a-z0-9]+$/.test(name) });
    }
    if (!files.has("index.html")) {
      throw new CommandError(
        "FILE_UNREADABLE",
        `${folder}: the console's pages are not there; make them: npm run build`,
      );
    }
    return new Files(files);
  }

  /** Answers GET and HEAD of a file; leaves the rest to whoever comes next. */
  readonly handler: RequestHandler = (request, response, next) => {
    const file = this.#files.get(request.path === "/" ? "index.html" : request.path.slice(1));
    if (file === undefined || (request.method !== "GET" && request.method !== "HEAD")) {
      next();
      return;
    }
    const [encoding, bytes] = chosen(file, request.headers["accept-encoding"]);
    response.writeHead(200, {
      "content-type": file.type,
      "content-length": bytes.length,
      // index.html names the others: a new version is seen at the next load.
      "cache-control": file.hashed ? "public, max-age=31536000, immutable" : "no-cache",
      vary: "Accept-Encoding",
      ...(encoding === undefined ? {} : { "content-encoding": encoding }),
    });
    response.end(request.method === "HEAD" ? undefined : bytes);
  };
}

async function contentsOf(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const contents = new Map<string, Buffer>();
  let left = mostBytes;
  for (const path of await filesBelow(folder)) {
    const bytes = await readFile(join(folder, path));
    left -= bytes.length;
    if (left < 0) throw new CommandError("FILE_UNREADABLE", `${folder}: more than 16 MiB of files`);
    contents.set(path.replaceAll("\\", "/"), bytes);
  }
  return contents;
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  try {
    const found = await readdir(folder, { withFileTypes: true, recursive: true });
    return found
      .filter((file) => file.isFile())
      .map((file) => join(file.parentPath, file.name).slice(folder.length + 1));
  } catch (error) {
    // Told by whoever misses index.html.
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

/** The smallest form that the client takes; `q=0` refuses one (RFC 9110, 12.5.3). */
function chosen({ packed, bytes }: File, accepted = ""): readonly ["br" | "gzip" | undefined, Buffer] {
  const takes = new Set(
    accepted
      .split(",")
      .map((part) => part.trim().toLowerCase())
      .filter((part) => !/;\s*q=0(\.0*)?$/.test(part))
      .map((part) => part.replace(/\s*;.*$/, "")),
  );
  return packed.find(([encoding]) => takes.has(encoding)) ?? [undefined, bytes];
}
