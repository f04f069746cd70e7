import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tarArchive } from "./archive.ts";

test("tar(1) reads the archive", () => {
  const dir = mkdtempSync(join(tmpdir(), "metahub-archive-"));
  try {
    const files = [
      { path: "bin/program", content: Buffer.alloc(1000, "x"), mode: 0o755 },
      { path: "empty", content: Buffer.alloc(0) },
      { path: "block", content: Buffer.alloc(512, "y") },
    ];
    execFileSync("tar", ["-xf", "-", "-C", dir], { input: tarArchive(files) });
    for (const { path, content } of files) expect(readFileSync(join(dir, path))).toEqual(content);
    expect(statSync(join(dir, "bin/program")).mode & 0o777).toBe(0o755);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test("the same files make the same archive", () => {
  const files = [{ path: "text", content: Buffer.from("hello") }];
  expect(tarArchive(files)).toEqual(tarArchive(files));
});

test("a path that does not fit is refused", () => {
  expect(() => tarArchive([{ path: "x".repeat(101), content: Buffer.alloc(0) }])).toThrow(RangeError);
});
