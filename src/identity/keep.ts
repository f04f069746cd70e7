import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Document } from "yaml";
import { type MachineCredential, type MachineCredentialSpec, usernameOf } from "../api/machine-credential.ts";
import { metahubApiVersion } from "../api/machine-type.ts";
import { parseMachineCredential } from "../api/parse-machine-credential.ts";
import { documentOptions } from "../yaml/document-options.ts";
import { Credentials, idOf, mostOfOneUser, stateOf } from "./credentials.ts";
import { IdentityError } from "./error.ts";
import { createSecret, hashOfSecret } from "./secret.ts";
import { findStored, readStored, type StoredCredential, writeSpec } from "./stored.ts";
import { createFile } from "./write-file.ts";

/** The folder of manifests that a registry reads, at one moment. */
export interface CredentialFolder {
  readonly folder: string;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** A new credential, and the secret that nothing else holds. */
export interface MadeCredential {
  readonly credential: MachineCredential;
  readonly secret: string;
  /** Where it was written. */
  readonly file: string;
}

export interface CreateOptions {
  readonly name: string;
  readonly spec: Omit<MachineCredentialSpec, "secretHash">;
  /** Default: NAME.yaml in the folder. */
  readonly file: string | undefined;
}

/**
 * Makes a credential and writes it as a file of its own; what is there is never overwritten.
 * @throws ApiError for what no credential can say; IdentityError DUPLICATE, TOO_MANY, UNWRITABLE; ManifestError
 */
export async function createCredential(
  { name, spec, file }: CreateOptions,
  { folder, signal }: CredentialFolder,
): Promise<MadeCredential> {
  const made = draft({ name }, spec);
  const stored = await readStored(folder, signal);
  const other = stored.find(({ credential }) => idOf(credential) === name);
  if (other !== undefined) {
    throw new IdentityError(
      "DUPLICATE",
      `MachineCredential ${name} is in ${other.file}; rotate it, or take another name`,
    );
  }
  refuseTooMany(stored, made.credential);
  return await write(made, file ?? join(folder, `${name}.yaml`), signal);
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
 * @throws IdentityError NOT_FOUND, NOT_ACTIVE, TOO_MANY, DUPLICATE, UNWRITABLE; ManifestError
 */
export async function rotateCredential(
  { name, overlapMs, expires }: RotateOptions,
  { folder, now, signal }: CredentialFolder,
): Promise<MadeCredential & { readonly formerEnds: string }> {
  const stored = await readStored(folder, signal);
  const former = findStored(stored, name, folder);
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
  const written = await write(made, join(folder, `${made.credential.metadata.name}.yaml`), signal);
  try {
    await writeSpec(former, { expires: formerEnds }, signal);
  } catch (error) {
    // Nobody learns its secret.
    await rm(written.file, { force: true });
    throw error;
  }
  return { ...written, formerEnds };
}

/**
 * Takes a credential back: it counts no more, and neither do its tokens. It stays in its file, so that its name tells of
 * it and is not given anew.
 * @returns the other credentials of the user name that still count
 * @throws IdentityError NOT_FOUND, UNWRITABLE; ManifestError
 */
export async function revokeCredential(
  name: string,
  { folder, now, signal }: CredentialFolder,
): Promise<{ readonly file: string; readonly before: boolean; readonly others: readonly string[] }> {
  const stored = await readStored(folder, signal);
  const one = findStored(stored, name, folder);
  const before = one.credential.spec.revoked !== undefined;
  if (!before) await writeSpec(one, { revoked: toTime(now) }, signal);
  const user = usernameOf(one.credential);
  const others = stored
    .map(({ credential }) => credential)
    .filter((other) => other !== one.credential && usernameOf(other) === user && stateOf(other, now) === "active");
  return { file: one.file, before, others: others.map(idOf) };
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

async function write(
  { credential, secret }: Pick<MadeCredential, "credential" | "secret">,
  file: string,
  signal: AbortSignal,
): Promise<MadeCredential> {
  const text = new Document(credential, documentOptions).toString({ lineWidth: 0 });
  if (!(await createFile(file, text, 0o644, signal))) {
    throw new IdentityError("DUPLICATE", `${file}: is there already, and is not overwritten`);
  }
  return { credential, secret, file };
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
