import { tmpdir } from "node:os";
import { join } from "node:path";
import { endRun } from "./end-run.ts";
import { listIfThere } from "./proc-file.ts";
import { isAlive } from "./process-identity.ts";
import { RUN_PREFIX } from "./run.ts";
import { readRunRecord } from "./run-record.ts";

/** Ends runs whose owner and whose keeper were both killed. Returns their folders. */
export async function sweepAbandonedRuns(signal: AbortSignal, base: string = tmpdir()): Promise<readonly string[]> {
  const swept: string[] = [];
  for (const name of listIfThere(base).filter((one) => one.startsWith(RUN_PREFIX))) {
    const dir = join(base, name);
    const record = readRunRecord(dir);
    if (record === undefined || record.owner === null || isAlive(record.owner)) continue;
    if (record.keeper !== null && isAlive(record.keeper)) continue;
    await endRun(dir, signal);
    swept.push(dir);
  }
  return swept;
}
