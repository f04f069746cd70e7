import { spawn } from "node:child_process";
import { finished } from "node:stream/promises";
import { ClusterError, systemCode } from "./error.ts";

export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit code; 128 and more when a signal ended it. */
  readonly code: number;
}

export interface CommandOptions {
  readonly signal: AbortSignal;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Written to its standard input. */
  readonly input?: string;
  /** Milliseconds; then it is killed and the call fails with `TIMEOUT`. Default: 120,000. */
  readonly timeoutMs?: number;
}

/** Beyond this a command's output is cut: enough for any `kubectl get -o json` of a test. */
const maxOutputBytes = 64 << 20;

/**
 * Runs a command to its end and returns what it printed, whatever its exit code.
 *
 * @throws ClusterError `COMMAND` when it is not there, `TIMEOUT` when it takes too long; AbortError when aborted.
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const { signal, timeoutMs = 120_000 } = options;
  signal.throwIfAborted();
  const timeout = AbortSignal.timeout(timeoutMs);
  const child = spawn(command, args, {
    stdio: ["pipe", "pipe", "pipe"],
    env: options.env ?? process.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    signal: AbortSignal.any([signal, timeout]),
    killSignal: "SIGKILL",
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, killedBy) => resolve(code ?? (killedBy === null ? 1 : 128)));
  });
  // EPIPE: a command may end without reading its input. Its exit code tells.
  let inputError: unknown;
  child.stdin.on("error", (error) => {
    if (systemCode(error) !== "EPIPE") inputError = error;
  });
  child.stdin.end(options.input ?? "");
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  try {
    const code = await ended;
    if (inputError !== undefined) throw inputError;
    return { stdout: await stdout, stderr: await stderr, code };
  } catch (error) {
    signal.throwIfAborted();
    const line = [command, ...args].join(" ");
    if (timeout.aborted) throw new ClusterError("TIMEOUT", `"${line}" did not end within ${timeoutMs} ms`);
    throw new ClusterError("COMMAND", `cannot run "${line}"`, { cause: error });
  }
}

/** As `runCommand`, and a failure when its exit code is not 0: the message holds what it wrote to standard error. */
export async function mustRun(
  command: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const result = await runCommand(command, args, options);
  if (result.code === 0) return result;
  const said = (result.stderr.trim() || result.stdout.trim()).slice(-2_000);
  throw new ClusterError("COMMAND", `"${[command, ...args].join(" ")}" failed with ${result.code}: ${said}`);
}

async function collect(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on("data", (chunk: Buffer) => {
    if (size < maxOutputBytes) chunks.push(chunk);
    size += chunk.length;
  });
  await finished(stream);
  return Buffer.concat(chunks).toString("utf8");
}
