import { Command, CommanderError } from "commander";
import type { AddCommand, CommandContext, ExitCode } from "../process/context.ts";
import { describeFailure, UsageError } from "../process/failure.ts";
import { addCompletionCommand } from "./commands/completion.ts";
import { addConsoleCommand } from "./commands/console.ts";
import { addControllerCommand } from "./commands/controller.ts";
import { addCredentialsCommand } from "./commands/credentials.ts";
import { addDetectCommand } from "./commands/detect.ts";
import { addExplainCommand } from "./commands/explain.ts";
import { addIndexCommand } from "./commands/index.ts";
import { addKeeperCommand } from "./commands/keeper.ts";
import { addProxyCommand } from "./commands/proxy.ts";
import { addResolveCommand } from "./commands/resolve.ts";
import { addRewriteCommand } from "./commands/rewrite.ts";
import { addWebhookCommand } from "./commands/webhook.ts";

/** Every command, in the order of `metahub --help`. */
const commands: readonly AddCommand[] = [
  addExplainCommand,
  addResolveCommand,
  addDetectCommand,
  addRewriteCommand,
  addIndexCommand,
  addCredentialsCommand,
  addWebhookCommand,
  addControllerCommand,
  addKeeperCommand,
  addProxyCommand,
  addConsoleCommand,
  addCompletionCommand,
];

/** Runs one command line. Never throws: a failure is one line on standard error and an exit code. */
export async function run(args: readonly string[], context: CommandContext): Promise<ExitCode> {
  let code: ExitCode = 0;
  const program = createProgram(context, (given) => {
    code = given;
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // Commander has written the line itself.
    context.stderr.write(`metahub: ${describeFailure(error)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

/** The command tree, also for what describes it (completion, documentation tests). */
function createProgram(context: CommandContext, done: (code: ExitCode) => void): Command {
  const program = new Command(context.env["METAHUB_PROGRAM"] ?? "metahub")
    .description("One image name, and every machine runs the build that fits it.")
    .exitOverride()
    .showHelpAfterError("(--help shows what can be said)")
    .configureHelp({ helpWidth: Math.min(context.stdout.columns ?? 80, 100), minWidthToWrap: 20 })
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text.replace(/^error: /, "metahub: ")),
    });
  program.helpCommand(false);
  for (const add of commands) add(program, context, done);
  for (const command of program.commands) command.copyInheritedSettings(program);
  return program;
}
