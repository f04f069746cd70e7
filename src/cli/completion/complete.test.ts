import { Argument, Command, Option } from "commander";
import { describe, expect, test } from "vitest";
import { complete, formatCompletion } from "./complete.ts";

const program = new Command("metahub").helpCommand(false);
program
  .command("explain")
  .argument("<image...>")
  .description("Show builds. And more.")
  .addOption(new Option("-o, --output <form>", "the form").choices(["table", "json"]))
  .option("-f, --filename <path>", "a file")
  .option("--node <name>", "a node")
  .option("--plain-http", "no TLS")
  .option("--host <name...>", "several")
  .addOption(new Option("--secret").hideHelp());
const index = program.command("index").helpCommand(false);
index.command("create").argument("[target]").option("--tag <tag>", "a tag");
index.command("push").argument("<file>").argument("<target>");
program.command("completion").addArgument(new Argument("<shell>").choices(["bash", "zsh"]));
program.command("__complete", { hidden: true });

describe("completion", () => {
  const cases: [words: string, values: readonly string[] | "files"][] = [
    ["", ["explain", "index", "completion"]],
    ["e", ["explain"]],
    ["__", []],
    ["none ", []],
    ["index ", ["create", "push"]],
    ["index c", ["create"]],
    ["index create --t", ["--tag"]],
    ["index create --tag ", []],
    ["index create --tag x --t", ["--tag"]],
    ["explain --", ["--output", "--filename", "--node", "--plain-http", "--host", "--help"]],
    ["explain image --o", ["--output"]],
    ["explain --output ", ["table", "json"]],
    ["explain -o j", ["json"]],
    ["explain --output=", ["--output=table", "--output=json"]],
    ["explain --output=t", ["--output=table"]],
    ["explain --none=", []],
    ["explain --plain-http ", []],
    ["explain --plain-http --out", ["--output"]],
    ["explain -f ", "files"],
    ["explain --filename=x", "files"],
    ["explain --node ", []],
    ["explain --node x -o ", ["table", "json"]],
    ["explain --host a b ", []],
    ["explain --host a --out", ["--output"]],
    ["explain -- --out", []],
    ["index push ", "files"],
    ["index push x ", []],
    ["completion ", ["bash", "zsh"]],
    ["completion z", ["zsh"]],
    ["completion zsh ", []],
  ];
  test.each(cases)("of %j", (words, values) => {
    const { candidates, files } = complete(program, words.split(" "));
    expect(files ? "files" : candidates.map(({ value }) => value)).toEqual(values);
  });

  test("has nothing without words", () => {
    expect(complete(program, []).candidates.map(({ value }) => value)).toEqual(["explain", "index", "completion"]);
  });

  test("says what each is, in one short line", () => {
    expect(complete(program, ["e"]).candidates).toEqual([{ value: "explain", about: "Show builds" }]);
  });

  test("is written as kubectl reads it", () => {
    const candidates = [
      { value: "a", about: "first" },
      { value: "b", about: "" },
    ];
    expect(formatCompletion({ candidates, files: false })).toBe("a\tfirst\nb\n:4\n");
    expect(formatCompletion({ candidates: [], files: true })).toBe(":0\n");
  });
});
