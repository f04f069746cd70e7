import { join } from "node:path";
import type { MachineCredential } from "../../../api/machine-credential.ts";
import type { CredentialStore, StoreContent } from "../../../identity/credential-store.ts";
import { IdentityError } from "../../../identity/error.ts";
import { type FiledCredential, FolderStore } from "../../../identity/folder-store.ts";
import { liesIn } from "../../../process/lies-in.ts";
import { invalid } from "../problems.ts";

/** Characters of a name: what is written before and behind it has the rest of the 255 bytes that a file's name may have. */
const mostName = 200;

/** The credentials of a folder, for people who choose names: nothing outside the folder is ever written. */
export class GuardedFolderStore implements CredentialStore<FiledCredential> {
  readonly namespace = undefined;
  readonly shown = "the folder";
  readonly #folder: string;
  readonly #store: FolderStore;

  constructor(folder: string) {
    this.#folder = folder;
    this.#store = new FolderStore(folder, undefined, true);
  }

  /** @throws ManifestError, IdentityError of a file that was read past: what is not found may be in it */
  async whole(signal: AbortSignal): Promise<void> {
    await new FolderStore(this.#folder).read(signal);
  }

  read(signal: AbortSignal): Promise<StoreContent<FiledCredential>> {
    return this.#store.read(signal);
  }

  /**
   * In NAME.yaml, or in credential-NAME.yaml where the machine type of this name has that file. @throws ConsoleError 422
   * for a name that is too long for a file
   */
  async add(credential: MachineCredential, signal: AbortSignal): Promise<string> {
    if (credential.metadata.name.length > mostName) {
      const message = `has at most ${mostName} characters here, as it is a file's name too`;
      throw invalid(`name ${message}`, [{ path: "name", message }]);
    }
    try {
      return await this.#store.add(credential, signal);
    } catch (error) {
      if (!(error instanceof IdentityError && error.code === "DUPLICATE")) throw error;
      const file = join(this.#folder, `credential-${credential.metadata.name}.yaml`);
      return await new FolderStore(this.#folder, file).add(credential, signal);
    }
  }

  async remove(credential: MachineCredential, place: string): Promise<void> {
    await this.#store.remove(credential, place);
  }

  async write(stored: FiledCredential, values: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
    if (!(await liesIn(stored.place, this.#folder))) {
      throw new IdentityError(
        "UNWRITABLE",
        `${stored.place} is a link that leads out of the folder; change it where it lies`,
      );
    }
    await this.#store.write(stored, values, signal);
  }
}
