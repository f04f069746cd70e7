import type { CommandContext } from "./context.ts";
import { UsageError } from "./failure.ts";

/** Longer than any token in use. */
const maxLine = 64 * 1024;

/** The first line of standard input. @throws UsageError where it is a terminal, empty or endless */
export async function readLine(context: Pick<CommandContext, "stdin" | "signal">, flag: string): Promise<string> {
  const { stdin, signal } = context;
  // A terminal would show what is typed.
  if ("isTTY" in stdin && stdin.isTTY === true) {
    throw new UsageError(`${flag} reads the password from standard input: pipe it in, as in < FILE`);
  }
  const text = await readAll(stdin, { maxBytes: maxLine, signal });
  const line = text?.split(/\r?\n/, 1)[0];
  if (line === undefined || line === "") {
    throw new UsageError(`${flag} reads the password from standard input, where no such line is`);
  }
  return line;
}

/** All of a stream as text; undefined where it is longer. Rejects with the signal's reason. */
export async function readAll(
  stream: NodeJS.ReadableStream,
  { maxBytes, signal }: { readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  const stop = (): void => {
    if ("destroy" in stream && typeof stream.destroy === "function") stream.destroy(signal.reason);
  };
  signal.throwIfAborted();
  signal.addEventListener("abort", stop, { once: true });
  try {
    for await (const chunk of stream) {
      const bytes = Buffer.from(chunk);
      size += bytes.length;
      if (size > maxBytes) return undefined;
      chunks.push(bytes);
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }
  return Buffer.concat(chunks).toString("utf8");
}
