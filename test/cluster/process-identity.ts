import { execFileSync } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { systemCode } from "./error.ts";
import { readProc } from "./proc-file.ts";

/**
 * A process, told apart from a later one that got the same number: kernels reuse process ids, and a record of a run can
 * outlive its processes and the machine's uptime.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in whatever form the system tells it; only compared for equality. */
  readonly started: string;
}

/** The running process with this id; undefined when there is none, or when it has ended and waits to be reaped. */
export function identify(pid: number): ProcessIdentity | undefined {
  const started = process.platform === "linux" ? startedLinux(pid) : startedElsewhere(pid);
  return started === undefined ? undefined : { pid, started };
}

/**
 * The child that this process has just started, even if it has ended already: until the event loop turns nobody has
 * reaped it. Undefined only where the system does not tell.
 */
export function identifyChild(pid: number): ProcessIdentity | undefined {
  const started = process.platform === "linux" ? startedLinux(pid, true) : startedElsewhere(pid);
  return started === undefined ? undefined : { pid, started };
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.started === identity.started;
}

/** Sends a signal to this very process. False when it is no longer there. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch (error) {
    if (systemCode(error) === "ESRCH") return false;
    throw error;
  }
}

/** Waits until all have ended, and returns those that have not after `timeoutMs`. */
export async function waitForEnd(
  identities: readonly ProcessIdentity[],
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<readonly ProcessIdentity[]> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const left = identities.filter(isAlive);
    if (left.length === 0 || Date.now() >= deadline) return left;
    await delay(20, undefined, { signal });
  }
}

function startedLinux(pid: number, evenIfEnded = false): string | undefined {
  const stat = readProc(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // proc(5): the command's name is in parentheses and may itself hold spaces and parentheses. After it come the state
  // (field 3), the number of threads (20) and the start time in clock ticks since boot (22).
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  const threads = Number(fields[17]);
  const ticks = fields[19];
  // A killed process is a zombie as soon as its first thread is gone; while others go, it still holds its sockets.
  const ended = state === "X" || (state === "Z" && threads <= 1);
  if (ticks === undefined || (ended && !evenIfEnded)) return undefined;
  return `${readProc("/proc/sys/kernel/random/boot_id")?.trim() ?? "boot"}:${ticks}`;
}

function startedElsewhere(pid: number): string | undefined {
  try {
    const line = execFileSync("ps", ["-o", "state=,lstart=", "-p", String(pid)], {
      encoding: "utf8",
      timeout: 5_000,
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
    return line === "" || line.startsWith("Z") ? undefined : line.replace(/^\S+\s+/, "");
  } catch (error) {
    // ps exits with 1 when there is no such process; everything else (no ps, a time-out) has a code.
    if (systemCode(error) === undefined) return undefined;
    throw error;
  }
}
