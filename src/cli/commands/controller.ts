import { type Command, Option } from "commander";
import type { CommandContext, ExitCode } from "../../process/context.ts";
import { logLevels } from "../../telemetry/log.ts";
import { parseCount, parsePort } from "../input/numbers.ts";

export function addControllerCommand(program: Command, context: CommandContext, done: (code: ExitCode) => void): void {
  program
    .command("controller")
    .description("Keep the status of MachineTypes and the labels of nodes up to date.")
    .addOption(
      new Option("--health-port <port>", "port of /healthz, /readyz and /metrics (HTTP)")
        .default(8081)
        .argParser(parsePort),
    )
    .option("--address <address>", "address that it listens on", "0.0.0.0")
    .option("--kubeconfig <file>", "default: $KUBECONFIG, ~/.kube/config, or the service account of the Pod")
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
    .addOption(
      new Option("--log-level <level>", "what is logged to standard error, as JSON lines")
        .choices(logLevels)
        .default("info"),
    )
    .action(async (options: unknown) => {
      const { serveController } = await import("../controller/run.ts");
      done(await serveController(options, context));
    });
}
