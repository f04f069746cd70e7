import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { findProgram } from "../cluster/programs.ts";

const main = join(import.meta.dirname, "main.ts");
/** Each login and the build that it is for. */
const expected = [
  "qnib-type1 :cpu-broadwell",
  "qnib-type2 :cpu-skylake",
  "qnib-type3 :cpu-coffelake",
  "qnib-type4 :cpu_broadwell-nvcap_52",
];

async function demo(path: string | undefined): Promise<{ readonly rows: readonly string[]; readonly widest: number }> {
  const env = { ...process.env, PATH: path };
  const { stdout } = await promisify(execFile)(process.execPath, [main, "--proxy"], { env });
  const rows = [...stdout.matchAll(/^(qnib-type\d) +.+? (:\S+)/gm)].map(([, login, tag]) => `${login} ${tag}`);
  return { rows, widest: Math.max(...stdout.split("\n").map((line) => line.length)) };
}

test("npm run demo -- --proxy: four logins, one name, four builds, in 80 columns", { timeout: 120_000 }, async () => {
  const { rows, widest } = await demo(process.env["PATH"]);
  expect(rows).toEqual(expected);
  expect(widest).toBeLessThanOrEqual(80);
});

test("on a machine without any client of registries, the same", { timeout: 120_000 }, async () => {
  const bare = await mkdtemp(join(tmpdir(), "metahub-bare-"));
  try {
    await symlink(findProgram("tar") ?? "", join(bare, "tar"));
    expect((await demo(bare)).rows).toEqual(expected);
  } finally {
    await rm(bare, { recursive: true, force: true });
  }
});
