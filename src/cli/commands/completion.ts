import { Argument, type Command } from "commander";
import type { CommandContext, ExitCode } from "../../process/context.ts";

const shells = ["bash", "zsh", "fish"] as const;

/** Adds `completion`, and the hidden `__complete` which the scripts of shells and kubectl ask. */
export function addCompletionCommand(program: Command, context: CommandContext, done: (code: ExitCode) => void): void {
  program
    .command("completion")
    .description("Print the script that completes commands in a shell.")
    .addArgument(new Argument("<shell>", "which shell").choices(shells))
    .addHelpText(
      "after",
      `
Examples:
  source <(metahub completion bash)        in ~/.bashrc
  source <(metahub completion zsh)         in ~/.zshrc, after compinit
  metahub completion fish > ~/.config/fish/completions/metahub.fish

kubectl completes \`kubectl metahub\` by itself where kubectl_complete-metahub is
on the PATH.`,
    )
    .action(async (shell: unknown) => {
      const { completionScript } = await import("../completion/scripts.ts");
      context.stdout.write(completionScript(shells.find((known) => known === shell) ?? "bash"));
      done(0);
    });
  program
    .command("__complete", { hidden: true })
    .argument("[words...]")
    .helpOption(false)
    .allowUnknownOption()
    .action(async (words: unknown) => {
      const { complete, formatCompletion } = await import("../completion/complete.ts");
      context.stdout.write(formatCompletion(complete(program, Array.isArray(words) ? words.map(String) : [])));
      done(0);
    });
}
