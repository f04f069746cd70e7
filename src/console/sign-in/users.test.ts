import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MemoryPlace } from "../../../test/support/console/memory-backend.ts";
import { folderWays } from "./folder-ways.ts";
import { hashPassword, isPassword, nobodysHash, parsePasswordHash } from "./password.ts";
import { parseUsers, Users } from "./users.ts";

let folder: string;
let file: string;
let hash: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-users-"));
  file = join(folder, "users");
  hash = await hashPassword("Grüße");
  await writeFile(file, `# people\nanna:${hash}\n\nbert@example.com:${hash}\r\n`);
});
afterAll(() => rm(folder, { recursive: true }));
const signal = new AbortController().signal;

test.each<[string, string, boolean]>([
  ["anna", "Grüße", true],
  ["anna", "Gru\u0308ße", true],
  ["anna", "Grüsse", false],
  ["anna", "", false],
  ["bert@example.com", "Grüße", true],
  ["carl", "Grüße", false],
  ["__proto__", "Grüße", false],
])("%s with %j: %s", async (user, password, right) => {
  const known = (await new Users(file).read()).get(user);
  expect(await new Users(file).verify(user, password, signal)).toEqual(right ? known : undefined);
  expect(known !== undefined || !right).toBe(true);
});

test("a password has another hash each time, in PHC's form, and nobody's hash costs the same", async () => {
  const again = await hashPassword("Grüße");
  expect(again).not.toBe(hash);
  expect(again).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  const kept = parsePasswordHash(again);
  expect(kept).toMatchObject({ ln: nobodysHash.ln, r: nobodysHash.r, p: nobodysHash.p });
  expect(await isPassword("Grüße", kept ?? nobodysHash)).toBe(true);
  expect(await isPassword("", nobodysHash)).toBe(false);
});

test.each([
  ["no hash", "anna:secret"],
  ["a cheap hash", `anna:${"$scrypt$ln=10,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$"}${"A".repeat(43)}`],
  ["a hash of gigabytes", `anna:${"$scrypt$ln=24,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$"}${"A".repeat(43)}`],
  ["no name", `:${"x"}`],
  ["a name with a blank", "a b:x"],
])("a line with %s is refused by its number, and not repeated", (_name, line) => {
  expect(() => parseUsers(`# people\n${line}`, "users")).toThrow(
    "users, line 2: expected NAME:HASH, as metahub console password prints it",
  );
});

test("a user that is there twice is refused", () => {
  expect(() => parseUsers(`anna:${hash}\nanna:${hash}`, "users")).toThrow("users, line 2: this user is there already");
});

test("a file that is not there is told", async () => {
  await expect(new Users(join(folder, "none")).verify("a", "b", signal)).rejects.toMatchObject({ code: "USERS_FILE" });
});

test("who is taken out of the file may not stay, nor who has another password since", async () => {
  const place = new MemoryPlace();
  const ways = folderWays({ users: new Users(file), backend: (person) => place.backend(person) });
  const { person } = await ways.signIn({ way: "password", user: "anna", password: "Grüße" }, signal);
  expect(person).toEqual({ kind: "user", name: "anna" });
  expect((await ways.staying())(person)).toBe(true);
  expect((await ways.staying())({ kind: "user", name: "anna" })).toBe(false);
  await writeFile(file, `# anna\nanna:${await hashPassword("Grüße")}\nbert:${hash}\n`);
  expect((await ways.staying())(person)).toBe(false);
  const again = await ways.signIn({ way: "password", user: "anna", password: "Grüße" }, signal);
  expect((await ways.staying())(again.person)).toBe(true);
  await writeFile(file, `bert:${hash}\n`);
  expect((await ways.staying())(again.person)).toBe(false);
  await writeFile(file, `bert:${hash}\nmistake\n`);
  await expect(ways.staying()).rejects.toMatchObject({ code: "USERS_FILE" });
  await expect(ways.signIn({ way: "token", token: "x" }, signal)).rejects.toMatchObject({ code: "REFUSED" });
});

test("no time is saved on a user that there is not", async () => {
  await writeFile(file, `anna:${hash}\n`);
  const users = new Users(file);
  // Processor time of all threads: a hash takes a hundred times what is beside it.
  const cost = async (user: string): Promise<number> => {
    const before = process.cpuUsage();
    await users.verify(user, "wrong", signal);
    const { user: own, system } = process.cpuUsage(before);
    return own + system;
  };
  const least = async (user: string): Promise<number> => Math.min(await cost(user), await cost(user), await cost(user));
  expect((await least("nobody")) / (await least("anna"))).toBeGreaterThan(0.5);
});
