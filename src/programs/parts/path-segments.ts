import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PathSegments } from "../../http/path-segment.ts";
import { createPathSegment, isPathSegment } from "../../keys/path-segments.ts";
import { CommandError, UsageError } from "../../process/failure.ts";
import { fileReason } from "../../process/file-reason.ts";
import { readRequired } from "../../process/read-required.ts";
import type { FollowedKeys } from "./keys.ts";

/** Where the secret segments come from that every path begins with one of. */
export interface PathSegmentPlaces {
  /** One a line. */
  readonly file?: string | undefined;
  /** Those of the keeper. */
  readonly keys?: Pick<FollowedKeys, "onSegments"> | undefined;
  /** Where one is kept that this process makes. */
  readonly folder?: string | undefined;
  /** Called for each request whose path begins with none of them. */
  readonly onRefused: () => void;
}

/** The segments that count, and the one that nobody else knows yet. */
export interface AnsweredPaths {
  readonly segments: PathSegments;
  /** To be told to whoever configures the API server; undefined where they chose it, or the keeper tells it. */
  readonly made?: string;
}

/** Beside the certificates. */
const fileName = "path-segment";

/**
 * The segments of the file and of the keeper. Where there is neither, one is made: it is kept in the folder, or lives as
 * long as the process. @throws CommandError FILE_UNREADABLE, UsageError where a line is no segment, which is not repeated:
 * it is a secret
 */
export async function answeredPaths({ file, keys, folder, onRefused }: PathSegmentPlaces): Promise<AnsweredPaths> {
  const given = file === undefined ? [] : readSegments(await readRequired(file, "--path-segment-file"), file);
  const segments = new PathSegments(given, { onRefused });
  keys?.onSegments((kept) => segments.set([...given, ...kept]));
  if (keys !== undefined || given.length > 0) return { segments };
  const made = folder === undefined ? createPathSegment(new Date()).segment : await segmentIn(folder);
  segments.set([made]);
  return { segments, made };
}

function readSegments(text: string, file: string): readonly string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const segments = lines.filter((line) => line !== "");
  const wrong = lines.findIndex((line) => line !== "" && !isPathSegment(line));
  if (wrong !== -1 || segments.length === 0) {
    const where = wrong === -1 ? "has none" : `line ${wrong + 1} is none`;
    const form = "32 to 256 letters, digits, - and _";
    throw new UsageError(`--path-segment-file ${file}: a path segment is ${form}; the file ${where}`);
  }
  return segments;
}

/** The folder's own, made where there is none. @throws CommandError FILE_UNREADABLE */
async function segmentIn(folder: string): Promise<string> {
  const file = join(folder, fileName);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { segment } = createPathSegment(new Date());
    // "wx": of two processes that begin together, one makes it.
    await writeFile(file, `${segment}\n`, { mode: 0o600, flag: "wx" });
    return segment;
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "EEXIST")) {
      throw new CommandError("FILE_UNREADABLE", `--tls-dir ${folder}: ${fileReason(cause)}`, {});
    }
  }
  const [segment = "", ...more] = readSegments(await readFile(file, "utf8"), file);
  if (more.length > 0) throw new UsageError(`${file}: one path segment was expected`);
  return segment;
}
