import { join } from "node:path";
import { z } from "zod";
import type { CommandContext, ExitCode } from "../../process/context.ts";
import { UsageError } from "../../process/failure.ts";
import type { CertificatePlace } from "../../programs/parts/certificates.ts";
import { type ProxyOptions, runProxy } from "../../programs/proxy.ts";
import { logLevels } from "../../telemetry/log.ts";

const flagsSchema = z.object({
  inventory: z.string(),
  port: z.number(),
  healthPort: z.number(),
  address: z.string(),
  externalUrl: z.string(),
  tlsCertFile: z.string().optional(),
  tlsKeyFile: z.string().optional(),
  tlsDir: z.string().optional(),
  tlsHost: z.array(z.string()),
  http: z.boolean(),
  keyFile: z.string().optional(),
  upstream: z.array(z.string()),
  defaultUpstream: z.string(),
  plainHttp: z.array(z.string()),
  mirror: z.array(z.string()),
  registryCaFile: z.string().optional(),
  privateRedirectHost: z.array(z.string()),
  dockerConfig: z.string().optional(),
  logLevel: z.enum(logLevels),
});
type Flags = z.infer<typeof flagsSchema>;

/** `metahub proxy`: serves until the signal aborts. @throws UsageError, and what keeps it from serving */
export async function serveProxy(given: unknown, context: CommandContext): Promise<ExitCode> {
  const flags = flagsSchema.parse(given);
  const { address, inventory, logLevel } = flags;
  const certificate = certificateOf(flags);
  const scheme = certificate === undefined ? "http" : "https";
  await runProxy(
    {
      address,
      port: flags.port,
      healthPort: flags.healthPort,
      inventoryFolder: inventory,
      keyFile: flags.keyFile ?? join(inventory, ".token-keys"),
      certificate,
      externalUrl: externalUrl(flags.externalUrl),
      upstreams: flags.upstream.map(upstreamOf),
      defaultUpstream: flags.defaultUpstream === "none" ? undefined : flags.defaultUpstream,
      registries: {
        plainHttp: flags.plainHttp,
        mirrors: flags.mirror,
        caFile: flags.registryCaFile,
        privateRedirects: flags.privateRedirectHost,
        dockerConfigFile: flags.dockerConfig,
      },
      logLevel,
      onListening: ({ proxy, health }) =>
        context.stdout.write(
          `metahub proxy listens on ${scheme}://${address}:${proxy} (health and metrics: http://${address}:${health})\n`,
        ),
    },
    context,
  );
  return 0;
}

/** Undefined for plain HTTP, which only this machine may be spoken to by: passwords go over it. @throws UsageError */
function certificateOf({
  tlsCertFile,
  tlsKeyFile,
  tlsDir,
  tlsHost,
  http,
  address,
}: Flags): CertificatePlace | undefined {
  const ways = [tlsCertFile ?? tlsKeyFile, tlsDir, http ? "http" : undefined].filter((way) => way !== undefined);
  if (ways.length !== 1) throw new UsageError("say one of --tls-cert-file with --tls-key-file, --tls-dir, or --http");
  if (http) {
    if (address === "127.0.0.1" || address === "::1" || address === "localhost") return undefined;
    throw new UsageError("--http needs --address 127.0.0.1: logins would be sent over the network as they are");
  }
  if (tlsDir !== undefined) return { kind: "folder", folder: tlsDir, hosts: tlsHost };
  if (tlsCertFile === undefined || tlsKeyFile === undefined) {
    throw new UsageError("--tls-cert-file and --tls-key-file belong together");
  }
  return { kind: "files", certificateFile: tlsCertFile, keyFile: tlsKeyFile };
}

function externalUrl(text: string): URL {
  const url = URL.parse(text);
  const fits = url !== null && /^https?:$/.test(url.protocol) && url.pathname === "/" && url.search === "";
  if (!fits)
    throw new UsageError(`--external-url ${text}: expected a URL without a path, e.g. https://hub.example.com`);
  return url;
}

function upstreamOf(text: string): ProxyOptions["upstreams"][number] {
  const [, name = "", host = ""] = /^([a-z0-9][a-z0-9._-]*)=([a-z0-9][a-z0-9.:-]*)$/.exec(text) ?? [];
  if (host === "") throw new UsageError(`--upstream ${text}: expected NAME=HOST, e.g. ghcr=ghcr.io`);
  return { name, host };
}
