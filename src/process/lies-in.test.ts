import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { liesIn } from "./lies-in.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "metahub-lies-in-"));
  await mkdir(join(root, "hub/sub"), { recursive: true });
  await writeFile(join(root, "hub/file"), "");
  await symlink("hub", join(root, "current"));
  await symlink("hub/file", join(root, "linked"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

test.each([
  ["hub/file", "hub", true],
  ["hub/new", "hub", true],
  ["hub/sub/new", "hub", true],
  ["hub/file", "current", true],
  ["current/new", "hub", true],
  ["linked", "hub", true],
  ["hub", "hub", true],
  ["new", "hub", false],
  ["hub-2", "hub", false],
  ["..hub", "hub", false],
  ["hub/..odd", "hub", true],
  ["none/new", "hub", false],
  ["none/new", "none", true],
])("%s in %s: %s", async (file, folder, lies) => {
  expect(await liesIn(join(root, file), join(root, folder))).toBe(lies);
});
