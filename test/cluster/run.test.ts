import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { endRun } from "./end-run.ts";
import { markedProcesses } from "./proc.ts";
import { identify, isAlive, waitForEnd } from "./process-identity.ts";
import { createProgress } from "./progress.ts";
import { openRun, startProcess } from "./run.ts";
import { readProcessRecords, readRunRecord, writeProcessRecord, writeRunRecord, writeUndo } from "./run-record.ts";
import { sweepAbandonedRuns } from "./sweep.ts";

const signal = AbortSignal.timeout(60_000);
const silent = createProgress(undefined);
let base = "";
let dir = "";

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "metahub-test-run-"));
  dir = join(base, "metahub-run-one");
});
afterEach(async () => {
  await endRun(dir);
  rmSync(base, { recursive: true, force: true });
});

const sleeper = { command: "sleep", args: ["60"], phase: 0 };
/** Ends only when killed; says that it was asked. */
const stubborn = "trap 'echo asked' TERM; echo up; while :; do sleep 0.05; done";

describe("the end of a run", () => {
  test("ends processes, phase after phase, kills those that do not listen, and removes the folder", async () => {
    const run = await openRun({ dir, signal });
    const polite = await startProcess(run, { ...sleeper, name: "polite" });
    const server = await startProcess(run, { ...sleeper, name: "server", phase: 1 });
    const keeper = readRunRecord(dir)?.keeper;
    expect(readProcessRecords(dir).map(({ name }) => name)).toEqual(["polite", "server"]);
    expect(keeper && isAlive(keeper)).toBe(true);
    const order: string[] = [];
    void polite.ended.then(() => order.push("polite"));
    void server.ended.then(() => order.push("server"));
    await run.end();
    expect(await polite.ended).toBe("signal SIGTERM");
    await server.ended;
    expect(order).toEqual(["polite", "server"]);
    expect(keeper && isAlive(keeper)).toBe(false);
    expect(existsSync(dir)).toBe(false);
  });

  test("kills a process that does not listen", async () => {
    const run = await openRun({ dir, signal });
    const started = await startProcess(run, { name: "stubborn", command: "sh", args: ["-c", stubborn], phase: 0 });
    await expect.poll(() => readFileSync(started.record.log, "utf8")).toBe("up\n");
    await run.end();
    expect(await started.ended).toBe("signal SIGKILL");
  }, 20_000);

  test("ends what its processes started, and what was started without being written down", async () => {
    const run = await openRun({ dir, signal });
    const child = "sleep 61 & exec sleep 60";
    await startProcess(run, { name: "parent", command: "sh", args: ["-c", child], phase: 0 });
    rmSync(join(dir, "processes", "parent.json"));
    await expect.poll(() => markedProcesses(dir)).toHaveLength(2);
    const marked = markedProcesses(dir);
    await run.end();
    expect(marked.filter(isAlive)).toEqual([]);
  });

  test("leaves a stranger with a recorded number alone", async () => {
    const run = await openRun({ dir, signal });
    const { record } = await startProcess(run, { ...sleeper, name: "mine" });
    const stranger = spawn("sleep", ["60"]);
    await once(stranger, "spawn");
    writeProcessRecord(dir, { ...record, name: "old", pid: stranger.pid ?? 0, started: "another boot:7" });
    await run.end();
    expect(isAlive(record)).toBe(false);
    expect(identify(stranger.pid ?? 0)).toBeDefined();
    stranger.kill("SIGKILL");
  });

  test("undoes changes to the machine, the newest first", async () => {
    const run = await openRun({ dir, signal });
    const [setting, made, kept] = [join(base, "setting"), join(base, "made"), join(base, "kept")];
    writeUndo(dir, { kind: "write", path: setting, content: "before" });
    writeUndo(dir, { kind: "write", path: setting, content: "between" });
    writeUndo(dir, { kind: "remove", path: made });
    writeUndo(dir, { kind: "remove-empty", path: kept });
    writeUndo(dir, { kind: "command", command: "touch", args: [join(base, "ran")] });
    writeUndo(dir, { kind: "command", command: "false", args: [], ifExists: join(base, "nowhere") });
    for (const folder of [made, kept]) mkdirSync(folder);
    writeFileSync(join(kept, "another's"), "");
    await run.end();
    expect(readFileSync(setting, "utf8")).toBe("before");
    expect([made, kept, join(base, "ran")].map((path) => existsSync(path))).toEqual([false, true, true]);
  });

  test("says what could not be undone, keeps the folder, and can be tried again", async () => {
    const run = await openRun({ dir, signal });
    const { record } = await startProcess(run, { ...sleeper, name: "one" });
    writeUndo(dir, { kind: "command", command: "test", args: ["-e", join(base, "later")] });
    await expect(run.end()).rejects.toThrow(/could not end all of the run in .*"test -e .*" failed with 1/s);
    expect(isAlive(record)).toBe(false);
    expect(existsSync(dir)).toBe(true);
    writeFileSync(join(base, "later"), "");
    await run.end();
    expect(existsSync(dir)).toBe(false);
  });
});

