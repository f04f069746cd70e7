import { type MachineCredential, type MachineCredentialSpec, usernameOf } from "../api/machine-credential.ts";
import { metahubApiVersion } from "../api/machine-type.ts";
import { parseMachineCredential } from "../api/parse-machine-credential.ts";
import type { CredentialStore, StoredCredential } from "./credential-store.ts";
import { Credentials, idOf, mostOfOneUser, stateOf } from "./credentials.ts";
import { IdentityError } from "./error.ts";
import { createSecret, hashOfSecret } from "./secret.ts";

/** The store, at one moment. */
export interface Keeping {
  readonly store: CredentialStore;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** A new credential, and the secret that nothing else holds. */
export interface MadeCredential {
  readonly credential: MachineCredential;
  readonly secret: string;
  /** Where it was written. */
  readonly place: string;
}

export interface CreateOptions {
  readonly name: string;
  readonly spec: Omit<MachineCredentialSpec, "secretHash">;
}

/**
 * Makes a credential and writes it; what is there is never overwritten.
 * @returns also its machine type, where the store has others and not that one
 * @throws ApiError for what no credential can say; IdentityError DUPLICATE, TOO_MANY, UNWRITABLE; what reading throws
 */
export async function createCredential(
  { name, spec }: CreateOptions,
  { store, signal }: Keeping,
): Promise<MadeCredential & { readonly missingMachineType: string | undefined }> {
  const made = draft({ name, ...namespaceOf(store) }, spec);
  const { credentials: stored, machineTypes } = await store.read(signal);
  const other = stored.find(({ credential }) => idOf(credential) === idOf(made.credential));
  if (other !== undefined) {
    throw new IdentityError(
      "DUPLICATE",
      `MachineCredential ${name} is in ${other.place}; rotate it, or take another name`,
    );
  }
  refuseTooMany(stored, made.credential);
  const written = { ...made, place: await store.add(made.credential, signal) };
  const { machineType } = spec;
  // A folder without any holds credentials for a cluster; of a cluster they may be hidden.
  const missing = machineType !== undefined && machineTypes.size > 0 && !machineTypes.has(machineType);
  return { ...written, missingMachineType: missing ? machineType : undefined };
}

export interface RotateOptions {
  readonly name: string;
  /** How long the former secret still counts, ms. */
  readonly overlapMs: number;
  /** When the new one expires, RFC 3339 in UTC; undefined for when the former one would have. */
  readonly expires: string | undefined;
}

/**
 * Makes a second credential of the same user name beside the first, which ends after the overlap.
 * @returns the new one, and when the former one ends
 * @throws IdentityError NOT_FOUND, NOT_ACTIVE, TOO_MANY, DUPLICATE, UNWRITABLE; what reading throws
 */
export async function rotateCredential(
  { name, overlapMs, expires }: RotateOptions,
  { store, now, signal }: Keeping,
): Promise<MadeCredential & { readonly formerEnds: string }> {
  const { credentials: stored } = await store.read(signal);
  const former = findStored(stored, name, store);
  const { metadata, spec } = former.credential;
  const state = stateOf(former.credential, now);
  if (state !== "active")
    throw new IdentityError("NOT_ACTIVE", `MachineCredential ${name} is ${state}; create another one`);
  const { secretHash: _, expires: end, ...same } = spec;
  const ends = expires ?? end;
  const made = draft(
    {
      name: nextName(metadata.name, stored),
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
    },
    { ...same, username: usernameOf(former.credential), ...(ends === undefined ? {} : { expires: ends }) },
  );
  refuseTooMany(stored, made.credential);
  const overlapEnds = toTime(new Date(now.getTime() + overlapMs));
  const formerEnds = end !== undefined && end < overlapEnds ? end : overlapEnds;
  const written = { ...made, place: await store.add(made.credential, signal) };
  try {
    await store.write(former, { expires: formerEnds }, signal);
  } catch (error) {
    // Nobody learns its secret.
    await store.remove(written.credential, written.place, signal);
    throw error;
  }
  return { ...written, formerEnds };
}

/**
 * Takes a credential back: it counts no more, and neither do its tokens. It stays where it is, so that its name tells of
 * it and is not given anew.
 * @returns the other credentials of the user name that still count
 * @throws IdentityError NOT_FOUND, UNWRITABLE; what reading throws
 */
export async function revokeCredential(
  name: string,
  { store, now, signal }: Keeping,
): Promise<{ readonly place: string; readonly before: boolean; readonly others: readonly string[] }> {
  const { credentials: stored } = await store.read(signal);
  const one = findStored(stored, name, store);
  const before = one.credential.spec.revoked !== undefined;
  if (!before) await store.write(one, { revoked: toTime(now) }, signal);
  const user = usernameOf(one.credential);
  const others = stored
    .map(({ credential }) => credential)
    .filter((other) => other !== one.credential && usernameOf(other) === user && stateOf(other, now) === "active");
  return { place: one.place, before, others: others.map(idOf) };
}

/** RFC 3339 in UTC, to the second: as credentials have it. */
export function toTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

function draft(
  metadata: MachineCredential["metadata"],
  spec: CreateOptions["spec"],
): Pick<MadeCredential, "credential" | "secret"> {
  const secret = createSecret();
  const credential = parseMachineCredential({
    apiVersion: metahubApiVersion,
    kind: "MachineCredential",
    metadata,
    spec: { ...spec, secretHash: hashOfSecret(secret) },
  });
  return { credential, secret };
}

/**
 * The one credential that a name means: `name`, or `namespace/name`.
 * @throws IdentityError NOT_FOUND; DUPLICATE where several have it
 */
function findStored(all: readonly StoredCredential[], name: string, { shown }: CredentialStore): StoredCredential {
  const found = all.filter(({ credential }) => idOf(credential) === name || credential.metadata.name === name);
  const [one, ...others] = found;
  if (one === undefined) throw new IdentityError("NOT_FOUND", `no MachineCredential ${name} in ${shown}`);
  if (others.length > 0) {
    const places = found.map(({ credential, place }) => `${idOf(credential)} in ${place}`).join(", ");
    throw new IdentityError("DUPLICATE", `several MachineCredentials are called ${name}: ${places}`);
  }
  return one;
}

function namespaceOf({ namespace }: CredentialStore): { readonly namespace?: string } {
  return namespace === undefined ? {} : { namespace };
}

/** `login`, `login-r2`, `login-r3`: the number after all that there are. */
function nextName(name: string, stored: readonly StoredCredential[]): string {
  const base = name.replace(/-r\d+$/, "");
  const numbers = stored.map(({ credential }) => {
    const given = credential.metadata.name;
    return given.startsWith(`${base}-r`) ? Number(given.slice(base.length + 2)) : 1;
  });
  return `${base}-r${Math.max(1, ...numbers.filter(Number.isSafeInteger)) + 1}`;
}

function refuseTooMany(stored: readonly StoredCredential[], made: MachineCredential): void {
  const user = usernameOf(made);
  const ofUser = stored.map(({ credential }) => credential).filter((one) => usernameOf(one) === user);
  const { ignored } = new Credentials([...ofUser, made]);
  if (ignored.length === 0) return;
  throw new IdentityError(
    "TOO_MANY",
    `user name ${user} would have more than ${mostOfOneUser} credentials: ${ignored.join(", ")} would not count; remove what expired or was revoked, or take another user name`,
  );
}
