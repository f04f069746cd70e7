import { z } from "zod";
import type { CommandContext, ExitCode } from "../../process/context.ts";
import { UsageError } from "../../process/failure.ts";
import { runWebhook } from "../../programs/webhook.ts";
import { logLevels } from "../../telemetry/log.ts";
import { objectName } from "../input/object-name.ts";
import { certificatePlace } from "./certificate.ts";

const flagsSchema = z.object({
  port: z.number(),
  healthPort: z.number(),
  address: z.string(),
  kubeconfig: z.string().optional(),
  inventory: z.string().optional(),
  tlsCertFile: z.string().optional(),
  tlsKeyFile: z.string().optional(),
  tlsSecret: z.string().optional(),
  tlsDir: z.string().optional(),
  tlsHost: z.array(z.string()),
  tlsMinVersion: z.enum(["1.2", "1.3"]),
  clientCaFile: z.string().optional(),
  pathSegmentFile: z.string().optional(),
  keysSecret: z.string().optional(),
  allowRegistry: z.array(z.string()),
  plainHttp: z.array(z.string()),
  mirror: z.array(z.string()),
  registryCaFile: z.string().optional(),
  privateRedirectHost: z.array(z.string()),
  dockerConfig: z.string().optional(),
  dockerConfigNamespace: z.array(z.string()),
  pullSecrets: z.enum(["none", "namespaces", "cluster"]),
  pullSecretNamespace: z.array(z.string()),
  excludedNamespace: z.array(z.string()),
  rewriteMode: z.enum(["optOut", "optIn"]),
  listAcrossRepositories: z.array(z.string()),
  listAtBinding: z.array(z.string()),
  imageForm: z.enum(["digest", "tagAndDigest"]),
  noteKeyFile: z.string().optional(),
  unprovenNotes: z.enum(["restore", "ignore"]),
  deadline: z.number(),
  concurrency: z.number(),
  atBinding: z.enum(["true", "false"]),
  bindingWrites: z.number().min(1),
  drain: z.number(),
  logLevel: z.enum(logLevels),
});
type Flags = z.infer<typeof flagsSchema>;

/** `metahub webhook`: serves until the signal aborts. @throws UsageError, and what keeps the webhook from serving */
export async function serveWebhook(given: unknown, context: CommandContext): Promise<ExitCode> {
  const flags = flagsSchema.parse(given);
  const { address, kubeconfig, imageForm, concurrency, bindingWrites, logLevel } = flags;
  if (flags.inventory !== undefined && flags.pullSecrets !== "none") {
    throw new UsageError("--pull-secrets needs a cluster, and --inventory is there to do without one");
  }
  if (flags.dockerConfigNamespace.length > 0 && flags.dockerConfig === undefined) {
    throw new UsageError("--docker-config-namespace says for whom --docker-config is, and needs it");
  }
  await runWebhook(
    {
      address,
      port: flags.port,
      healthPort: flags.healthPort,
      kubeconfig,
      inventoryFolder: flags.inventory,
      certificate: certificatePlace(flags),
      callers: {
        minVersion: `TLSv${flags.tlsMinVersion}`,
        clientCaFile: flags.clientCaFile,
      },
      pathSegmentFile: flags.pathSegmentFile,
      keys: flags.keysSecret === undefined ? undefined : objectName(flags.keysSecret, "--keys-secret"),
      registries: {
        allowed: flags.allowRegistry,
        plainHttp: flags.plainHttp,
        mirrors: flags.mirror,
        caFile: flags.registryCaFile,
        privateRedirects: flags.privateRedirectHost,
        dockerConfigFile: flags.dockerConfig,
        dockerConfigNamespaces: flags.dockerConfigNamespace,
      },
      mayReadSecrets: secretRule(flags),
      namespaces: { excluded: flags.excludedNamespace, optIn: flags.rewriteMode === "optIn" },
      lists: { acrossRepositories: flags.listAcrossRepositories, atBinding: flags.listAtBinding },
      imageForm,
      notes: { keyFile: flags.noteKeyFile, unproven: flags.unprovenNotes },
      podReviewMs: flags.deadline,
      concurrency,
      atBinding: flags.atBinding === "true",
      bindingWrites,
      drainMs: flags.drain,
      logLevel,
      onListening: ({ webhook, health, segment }) =>
        context.stdout.write(
          `metahub webhook listens on https://${address}:${webhook}${segment === undefined ? "" : `/${segment}`} (health and metrics: http://${address}:${health})\n`,
        ),
    },
    context,
  );
  return 0;
}

/** Tells whether the Secrets of a namespace may be read. */
function secretRule({ pullSecrets, pullSecretNamespace }: Flags): (namespace: string) => boolean {
  if (pullSecrets === "cluster") return () => true;
  const namespaces = new Set(pullSecrets === "namespaces" ? pullSecretNamespace : []);
  return (namespace) => namespaces.has(namespace);
}
