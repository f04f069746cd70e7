import type { Credentials } from "../credentials/credentials.ts";
import { hostConfigPaths, readHostConfig } from "../credentials/host-config.ts";
import { type CredentialSource, fixedSource, hostConfigSource, Keyring } from "../credentials/keyring.ts";
import type { Reference } from "../oci/reference.ts";
import type { CommandContext } from "../process/context.ts";
import { readFlag, UsageError } from "../process/failure.ts";
import { readRequired } from "../process/read-required.ts";
import { readLine } from "../process/stdin.ts";
import { version } from "../process/version.ts";
import type { Access } from "../registry/access.ts";
import { RegistryClient } from "../registry/client.ts";
import { parseMirrors } from "../registry/mirrors.ts";
import { withCredentials } from "../registry/with-credentials.ts";

/** A person waits longer than an admission does. */
const timeouts = { connectMs: 10_000, headersMs: 30_000, bodyMs: 60_000 };

/** How images are reached. */
export interface ImageOptions {
  readonly plainHttp: boolean;
  /** `USER` or `USER:PASSWORD`; without a password it is read from standard input. */
  readonly creds: string | undefined;
  /** `docker.io=https://mirror.example.com` */
  readonly mirrors: readonly string[];
  /** Path of a PEM file. */
  readonly registryCaFile: string | undefined;
}

/** A client as the flags say, with the credentials that this user has. */
export class RegistryConnection {
  readonly client: RegistryClient;
  readonly #keyring: CredentialSource;

  constructor(client: RegistryClient, keyring: CredentialSource) {
    this.client = client;
    this.#keyring = keyring;
  }

  /** Acts with each credential that is meant for the image, until one is let in. @throws RegistryError, CredentialsError */
  async attempt<T>(reference: Reference, signal: AbortSignal, act: (access: Access) => Promise<T>): Promise<T> {
    return await withCredentials(reference, { keyring: this.#keyring, signal }, act);
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}

/** `references` are all that will be asked for. @throws UsageError, CommandError, CredentialsError */
export async function connectRegistries(
  references: readonly Reference[],
  options: ImageOptions,
  context: CommandContext,
): Promise<RegistryConnection> {
  const mirrors = readFlag(() => parseMirrors(options.mirrors));
  const { registryCaFile } = options;
  const ca = registryCaFile === undefined ? undefined : await readRequired(registryCaFile, "--registry-ca-file");
  const keyring = await findCredentials(options.creds, context);
  // Only those that were named: a token server or a redirect elsewhere is not meant by the flag.
  const named = references.map(({ registry }) => registry.toLowerCase());
  const plain = new Set([...mirrors.plainHttp, ...(options.plainHttp ? named : [])]);
  const client = new RegistryClient({
    plainHttp: (host) => plain.has(host),
    allowPrivate: true,
    mirrors: mirrors.hosts,
    userAgent: `metahub/${version}`,
    timeouts,
    ...(ca === undefined ? {} : { ca }),
  });
  return new RegistryConnection(client, keyring);
}

async function findCredentials(creds: string | undefined, context: CommandContext): Promise<CredentialSource> {
  if (creds !== undefined) return fixedSource(await parseCredentials(creds, context));
  const sources: CredentialSource[] = [];
  for (const path of hostConfigPaths(context.env)) {
    const config = await readHostConfig(path);
    if (config === undefined) continue;
    for (const reason of config.passedOver) context.stderr.write(`warning: ${path}: passed over: ${reason}\n`);
    sources.push(hostConfigSource(config, { env: context.env }));
  }
  return new Keyring(sources);
}

async function parseCredentials(creds: string, context: CommandContext): Promise<Credentials> {
  const colon = creds.indexOf(":");
  const username = colon === -1 ? creds : creds.slice(0, colon);
  // The value itself is not repeated: it may be a password in the wrong place.
  if (username === "") throw new UsageError("--creds: expected USER or USER:PASSWORD");
  const password = colon === -1 ? await readLine(context, "--creds USER") : creds.slice(colon + 1);
  return { kind: "basic", username, password };
}
