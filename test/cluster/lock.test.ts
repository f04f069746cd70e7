import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { withLock } from "./lock.ts";
import { identify } from "./process-identity.ts";

const options = { signal: AbortSignal.timeout(30_000), timeoutMs: 10_000 };
let dir = "";
let path = "";

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "metahub-lock-"));
  path = join(dir, "lock");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("one works at a time, and the lock is gone after the last", async () => {
  let inside = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 5 }, () =>
      withLock(path, options, async () => {
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside--;
      }),
    ),
  );
  expect(most).toBe(1);
  expect(readdirSync(dir)).toEqual([]);
});

test("a failure in the work releases the lock", async () => {
  await expect(withLock(path, options, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  expect(existsSync(path)).toBe(false);
});

const own = identify(process.pid);
test.each([
  ["of a process that ended", (pid: number) => JSON.stringify({ pid, started: "boot:1" })],
  ["of a process number that another process got", () => JSON.stringify({ pid: process.pid, started: "boot:1" })],
  ["that is not ours at all", () => "12345\n"],
])("a lock %s is taken over", async (_, content) => {
  const child = spawn("true");
  await once(child, "exit");
  writeFileSync(path, content(child.pid ?? 0));
  expect(await withLock(path, options, async () => "done")).toBe("done");
  expect(readdirSync(dir)).toEqual([]);
});

test("a lock of a living process is waited for, and the time has an end", async () => {
  writeFileSync(path, JSON.stringify(own));
  const waited: number[] = [];
  const going = withLock(
    path,
    { ...options, timeoutMs: 250, onWait: ({ pid }) => waited.push(pid) },
    async () => undefined,
  );
  await expect(going).rejects.toThrow(`process ${process.pid} holds ${path} for too long`);
  expect(waited).toEqual([process.pid]);
});
