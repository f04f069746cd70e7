import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { requireProgram } from "../cluster/programs.ts";
import { cachedPrograms } from "../cluster/require.ts";
import { describeWith } from "../support/describe-with.ts";
import { metahubProgram } from "./metahub.ts";

// Each starts processes, on machines that may be busy.
vi.setConfig({ testTimeout: 30_000 });
const metahub = metahubProgram();
const root = join(import.meta.dirname, "../..");
const path = process.env["PATH"] ?? "";

let folder = "";
/** On the PATH: the scripts of bin/, beside a `metahub` that runs the bundle as it is. */
let bin = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-completion-"));
  bin = join(folder, "bin");
  await writeFile(join(folder, "a file.yaml"), "");
  await cp(join(root, "bin"), bin, { recursive: true });
  const program = `#!/bin/sh\nexec '${process.execPath}' '${join(root, "dist/metahub.mjs")}' "$@"\n`;
  await writeFile(join(bin, "metahub"), program);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function run(program: string, args: readonly string[], extra: Readonly<Record<string, string>> = {}) {
  const env = { PATH: `${bin}${delimiter}${path}`, HOME: folder, ...extra };
  const { stdout } = await promisify(execFile)(program, args, { cwd: folder, env });
  return stdout.trimEnd().split("\n");
}

/** Lines that were typed, and what each shell should offer for the last word; `*` where there is more. */
const cases: [typed: string, offered: readonly string[]][] = [
  ["metahub det", ["detect"]],
  ["metahub detect --output ", ["features", "json", "labels", "machinetype"]],
  ["metahub detect --output=ma", ["machinetype"]],
  ["metahub index ", ["annotate", "create", "inspect", "push"]],
  ["metahub credentials ", ["create", "list", "revoke", "rotate"]],
  ["metahub explain --plain", ["--plain-http"]],
  ["metahub rewrite -f a", ["a file.yaml"]],
];

describe("bash", () => {
  /** As readline does: splits at COMP_WORDBREAKS, calls the function, takes COMPREPLY. */
  async function offered(typed: string): Promise<readonly string[]> {
    const script = await metahub(["completion", "bash"]);
    const words = typed.split(/([ =])/).filter((word) => word !== " " && word !== "");
    if (/[ ]$/.test(typed)) words.push("");
    const quoted = words.map((word) => `'${word}'`).join(" ");
    return await run("bash", [
      "--norc",
      "-c",
      `${script.stdout}
COMP_LINE='${typed}' COMP_POINT=${typed.length} COMP_WORDS=(${quoted}) COMP_CWORD=${words.length - 1}
_metahub
printf '%s\\n' "\${COMPREPLY[@]}"`,
    ]);
  }

  test.each(cases)("%s", async (typed, expected) => {
    expect((await offered(typed)).toSorted()).toEqual(expected);
  });

  test("knows the function for the command", async () => {
    const script = await metahub(["completion", "bash"]);
    expect(await run("bash", ["--norc", "-c", `${script.stdout}\ncomplete -p metahub`])).toEqual([
      "complete -F _metahub metahub",
    ]);
  });

  test("says nothing of files where none fits", async () => {
    expect(await offered("metahub completion bash a")).toEqual([""]);
  });
});

describeWith(requireProgram("zsh", "zsh"), "zsh", () => {
  test.each(cases)("%s", async (typed, expected) => {
    const script = await metahub(["completion", "zsh"]);
    await writeFile(join(folder, "_metahub"), script.stdout);
    const words = typed.split(" ").map((word) => `'${word}'`);
    // The completion system itself needs a terminal; these stand in for the two of its functions that are called.
    const stubs = `compdef() { :; }
_describe() { print -rl -- "\${(@)\${(@P)3}%%:*}"; }
_files() { print -rl -- a*; }`;
    const lines = await run("zsh", [
      "-f",
      "-c",
      `${stubs}\nsource ${join(folder, "_metahub")}\nwords=(${words.join(" ")}) CURRENT=${words.length}\n_metahub`,
    ]);
    expect(lines.toSorted()).toEqual(expected.map((each) => (typed.includes("=") ? `--output=${each}` : each)));
  });
});

describeWith(requireProgram("fish", "fish"), "fish", () => {
  test.each(cases)("%s", async (typed, expected) => {
    const script = await metahub(["completion", "fish"]);
    const lines = await run("fish", ["--no-config", "-c", `${script.stdout}\ncomplete -C '${typed}'`]);
    const values = lines.map((line) => line.split("\t")[0]?.replaceAll("\\", "") ?? "");
    expect(values.toSorted()).toEqual(expected.map((each) => (typed.includes("=") ? `--output=${each}` : each)));
  });
});

describeWith(cachedPrograms("kubectl"), "kubectl", ({ path: binary }) => {
  test("runs the plugin, and completes its commands", async () => {
    await symlink(binary("kubectl"), join(folder, "kubectl"));
    const environment = { PATH: [bin, folder, path].join(delimiter) };
    const kubectl = (...args: readonly string[]) => run("kubectl", args, environment);
    expect((await kubectl("metahub", "--help"))[0]).toBe("Usage: kubectl metahub [options] [command]");
    expect((await kubectl("metahub", "detect")).filter((line) => line.startsWith("cpu:"))).toHaveLength(1);
    expect(await kubectl("plugin", "list", "--name-only")).toContain("kubectl-metahub");
    const completed = await kubectl("__complete", "metahub", "detect", "-o", "ma");
    expect(completed[0]).toBe("machinetype");
    const subcommands = await kubectl("__complete", "metahub", "index", "");
    expect(subcommands.slice(0, 4).map((line) => line.split("\t")[0])).toEqual([
      "create",
      "annotate",
      "inspect",
      "push",
    ]);
  });
});

test("another shell is refused, with those that there are", async () => {
  const { code, stderr } = await metahub(["completion", "csh"]);
  expect([code, stderr]).toEqual([2, expect.stringContaining("Allowed choices are bash, zsh, fish")]);
});
