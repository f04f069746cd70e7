import { enableCompileCache } from "node:module";
import { run } from "./cli/program.ts";
import type { CommandContext } from "./process/context.ts";

// The only place that reads the environment, handles signals and sets the exit code.
enableCompileCache?.();

const ended = new AbortController();
let asked = 0;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    asked++;
    if (asked > 1) process.exit(signal === "SIGINT" ? 130 : 143); // Asked again: do not wait for what is under way.
    ended.abort(signal);
  });
}
// A reader that went away (`metahub explain … | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

const context: CommandContext = {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  signal: ended.signal,
};
process.exitCode = await run(process.argv.slice(2), context);
