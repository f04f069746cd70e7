import { type Command, Option } from "commander";
import type { CommandContext, ExitCode } from "../../process/context.ts";
import { parseCount } from "../input/numbers.ts";
import { healthPortOption, logLevelOption, serverKubeconfigOption } from "../input/server-options.ts";

export function addControllerCommand(program: Command, context: CommandContext, done: (code: ExitCode) => void): void {
  program
    .command("controller")
    .description("Keep the status of MachineTypes and the labels of nodes up to date.")
    .addOption(healthPortOption())
    .option("--address <address>", "address that it listens on", "0.0.0.0")
    .addOption(serverKubeconfigOption())
    .option("--lease <namespace/name>", "elect a leader with this Lease; without it, this process just leads")
    .addOption(
      new Option("--node-labels <boolean>", "label nodes with their machine type and profile")
        .choices(["true", "false"])
        .default("true"),
    )
    .addOption(
      new Option(
        "--restore-after <ms>",
        "when a Pod that was written at binding and is still unbound gets back what it had; 0: never, and what Pods are bound with is not checked either",
      )
        .default(30_000)
        .argParser(parseCount),
    )
    .addOption(logLevelOption())
    .action(async (options: unknown) => {
      const { serveController } = await import("../controller/run.ts");
      done(await serveController(options, context));
    });
}
