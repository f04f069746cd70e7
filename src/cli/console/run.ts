import { isIP } from "node:net";
import { z } from "zod";
import type { CommandContext, ExitCode } from "../../process/context.ts";
import { UsageError } from "../../process/failure.ts";
import { liesIn } from "../../process/lies-in.ts";
import { readRequired } from "../../process/read-required.ts";
import { runConsole } from "../../programs/console.ts";
import type { CertificatePlace } from "../../programs/parts/certificates.ts";
import { dataDoors } from "../../programs/parts/console-data.ts";
import type { ConsoleSource } from "../../programs/parts/console-place.ts";
import { pagesFolder } from "../../programs/parts/pages.ts";
import { logLevels } from "../../telemetry/log.ts";
import { certificateFiles, externalOrigin } from "../input/serving.ts";

const flagsSchema = z.object({
  inventory: z.string().optional(),
  writable: z.boolean(),
  users: z.string().optional(),
  kubeconfig: z.string().optional(),
  credentialsNamespace: z.string().optional(),
  registry: z.string().optional(),
  externalUrl: z.string().optional(),
  port: z.number(),
  healthPort: z.number(),
  address: z.string(),
  tlsCertFile: z.string().optional(),
  tlsKeyFile: z.string().optional(),
  tlsDir: z.string().optional(),
  tlsHost: z.array(z.string()),
  http: z.boolean(),
  httpFromAnywhere: z.boolean(),
  trustedProxy: z.array(z.string()),
  openidIssuer: z.string().optional(),
  openidClientId: z.string().optional(),
  openidClientSecretFile: z.string().optional(),
  openidScopes: z.array(z.string()),
  openidCaFile: z.string().optional(),
  sessionIdle: z.number(),
  sessionLength: z.number(),
  allowRegistry: z.array(z.string()),
  plainHttp: z.array(z.string()),
  mirror: z.array(z.string()),
  registryCaFile: z.string().optional(),
  logLevel: z.enum(logLevels),
});
type Flags = z.infer<typeof flagsSchema>;
const loopback = /^(localhost|127\.0\.0\.1|\[?::1\]?)$/;

/** `metahub console`: serves until the signal aborts. @throws UsageError, and what keeps it from serving */
export async function serveConsole(given: unknown, context: CommandContext): Promise<ExitCode> {
  const flags = flagsSchema.parse(given);
  const { address, logLevel } = flags;
  const externalUrl = urlOf(flags);
  const certificate = certificateOf(flags);
  if (flags.sessionIdle === 0 || flags.sessionLength === 0) {
    throw new UsageError("--session-idle and --session-length: a minute at least; else nobody could sign in");
  }
  await runConsole(
    {
      address,
      port: flags.port,
      healthPort: flags.healthPort,
      source: await sourceOf(flags),
      registries: {
        allowed: flags.allowRegistry,
        plainHttp: flags.plainHttp,
        mirrors: flags.mirror,
        privateRedirects: [],
        caFile: flags.registryCaFile,
        dockerConfigNamespaces: [],
      },
      registry: registryOf(flags),
      certificate,
      externalUrl,
      trustedProxies: flags.trustedProxy.map(networkOf),
      idleMs: flags.sessionIdle,
      longestMs: flags.sessionLength,
      pages: pagesFolder(),
      logLevel,
      onListening: ({ console, health }) =>
        context.stdout.write(
          `metahub console listens on ${certificate === undefined ? "http" : "https"}://${address}:${console} and is reached as ${externalUrl.origin} (health and metrics: http://${address}:${health})\n`,
        ),
    },
    context,
    dataDoors,
  );
  return 0;
}

/** @throws UsageError unless it is a folder with users, or a cluster */
async function sourceOf(flags: Flags): Promise<ConsoleSource> {
  const { inventory, users, writable, kubeconfig, credentialsNamespace, openidIssuer } = flags;
  if (inventory === undefined) {
    if (users !== undefined || writable) throw new UsageError("--users and --writable belong to --inventory");
    return { kind: "cluster", kubeconfig, credentialsNamespace, openid: await openIdOf(flags) };
  }
  if ((kubeconfig ?? credentialsNamespace ?? openidIssuer) !== undefined) {
    const which = "--kubeconfig, --credentials-namespace and --openid-issuer";
    throw new UsageError(`${which} are for a cluster; leave out --inventory`);
  }
  if (users === undefined) throw new UsageError("--inventory needs --users: who may sign in");
  if (await liesIn(users, inventory)) {
    throw new UsageError(`--users ${users}: it must not lie in the inventory, whose files may be shared`);
  }
  return { kind: "folder", folder: inventory, writable, users };
}

async function openIdOf(flags: Flags): Promise<(ConsoleSource & { kind: "cluster" })["openid"]> {
  const { openidIssuer, openidClientId, openidClientSecretFile, openidScopes, openidCaFile } = flags;
  if (openidIssuer === undefined) {
    if ((openidClientId ?? openidClientSecretFile ?? openidCaFile) !== undefined) {
      throw new UsageError("--openid-client-id and its kind belong to --openid-issuer");
    }
    return undefined;
  }
  if (openidClientId === undefined) throw new UsageError("--openid-issuer needs --openid-client-id");
  const issuer = URL.parse(openidIssuer);
  if (issuer?.protocol !== "https:") throw new UsageError("--openid-issuer: an https URL was expected");
  const secret =
    openidClientSecretFile === undefined
      ? undefined
      : (await readRequired(openidClientSecretFile, "--openid-client-secret-file")).trim();
  return {
    issuer,
    clientId: openidClientId,
    clientSecret: secret,
    scopes: openidScopes,
    ca: openidCaFile === undefined ? undefined : await readRequired(openidCaFile, "--openid-ca-file"),
  };
}

/** Undefined for plain HTTP, which only this machine may be spoken to by: passwords go over it. @throws UsageError */
function certificateOf(flags: Flags): CertificatePlace | undefined {
  const { tlsCertFile, tlsKeyFile, tlsDir, http, httpFromAnywhere, address } = flags;
  const ways = [tlsCertFile ?? tlsKeyFile, tlsDir, http ? "http" : undefined].filter((way) => way !== undefined);
  if (ways.length !== 1) throw new UsageError("say one of --tls-cert-file with --tls-key-file, --tls-dir, or --http");
  if (http) {
    if (httpFromAnywhere || loopback.test(address)) return undefined;
    throw new UsageError(
      "--http needs --address 127.0.0.1: sign-ins would be sent over the network as they are. Where something before it ends TLS, and nobody else reaches it: --http-from-anywhere",
    );
  }
  return certificateFiles(flags);
}

/** Checked here, and not by the command: `password` would need it too. */
function urlOf({ externalUrl: text = "" }: Flags): URL {
  const url = externalOrigin(text);
  if (url === undefined) {
    const expected = "https and a host without a path, e.g. https://console.example.com";
    throw new UsageError(`--external-url, as browsers reach it: expected ${expected}`);
  }
  return url;
}

function registryOf({ registry }: Flags): string | undefined {
  if (registry === undefined || URL.parse(`https://${registry}`)?.host === registry) return registry;
  throw new UsageError("--registry: expected a host, e.g. hub.example.com");
}

/** `10.0.0.0/8` or an address; `0.0.0.0/0` would believe everybody. */
function networkOf(text: string): string {
  const [, address = "", bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const most = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  if (most === 0 || (bits !== undefined && (Number(bits) < 1 || Number(bits) > most))) {
    throw new UsageError("--trusted-proxy: expected an address or a network, e.g. 10.0.0.0/8");
  }
  return text;
}
