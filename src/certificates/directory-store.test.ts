import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DirectoryStore } from "./directory-store.ts";

const { signal } = new AbortController();
const data = { "ca.crt": "a", "ca.key": "b", "tls.crt": "c", "tls.key": "d" };
let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-certificates-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("DirectoryStore", () => {
  test("keeps what it was given, keys for nobody else", async () => {
    const store = new DirectoryStore(join(folder, "new"));
    expect(await store.read(signal)).toBeUndefined();
    const created = await store.create(data, signal);
    expect(created).toMatchObject({ data });
    expect(await store.read(signal)).toEqual(created);
    expect((await stat(join(folder, "new", "tls.key"))).mode & 0o077).toBe(0);
    expect((await readdir(join(folder, "new"))).sort()).toEqual(["ca.crt", "ca.key", "tls.crt", "tls.key"]);
  });

  test("refuses to write over what was not read", async () => {
    const store = new DirectoryStore(folder);
    await store.create(data, signal);
    expect(await store.create(data, signal)).toBe("conflict");
    expect(await store.update(data, "another", signal)).toBe("conflict");
  });

  test("reads what is there where files are missing", async () => {
    await writeFile(join(folder, "tls.crt"), "c");
    expect((await new DirectoryStore(folder).read(signal))?.data).toEqual({ "tls.crt": "c" });
  });

  test("says where it cannot read or write", async () => {
    await writeFile(join(folder, "file"), "");
    const store = new DirectoryStore(join(folder, "file"));
    await expect(store.read(signal)).rejects.toMatchObject({
      code: "STORE_FAILED",
      message: expect.stringContaining("file"),
    });
  });
});
