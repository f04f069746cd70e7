import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdtemp, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FileRecord } from "./file-record.ts";
import { type MadeIndex, madeForm } from "./made-record.ts";

const mostBytes = 4_000;
let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-record-"));
  file = join(folder, "record");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = () => new FileRecord({ file, form: madeForm, mostBytes });
const made = (count: number, name = "docker.io/a"): MadeIndex => ({ digest: `d${count}`, name, from: "f", build: "b" });

test("what one writes, another reads, and once", async () => {
  const own = open();
  const other = open();
  expect(await other.read()).toBeUndefined();
  await own.add([made(1), made(2)]);
  expect(await other.read()).toEqual([made(1), made(2)]);
  expect(await other.read()).toBeUndefined();
  await own.add([made(3)]);
  expect(await other.read()).toEqual([made(1), made(2), made(3)]);
});

test("a half line and a strange one are passed over", async () => {
  await open().add([made(1)]);
  await appendFile(file, `[]\n{"digest":"d2","na`);
  expect(await open().read()).toEqual([made(1)]);
});

test("the file is bounded, and the last ones stay", async () => {
  const own = open();
  for (let count = 0; count < 300; count += 1) {
    await own.add([made(count)]);
    expect((await stat(file)).size).toBeLessThanOrEqual(mostBytes);
  }
  const kept = (await open().read())?.map(({ digest }) => digest);
  expect(kept?.slice(-20)).toEqual(Array.from({ length: 20 }, (_, count) => `d${280 + count}`));
});

test("a file that grew beyond its bound while nobody shortened it is shortened by the next one", async () => {
  const lines = Array.from({ length: 2_000 }, (_, count) => `${JSON.stringify(made(count))}\n`);
  await writeFile(file, lines.join(""));
  await open().add([made(2_000)]);
  expect((await stat(file)).size).toBeLessThanOrEqual(mostBytes);
  expect((await open().read())?.at(-1)).toEqual(made(2_000));
});

test("the lock of a process that has died keeps nobody from it; another's is waited for", async () => {
  const lock = `${file}.lock`;
  await writeFile(lock, "");
  const own = open();
  for (let count = 0; count < 200; count += 1) await own.add([made(count)]);
  expect((await stat(file)).size).toBeGreaterThan(mostBytes);
  const long = new Date(Date.now() - 3_600_000);
  await utimes(lock, long, long);
  await own.add([made(200)]);
  expect((await stat(file)).size).toBeLessThanOrEqual(mostBytes);
  await expect(stat(lock)).rejects.toThrow("ENOENT");
});

test("processes that write and shorten one file at once lose nothing that one of them has written", async () => {
  const writer = join(import.meta.dirname, "../../test/support/proxy/record-writer.ts");
  // Small enough for hundreds of replacements; half of it holds what all write in a round.
  const bound = 12_000;
  const writers = ["docker.io/a", "docker.io/b", "docker.io/c"].map((name) =>
    spawn(process.execPath, [writer, file, String(bound), name, "20"], { stdio: ["pipe", "pipe", "inherit"] }),
  );
  const lines = writers.map(({ stdout }) => createInterface({ input: stdout })[Symbol.asyncIterator]());
  const ends = writers.map((child) => once(child, "close"));
  const said = async (): Promise<unknown[]> => Promise.all(lines.map(async (one) => (await one.next()).value));
  try {
    expect(await said()).toEqual(["ready", "ready", "ready"]);
    for (let round = 0; round < 50; round += 1) {
      for (const { stdin } of writers) stdin.write("go\n");
      expect(await said()).toEqual(["0", "0", "0"]);
    }
  } finally {
    for (const { stdin } of writers) stdin.end();
  }
  expect((await Promise.all(ends)).map(([code]) => code)).toEqual([0, 0, 0]);
  expect((await stat(file)).size).toBeLessThan(2 * bound);
}, 60_000);
