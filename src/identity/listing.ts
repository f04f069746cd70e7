import { type MachineCredential, usernameOf } from "../api/machine-credential.ts";
import { type CredentialState, Credentials, idOf, stateOf } from "./credentials.ts";
import type { CredentialFolder } from "./keep.ts";
import { readStored } from "./stored.ts";

/** A credential as `metahub credentials list` tells of it. */
export interface ListedCredential {
  readonly id: string;
  readonly username: string;
  readonly spec: MachineCredential["spec"];
  readonly file: string;
  /** `ignored`: its user name has more credentials than are compared. */
  readonly state: CredentialState | "ignored";
}

/** The credentials of a folder, by name. @throws ManifestError, IdentityError; the signal's reason */
export async function listCredentials({ folder, now, signal }: CredentialFolder): Promise<readonly ListedCredential[]> {
  const stored = await readStored(folder, signal);
  const ignored = new Set(new Credentials(stored.map(({ credential }) => credential)).ignored);
  return stored
    .map(({ credential, file }): ListedCredential => {
      const id = idOf(credential);
      const state = ignored.has(id) ? "ignored" : stateOf(credential, now);
      return { id, username: usernameOf(credential), spec: credential.spec, file, state };
    })
    .toSorted((left, right) => (left.id < right.id ? -1 : 1));
}
