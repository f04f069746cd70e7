import { z } from "zod";
import type { CommandContext, ExitCode } from "../../process/context.ts";
import { runController } from "../../programs/controller.ts";
import { logLevels } from "../../telemetry/log.ts";
import { objectName } from "../input/object-name.ts";

const flagsSchema = z.object({
  healthPort: z.number(),
  address: z.string(),
  kubeconfig: z.string().optional(),
  lease: z.string().optional(),
  nodeLabels: z.enum(["true", "false"]),
  restoreAfter: z.number(),
  logLevel: z.enum(logLevels),
});

/** `metahub controller`: works until the signal aborts. @throws UsageError, and what keeps the controller from working */
export async function serveController(given: unknown, context: CommandContext): Promise<ExitCode> {
  const { address, healthPort, kubeconfig, lease, nodeLabels, restoreAfter, logLevel } = flagsSchema.parse(given);
  await runController(
    {
      address,
      healthPort,
      kubeconfig,
      lease: lease === undefined ? undefined : objectName(lease, "--lease"),
      labelNodes: nodeLabels === "true",
      restoreAfterMs: restoreAfter,
      logLevel,
      onListening: ({ health }) =>
        context.stdout.write(`metahub controller runs (health and metrics: http://${address}:${health})\n`),
    },
    context,
  );
  return 0;
}
