import { FollowedFolder } from "../manifests/followed-folder.ts";
import { Credentials } from "./credentials.ts";
import { credentialIn } from "./manifests.ts";

export interface FileCredentialsOptions {
  readonly folder: string;
  /** Called when a changed folder cannot be used; the credentials of before stay. */
  readonly onError: (error: unknown) => void;
  /** Called with the credentials at first, and after each change: for logs. */
  readonly onChange?: (credentials: Credentials) => void;
}

/** The MachineCredentials in a folder of manifests, as they change. A change is taken whole or not at all. */
export class FileCredentials {
  /** Rejects with an IdentityError or a ManifestError where the first reading fails. */
  readonly synced: Promise<void>;
  readonly #folder: FollowedFolder;
  #current = new Credentials([]);

  constructor({ folder, onError, onChange }: FileCredentialsOptions) {
    this.#folder = new FollowedFolder({
      folder,
      take: (manifests) => {
        this.#current = new Credentials(manifests.flatMap((manifest) => credentialIn(manifest) ?? []));
        onChange?.(this.#current);
      },
      onError,
    });
    this.synced = this.#folder.synced;
  }

  /** Those that count at this moment; none before the first reading. */
  get current(): Credentials {
    return this.#current;
  }

  close(): Promise<void> {
    return this.#folder.close();
  }
}
