import { type Command, Option } from "commander";
import type { CommandContext, ExitCode } from "../../process/context.ts";
import { parseCount } from "../input/numbers.ts";
import { healthPortOption, logLevelOption, serverKubeconfigOption } from "../input/server-options.ts";

export function addKeeperCommand(program: Command, context: CommandContext, done: (code: ExitCode) => void): void {
  program
    .command("keeper")
    .description("Keep what the API server and the webhook share: certificates, paths and keys.")
    .addOption(healthPortOption())
    .option("--address <address>", "address that it listens on", "0.0.0.0")
    .addOption(serverKubeconfigOption())
    .requiredOption("--keys-secret <namespace/name>", "keep path segments and the keys that prove notes in this Secret")
    .option("--token-keys-secret <namespace/name>", "keep the keys of the filtering registry's tokens in this Secret")
    .option("--tls-secret <namespace/name>", "keep the serving certificate in this Secret; without it, others do")
    .option("--authority-secret <namespace/name>", "keep the authority that signs it in this one")
    .option("--tls-host <host...>", "names and addresses in the serving certificate", [])
    .requiredOption(
      "--webhook-configuration <name>",
      "write authority and path into the Mutating- and ValidatingWebhookConfiguration of this name",
    )
    .option(
      "--former-configuration <name>",
      "the name that they had before there were path segments: kept for the life of a path, then removed",
    )
    .addOption(
      new Option("--at-binding <boolean>", "there is a configuration for bindings too")
        .choices(["true", "false"])
        .default("true"),
    )
    .option(
      "--service <namespace/name>",
      "the webhook's Service: every replica behind it knows a path before a configuration names it",
    )
    .addOption(
      new Option("--path-life <ms>", "how long a path is the newest, in milliseconds; it is answered as long again")
        .default(86_400_000)
        .argParser(parseCount),
    )
    .addOption(logLevelOption())
    .action(async (options: unknown) => {
      const { serveKeeper } = await import("../keeper/run.ts");
      done(await serveKeeper(options, context));
    });
}
