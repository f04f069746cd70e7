import { existsSync, readFileSync, watch } from "node:fs";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunOptions, runProgram } from "./run.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-run-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const run = (script: string, options: Partial<RunOptions> = {}) =>
  runProgram("/bin/sh", ["-c", script], {
    env: { PATH: "/usr/bin:/bin", HERE: folder },
    maxOutputBytes: 200_000,
    errors: { maxBytes: 16 },
    signal: new AbortController().signal,
    ...options,
  });

/** Resolves once a file is in the folder and has something in it. */
async function written(name: string): Promise<string> {
  const watcher = watch(folder);
  try {
    for (;;) {
      const changed = new Promise((resolve) => watcher.once("change", resolve));
      const path = join(folder, name);
      const text = existsSync(path) ? await readFile(path, "utf8") : "";
      if (text.endsWith("\n")) return text.trim();
      await changed;
    }
  } finally {
    watcher.close();
  }
}

/** Whether a process runs; one that ended and waits for its parent to notice does not. */
function isThere(pid: string): boolean {
  try {
    process.kill(Number(pid), 0);
    return !existsSync(`/proc/${pid}/stat`) || !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}

describe("a program that ends by itself", () => {
  const cases: [what: string, script: string, options: Partial<RunOptions>, result: object][] = [
    ["writes", "echo out; echo err >&2", {}, { how: "exited", code: 0, output: "out\n", errors: "err\n" }],
    ["fails", "exit 9", {}, { how: "exited", code: 9, killedBy: null }],
    ["is killed by another", "kill -9 $$", {}, { how: "exited", code: null, killedBy: "SIGKILL" }],
    ["reads its input", "cat", { input: "grün" }, { code: 0, output: "grün" }],
    ["gets no input", "cat", {}, { code: 0, output: "" }],
    ["does not read its input", "exec <&-; echo done", { input: "x".repeat(1_000_000) }, { code: 0, output: "done\n" }],
    [
      "gets the environment that is given, and nothing else",
      'echo "$HERE$HOME"',
      { env: { HERE: "a" } },
      { output: "a\n" },
    ],
    ["complains at length", "printf '%050d' 0 >&2", {}, { code: 0, errors: "0".repeat(16) }],
    ["may complain into nothing", "echo err >&2", { errors: "ignore" }, { code: 0, errors: "" }],
  ];
  test.each(cases)("%s", async (_, script, options, result) => {
    expect(await run(script, options)).toMatchObject(result);
  });

  test("loses nothing of what fills its pipe many times", async () => {
    const { output, how } = await run("head -c 199999 /dev/zero | tr '\\0' x");
    expect([how, output.length]).toEqual(["exited", 199_999]);
  });

  test("is not waited for through what it leaves behind, and that goes on", async () => {
    const { how, code, output } = await run("(exec sleep 600) & echo $!; exec head -c 60000 /dev/zero");
    const [pid = "", answer] = output.split("\n");
    expect([how, code, answer?.length]).toEqual(["exited", 0, 60_000]);
    expect(isThere(pid)).toBe(true);
    process.kill(Number(pid), "SIGKILL");
  });
});

describe("a program that is ended", () => {
  test("writes without end", async () => {
    const result = await run("while :; do echo 0123456789; done", { maxOutputBytes: 64 });
    expect(result).toMatchObject({ how: "too-much", output: "0123456789\n".repeat(6).slice(0, 64) });
  });

  test("hangs", async () => {
    expect(await run("echo first; exec sleep 600", { timeoutMs: 200 })).toMatchObject({
      how: "timeout",
      output: "first\n",
    });
  });

  test("takes with it what it started", async () => {
    const ended = new AbortController();
    const running = run(`sleep 600 & echo $! > ${folder}/child; wait`, { signal: ended.signal });
    const pid = await written("child");
    expect(isThere(pid)).toBe(true);
    ended.abort();
    expect(await running).toMatchObject({ how: "aborted" });
    await expect.poll(() => isThere(pid), { interval: 10 }).toBe(false);
  });

  test("is not even started where the signal has aborted", async () => {
    expect(await run(`touch ${folder}/started`, { signal: AbortSignal.abort() })).toMatchObject({ how: "aborted" });
    expect(existsSync(join(folder, "started"))).toBe(false);
  });
});

describe("a program that cannot be started", () => {
  test.each([
    ["is not there", "none", "ENOENT"],
    ["is no program", "plain", "EACCES"],
    ["has a name that no program has", "a\0b", "ERR_INVALID_ARG_VALUE"],
  ])("%s", async (_, name, code) => {
    await writeFile(join(folder, "plain"), "text");
    await chmod(join(folder, "plain"), 0o644);
    const result = await runProgram(join(folder, name), [], {
      env: {},
      maxOutputBytes: 1,
      errors: "ignore",
      signal: new AbortController().signal,
    });
    expect(result).toMatchObject({ how: "not-started", problem: { code } });
  });
});
