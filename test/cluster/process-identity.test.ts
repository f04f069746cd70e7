import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { identify, identifyChild, isAlive, signalProcess, waitForEnd } from "./process-identity.ts";

test("a process is known until it ends", async () => {
  const child = spawn("sleep", ["60"]);
  await once(child, "spawn");
  const identity = identify(child.pid ?? 0);
  if (identity === undefined) throw new Error("sleep is not there");
  expect(isAlive(identity)).toBe(true);
  expect(await waitForEnd([identity], 30)).toEqual([identity]);
  const exited = once(child, "exit");
  expect(signalProcess(identity, "SIGTERM")).toBe(true);
  expect(await waitForEnd([identity], 5_000)).toEqual([]);
  await exited;
  expect(identify(identity.pid)).toBeUndefined();
});

test("another process with the same number is left alone", async () => {
  const child = spawn("sleep", ["60"]);
  await once(child, "spawn");
  const stranger = { pid: child.pid ?? 0, started: "another boot:1" };
  expect(isAlive(stranger)).toBe(false);
  expect(signalProcess(stranger, "SIGKILL")).toBe(false);
  expect(identify(stranger.pid)).toBeDefined();
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
});

test("a child that ends at once is still known to its parent, and not alive", async () => {
  for (let round = 0; round < 5; round++) {
    const child = spawn("true");
    // Blocks the event loop, so that nobody reaps the child, until it has ended.
    const exited = once(child, "exit");
    execFileSync("sleep", ["0.02"]);
    const identity = identifyChild(child.pid ?? 0);
    expect(identity).toBeDefined();
    expect(identity && isAlive(identity)).toBe(false);
    await exited;
  }
});
