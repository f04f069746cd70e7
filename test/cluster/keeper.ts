/**
 * The process beside a run's owner: it ends the run when the owner is gone, also when the owner was killed. A pipe tells
 * it, because the kernel closes the owner's end whatever the owner died of, on every system.
 *
 * usage: node keeper.ts DIR, with the pipe as standard input
 */
import { text } from "node:stream/consumers";
import { endRun } from "./end-run.ts";
import { describeError } from "./error.ts";

const dir = process.argv[2];
if (dir === undefined) throw new Error("usage: node keeper.ts DIR");

const ended = new AbortController();
// Whoever ends the keeper itself wants the run ended, not orphaned.
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, () => ended.abort());

const said = await Promise.race([
  text(process.stdin),
  new Promise<string>((resolve) => ended.signal.addEventListener("abort", () => resolve(""), { once: true })),
]);
if (said.trim() !== "release") {
  try {
    await endRun(dir);
  } catch (error) {
    console.error(describeError(error));
    process.exitCode = 1;
  }
}
process.stdin.destroy();
