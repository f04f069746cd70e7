import type { Credentials } from "../../credentials/credentials.ts";
import { hostConfigPaths, readHostConfig } from "../../credentials/hostConfig.ts";
import { type CredentialSource, fixedSource, hostConfigSource, Keyring } from "../../credentials/keyring.ts";
import type { Reference } from "../../oci/reference.ts";
import { RegistryClient } from "../../registry/client.ts";
import { type Image, ImageSource } from "../../registry/images.ts";
import type { CommandContext } from "../context.ts";
import { UsageError } from "../failure.ts";
import { parseMirrors } from "../mirrors.ts";
import { readRequired } from "../read-required.ts";
import { version } from "../version.ts";
import type { ImageOptions } from "./options.ts";
import { readLine } from "./stdin.ts";

/** A person waits longer than an admission does. */
const timeouts = { connectMs: 10_000, headersMs: 30_000, bodyMs: 60_000 };

/** Images of registries, with the credentials that this user has for them. */
export class RemoteImages {
  readonly #client: RegistryClient;
  readonly #images: ImageSource;
  readonly #keyring: CredentialSource;

  private constructor(client: RegistryClient, keyring: CredentialSource) {
    this.#client = client;
    this.#images = new ImageSource(client);
    this.#keyring = keyring;
  }

  /** @throws UsageError, CommandError, CredentialsError */
  static async create(
    references: readonly Reference[],
    options: ImageOptions,
    context: CommandContext,
  ): Promise<RemoteImages> {
    const mirrors = parseMirrors(options.mirrors);
    const ca =
      options.registryCaFile === undefined
        ? undefined
        : await readRequired(options.registryCaFile, "--registry-ca-file");
    const keyring = await findCredentials(options.creds, context);
    // Only those that were named: a token server or a redirect elsewhere is not meant by the flag.
    const named = new Set(references.map(({ registry }) => registry.toLowerCase()));
    const plain = new Set([...mirrors.plainHttp, ...(options.plainHttp ? named : [])]);
    const client = new RegistryClient({
      plainHttp: (host) => plain.has(host),
      allowPrivate: true,
      mirrors: mirrors.hosts,
      userAgent: `metahub/${version}`,
      timeouts,
      ...(ca === undefined ? {} : { ca }),
    });
    return new RemoteImages(client, keyring);
  }

  async lookup(reference: Reference, signal: AbortSignal): Promise<Image> {
    return await this.#images.lookupWith(reference, { keyring: this.#keyring, signal });
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}

async function findCredentials(creds: string | undefined, context: CommandContext): Promise<CredentialSource> {
  if (creds !== undefined) return fixedSource(await parseCredentials(creds, context));
  const sources: CredentialSource[] = [];
  for (const path of hostConfigPaths(context.env)) {
    const config = await readHostConfig(path);
    if (config !== undefined) sources.push(hostConfigSource(config));
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
