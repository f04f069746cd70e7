import type { Readable } from "node:stream";
import { isRecord } from "../../json/object.ts";
import type { Deadline } from "../../time/deadline.ts";
import { KubernetesError } from "../error.ts";
import { parseObject, stringOf } from "../object.ts";
import { parseJson } from "./body.ts";
import { LineSplitter } from "./json-lines.ts";
import type { WatchEvent } from "./requests.ts";
import { statusError } from "./status.ts";

/**
 * The largest line that is read. etcd takes requests of 1.5 MiB (--max-request-bytes); the JSON that the API server
 * writes of one (stored as protobuf or with other versions' fields) is a few times that at most.
 */
export const maxEventBytes = 8 * 1_048_576;

/**
 * The events of one watch connection, until the server ends it. Silence longer than `idleMs` counts as a dead
 * connection.
 * @throws KubernetesError GONE when the resourceVersion is too old; TIMEOUT when idle; UNREACHABLE when cut off in a
 *   line; the code of an ERROR event; MALFORMED, TOO_LARGE
 */
export async function* watchEvents(
  body: Readable,
  deadline: Deadline,
  idleMs: number,
  what: string,
): AsyncGenerator<WatchEvent> {
  const lines = new LineSplitter(maxEventBytes);
  const why = `nothing came for ${idleMs / 1_000} s; the connection counts as dead`;
  deadline.restart(idleMs, why);
  for await (const chunk of body) {
    deadline.restart(idleMs, why);
    const bytes: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    for (const line of lines.push(bytes)) yield parseEvent(line, what);
  }
  if (lines.pending > 0) {
    throw new KubernetesError("UNREACHABLE", `${what}: the watch ended within an event`);
  }
}

function parseEvent(line: string, what: string): WatchEvent {
  const event = parseJson(line, what);
  if (!isRecord(event)) throw new KubernetesError("MALFORMED", `${what}: the watch sent something that is no event`);
  const object = event["object"];
  switch (event["type"]) {
    case "ADDED":
      return { type: "added", object: parseObject(object) };
    case "MODIFIED":
      return { type: "modified", object: parseObject(object) };
    case "DELETED":
      return { type: "deleted", object: parseObject(object) };
    case "BOOKMARK":
      return { type: "bookmark", resourceVersion: bookmarkVersion(object, what) };
    case "ERROR":
      throw statusError(what, undefined, object);
    default:
      throw new KubernetesError("MALFORMED", `${what}: the watch sent an event of an unknown type`);
  }
}

/** A bookmark's object holds a resourceVersion and no name. */
function bookmarkVersion(object: unknown, what: string): string {
  const metadata = isRecord(object) && isRecord(object["metadata"]) ? object["metadata"] : {};
  const version = stringOf(metadata["resourceVersion"]);
  if (version === undefined) throw new KubernetesError("MALFORMED", `${what}: a bookmark without a resourceVersion`);
  return version;
}
