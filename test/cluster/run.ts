import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, cpSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { adminPath } from "./admin-env.ts";
import { endRun } from "./end-run.ts";
import { ClusterError } from "./error.ts";
import { identify, identifyChild, isAlive } from "./process-identity.ts";
import { type ProcessRecord, readRunRecord, writeProcessRecord, writeRunRecord } from "./run-record.ts";

/** Folders of runs below the system's temporary folder; `sweepAbandonedRuns` looks for them there. */
export const runPrefix = "metahub-run-";

/** A folder, and the processes that live and end with it. */
export interface Run {
  readonly dir: string;
  readonly logs: string;
  /** Ends every process of the run, undoes its changes to the machine and removes its folder. */
  end(signal?: AbortSignal): Promise<void>;
}

export interface RunOptions {
  /** Default: a new folder below the system's temporary folder. */
  readonly dir?: string | undefined;
  /** The run outlives this process and must be ended with `endRun`. Default: it ends whenever this process does. */
  readonly detached?: boolean | undefined;
  readonly signal: AbortSignal;
}

/** What to start. */
export interface Launch {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly phase: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** A process that was started. */
export interface Started {
  readonly record: ProcessRecord;
  /** Resolves with how it ended, e.g. `exit code 1`. */
  readonly ended: Promise<string>;
}

/**
 * Opens a run. Unless it is detached, a keeper watches this process and ends the run when this process is gone, by
 * whatever death.
 *
 * @throws ClusterError `IN_USE` when the folder holds a run that is still up.
 */
export async function openRun(options: RunOptions): Promise<Run> {
  options.signal.throwIfAborted();
  const dir = options.dir === undefined ? mkdtempSync(join(tmpdir(), runPrefix)) : resolve(options.dir);
  if (options.dir !== undefined) await claim(dir, options.signal);
  // It holds keys, and commands to undo changes with: nobody else's to read or to write.
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  for (const folder of ["logs", "processes", "undo"]) mkdirSync(join(dir, folder), { recursive: true });

  const self = identify(process.pid);
  const keeper = options.detached ? undefined : startKeeper(dir);
  writeRunRecord(dir, {
    version: 1,
    created: new Date().toISOString(),
    owner: options.detached ? null : (self ?? null),
    keeper: (keeper?.pid === undefined ? undefined : identify(keeper.pid)) ?? null,
  });
  return {
    dir,
    logs: join(dir, "logs"),
    async end(signal) {
      keepLogs(dir);
      await endRun(dir, signal);
      await release(keeper);
    },
  };
}

/**
 * Starts a process of a run, its output in the run's logs, and writes it down. It is in a session of its own, so that
 * Ctrl-C in a terminal reaches only the run's owner; the end of a run is what ends it.
 *
 * @throws ClusterError `START` when the program cannot be executed.
 */
export async function startProcess(run: Pick<Run, "dir" | "logs">, launch: Launch): Promise<Started> {
  const log = join(run.logs, `${launch.name}.log`);
  const env = { ...launch.env };
  const output = openSync(log, "a");
  let child: ChildProcess;
  try {
    child = spawn(launch.command, launch.args, {
      detached: true,
      stdio: ["ignore", output, output],
      // Its own small environment: proxies and Go settings of the caller's must not reach the cluster. METAHUB_RUN marks
      // the processes that belong to this run, also those that they start themselves.
      env: { PATH: adminPath(), HOME: run.dir, TMPDIR: tmpdir(), METAHUB_RUN: run.dir, ...env },
    });
  } finally {
    closeSync(output);
  }
  const ended = new Promise<string>((resolve) => {
    child.once("exit", (code, killedBy) => resolve(killedBy === null ? `exit code ${code}` : `signal ${killedBy}`));
    child.once("error", (error) => resolve(error.message));
  });
  const identity = child.pid === undefined ? undefined : identifyChild(child.pid);
  if (identity === undefined) {
    throw new ClusterError("START", `${launch.name} cannot be started: ${await ended}${logTail(log)}`);
  }
  const { name, phase, command, args } = launch;
  const record: ProcessRecord = { ...identity, name, phase, command, args: [...args], env, log };
  writeProcessRecord(run.dir, record);
  child.unref();
  return { record, ended };
}

/** The last lines of a log, for an error message; empty when there is none. */
export function logTail(path: string, lines = 8): string {
  if (!existsSync(path)) return "";
  const tail = readFileSync(path, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
  return tail === "" ? "" : `\nlast lines of ${path}:\n${tail}`;
}

/** Copies the logs to `METAHUB_TEST_LOGS`, if that is set: for whoever wants to see why a test failed. */
function keepLogs(dir: string): void {
  const target = process.env["METAHUB_TEST_LOGS"];
  if (target && existsSync(dir)) cpSync(join(dir, "logs"), join(target, basename(dir)), { recursive: true });
}

async function claim(dir: string, signal: AbortSignal): Promise<void> {
  const former = readRunRecord(dir);
  if (former === undefined) return;
  if (former.owner === null || isAlive(former.owner))
    throw new ClusterError("IN_USE", `${dir} holds a cluster that is up (since ${former.created}); end it first`);
  await endRun(dir, signal);
}

/** The keeper reads its standard input: a word releases it; the end, which the owner's death brings, makes it end the run. */
function startKeeper(dir: string): ChildProcess {
  const log = openSync(join(dir, "logs", "keeper.log"), "a");
  try {
    const keeper = spawn(process.execPath, [fileURLToPath(new URL("./keeper.ts", import.meta.url)), dir], {
      detached: true,
      cwd: "/",
      stdio: ["pipe", log, log],
      env: { PATH: adminPath(), TMPDIR: tmpdir() },
    });
    keeper.unref();
    // It must not keep this process's event loop alive either.
    const input = keeper.stdin;
    if (input !== null && "unref" in input && typeof input.unref === "function") input.unref();
    // EPIPE when somebody killed the keeper: then this process's end leaves the run to the next sweep.
    input?.on("error", () => undefined);
    return keeper;
  } finally {
    closeSync(log);
  }
}

async function release(keeper: ChildProcess | undefined): Promise<void> {
  if (keeper === undefined || keeper.exitCode !== null || keeper.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => keeper.once("exit", () => resolve()));
  keeper.ref();
  keeper.stdin?.end("release\n");
  await ended;
}
