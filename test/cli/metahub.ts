import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";

const root = join(import.meta.dirname, "../..");
const program = join(root, "dist/metahub.mjs");

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** From start to exit, milliseconds. */
  readonly took: number;
}

export interface RunOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Killed after this, with code null. */
  readonly timeoutMs?: number;
}

export type Run = (args: readonly string[], options?: RunOptions) => Promise<Ran>;

/**
 * The program as users run it: the bundle, in a process of its own, without this user's docker config and kubeconfig.
 * To be called where tests are declared.
 */
export function metahubProgram(): Run {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "metahub-cli-"));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  return (args, options = {}) => start(folder, args, options);
}

async function start(home: string, args: readonly string[], options: RunOptions): Promise<Ran> {
  const { stdin = "", env = {}, cwd = root, timeoutMs = 20_000 } = options;
  const began = performance.now();
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { PATH: process.env["PATH"], HOME: home, ...env },
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
    });
  }
  child.stdin.on("error", () => undefined); // A program that does not read its input is no failure of the test.
  child.stdin.end(stdin);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { code, ...output, took: performance.now() - began };
}
