import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFile, replaceFile } from "./write-file.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-write-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});
const at = (name: string): string => join(folder, name);
const soon = (): AbortSignal => AbortSignal.timeout(10_000);

test("a new file takes nobody's place, and leaves no draft", async () => {
  expect(await createFile(at("a"), "one", 0o600, soon())).toBe(true);
  expect(await createFile(at("a"), "two", 0o600, soon())).toBe(false);
  await symlink("nowhere", at("b"));
  expect(await createFile(at("b"), "two", 0o600, soon())).toBe(false);
  expect(await readFile(at("a"), "utf8")).toBe("one");
  expect((await readdir(folder)).toSorted()).toEqual(["a", "b"]);
});

test("a file that is written anew keeps its mode, and the link that leads to it", async () => {
  await writeFile(at("a"), "one");
  await chmod(at("a"), 0o664);
  await symlink("a", at("b"));
  expect(await replaceFile(at("b"), "one", "two", soon())).toBe(true);
  expect(await readFile(at("a"), "utf8")).toBe("two");
  expect((await stat(at("a"))).mode & 0o777).toBe(0o664);
  expect((await readdir(folder)).toSorted()).toEqual(["a", "b"]);
});

test("a file that somebody else wrote meanwhile is left to them", async () => {
  await writeFile(at("a"), "theirs");
  expect(await replaceFile(at("a"), "one", "two", soon())).toBe(false);
  expect(await readFile(at("a"), "utf8")).toBe("theirs");
  expect(await readdir(folder)).toEqual(["a"]);
});

test("a signal that ended is its reason, and nothing was written", async () => {
  await writeFile(at("a"), "one");
  const reason = new Error("asked to end");
  await expect(replaceFile(at("a"), "one", "two", AbortSignal.abort(reason))).rejects.toBe(reason);
  expect(await readFile(at("a"), "utf8")).toBe("one");
});

test("a name that is too long for a file is told as a file that cannot be written", async () => {
  await expect(createFile(at("x".repeat(253)), "one", 0o600, soon())).rejects.toMatchObject({ code: "UNWRITABLE" });
});
