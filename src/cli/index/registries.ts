import type { Credentials } from "../../credentials/credentials.ts";
import { hostConfigPaths, readHostConfig } from "../../credentials/hostConfig.ts";
import { type CredentialSource, fixedSource, hostConfigSource, Keyring } from "../../credentials/keyring.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Reference } from "../../oci/reference.ts";
import { type Access, RegistryClient } from "../../registry/client.ts";
import type { Manifest } from "../../registry/contents.ts";
import { RegistryError } from "../../registry/error.ts";
import type { CommandContext } from "../context.ts";
import { UsageError } from "../failure.ts";
import type { ImageOptions } from "../images/options.ts";
import { readLine } from "../images/stdin.ts";
import { parseMirrors } from "../mirrors.ts";
import { readRequired } from "../read-required.ts";
import { version } from "../version.ts";

/** A person waits longer than an admission does. */
const timeouts = { connectMs: 10_000, headersMs: 30_000, bodyMs: 60_000 };

/** Registries to read from and to write to, with the credentials that this user has for them. */
export class Registries {
  readonly #client: RegistryClient;
  readonly #keyring: CredentialSource;
  readonly #signal: AbortSignal;

  private constructor(client: RegistryClient, keyring: CredentialSource, signal: AbortSignal) {
    this.#client = client;
    this.#keyring = keyring;
    this.#signal = signal;
  }

  /** `references` are all that will be asked for. @throws UsageError, CommandError, CredentialsError */
  static async open(
    references: readonly Reference[],
    options: ImageOptions,
    context: CommandContext,
  ): Promise<Registries> {
    const mirrors = parseMirrors(options.mirrors);
    const ca =
      options.registryCaFile === undefined
        ? undefined
        : await readRequired(options.registryCaFile, "--registry-ca-file");
    const keyring = await findCredentials(options.creds, context);
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
    return new Registries(client, keyring, context.signal);
  }

  async resolve(reference: Reference): Promise<Descriptor> {
    return await this.#attempt(reference, (access) => this.#client.resolve(reference, access));
  }

  async manifest(reference: Reference): Promise<Manifest> {
    return await this.#attempt(reference, (access) => this.#client.manifest(reference, access));
  }

  async blob(reference: Reference, digest: string): Promise<Uint8Array> {
    return await this.#attempt(reference, (access) => this.#client.blob(reference, digest, access));
  }

  async pushBlob(reference: Reference, bytes: Uint8Array): Promise<string> {
    return await this.#attempt(reference, (access) => this.#client.pushBlob(reference, bytes, access));
  }

  async pushManifest(reference: Reference, mediaType: string, bytes: Uint8Array): Promise<Descriptor> {
    return await this.#attempt(reference, (access) => this.#client.pushManifest(reference, mediaType, bytes, access));
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  /** With each credential that is meant for the image, until one is let in; without any, anonymously. */
  async #attempt<T>(reference: Reference, act: (access: Access) => Promise<T>): Promise<T> {
    const signal = this.#signal;
    const found: readonly (Credentials | undefined)[] = await this.#keyring.candidates(reference, signal);
    let refusal: unknown;
    for (const credentials of found.length === 0 ? [undefined] : found) {
      try {
        return await act({ credentials, signal });
      } catch (error) {
        if (!(error instanceof RegistryError) || !["UNAUTHORIZED", "DENIED"].includes(error.code)) throw error;
        refusal = error;
      }
    }
    throw refusal;
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
