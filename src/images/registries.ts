import type { Descriptor } from "../oci/descriptor.ts";
import type { Reference } from "../oci/reference.ts";
import type { CommandContext } from "../process/context.ts";
import type { Access } from "../registry/access.ts";
import type { RegistryClient } from "../registry/client.ts";
import type { Manifest } from "../registry/contents.ts";
import type { BlobSource } from "../registry/upload.ts";
import { connectRegistries, type ImageOptions, type RegistryConnection } from "./connect.ts";

/**
 * Registries to read from and to write to, with the credentials that this user has for them. Every method but `close`
 * fails with RegistryError or CredentialsError.
 */
export class Registries {
  readonly #connection: RegistryConnection;
  readonly #signal: AbortSignal;

  private constructor(connection: RegistryConnection, signal: AbortSignal) {
    this.#connection = connection;
    this.#signal = signal;
  }

  /** `references` are all that will be asked for. @throws UsageError, CommandError, CredentialsError */
  static async open(
    references: readonly Reference[],
    options: ImageOptions,
    context: CommandContext,
  ): Promise<Registries> {
    return new Registries(await connectRegistries(references, options, context), context.signal);
  }

  async resolve(reference: Reference): Promise<Descriptor> {
    return await this.#attempt(reference, (client, access) => client.resolve(reference, access));
  }

  async manifest(reference: Reference): Promise<Manifest> {
    return await this.#attempt(reference, (client, access) => client.manifest(reference, access));
  }

  async blob(reference: Reference, digest: string): Promise<Uint8Array> {
    return await this.#attempt(reference, (client, access) => client.blob(reference, digest, access));
  }

  async pushBlob(reference: Reference, content: Uint8Array | BlobSource): Promise<string> {
    return await this.#attempt(reference, (client, access) => client.pushBlob(reference, content, access));
  }

  async pushManifest(reference: Reference, mediaType: string, bytes: Uint8Array): Promise<Descriptor> {
    return await this.#attempt(reference, (client, access) => client.pushManifest(reference, mediaType, bytes, access));
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #attempt<T>(reference: Reference, act: (client: RegistryClient, access: Access) => Promise<T>): Promise<T> {
    const { client } = this.#connection;
    return await this.#connection.attempt(reference, this.#signal, (access) => act(client, access));
  }
}
