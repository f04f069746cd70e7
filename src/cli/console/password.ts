import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { z } from "zod";
import { hashPassword } from "../../console/sign-in/password.ts";
import { userName } from "../../console/sign-in/users.ts";
import type { CommandContext, ExitCode } from "../../process/context.ts";
import { UsageError } from "../../process/failure.ts";
import { readLine } from "../../process/stdin.ts";

const flagsSchema = z.object({ user: z.string() });
/** NIST SP 800-63B, 3.1.1.2: at least 8 characters; 15 where a password is all that there is. */
const shortest = 12;

/** `metahub console password`: prints `NAME:HASH`. @throws UsageError */
export async function printUser(given: unknown, context: CommandContext): Promise<ExitCode> {
  const { user } = flagsSchema.parse(given);
  if (!userName.test(user)) {
    throw new UsageError("--user: letters, digits and . _ @ + - were expected, 128 at most");
  }
  const password = await passwordFrom(context);
  if ([...password].length < shortest) throw new UsageError(`a password has ${shortest} characters at least`);
  if (password.length > 1_024) throw new UsageError("a password has 1,024 characters at most");
  context.stdout.write(`${user}:${await hashPassword(password)}\n`);
  return 0;
}

async function passwordFrom(context: CommandContext): Promise<string> {
  const { stdin } = context;
  if (!("isTTY" in stdin) || stdin.isTTY !== true) return await readLine(context, "metahub console password");
  const first = await askHidden("Password: ", context);
  if (first !== (await askHidden("Again: ", context))) throw new UsageError("the two are not the same");
  return first;
}

/** Asks on standard error, as the line goes to standard output; nothing that is typed is shown. */
async function askHidden(question: string, { stdin, stderr, signal }: CommandContext): Promise<string> {
  stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: silent, terminal: true, historySize: 0 });
  try {
    return await lines.question("", { signal });
  } finally {
    lines.close();
    stderr.write("\n");
  }
}
