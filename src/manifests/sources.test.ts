import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readSources } from "./sources.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-sources-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const read = (paths: readonly string[], stdin = "") =>
  readSources(paths, { stdin: Readable.from([stdin]), signal: new AbortController().signal });

test("files, folders in order of name, and standard input, each once", async () => {
  await mkdir(join(folder, "all"));
  for (const name of ["b.yaml", "a.yml", "c.json", ".hidden.yaml", "readme.md"]) {
    await writeFile(join(folder, "all", name), name);
  }
  await writeFile(join(folder, "one"), "one");
  const sources = await read([join(folder, "one"), join(folder, "all"), "-", join(folder, "all", "b.yaml")], "typed");
  expect(sources.map(({ path, text }) => [path === "-" ? path : relative(folder, path), text])).toEqual([
    ["one", "one"],
    ["all/a.yml", "a.yml"],
    ["all/b.yaml", "b.yaml"],
    ["all/c.json", "c.json"],
    ["-", "typed"],
  ]);
});

test("what is not there is named", async () => {
  await expect(read([join(folder, "none")])).rejects.toThrow(/none: no such file or folder$/);
  await expect(read(["-"], "x".repeat(33 * 1024 * 1024))).rejects.toMatchObject({ code: "TOO_MUCH" });
});
