import { type ChildProcess, spawn } from "node:child_process";

/** How a program is run. */
export interface RunOptions {
  /** All that the program gets of an environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Written to its standard input; nothing where absent. */
  readonly input?: string;
  /** Bytes of standard output; a program that writes more is ended. */
  readonly maxOutputBytes: number;
  /** Standard error: shown to the user, dropped, or its first bytes kept (what comes after them is dropped). */
  readonly errors: "inherit" | "ignore" | { readonly maxBytes: number };
  /** Milliseconds until the program is ended; none where absent. */
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
}

/** How a program ended, and what it wrote. */
export interface RunResult {
  /**
   * `exited` by itself or by another's signal; `too-much` output, `timeout` or `aborted`: ended here; `not-started`.
   */
  readonly how: "exited" | "too-much" | "timeout" | "aborted" | "not-started";
  /** The exit code of a program that exited; null where a signal ended it. */
  readonly code: number | null;
  readonly killedBy: NodeJS.Signals | null;
  /** Standard output, as far as its bound. */
  readonly output: string;
  readonly errors: string;
  /** Why it could not be started, or could not be ended. */
  readonly problem?: Error;
}

/**
 * Milliseconds without a byte after which an ended program's pipes are left alone. All that it wrote is in them by then;
 * only a daemon that it left behind can still hold them open.
 */
const quietMs = 250;
/** Such times until a daemon that goes on writing is left alone too: five seconds. */
const mostQuietTimes = 20;

/**
 * Runs a program and tells what became of it; never rejects. It gets a process group of its own, so that what it
 * started ends with it where it is ended here: plugins are often shell scripts. A program that does not even end then,
 * stuck inside a driver, is not waited for.
 */
export function runProgram(command: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  if (options.signal.aborted) return Promise.resolve(nothing("aborted"));
  let child: ChildProcess;
  try {
    const { env, errors } = options;
    const stderr = typeof errors === "string" ? errors : "pipe";
    child = spawn(command, [...args], { env: { ...env }, stdio: ["pipe", "pipe", stderr], detached: true });
  } catch (error) {
    return Promise.resolve({ ...nothing("not-started"), problem: asError(error) });
  }
  return new Running(child, options).result;
}

class Running {
  readonly result: Promise<RunResult>;
  readonly #child: ChildProcess;
  readonly #signal: AbortSignal;
  readonly #output: Gathered;
  readonly #errors: Gathered;
  readonly #settle: (result: RunResult) => void;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #abort = (): void => this.#end("aborted");

  constructor(child: ChildProcess, options: RunOptions) {
    const { promise, resolve } = Promise.withResolvers<RunResult>();
    this.result = promise;
    this.#settle = resolve;
    this.#child = child;
    this.#signal = options.signal;
    this.#output = new Gathered(options.maxOutputBytes, () => this.#end("too-much"));
    this.#errors = new Gathered(typeof options.errors === "string" ? 0 : options.errors.maxBytes, () => undefined);
    child.stdout?.on("data", (chunk: Buffer) => this.#output.add(chunk));
    child.stderr?.on("data", (chunk: Buffer) => this.#errors.add(chunk));
    child.once("error", (problem) => this.#finish({ how: "not-started", problem }));
    child.once("exit", (code, killedBy) => this.#drain({ how: "exited", code, killedBy }, mostQuietTimes));
    child.once("close", (code, killedBy) => this.#finish({ how: "exited", code, killedBy }));
    // A program that ends without reading breaks the pipe; how it ended tells what matters.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(options.input ?? "");
    options.signal.addEventListener("abort", this.#abort, { once: true });
    if (options.timeoutMs !== undefined) this.#after(options.timeoutMs, () => this.#end("timeout"));
  }

  /** The program ended, and what it wrote may not be read yet. Where nothing holds its pipes, they close at once. */
  #drain(result: Pick<RunResult, "how" | "code" | "killedBy">, times: number): void {
    const before = this.#output.bytes + this.#errors.bytes;
    // An immediate comes after a look at the pipes, however late the timer is.
    const look = (): unknown =>
      setImmediate(() => {
        const quiet = this.#output.bytes + this.#errors.bytes === before;
        if (quiet || times === 0) this.#finish(result);
        else this.#drain(result, times - 1);
      });
    this.#after(quietMs, look);
  }

  #after(ms: number, act: () => void): void {
    this.#timers.push(setTimeout(act, ms));
  }

  #end(how: RunResult["how"]): void {
    const problem = killGroup(this.#child);
    this.#finish({ how, ...(problem === undefined ? {} : { problem }) });
  }

  /** The first call counts. */
  #finish(result: Pick<RunResult, "how"> & Partial<RunResult>): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#signal.removeEventListener("abort", this.#abort);
    this.#settle({ ...nothing(result.how), output: this.#output.text(), errors: this.#errors.text(), ...result });
    for (const stream of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) stream?.destroy();
    this.#child.unref();
  }
}

/** The first bytes of a stream. */
class Gathered {
  readonly #maxBytes: number;
  readonly #overflow: () => void;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  constructor(maxBytes: number, overflow: () => void) {
    this.#maxBytes = maxBytes;
    this.#overflow = overflow;
  }

  add(chunk: Buffer): void {
    const room = this.#maxBytes - this.#bytes;
    if (room > 0) this.#chunks.push(chunk.subarray(0, room));
    this.#bytes += chunk.length;
    if (chunk.length > room) this.#overflow();
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString("utf8");
  }
}

/** Ends a program and all that it started. The reason where that cannot be done. */
function killGroup({ pid }: ChildProcess): Error | undefined {
  if (pid === undefined) return undefined;
  try {
    process.kill(-pid, "SIGKILL");
    return undefined;
  } catch (error) {
    // It ended by itself meanwhile.
    return error instanceof Error && "code" in error && error.code === "ESRCH" ? undefined : asError(error);
  }
}

function nothing(how: RunResult["how"]): RunResult {
  return { how, code: null, killedBy: null, output: "", errors: "" };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