describe("a run", () => {
  test("ends with its owner, however the owner dies", async () => {
    const owner = spawn(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        `const { openRun, startProcess } = await import(${JSON.stringify(new URL("./run.ts", import.meta.url).href)});
         const run = await openRun({ dir: ${JSON.stringify(dir)}, signal: AbortSignal.timeout(60000) });
         await startProcess(run, { name: "one", command: "sleep", args: ["60"], phase: 0 });
         console.log("up"); setInterval(() => {}, 1000);`,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    await once(owner.stdout, "data");
    const [record] = readProcessRecords(dir);
    if (record === undefined) throw new Error("no process was written down");
    owner.kill("SIGKILL");
    await once(owner, "exit");
    expect(await waitForEnd([record], 10_000)).toEqual([]);
    await expect.poll(() => existsSync(dir), { timeout: 5_000 }).toBe(false);
  }, 30_000);

  test("whose owner and keeper were both killed is swept by the next start", async () => {
    const run = await openRun({ dir, signal, detached: true });
    const { record } = await startProcess(run, { ...sleeper, name: "one" });
    expect(await sweepAbandonedRuns(signal, silent, base)).toEqual([]); // detached: it is meant to stay
    const gone = { pid: process.pid, started: "another boot:1" };
    writeRunRecord(dir, { version: 1, created: "then", owner: gone, keeper: gone });
    chmodSync(dir, 0o777);
    expect(await sweepAbandonedRuns(signal, silent, base)).toEqual([]); // anybody could have written it
    chmodSync(dir, 0o700);
    expect(await sweepAbandonedRuns(signal, silent, base)).toEqual([dir]);
    expect(isAlive(record)).toBe(false);
  });

  test("that cannot be swept is said, and stops nobody", async () => {
    mkdirSync(dir, { mode: 0o700 });
    writeFileSync(join(dir, "run.json"), "{}");
    const lines: string[] = [];
    expect(
      await sweepAbandonedRuns(
        signal,
        createProgress((line) => lines.push(line)),
        base,
      ),
    ).toEqual([]);
    expect(lines.join()).toContain(`what was left of ${dir} stays: ${join(dir, "run.json")} does not describe`);
    rmSync(dir, { recursive: true });
  });

  test("keeps its logs where METAHUB_TEST_LOGS says", async () => {
    vi.stubEnv("METAHUB_TEST_LOGS", join(base, "kept"));
    const run = await openRun({ dir, signal, detached: true });
    const started = await startProcess(run, { name: "one", command: "echo", args: ["said"], phase: 0 });
    await started.ended;
    await run.end();
    vi.unstubAllEnvs();
    expect(readFileSync(join(base, "kept", "metahub-run-one", "one.log"), "utf8")).toBe("said\n");
  });

  test("refuses a folder whose run is up, and takes over one that was abandoned", async () => {
    await openRun({ dir, signal, detached: true });
    await expect(openRun({ dir, signal })).rejects.toMatchObject({ code: "IN_USE" });
    writeRunRecord(dir, { version: 1, created: "then", owner: { pid: process.pid, started: "x" }, keeper: null });
    const run = await openRun({ dir, signal, detached: true });
    expect(readRunRecord(run.dir)?.owner).toBeNull();
  });

  test("that cannot be read says which file is wrong", async () => {
    mkdirSync(dir);
    writeFileSync(join(dir, "run.json"), "{}");
    await expect(endRun(dir)).rejects.toThrow(`${join(dir, "run.json")} does not describe a test cluster's run`);
    rmSync(dir, { recursive: true });
  });

  test("tells of a program that is not there", async () => {
    const run = await openRun({ dir, signal });
    await expect(startProcess(run, { ...sleeper, name: "gone", command: "/no/program" })).rejects.toThrow(
      /gone cannot be started: .*ENOENT/,
    );
    await run.end();
  });
});
