import { type Command, Option } from "commander";
import type { CommandContext, ExitCode } from "../../process/context.ts";
import { parseDuration } from "../input/duration.ts";
import { gather } from "../input/given.ts";

const help = `
A credential lets machines ask the filtering registry as one machine type, or see
everything as it is upstream. These commands keep MachineCredentials in the folder
that the registry reads (--inventory), or in a namespace of a cluster (--namespace).

Exit codes: 0 done; 1 failed; 2 usage.

Examples:
  metahub credentials create login-nodes --inventory ./hub --machine-type type1 \\
    --expires 90d --repository 'qnib/*' --server hub.example.com
  metahub credentials list --inventory ./hub
  metahub credentials list --namespace hpc
  metahub credentials rotate login-nodes --inventory ./hub --overlap 7d
  metahub credentials revoke login-nodes --inventory ./hub`;

type Done = (code: ExitCode) => void;

export function addCredentialsCommand(program: Command, context: CommandContext, done: Done): void {
  const credentials = program
    .command("credentials")
    .description("Say which machines may ask the filtering registry, and as what.")
    .addHelpText("after", help)
    .helpCommand(false);
  addCreate(credentials, context, done);
  addList(credentials, context, done);
  addRevoke(credentials, context, done);
  addRotate(credentials, context, done);
  for (const command of credentials.commands) command.copyInheritedSettings(program);
}

function addCreate(credentials: Command, context: CommandContext, done: Done): void {
  const command = credentials
    .command("create")
    .argument("<name>", "name of the MachineCredential")
    .description("Make a credential, and print its secret once, with the lines that clients need.")
    .option("--machine-type <name>", "clients see the builds for this machine type")
    .option("--unfiltered", "clients see everything as it is upstream: for mirroring and signature tools")
    .option("--username <name>", "the name to log in with; default: the machine type's, or NAME")
    .addOption(
      new Option("--repository <pattern>", "what clients may see, e.g. qnib/bench or 'qnib/*'; repeatable").argParser(
        gather,
      ),
    )
    .option("--file <file>", "write it there; default: DIR/NAME.yaml");
  addExpires(addStore(command), "default: never");
  addLines(command).action(async (name: unknown, options: unknown) => {
    const { create } = await import("../credentials/run.ts");
    done(await create(String(name), options, context));
  });
}

function addList(credentials: Command, context: CommandContext, done: Done): void {
  addStore(credentials.command("list").description("Show the credentials, and whether they count."))
    .addOption(new Option("-o, --output <form>", "what is printed").choices(["table", "json"]).default("table"))
    .action(async (options: unknown) => {
      const { list } = await import("../credentials/run.ts");
      done(await list(options, context));
    });
}

function addRevoke(credentials: Command, context: CommandContext, done: Done): void {
  const command = credentials
    .command("revoke")
    .argument("<name>", "name of the MachineCredential")
    .description("Take a credential back, with every token that was given for it.");
  addStore(command).action(async (name: unknown, options: unknown) => {
    const { revoke } = await import("../credentials/run.ts");
    done(await revoke(String(name), options, context));
  });
}

function addRotate(credentials: Command, context: CommandContext, done: Done): void {
  const command = credentials
    .command("rotate")
    .argument("<name>", "name of the MachineCredential")
    .description("Make a second secret for the same user name; the first one ends after the overlap.")
    .addOption(
      new Option("--overlap <time>", "how long the first one still counts, e.g. 7d or 12h")
        .argParser(parseDuration)
        .default(7 * 86_400_000, "7d"),
    );
  addExpires(addStore(command), "default: when the first one would have");
  addLines(command).action(async (name: unknown, options: unknown) => {
    const { rotate } = await import("../credentials/run.ts");
    done(await rotate(String(name), options, context));
  });
}

function addStore(command: Command): Command {
  return command
    .option("--inventory <dir>", "folder of manifests that the registry reads")
    .option("-n, --namespace <name>", "namespace of a cluster, in place of a folder")
    .option("--kubeconfig <file>", "default: $KUBECONFIG, ~/.kube/config, or the service account of the Pod")
    .option("--context <name>", "context of the kubeconfig");
}

function addExpires(command: Command, otherwise: string): Command {
  return command.addOption(
    new Option("--expires <time>", `it counts for so long, e.g. 90d or 12h; ${otherwise}`).argParser(parseDuration),
  );
}

function addLines(command: Command): Command {
  return command
    .option("--server <host>", "the registry's name in the printed lines", "hub.example.com")
    .addOption(new Option("-o, --output <form>", "what is printed").choices(["text", "json"]).default("text"));
}
