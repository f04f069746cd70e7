import { z } from "zod";
import type { CommandContext, ExitCode } from "../../process/context.ts";
import { UsageError } from "../../process/failure.ts";
import { type KeptSecrets, runKeeper } from "../../programs/keeper.ts";
import { logLevels } from "../../telemetry/log.ts";
import { objectName } from "../input/object-name.ts";

const flagsSchema = z.object({
  healthPort: z.number(),
  address: z.string(),
  kubeconfig: z.string().optional(),
  keysSecret: z.string(),
  tokenKeysSecret: z.string().optional(),
  tlsSecret: z.string().optional(),
  authoritySecret: z.string().optional(),
  tlsHost: z.array(z.string()),
  webhookConfiguration: z.string(),
  formerConfiguration: z.string().optional(),
  atBinding: z.enum(["true", "false"]),
  service: z.string().optional(),
  pathLife: z.number().min(1_000),
  logLevel: z.enum(logLevels),
});
type Flags = z.infer<typeof flagsSchema>;

/** `metahub keeper`: works until the signal aborts. @throws UsageError, and what keeps the keeper from working */
export async function serveKeeper(given: unknown, context: CommandContext): Promise<ExitCode> {
  const flags = flagsSchema.parse(given);
  const { address, healthPort, kubeconfig, service, logLevel } = flags;
  await runKeeper(
    {
      address,
      healthPort,
      kubeconfig,
      certificates: keptSecrets(flags),
      keys: objectName(flags.keysSecret, "--keys-secret"),
      tokenKeys:
        flags.tokenKeysSecret === undefined ? undefined : objectName(flags.tokenKeysSecret, "--token-keys-secret"),
      configuration: flags.webhookConfiguration,
      formerConfiguration: flags.formerConfiguration,
      atBinding: flags.atBinding === "true",
      service: service === undefined ? undefined : objectName(service, "--service"),
      pathLifeMs: flags.pathLife,
      logLevel,
      onListening: ({ health }) =>
        context.stdout.write(`metahub keeper runs (health and metrics: http://${address}:${health})\n`),
    },
    context,
  );
  return 0;
}

/** Undefined where somebody else keeps the certificate. @throws UsageError */
function keptSecrets({ tlsSecret, authoritySecret, tlsHost }: Flags): KeptSecrets | undefined {
  if (tlsSecret === undefined && authoritySecret === undefined) return undefined;
  if (tlsSecret === undefined || authoritySecret === undefined) {
    throw new UsageError("--tls-secret and --authority-secret belong together");
  }
  if (tlsHost.length === 0) throw new UsageError("--tls-secret needs --tls-host: whom the certificate is for");
  return {
    authority: objectName(authoritySecret, "--authority-secret"),
    serving: objectName(tlsSecret, "--tls-secret"),
    hosts: tlsHost,
  };
}
