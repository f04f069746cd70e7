import { pino } from "pino";
import { expect, test } from "vitest";
import { readyWhenSynced } from "./ready.ts";

/** Follows an inventory that becomes known, or not, when the test says so. */
function follow() {
  const synced = Promise.withResolvers<void>();
  const told = new AbortController();
  const happened: string[] = [];
  const log = pino(
    { base: null, messageKey: "message" },
    { write: (line: string) => void happened.push(JSON.parse(line).message) },
  );
  const health = { setReady: (ready: boolean) => void happened.push(`ready: ${ready}`) };
  readyWhenSynced({ inventory: { synced: synced.promise }, health, log, signal: told.signal });
  return { synced, told, happened };
}

test("ready once nodes and machine types are known", async () => {
  const { synced, happened } = follow();
  expect(happened).toEqual([]);
  synced.resolve();
  await synced.promise;
  expect(happened).toEqual(["ready: true", "ready: nodes and machine types are known"]);
});

test("not ready after the process was told to end", async () => {
  const { synced, told, happened } = follow();
  told.abort();
  synced.resolve();
  await synced.promise;
  expect(happened).toEqual([]);
});

test("what cannot be read is told, and the process stays as it is: not ready", async () => {
  const { synced, happened } = follow();
  synced.reject(new Error("forbidden"));
  await expect(synced.promise).rejects.toThrow();
  expect(happened).toEqual(["nodes and machine types cannot be read"]);
});
