import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSigningKey, formatSigningKeys, signingKey } from "../../keys/signing-keys.ts";
import { openNoteKeys } from "./note-keys.ts";

let folder: string;
const lines: string[] = [];
const log = pino({}, { write: (line: string) => void lines.push(line) });
beforeEach(async () => {
  lines.length = 0;
  folder = await mkdtemp(join(tmpdir(), "metahub-note-keys-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("those of a file", async () => {
  const keys = [createSigningKey(new Date("2026-01-01T00:00:00Z"))];
  const keyFile = join(folder, "keys");
  await writeFile(keyFile, formatSigningKeys(keys));
  expect((await openNoteKeys({ keyFile, unproven: "restore" }, undefined, log))()).toEqual(keys);
  expect(lines).toEqual([]);
});

test("those of the keeper as they change, beside those of a file", async () => {
  const [given, first, second] = [2024, 2025, 2026].map((year) =>
    createSigningKey(new Date(`${year}-01-01T00:00:00Z`)),
  );
  const keyFile = join(folder, "keys");
  await writeFile(keyFile, formatSigningKeys([given].flatMap((key) => key ?? [])));
  const kept = { noteKeys: [first].flatMap((key) => key ?? []) };
  const [keys, both] = [
    await openNoteKeys({ unproven: "restore" }, kept, log),
    await openNoteKeys({ keyFile, unproven: "restore" }, kept, log),
  ];
  expect([keys(), both()]).toEqual([[first], [given, first]]);
  kept.noteKeys = [second].flatMap((key) => key ?? []);
  expect([keys(), both()]).toEqual([[second], [given, second]]);
  expect(lines).toEqual([]);
});

test("without a file one signs at once for as long as the process lives, which the log says without telling it", async () => {
  const keys = await openNoteKeys({ unproven: "restore" }, undefined, log);
  const key = signingKey(keys(), new Date());
  expect(keys()).toEqual([key]);
  expect(lines).toEqual([expect.stringContaining("of other replicas do not prove themselves")]);
  expect(lines[0]).not.toContain(key?.secret.export().toString("base64url"));
});
