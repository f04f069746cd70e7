import type { Argument, Command, Option } from "commander";
import { oneLine, shorten } from "../../text/shorten.ts";

export interface Candidate {
  readonly value: string;
  readonly about: string;
}

export interface Completion {
  readonly candidates: readonly Candidate[];
  /** Names of files fit here. */
  readonly files: boolean;
}

/** Characters of what a shell shows beside a candidate. */
const maxAbout = 60;

const nothing: Completion = { candidates: [], files: false };

/**
 * Finds the words that may stand for the last one after the program's name, which may be empty. The command tree is all
 * that is asked: no cluster and no registry, since a shell waits for the answer.
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

/** Where the last of the words leaves off. */
function walk(program: Command, words: readonly string[]): Position {
  let position: Position = { command: program, option: undefined, given: false, operands: 0, onlyOperands: false };
  for (const word of words) position = step(position, word);
  return position;
}

function step(before: Position, word: string): Position {
  const { command, option, given, operands, onlyOperands } = before;
  if (onlyOperands) return { ...before, operands: operands + 1 };
  if (option !== undefined && !given) return { ...before, given: true, option: option.variadic ? option : undefined };
  if (word === "--") return { ...before, option: undefined, onlyOperands: true };
  const isOption = word.startsWith("-");
  // A further value of an option that takes many.
  if (option !== undefined && !isOption) return before;
  if (isOption && word !== "-") return { ...before, given: false, option: optionNamed(command, word) };
  const sub = command.commands.find((each) => each.name() === word);
  return sub === undefined ? { ...before, operands: operands + 1 } : { ...before, command: sub, operands: 0 };
}

/** The option that takes the next word as its value. */
function optionNamed(command: Command, word: string): Option | undefined {
  return command.options.find((each) => takesValue(each) && (each.long === word || each.short === word));
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
  return shorten(oneLine(sentence), maxAbout);
}
