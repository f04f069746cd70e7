import type { Readable } from "node:stream";
import { isRecord } from "../../json/object.ts";
import { KubernetesError } from "../error.ts";
import { stringOf } from "../object.ts";
import { parseJson } from "./body.ts";
import { ListSplitter } from "./list-splitter.ts";
import { maxEventBytes } from "./watch.ts";

/** The end of an answer to a list: all that it says besides its items. */
export interface PageEnd {
  readonly resourceVersion: string;
  /** For the next page. */
  readonly token: string | undefined;
}

export interface PageReading {
  readonly maxBytes: number;
  /** Names the request in errors. */
  readonly what: string;
  /** As in `ListOptions`. */
  readonly onPassedOver: ((bytes: number) => void) | undefined;
}

/**
 * Reads one answer of a list and hands over each item as soon as it is there.
 * @throws KubernetesError MALFORMED, TOO_LARGE, and whatever `onItem` throws
 */
export async function readPage(
  body: Readable,
  { maxBytes, what, onPassedOver }: PageReading,
  onItem: (item: unknown) => void,
): Promise<PageEnd> {
  const splitter = new ListSplitter(maxEventBytes, onPassedOver);
  let size = 0;
  for await (const chunk of body) {
    const bytes: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    size += bytes.length;
    if (size > maxBytes) throw new KubernetesError("TOO_LARGE", `${what}: the answer is larger than ${maxBytes} bytes`);
    for (const item of splitter.push(bytes)) onItem(parseJson(item, what));
  }
  const frame = parseJson(splitter.finish(), what);
  const metadata = isRecord(frame) && isRecord(frame["metadata"]) ? frame["metadata"] : {};
  const resourceVersion = stringOf(metadata["resourceVersion"]);
  // `items` is null in an empty list of some aggregated servers.
  if (resourceVersion === undefined || !isRecord(frame) || !Array.isArray(frame["items"] ?? [])) {
    throw new KubernetesError("MALFORMED", `${what}: the answer is no list`);
  }
  return { resourceVersion, token: stringOf(metadata["continue"]) };
}
