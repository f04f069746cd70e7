import { runCommand } from "../../cluster/command.ts";

/** Milliseconds; a thousand questions take less than a second. */
const timeoutMs = 300_000;

/**
 * Asks a program that answers each line of JSON with one.
 * @throws Error where it fails, or leaves a question unanswered
 */
export async function ask<T>(
  program: string,
  questions: readonly unknown[],
  read: (value: unknown) => T,
): Promise<T[]> {
  const input = questions.map((question) => `${JSON.stringify(question)}\n`).join("");
  const { stdout, stderr, code } = await runCommand(program, [], {
    input,
    timeoutMs,
    signal: new AbortController().signal,
  });
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${stderr.slice(0, 2000)}`);
  const lines = stdout.split("\n").filter((line) => line !== "");
  if (lines.length !== questions.length) {
    throw new Error(`${program} gave ${lines.length} answers to ${questions.length} questions`);
  }
  return lines.map((line) => read(JSON.parse(line)));
}

/** Cases that a comparison tries, `few` unless the environment asks for more, and what they are drawn from. */
export function casesToTry(few: number): { readonly seed: number; readonly count: number } {
  return {
    seed: Number(process.env["METAHUB_ORACLE_SEED"] || 1),
    count: Number(process.env["METAHUB_ORACLE_CASES"] || few),
  };
}
