import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { findPages } from "../../scripts/pages/find.ts";
import { metahubProgram } from "../cli/metahub.ts";
import { codeBlocks, commandsOf } from "./blocks.ts";

// Each starts processes, on machines that may be busy.
vi.setConfig({ testTimeout: 30_000 });
const root = join(import.meta.dirname, "../..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const manifest: { scripts: Readonly<Record<string, string>> } = JSON.parse(read("package.json"));
const metahub = metahubProgram();

/** Pages whose commands have a test of their own, which knows what they print. */
const ownTest: ReadonlySet<string> = new Set([
  ...["README.md", "docs/features.md", "docs/machine-types.md"],
  // The clients that it is about run them: test/clients.
  "docs/machines-outside.md",
]);
const pages = findPages(root).filter((page) => !ownTest.has(page) && !page.startsWith("charts/"));

/** The commands that a page tells to run: lines of shell blocks, and those in the text. */
function told(page: string): readonly string[] {
  const text = read(page);
  const blocks = codeBlocks(text).filter(({ language }) => language === "sh");
  const inline = [...text.matchAll(/`((?:npm|node|bin\/metahub|metahub|node_modules\/\S+) [^`\n]+)`/g)];
  return [...blocks.flatMap(commandsOf), ...inline.map(([, command = ""]) => command)];
}

const commands = new Map(pages.flatMap((page) => told(page).map((command) => [command, page] as const)));

/** Holds a command to be one that works; the answer is false for one that no rule here knows. */
async function check(command: string): Promise<boolean> {
  const [program = "", ...args] = command.split(" ");
  switch (program) {
    case "npm":
      return checkNpm(args);
    case "node":
      expect(existsSync(join(root, args[0] ?? "")), args[0]).toBe(true);
      return true;
    case "kubectl":
      // kubectl itself is not this repository's to test.
      return ["describe", "get", "label", "apply"].includes(args[0] ?? "");
    case "bin/metahub":
    case "metahub":
      return await checkMetahub(args);
    default:
      expect(existsSync(join(root, program)), program).toBe(true);
      return true;
  }
}

function checkNpm(args: readonly string[]): boolean {
  const [verb = "", name = ""] = args;
  const target = args[args.indexOf("--") + 1];
  if (verb === "install" || verb === "ci") return true;
  expect(Object.keys(manifest.scripts)).toContain(verb === "run" ? name : verb);
  if (args.includes("bench") && args.includes("--") && target !== "NAME") {
    expect(existsSync(join(root, `test/bench/${target?.replace(/:.*/, "")}.bench.ts`)), target).toBe(true);
  }
  if (verb === "test" && args.includes("--") && target !== "--unit" && target !== "PATTERN") {
    expect(existsSync(join(root, target ?? "")), target).toBe(true);
  }
  return true;
}

/** The subcommand and its flags are in the help; nothing is asked. */
async function checkMetahub(args: readonly string[]): Promise<boolean> {
  const words = args.filter((word) => /^[a-z]+$/.test(word));
  const flags = args.filter((word) => word.startsWith("-"));
  const { stdout, code } = await metahub([...words, "--help"], { cwd: root });
  expect(code).toBe(0);
  expect(stdout).toContain(`Usage: metahub ${words.join(" ")}`);
  for (const flag of flags) expect(stdout).toContain(flag);
  return true;
}

describe("commands that pages tell to run", () => {
  test("are many, and the new pages' are among them", () => {
    expect(commands.size).toBeGreaterThan(12);
    expect([...commands.values()]).toEqual(expect.arrayContaining(["CONTRIBUTING.md", "docs/troubleshooting.md"]));
  });

  test.each([...commands])("%s (%s)", async (command) => {
    expect(await check(command), "a command that no rule here knows").toBe(true);
  });
});
