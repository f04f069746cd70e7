import type { Platform } from "../hardware/platform.ts";
import type { Reference } from "../oci/reference.ts";
import type { CommandContext } from "../process/context.ts";
import { type Image, ImageSource, type IndexImage } from "../registry/images.ts";
import { connectRegistries, type ImageOptions, type RegistryConnection } from "./connect.ts";

/** Images of registries, with the credentials that this user has for them. */
export class RemoteImages {
  readonly #connection: RegistryConnection;
  readonly #images: ImageSource;

  private constructor(connection: RegistryConnection) {
    this.#connection = connection;
    this.#images = new ImageSource(connection.client);
  }

  /** `references` are all that will be asked for. @throws UsageError, CommandError, CredentialsError */
  static async create(
    references: readonly Reference[],
    options: ImageOptions,
    context: CommandContext,
  ): Promise<RemoteImages> {
    return new RemoteImages(await connectRegistries(references, options, context));
  }

  /** @throws RegistryError, CredentialsError */
  async lookup(reference: Reference, signal: AbortSignal): Promise<Image> {
    return await this.#connection.attempt(reference, signal, (access) => this.#images.lookup(reference, access));
  }

  /** One build, or an index of them, as an index. @throws RegistryError, CredentialsError */
  async build(reference: Reference, platform: Platform | undefined, signal: AbortSignal): Promise<IndexImage> {
    return await this.#connection.attempt(reference, signal, (access) =>
      this.#images.lookupAsIndex(reference, platform, access),
    );
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}
