import type { CredentialSource } from "../credentials/keyring.ts";
import type { Reference } from "../oci/reference.ts";
import type { CommandContext } from "../process/context.ts";
import type { RegistryClient } from "../registry/client.ts";
import { type Image, ImageSource } from "../registry/images.ts";
import { connectRegistries, type ImageOptions } from "./connect.ts";

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
    const { client, keyring } = await connectRegistries(references, options, context);
    return new RemoteImages(client, keyring);
  }

  async lookup(reference: Reference, signal: AbortSignal): Promise<Image> {
    return await this.#images.lookupWith(reference, { keyring: this.#keyring, signal });
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}
