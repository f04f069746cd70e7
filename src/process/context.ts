import type { Command } from "commander";

/** The parts of its process that a command may use. */
export interface CommandContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream;
  readonly stdin: NodeJS.ReadableStream;
  /** Aborts on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}

/** 0 done, 1 failed, 2 usage, 3 asked and answered "nothing fits". */
export type ExitCode = 0 | 1 | 2 | 3;

/** Adds a command to the program; the command's own code is loaded when it runs, so that `--help` stays quick. */
export type AddCommand = (program: Command, context: CommandContext, done: (code: ExitCode) => void) => void;
