import type { Argument, Command, Option } from "commander";

export interface Candidate {
  readonly value: string;
  readonly about: string;
}

export interface Completion {
  readonly candidates: readonly Candidate[];
  /** Names of files fit here. */
  readonly files: boolean;
}

const nothing: Completion = { candidates: [], files: false };

/**
 * What may stand for the last of the words after the program's name; it may be empty. The command tree is all that is
 * asked: no cluster and no registry, since a shell waits for the answer.
 */
export function complete(program: Command, words: readonly string[]): Completion {
  const current = words.at(-1) ?? "";
  const { command, option, given, operands, onlyOperands } = walk(program, words.slice(0, -1));
  // An option with many values goes on until the next option, which comes after one value at least.
  if (option !== undefined && !(given && current.startsWith("-"))) return ofOption(option, current, "");
  if (!onlyOperands && current.startsWith("-")) {
    const equals = current.indexOf("=");
    if (equals === -1) return { candidates: optionsOf(command, current), files: false };
    const named = command.options.find(({ long }) => long === current.slice(0, equals));
    return named === undefined ? nothing : ofOption(named, current.slice(equals + 1), current.slice(0, equals + 1));
  }
  const subcommands = visibleCommands(command)
    .filter((sub) => operands === 0 && sub.name().startsWith(current))
    .map((sub) => ({ value: sub.name(), about: firstSentence(sub.description()) }));
  if (command.commands.length > 0) return { candidates: subcommands, files: false };
  return ofArgument(argumentAt(command, operands), current);
}

/**
 * A candidate a line, with what it is after a tab; the last line says with `:0` that files fit too, with `:4` that they
 * do not. It is what kubectl reads of a plugin (cobra, "Shell completions", ShellCompDirective).
 */
export function formatCompletion({ candidates, files }: Completion): string {
  const lines = candidates.map(({ value, about }) => (about === "" ? value : `${value}\t${about}`));
  return [...lines, files ? ":0" : ":4", ""].join("\n");
}

interface Position {
  readonly command: Command;
  /** The option whose value comes next. */
  readonly option: Option | undefined;
  /** It has a value already. */
  readonly given: boolean;
  /** Arguments of the command that are there already. */
  readonly operands: number;
  /** `--` was written. */
  readonly onlyOperands: boolean;
}

function walk(program: Command, words: readonly string[]): Position {
  let command = program;
  let option: Option | undefined;
  let given = false;
  let operands = 0;
  for (const [index, word] of words.entries()) {
    if (word === "--" && (option === undefined || given)) {
      return { command, option: undefined, given, operands: operands + words.length - index - 1, onlyOperands: true };
    }
    if (option !== undefined && !(given && word.startsWith("-"))) {
      given = true;
      if (!option.variadic) option = undefined;
    } else if (word.startsWith("-") && word !== "-") {
      given = false;
      option = command.options.find(
        (each) => takesValue(each) && (each.long === word || each.short === word) && !word.includes("="),
      );
    } else {
      const sub = command.commands.find((each) => each.name() === word);
      if (sub === undefined) operands++;
      else {
        command = sub;
        operands = 0;
      }
    }
  }
  return { command, option, given, operands, onlyOperands: false };
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

/** `prefix` is what of the word stands before the value: `--output=`. */
function ofOption(option: Option, current: string, prefix: string): Completion {
  const choices = option.argChoices ?? [];
  const candidates = choices
    .filter((choice) => choice.startsWith(current))
    .map((choice) => ({ value: prefix + choice, about: "" }));
  return { candidates, files: choices.length === 0 && namesFile(option.flags) };
}

function optionsOf(command: Command, current: string): readonly Candidate[] {
  const own = command.options.filter(({ hidden }) => !hidden);
  const candidates = own.flatMap(({ long, short, description }) => {
    const flag = long ?? short;
    return flag === undefined ? [] : [{ value: flag, about: firstSentence(description) }];
  });
  return [...candidates, { value: "--help", about: "show what can be said" }].filter(({ value }) =>
    value.startsWith(current),
  );
}

function argumentAt(command: Command, index: number): Argument | undefined {
  const last = command.registeredArguments.at(-1);
  return command.registeredArguments[index] ?? (last?.variadic === true ? last : undefined);
}

function ofArgument(argument: Argument | undefined, current: string): Completion {
  if (argument === undefined) return nothing;
  const choices = (argument.argChoices ?? []).filter((choice) => choice.startsWith(current));
  return {
    candidates: choices.map((choice) => ({ value: choice, about: "" })),
    files: namesFile(`<${argument.name()}>`),
  };
}

/** As the commands of this program name their values. */
function namesFile(flags: string): boolean {
  return /<(file|path|dir|folder)\b/.test(flags);
}

function visibleCommands(command: Command): readonly Command[] {
  return command.createHelp().visibleCommands(command);
}

function firstSentence(text: string): string {
  const [sentence = ""] = text.split(/[;.](?:\s|$)/, 1);
  const line = sentence.replace(/\s+/g, " ").trim();
  return line.length <= 60 ? line : `${line.slice(0, 59)}…`;
}
