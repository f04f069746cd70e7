import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MadeIndexes } from "./made-indexes.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-record-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (most: number): MadeIndexes =>
  new MadeIndexes({
    file: join(folder, "record"),
    most,
    onError: (error) => {
      throw error;
    },
  });
const made = (count: number) => ({ digest: `d${count}`, name: "docker.io/a", from: `f${count}`, build: "b" });

test("what is made is written once, and read by another", async () => {
  const own = open(10);
  await Promise.all([own.remember(made(1)), own.remember(made(1)), own.remember(made(2))]);
  const text = await readFile(join(folder, "record"), "utf8");
  expect(
    text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([made(1), made(2)]);
  const other = open(10);
  expect(other.known("docker.io/a", "d1")).toBeUndefined();
  expect(await other.find("docker.io/a", "d1")).toEqual(made(1));
  expect(await other.find("docker.io/b", "d1")).toBeUndefined();
  await own.remember(made(3));
  expect(await other.find("docker.io/a", "d3")).toEqual(made(3));
});

test("memory and file are bounded, and the last ones stay", async () => {
  const own = open(10);
  for (let count = 0; count < 100; count += 1) {
    await own.remember(made(count));
    const lines = (await readFile(join(folder, "record"), "utf8")).trim().split("\n");
    expect(lines.length).toBeLessThan(20);
  }
  expect(await own.find("docker.io/a", "d0")).toBeUndefined();
  const other = open(10);
  for (let count = 90; count < 100; count += 1)
    expect(await other.find("docker.io/a", `d${count}`)).toEqual(made(count));
});
