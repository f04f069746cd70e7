import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { mustRun } from "./command.ts";
import { ClusterError } from "./error.ts";
import type { Download } from "./releases.ts";

export interface DownloadOptions {
  readonly signal: AbortSignal;
  /** Milliseconds until a server must have answered. A machine without a network learns it within this time. */
  readonly answerMs?: number;
  /** Milliseconds that a running download may stand still. */
  readonly stallMs?: number;
}

const defaultAnswerMs = 2_500;
const defaultStallMs = 20_000;
/** Three times the largest file that is fetched (kube-apiserver, 119 MB). */
const maxFileBytes = 400 << 20;
const maxChecksumBytes = 1 << 20;

/**
 * The published SHA-256 of a file, in lower-case hexadecimal. It is also the probe whether a release can be reached.
 *
 * @throws ClusterError `DOWNLOAD`
 */
export async function fetchChecksum(download: Download, options: DownloadOptions): Promise<string> {
  const timeout = AbortSignal.timeout(options.answerMs ?? defaultAnswerMs);
  const response = await get(download.checksumUrl, AbortSignal.any([options.signal, timeout]), options.signal);
  const text = await readText(response, download.checksumUrl, options.signal);
  const wanted = basename(new URL(download.url).pathname);
  for (const line of text.split("\n")) {
    // `digest  name` or `digest *name` as sha256sum(1) writes it, or the digest alone.
    const match = /^([0-9a-f]{64})(?:\s+\*?(\S+))?\s*$/i.exec(line);
    if (match?.[1] !== undefined && (match[2] === undefined || basename(match[2]) === wanted))
      return match[1].toLowerCase();
  }
  throw new ClusterError("DOWNLOAD", `${download.checksumUrl} holds no SHA-256 of ${wanted}`);
}

/**
 * Fetches a program to `target`, which appears only when it is whole, has the published checksum and can be executed.
 *
 * @throws ClusterError `DOWNLOAD`
 */
export async function downloadTo(
  target: string,
  download: Download,
  checksum: string,
  options: DownloadOptions,
): Promise<void> {
  const draft = `${target}.${process.pid}.download`;
  const unpacked = `${draft}.unpacked`;
  try {
    const actual = await fetchTo(draft, download.url, options);
    if (actual !== checksum)
      throw new ClusterError(
        "DOWNLOAD",
        `${download.url} has SHA-256 ${actual}, but ${checksum} is published at ${download.checksumUrl}`,
      );
    if (download.member === undefined) {
      await mustRun("chmod", ["755", draft], options);
      await rename(draft, target);
      return;
    }
    await mustRun("mkdir", ["-p", unpacked], options);
    await mustRun("tar", ["-xzf", draft, "-C", unpacked, download.member], { ...options, cwd: dirname(target) });
    await rename(join(unpacked, download.member), target);
  } finally {
    await rm(draft, { force: true });
    await rm(unpacked, { recursive: true, force: true });
  }
}

/** Writes the answer to a file and returns its SHA-256. */
async function fetchTo(path: string, url: string, options: DownloadOptions): Promise<string> {
  const stall = new AbortController();
  const stallMs = options.stallMs ?? defaultStallMs;
  const timer = setTimeout(() => stall.abort(new Error(`no byte for ${stallMs} ms`)), stallMs);
  try {
    const response = await get(url, AbortSignal.any([options.signal, stall.signal]), options.signal);
    const hash = createHash("sha256");
    let size = 0;
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        timer.refresh();
        size += chunk.length;
        if (size > maxFileBytes) return done(new Error(`larger than ${maxFileBytes} bytes`));
        hash.update(chunk);
        done(null, chunk);
      },
    });
    try {
      await pipeline(Readable.from(response.body ?? []), meter, createWriteStream(path), { signal: stall.signal });
    } catch (error) {
      options.signal.throwIfAborted();
      throw new ClusterError("DOWNLOAD", `${url} broke off after ${size} bytes`, { cause: error });
    }
    return hash.digest("hex");
  } finally {
    clearTimeout(timer);
  }
}

async function get(url: string, signal: AbortSignal, caller: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch (error) {
    caller.throwIfAborted();
    throw new ClusterError("DOWNLOAD", `${url} cannot be reached`, { cause: error });
  }
  if (response.ok) return response;
  await response.body?.cancel();
  throw new ClusterError("DOWNLOAD", `${url} answered ${response.status}`);
}

async function readText(response: Response, url: string, caller: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > maxChecksumBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    caller.throwIfAborted();
    throw new ClusterError("DOWNLOAD", `${url} broke off after ${size} bytes`, { cause: error });
  }
  if (size > maxChecksumBytes) throw new ClusterError("DOWNLOAD", `${url} is too large for a list of checksums`);
  return Buffer.concat(chunks).toString("utf8");
}
