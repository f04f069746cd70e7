import { type MachineCredential, usernameOf } from "../api/machine-credential.ts";
import { type CredentialState, Credentials, idOf, stateOf } from "./credentials.ts";
import type { Keeping } from "./keep.ts";

/** A credential as `metahub credentials list` tells of it. */
export interface ListedCredential {
  readonly id: string;
  readonly username: string;
  readonly spec: MachineCredential["spec"];
  /** RFC 3339, true to an hour. */
  readonly lastUsed: string | undefined;
  /** Where it is kept. */
  readonly place: string;
  /** `ignored`: its user name has more credentials than are compared. */
  readonly state: CredentialState | "ignored";
}

/** The credentials of a store, by name. @throws what reading throws */
export async function listCredentials({ store, now, signal }: Keeping): Promise<readonly ListedCredential[]> {
  const { credentials: stored } = await store.read(signal);
  const ignored = new Set(new Credentials(stored.map(({ credential }) => credential)).ignored);
  return stored
    .map(({ credential, place }): ListedCredential => {
      const id = idOf(credential);
      const state = ignored.has(id) ? "ignored" : stateOf(credential, now);
      return {
        id,
        username: usernameOf(credential),
        spec: credential.spec,
        lastUsed: credential.status?.lastUsed,
        place,
        state,
      };
    })
    .toSorted((left, right) => (left.id < right.id ? -1 : 1));
}
