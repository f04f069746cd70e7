import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { ClusterError, systemCode } from "./error.ts";
import { identify, isAlive, type ProcessIdentity } from "./process-identity.ts";

const Holder = z.object({ pid: z.number().int().positive(), started: z.string() });

export interface LockOptions {
  readonly signal: AbortSignal;
  /** Called once when another process holds the lock, before waiting. */
  readonly onWait?: (holder: ProcessIdentity) => void;
  readonly timeoutMs: number;
}

/**
 * Runs `work` while no other process that takes the same lock file runs its own. A lock whose holder has ended, also by
 * a crash, is taken over.
 *
 * @throws ClusterError `TIMEOUT` when the lock is not free in time.
 */
export async function withLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  await acquire(path, options);
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

async function acquire(path: string, { signal, onWait, timeoutMs }: LockOptions): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let waiting = false;
  for (;;) {
    signal.throwIfAborted();
    if (create(path)) return;
    const seen = read(path);
    if (seen === undefined) continue; // released in between
    if (!seen.holder || !isAlive(seen.holder)) {
      takeAway(path, seen.text);
      continue;
    }
    if (!waiting) onWait?.(seen.holder);
    waiting = true;
    if (Date.now() >= deadline)
      throw new ClusterError("TIMEOUT", `process ${seen.holder.pid} holds ${path} for too long; end it and try again`);
    await delay(100, undefined, { signal });
  }
}

/** A lock appears with its content, by link(2), so that no reader ever sees it half-written. */
function create(path: string): boolean {
  const self = identify(process.pid);
  if (self === undefined) throw new ClusterError("RECORD", `cannot read the start time of process ${process.pid}`);
  const draft = `${path}.${process.pid}.${crypto.randomUUID()}`;
  writeFileSync(draft, JSON.stringify(self));
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function read(path: string): { text: string; holder: ProcessIdentity | undefined } | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    return { text, holder: Holder.parse(JSON.parse(text)) };
  } catch {
    return { text, holder: undefined }; // not written by `create`: nobody holds it
  }
}

/** Removes the stale lock that was seen, and puts another's back when it came in between. */
function takeAway(path: string, staleText: string): void {
  const aside = `${path}.stale.${process.pid}.${crypto.randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw error;
  }
  if (readFileSync(aside, "utf8") !== staleText) {
    try {
      linkSync(aside, path);
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw error;
    }
  }
  rmSync(aside, { force: true });
}
