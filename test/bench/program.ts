import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A program of a benchmark as a process of its own. */
export interface Program {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Its first line: where it listens. */
  readonly told: string;
  /** Its next line, once it is there. @throws where it ends before */
  next(): Promise<string>;
  /** Ends it, and waits for that. */
  stop(): Promise<void>;
}

/** Starts a file of this folder; it ends when its standard input does, so also where this process dies. */
export async function startProgram(file: string, args: readonly string[] = []): Promise<Program> {
  const child = spawn(process.execPath, [join(import.meta.dirname, file), ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const line = await lines.next();
    if (line.done === true) throw new Error(`${file} ended before it said what was waited for`);
    return line.value;
  };
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await closed;
  };
  try {
    return { child, pid: child.pid ?? 0, told: await next(), next, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
