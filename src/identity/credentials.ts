import { timingSafeEqual } from "node:crypto";
import { type MachineCredential, usernameOf } from "../api/machine-credential.ts";
import { IdentityError } from "./error.ts";
import { digestOfSecret } from "./secret.ts";

/** Credentials that are kept: far above what sites have. They take 9 MB. */
const mostCredentials = 10_000;
/** Credentials of one user name: several machines, each with a second one while it is rotated. */
export const mostOfOneUser = 16;

export type CredentialState = "active" | "expired" | "revoked";

/** Whether a credential counts at this time. */
export function stateOf({ spec }: Pick<MachineCredential, "spec">, now: Date): CredentialState {
  if (spec.revoked !== undefined) return "revoked";
  return spec.expires !== undefined && new Date(spec.expires) <= now ? "expired" : "active";
}

/** `namespace/name`, or the name where a file says no namespace. */
export function idOf({ metadata }: Pick<MachineCredential, "metadata">): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
}

interface Kept {
  readonly credential: MachineCredential;
  readonly digest: Buffer;
}

/** Stands in for credentials that a user name does not have: it is compared, and its result is not looked at. */
const nobody = Buffer.alloc(32);

/** All credentials at one moment, found by what clients present. */
export class Credentials {
  /** Ids of those that are beyond the bound of one user name, and do not count. */
  readonly ignored: readonly string[];
  readonly #byUser = new Map<string, readonly Kept[]>();
  readonly #byId = new Map<string, MachineCredential>();
  /** Those that have a secret of their own, by its digest. Undefined: several have it. */
  readonly #bySecret = new Map<string, MachineCredential | undefined>();
  readonly #equal: (left: Buffer, right: Buffer) => boolean;

  /**
   * @param equal compares digests in constant time
   * @throws IdentityError TOO_MANY; DUPLICATE
   */
  constructor(
    credentials: Iterable<MachineCredential>,
    equal: (left: Buffer, right: Buffer) => boolean = timingSafeEqual,
  ) {
    this.#equal = equal;
    const users = new Map<string, Kept[]>();
    for (const credential of credentials) {
      const id = idOf(credential);
      if (this.#byId.has(id))
        throw new IdentityError("DUPLICATE", `MachineCredential ${id} stands twice; keep one of them`);
      this.#byId.set(id, credential);
      if (this.#byId.size > mostCredentials) {
        throw new IdentityError("TOO_MANY", `more than ${mostCredentials} MachineCredentials`);
      }
      const user = usernameOf(credential);
      const kept = { credential, digest: Buffer.from(credential.spec.secretHash.slice("sha256:".length), "hex") };
      const same = users.get(user);
      if (same === undefined) users.set(user, [kept]);
      else same.push(kept);
    }
    this.ignored = this.#keep(users);
  }

  /**
   * The credential of this user name and secret, whatever its state. An unknown name costs as much as a known one: each
   * look-up hashes once and compares as often as one name may have credentials.
   */
  find(username: string, secret: string): MachineCredential | undefined {
    const presented = digestOfSecret(secret);
    const kept = this.#byUser.get(username) ?? [];
    let found: MachineCredential | undefined;
    for (let index = 0; index < mostOfOneUser; index++) {
      const one = kept[index];
      const same = this.#equal(one?.digest ?? nobody, presented);
      if (same && found === undefined) found = one?.credential;
    }
    return found;
  }

  /** The one credential with this secret, whatever its user name: for clients that store a token in place of both. */
  findBySecret(secret: string): MachineCredential | undefined {
    return this.#bySecret.get(digestOfSecret(secret).toString("hex"));
  }

  /** The ids of all that count. */
  get ids(): ReadonlySet<string> {
    return new Set(this.#byId.keys());
  }

  byId(id: string): MachineCredential | undefined {
    return this.#byId.get(id);
  }

  #keep(users: ReadonlyMap<string, readonly Kept[]>): readonly string[] {
    const ignored: string[] = [];
    for (const [user, all] of users) {
      const inOrder = all.toSorted((left, right) => compare(left.credential, right.credential));
      this.#byUser.set(user, inOrder.slice(0, mostOfOneUser));
      for (const { credential } of inOrder.slice(mostOfOneUser)) {
        ignored.push(idOf(credential));
        this.#byId.delete(idOf(credential));
      }
      for (const { credential, digest } of inOrder.slice(0, mostOfOneUser)) {
        const key = digest.toString("hex");
        this.#bySecret.set(key, this.#bySecret.has(key) ? undefined : credential);
      }
    }
    return ignored;
  }
}

/** Those that count longest come first, so that what is over does not take their places. */
function compare(left: MachineCredential, right: MachineCredential): number {
  return lastOf(right) - lastOf(left) || (idOf(left) < idOf(right) ? -1 : 1);
}

function lastOf({ spec }: MachineCredential): number {
  if (spec.revoked !== undefined) return 0;
  return spec.expires === undefined ? Number.MAX_SAFE_INTEGER : new Date(spec.expires).getTime();
}
