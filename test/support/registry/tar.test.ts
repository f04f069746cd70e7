import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { digestOf } from "./store.ts";
import { tar } from "./tar.ts";

const files = [{ path: "bin/" }, { path: "bin/app", bytes: Buffer.from("hello") }, { path: "empty", mode: 0o644 }];

test("an archive is read by the system's tar", () => {
  const listing = execFileSync("tar", ["-tvf", "-"], { input: tar(files), encoding: "utf8" });
  expect(listing.split("\n").map((line) => line.replace(/\s+/g, " ").replace(/\d{4}-\S+ \S+ /, ""))).toEqual([
    "drwxr-xr-x 0/0 0 bin/",
    "-rwxr-xr-x 0/0 5 bin/app",
    "-rw-r--r-- 0/0 0 empty",
    "",
  ]);
  expect(execFileSync("tar", ["-xOf", "-", "bin/app"], { input: tar(files), encoding: "utf8" })).toBe("hello");
});

test("the same files make the same bytes", () => {
  expect(digestOf(tar(files))).toBe(digestOf(tar(files)));
});

test("a path that does not fit is refused", () => {
  expect(() => tar([{ path: "x".repeat(101) }])).toThrow(RangeError);
});
