import { lstatSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endRun } from "./end-run.ts";
import { describeError } from "./error.ts";
import { listIfThere } from "./proc-file.ts";
import { isAlive } from "./process-identity.ts";
import type { Progress } from "./progress.ts";
import { runPrefix } from "./run.ts";
import { readRunRecord } from "./run-record.ts";

/**
 * Ends runs whose owner and whose keeper were both killed. What cannot be ended is said, and no obstacle. Returns the
 * folders of the runs that were ended.
 */
export async function sweepAbandonedRuns(
  signal: AbortSignal,
  progress: Progress,
  base: string = tmpdir(),
): Promise<readonly string[]> {
  const swept: string[] = [];
  const own = listIfThere(base).map((name) => join(base, name));
  for (const dir of own.filter(isOurs)) {
    try {
      const record = readRunRecord(dir);
      if (record === undefined || record.owner === null || isAlive(record.owner)) continue;
      if (record.keeper !== null && isAlive(record.keeper)) continue;
      await endRun(dir, signal);
      swept.push(dir);
      progress.say(`ended what was left of ${dir}`);
    } catch (error) {
      signal.throwIfAborted();
      progress.say(`what was left of ${dir} stays: ${describeError(error)}`);
    }
  }
  return swept;
}

/**
 * Only folders that nobody else can have written: everybody may make one in the system's temporary folder, and a run's
 * folder says which commands to execute.
 */
function isOurs(dir: string): boolean {
  if (!dir.includes(`/${runPrefix}`)) return false;
  const stat = lstatSync(dir, { throwIfNoEntry: false });
  return stat?.isDirectory() === true && stat.uid === process.getuid?.() && (stat.mode & 0o022) === 0;
}
