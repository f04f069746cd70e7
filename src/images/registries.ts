import type { Credentials } from "../credentials/credentials.ts";
import type { CredentialSource } from "../credentials/keyring.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Reference } from "../oci/reference.ts";
import type { CommandContext } from "../process/context.ts";
import type { Access } from "../registry/access.ts";
import type { RegistryClient } from "../registry/client.ts";
import type { Manifest } from "../registry/contents.ts";
import { RegistryError } from "../registry/error.ts";
import { connectRegistries, type ImageOptions } from "./connect.ts";

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
    const { client, keyring } = await connectRegistries(references, options, context);
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
