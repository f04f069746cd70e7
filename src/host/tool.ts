import { type RunResult, runProgram } from "../process/run.ts";
import { oneLine, shorten } from "../text/shorten.ts";

export interface ToolLimits {
  /** A tool that talks to a GPU's driver wakes it up first, which takes seconds on large machines. */
  readonly timeoutMs: number;
  /** Bytes of standard output; a tool that writes more is ended. */
  readonly maxBytes: number;
}

export type ToolResult =
  | { readonly kind: "absent" }
  | { readonly kind: "output"; readonly text: string }
  /**
   * It is there and did not do its work. `reason` is one clause, with the tool's own words; `ended` is that without the
   * words of `output`, which is what it wrote nevertheless.
   */
  | { readonly kind: "failed"; readonly reason: string; readonly ended: string; readonly output: string };

/** Characters of a tool's own message that are told. */
const maxComplaint = 200;

/**
 * Runs a tool of the host and gives what it wrote. A tool that hangs is ended and not waited for.
 * @throws the signal's reason where it aborts, and nothing else
 */
export async function runTool(
  command: string,
  args: readonly string[],
  limits: ToolLimits,
  options: { readonly signal: AbortSignal; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<ToolResult> {
  const { signal, env } = options;
  const result = await runProgram(command, args, {
    env,
    signal,
    timeoutMs: limits.timeoutMs,
    maxOutputBytes: limits.maxBytes,
    errors: { maxBytes: maxComplaint },
  });
  const { how, code, output } = result;
  if (how === "aborted") throw signal.reason;
  if (how === "exited" && code === 0) return { kind: "output", text: output };
  if (how === "not-started" && isMissing(result.problem)) return { kind: "absent" };
  const ended = reasonOf(result, limits, result.errors);
  const reason = reasonOf(result, limits, result.errors === "" ? output : result.errors);
  return { kind: "failed", reason, ended, output };
}

function isMissing(problem: Error | undefined): boolean {
  return problem !== undefined && "code" in problem && (problem.code === "ENOENT" || problem.code === "ENOTDIR");
}

function reasonOf({ how, code, killedBy, problem }: RunResult, limits: ToolLimits, text: string): string {
  if (how === "not-started") return said(problem?.message ?? "it cannot be started");
  const lives = problem === undefined ? "" : ` and cannot be ended (${said(problem.message)})`;
  if (how === "timeout") return `it gave no answer within ${limits.timeoutMs / 1000} s${lives}`;
  if (how === "too-much") return `it wrote more than ${limits.maxBytes} bytes${lives}`;
  const words = said(text);
  const ended = killedBy === null ? `it ended with exit code ${code}` : `it was ended by ${killedBy}`;
  return words === "" ? ended : `${ended}: ${words}`;
}

/** The first words of a tool's own message, on one line. */
function said(text: string): string {
  return shorten(oneLine(text), maxComplaint);
}
