import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { linkCache, linkPrograms } from "./bare-machine.ts";
import { complaints } from "./verdict.ts";

let base = "";
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "metahub-bare-"));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function folder(name: string, ...files: readonly string[]): string {
  const path = join(base, name);
  mkdirSync(path);
  for (const file of files) writeFileSync(join(path, file), "");
  return path;
}

test("a search path is all of another but what is hidden, and the first of a name stays the first", () => {
  const [first, second] = [folder("first", "sh", "nft"), folder("second", "sh", "zsh", "tar")];
  const links = join(base, "links");
  linkPrograms(links, new Set(["nft", "zsh"]), ["", first, join(base, "none"), second].join(delimiter));
  expect(readdirSync(links).sort()).toEqual(["sh", "tar"]);
  expect(readlinkSync(join(links, "sh"))).toBe(join(first, "sh"));
});

test("a cache keeps what takes minutes, and no lock", () => {
  const cache = folder("cache", "kubernetes-v1", "registry-v3", "registry-v3.lock");
  expect(linkCache(join(base, "bare"), cache, [/^registry-/])).toEqual(["registry-v3"]);
  expect(readdirSync(join(base, "bare"))).toEqual(["kubernetes-v1"]);
});

const told = "Not run on this machine:\n  zsh: no zsh\nTo run them: apt-get install fish zsh\n\n";

test("a run that skips what it lacks, and says so, is well", () => {
  expect(complaints(`${told}8 passed, 0 failed, 2 skipped\n`, 0, ["fish", "zsh"])).toEqual([]);
});

test.each([
  [`${told}8 passed, 1 failed, 2 skipped\n`, 1, [/exit code is 1/, /no count without failures: 8 passed, 1 failed/]],
  [`${told}0 passed, 0 failed, 2 skipped\n`, 0, [/no test ran/]],
  ["8 passed, 0 failed, 0 skipped\n", 0, [/does not name fish, zsh/]],
  ["", null, [/exit code is null/, /no count/, /does not name/]],
])("%j with exit code %s is not", (output, code, expected) => {
  const said = complaints(output, code, ["fish", "zsh"]);
  expect(said).toEqual(expected.map((one) => expect.stringMatching(one)));
});
