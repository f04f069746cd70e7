import { parseDockerConfig } from "../../credentials/docker-config.ts";
import { type CredentialSource, hostConfigSource } from "../../credentials/keyring.ts";
import { readFlag } from "../../process/failure.ts";
import { readRequired } from "../../process/read-required.ts";
import { version } from "../../process/version.ts";
import { RegistryClient } from "../../registry/client.ts";
import { hostMatcher } from "../../registry/hosts.ts";
import { parseMirrors } from "../../registry/mirrors.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { ProgramContext } from "./program.ts";

export interface RegistriesOptions {
  /** Hosts that may be asked; `*` for any. */
  readonly allowed: readonly string[];
  readonly plainHttp: readonly string[];
  /** `HOST=URL` each. */
  readonly mirrors: readonly string[];
  /** Hosts on private addresses to which a registry may send us. */
  readonly privateRedirects: readonly string[];
  /** PEM, with further authorities. */
  readonly caFile?: string | undefined;
  /** In the format of ~/.docker/config.json. */
  readonly dockerConfigFile?: string | undefined;
  /** The namespaces whose Pods it serves; all if empty. */
  readonly dockerConfigNamespaces: readonly string[];
}

/** Credentials of the program's own, and the namespaces whose Pods they are tried for. */
export interface OwnCredentials {
  readonly sources: readonly CredentialSource[];
  serve(namespace: string): boolean;
}

export interface ConfigContext {
  readonly env: ProgramContext["env"];
  readonly log: Logger;
}

/**
 * A client, until the process ends, for the registries that may be asked.
 * @throws UsageError, CommandError FILE_UNREADABLE
 */
export function openRegistries(life: Lifecycle, options: RegistriesOptions): Promise<RegistryClient> {
  return life.start(
    "the registries' client",
    () => createClient(options),
    (client) => client.close(),
  );
}

async function createClient(options: RegistriesOptions): Promise<RegistryClient> {
  const { allowed, plainHttp, caFile } = options;
  const ca = caFile === undefined ? undefined : await readRequired(caFile, "--registry-ca-file");
  const mirrors = readFlag(() => parseMirrors(options.mirrors));
  return new RegistryClient({
    allowedRegistries: hostMatcher(allowed),
    plainHttp: hostMatcher([...plainHttp, ...mirrors.plainHttp]),
    privateRedirects: hostMatcher(options.privateRedirects),
    mirrors: mirrors.hosts,
    userAgent: `metahub/${version}`,
    ...(ca === undefined ? {} : { ca }),
  });
}

/** A docker config of the operator's. Its odd entries are passed over, and logged. @throws CredentialsError */
export function operatorsConfig(text: string, file: string, { env, log }: ConfigContext): CredentialSource {
  const config = parseDockerConfig(text, file);
  const { passedOver } = config;
  if (passedOver.length > 0) log.warn({ file, passedOver }, "a part of a docker config is passed over");
  return hostConfigSource(config, { env });
}

/** The program's own credentials; none without a file. @throws CommandError FILE_UNREADABLE, CredentialsError */
export async function ownCredentials(
  { dockerConfigFile, dockerConfigNamespaces }: Pick<RegistriesOptions, "dockerConfigFile" | "dockerConfigNamespaces">,
  context: ConfigContext,
): Promise<OwnCredentials> {
  if (dockerConfigFile === undefined) return { sources: [], serve: () => false };
  const text = await readRequired(dockerConfigFile, "--docker-config");
  const namespaces = new Set(dockerConfigNamespaces);
  return {
    sources: [operatorsConfig(text, dockerConfigFile, context)],
    serve: (namespace) => namespaces.size === 0 || namespaces.has(namespace),
  };
}
