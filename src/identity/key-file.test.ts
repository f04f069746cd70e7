import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { signingKey } from "../keys/signing-keys.ts";
import { openKeyFile } from "./key-file.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-keys-"));
  path = join(folder, "token-keys");
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const start = new Date("2026-11-28T12:00:00Z");
const after = (hours: number): Date => new Date(start.getTime() + hours * 3_600_000);
const open = (now: Date) => openKeyFile(path, now, AbortSignal.timeout(10_000));

test("is made where it is not there, for its owner alone, and read again afterwards", async () => {
  const keys = await open(start);
  expect(keys).toHaveLength(1);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await open(after(1))).toEqual(keys);
  expect(await readdir(folder)).toEqual(["token-keys"]);
});

test("is made once, however many processes start at the same moment", async () => {
  const opened = await Promise.all(Array.from({ length: 8 }, () => open(start)));
  const [first] = opened;
  for (const keys of opened) expect(keys).toEqual(first);
});

test("is renewed once, however many processes do it at the same moment", async () => {
  await open(start);
  const opened = await Promise.all(Array.from({ length: 8 }, () => open(after(24))));
  const kept = (await open(after(24))).map(({ id }) => id);
  expect(kept).toHaveLength(2);
  // Whoever lost reads what was kept before its own key would sign.
  for (const keys of opened) expect(keys).toHaveLength(2);
  expect(await readdir(folder)).toEqual(["token-keys"]);
});

test("gets another key after a day; the former one proves for as long as its tokens count, and then goes", async () => {
  const [first] = await open(start);
  const both = await open(after(24));
  expect(both).toHaveLength(2);
  expect(signingKey(both, after(24))?.id).toBe(first?.id);
  expect(signingKey(both, after(24.5))?.id).not.toBe(first?.id);
  expect((await open(after(25.5))).map(({ id }) => id)).toContain(first?.id);
  expect((await open(after(26.5))).map(({ id }) => id)).not.toContain(first?.id);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test.each([0o644, 0o640, 0o606])("that others may use is refused: mode %o", async (mode) => {
  await open(start);
  await chmod(path, mode);
  await expect(open(start)).rejects.toThrow(/token-keys: others than its owner may read or write it; chmod 600 it/);
});

test("that holds no keys is refused, left as it is, and not repeated", async () => {
  await writeFile(path, "no-key-at-all\n", { mode: 0o600 });
  const refused = open(start);
  await expect(refused).rejects.toMatchObject({ code: "KEYS_UNUSABLE" });
  await expect(refused).rejects.toThrow(/line 1 is no key/);
  await expect(refused).rejects.not.toThrow(/no-key-at-all/);
  expect(await readFile(path, "utf8")).toBe("no-key-at-all\n");
});

test("in a folder that is not there is told with its path", async () => {
  path = join(folder, "none", "token-keys");
  await expect(open(start)).rejects.toThrow(/token-keys: no such file or folder/);
});
