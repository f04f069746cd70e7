import { z } from "zod";
import type { CommandContext, ExitCode } from "../../process/context.ts";
import { UsageError } from "../../process/failure.ts";
import { liesIn } from "../../process/lies-in.ts";
import type { CertificatePlace } from "../../programs/parts/certificates.ts";
import { type ProxyOptions, runProxy } from "../../programs/proxy.ts";
import { logLevels } from "../../telemetry/log.ts";
import { objectName } from "../input/object-name.ts";
import { certificateFiles, externalOrigin } from "../input/serving.ts";

const flagsSchema = z.object({
  inventory: z.string().optional(),
  kubeconfig: z.string().optional(),
  config: z.string().optional(),
  tokenKeysSecret: z.string().optional(),
  tlsSecret: z.string().optional(),
  port: z.number(),
  healthPort: z.number(),
  address: z.string(),
  externalUrl: z.string(),
  tlsCertFile: z.string().optional(),
  tlsKeyFile: z.string().optional(),
  tlsDir: z.string().optional(),
  tlsHost: z.array(z.string()),
  http: z.boolean(),
  httpFromAnywhere: z.boolean(),
  clientCaFile: z.string().optional(),
  keyFile: z.string().optional(),
  recordFile: z.string().optional(),
  recordConfigmap: z.string().optional(),
  upstream: z.array(z.string()),
  defaultUpstream: z.string(),
  plainHttp: z.array(z.string()),
  mirror: z.array(z.string()),
  registryCaFile: z.string().optional(),
  privateRedirectHost: z.array(z.string()),
  dockerConfig: z.string().optional(),
  drain: z.number(),
  finish: z.number(),
  logLevel: z.enum(logLevels),
});
type Flags = z.infer<typeof flagsSchema>;

/** `metahub proxy`: serves until the signal aborts. @throws UsageError, and what keeps it from serving */
export async function serveProxy(given: unknown, context: CommandContext): Promise<ExitCode> {
  const flags = flagsSchema.parse(given);
  const { address, logLevel } = flags;
  const certificate = certificateOf(flags);
  const scheme = certificate === undefined ? "http" : "https";
  await runProxy(
    {
      address,
      port: flags.port,
      healthPort: flags.healthPort,
      ...(await placesOf(flags)),
      certificate,
      externalUrl: externalUrl(flags.externalUrl),
      clientCaFile: clientAuthorities(flags),
      flags: {
        upstreams: flags.upstream.map(upstreamOf),
        defaultUpstream: flags.defaultUpstream === "none" ? undefined : flags.defaultUpstream,
        plainHttp: flags.plainHttp,
        mirrors: flags.mirror,
        caFile: flags.registryCaFile,
        privateRedirects: flags.privateRedirectHost,
        dockerConfigFile: flags.dockerConfig,
      },
      drainMs: flags.drain,
      finishMs: flags.finish,
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

/** Where it reads from, and where it writes. @throws UsageError unless it is a folder or a cluster */
async function placesOf(flags: Flags): Promise<Pick<ProxyOptions, "source" | "record">> {
  const { inventory, kubeconfig, config, tokenKeysSecret, tlsSecret, keyFile, recordFile, recordConfigmap } = flags;
  if (inventory !== undefined) {
    if ((kubeconfig ?? config ?? tokenKeysSecret ?? tlsSecret ?? recordConfigmap) !== undefined) {
      throw new UsageError(
        "--kubeconfig, --config, --token-keys-secret, --tls-secret and --record-configmap are for a cluster; leave out --inventory",
      );
    }
    if (keyFile === undefined) throw new UsageError("--inventory needs --key-file: where the keys of tokens are kept");
    return {
      source: { kind: "folder", folder: inventory, keyFile: await outside("--key-file", keyFile, inventory) },
      record: {
        kind: "file",
        file: await outside("--record-file", recordFile ?? `${keyFile}.made-indexes`, inventory),
      },
    };
  }
  const record = recordOf(flags);
  if (tokenKeysSecret === undefined || record === undefined || keyFile !== undefined) {
    throw new UsageError(
      "give --inventory DIR with --key-file; or, for a cluster, --token-keys-secret and --record-configmap",
    );
  }
  const tokenKeys = objectName(tokenKeysSecret, "--token-keys-secret");
  return { source: { kind: "cluster", kubeconfig, configFolder: config, tokenKeys }, record };
}

/** Undefined where none is said. @throws UsageError where two are */
function recordOf({ recordFile: file, recordConfigmap }: Flags): ProxyOptions["record"] | undefined {
  if (file !== undefined && recordConfigmap !== undefined) {
    throw new UsageError("say --record-configmap or --record-file, which one replica alone goes by");
  }
  if (recordConfigmap !== undefined) {
    return { kind: "configMap", ...objectName(recordConfigmap, "--record-configmap") };
  }
  return file === undefined ? undefined : { kind: "file", file };
}

/** Undefined for plain HTTP, which only this machine may be spoken to by: passwords go over it. @throws UsageError */
function certificateOf(flags: Flags): CertificatePlace | undefined {
  const { tlsCertFile, tlsKeyFile, tlsDir, tlsSecret, http } = flags;
  const ways = [tlsCertFile ?? tlsKeyFile, tlsDir, tlsSecret, http ? "http" : undefined].filter(
    (way) => way !== undefined,
  );
  if (ways.length !== 1) {
    throw new UsageError("say one of --tls-cert-file with --tls-key-file, --tls-dir, --tls-secret, or --http");
  }
  if (http) return plainHttp(flags);
  if (tlsSecret !== undefined) return { kind: "secret", ...objectName(tlsSecret, "--tls-secret") };
  return certificateFiles(flags);
}

function plainHttp({ address, httpFromAnywhere }: Flags): undefined {
  if (httpFromAnywhere || address === "127.0.0.1" || address === "::1" || address === "localhost") return undefined;
  throw new UsageError(
    "--http needs --address 127.0.0.1: logins would be sent over the network as they are. Where something before it ends TLS, and nobody else reaches it: --http-from-anywhere",
  );
}

/** @throws UsageError: over plain HTTP there are no certificates */
function clientAuthorities({ clientCaFile, http }: Flags): string | undefined {
  if (clientCaFile !== undefined && http) throw new UsageError("--client-ca-file needs TLS: leave out --http");
  return clientCaFile;
}

function externalUrl(text: string): URL {
  const url = externalOrigin(text);
  if (url === undefined) {
    throw new UsageError("--external-url: expected https and a host without a path, e.g. https://hub.example.com");
  }
  return url;
}

/** The keys open everything, and the folder may lie in Git; what is written there is read again. @throws UsageError */
async function outside(flag: string, file: string, inventory: string): Promise<string> {
  if (await liesIn(file, inventory)) {
    throw new UsageError(`${flag} ${file}: it must not lie in the inventory, whose files may be shared`);
  }
  return file;
}

function upstreamOf(text: string): ProxyOptions["flags"]["upstreams"][number] {
  const [, name = "", host = ""] = /^([a-z0-9][a-z0-9._-]*)=([a-z0-9][a-z0-9.:-]*)$/.exec(text) ?? [];
  if (host === "") throw new UsageError(`--upstream ${text}: expected NAME=HOST, e.g. ghcr=ghcr.io`);
  return { name, host };
}
