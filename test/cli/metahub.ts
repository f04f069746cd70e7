import { spawn } from "node:child_process";
import { cp, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { withLock } from "../cluster/lock.ts";
import { build } from "../demo/bundle.ts";

const root = join(import.meta.dirname, "../..");

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
    const options = { signal: AbortSignal.timeout(60_000), timeoutMs: 60_000 };
    await withLock(join(tmpdir(), `metahub-bundle-${process.getuid?.() ?? 0}.lock`), options, async () => {
      if (await isStale()) await build();
      // Other tests bundle too; what runs here must not change under it.
      await cp(join(root, "dist"), join(folder, "dist"), { recursive: true });
    });
  }, 60_000);
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  return (args, options = {}) => start(join(folder, "dist/metahub.mjs"), folder, args, options);
}

async function start(program: string, home: string, args: readonly string[], options: RunOptions): Promise<Ran> {
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

/** As bin/metahub asks: whether a source is newer than the bundle. */
async function isStale(): Promise<boolean> {
  const bundle = await modified(join(root, "dist/metahub.mjs"));
  const sources = (await readdir(join(root, "src"), { recursive: true })).map((file) => join(root, "src", file));
  const files = [...sources, join(root, "scripts/build.ts"), join(root, "package-lock.json")];
  return (await Promise.all(files.map(modified))).some((time) => time > bundle);
}

async function modified(path: string): Promise<number> {
  return await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}
