import type { Readable } from "node:stream";
import { KubernetesError } from "../error.ts";

/** Reads a whole body as UTF-8. @throws KubernetesError TOO_LARGE past `maxBytes`; the stream is then destroyed. */
export async function readBody(body: Readable, maxBytes: number, what: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    size += bytes.length;
    // Leaving the loop destroys the stream.
    if (size > maxBytes) throw new KubernetesError("TOO_LARGE", `${what}: the answer is larger than ${maxBytes} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, size).toString("utf8");
}

/** Reads a whole body and keeps nothing of it, so that its connection serves on. @throws as `readBody` */
export async function skipBody(body: Readable, maxBytes: number, what: string): Promise<void> {
  let size = 0;
  for await (const chunk of body) {
    size += Buffer.isBuffer(chunk) ? chunk.length : Buffer.byteLength(String(chunk));
    if (size > maxBytes) throw new KubernetesError("TOO_LARGE", `${what}: the answer is larger than ${maxBytes} bytes`);
  }
}

/** @throws KubernetesError MALFORMED */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // V8's message quotes the text, which may be a Secret: it is left out.
    throw new KubernetesError("MALFORMED", `${what}: the answer (${text.length} characters) is no JSON`);
  }
}
