import { spawn } from "node:child_process";

export interface ToolLimits {
  /** A tool that talks to a GPU's driver wakes it up first, which takes seconds on large machines. */
  readonly timeoutMs: number;
  /** Of standard output; what comes after it is not read. */
  readonly maxBytes: number;
}

export type ToolResult =
  | { readonly kind: "absent" }
  | { readonly kind: "output"; readonly text: string }
  /** It is there and did not do its work. `reason` is one clause; `output` is what it wrote nevertheless. */
  | { readonly kind: "failed"; readonly reason: string; readonly output: string };

const maxComplaint = 200;

/**
 * Runs a tool of the host and gives what it wrote. Never rejects save where the signal aborts. A tool that hangs is
 * killed and not waited for: one that is stuck inside its driver does not even end then.
 */
export function runTool(
  command: string,
  args: readonly string[],
  limits: ToolLimits,
  options: { readonly signal: AbortSignal; readonly env?: Readonly<Record<string, string | undefined>> | undefined },
): Promise<ToolResult> {
  const { signal, env } = options;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      ...(env === undefined ? {} : { env: { ...env } }),
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    let complaint = "";
    let settled = false;
    const settle = (act: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      act();
    };
    const abandon = (): void => {
      child.kill("SIGKILL");
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
    };
    const output = (): string => Buffer.concat(chunks).toString("utf8");
    const fail = (reason: string): void =>
      settle(() => {
        abandon();
        resolve({ kind: "failed", reason, output: output() });
      });
    const onAbort = (): void =>
      settle(() => {
        abandon();
        reject(signal.reason);
      });
    signal.addEventListener("abort", onAbort, { once: true });
    const timer = setTimeout(() => fail(`it gave no answer within ${limits.timeoutMs / 1000} s`), limits.timeoutMs);
    child.stdout.on("data", (chunk: Buffer) => {
      chunks.push(chunk.subarray(0, limits.maxBytes - bytes));
      bytes += chunk.length;
      if (bytes > limits.maxBytes) fail(`it wrote more than ${limits.maxBytes} bytes`);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      if (complaint.length < maxComplaint) complaint += chunk.toString("utf8");
    });
    child.once("error", (error: NodeJS.ErrnoException) => {
      const missing = error.code === "ENOENT" || error.code === "ENOTDIR";
      settle(() => resolve(missing ? { kind: "absent" } : { kind: "failed", reason: said(error.message), output: "" }));
    });
    child.once("close", (code, killedBy) => {
      settle(() => {
        if (code === 0) return resolve({ kind: "output", text: output() });
        const words = said(complaint === "" ? output() : complaint);
        const ended = killedBy === null ? `it ended with exit code ${code}` : `it was ended by ${killedBy}`;
        resolve({ kind: "failed", reason: words === "" ? ended : `${ended}: ${words}`, output: output() });
      });
    });
  });
}

/** The first words of a tool's own message, on one line. */
function said(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= maxComplaint ? line : `${line.slice(0, maxComplaint - 1)}…`;
}
