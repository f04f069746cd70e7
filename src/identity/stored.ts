import type { MachineCredential } from "../api/machine-credential.ts";
import { applyEdits, type Write } from "../manifests/edit.ts";
import { editDocument } from "../manifests/edit-document.ts";
import { type ManifestDocument, readManifests } from "../manifests/parse.ts";
import { readFolder } from "../manifests/sources.ts";
import { idOf } from "./credentials.ts";
import { IdentityError } from "./error.ts";
import { credentialIn } from "./manifests.ts";
import { replaceFile } from "./write-file.ts";

/** A MachineCredential in one of a folder's files, with where it stands. */
export interface StoredCredential {
  readonly credential: MachineCredential;
  readonly file: string;
  /** The text of the whole file. */
  readonly text: string;
  readonly document: ManifestDocument;
  /** Where the credential begins in its document: empty, or an item of a List. */
  readonly path: readonly (string | number)[];
}

/** All MachineCredentials of a folder, in the order of its files. @throws ManifestError, IdentityError; the signal's reason */
export async function readStored(folder: string, signal: AbortSignal): Promise<readonly StoredCredential[]> {
  const sources = await readFolder(folder, signal);
  return sources.flatMap(({ path: file, name, text }) =>
    readManifests(text, name).flatMap((document) =>
      document.manifests.flatMap((manifest): StoredCredential[] => {
        const credential = credentialIn(manifest);
        return credential === undefined ? [] : [{ credential, file, text, document, path: manifest.path }];
      }),
    ),
  );
}

/**
 * The one credential that a name means: `name`, or `namespace/name`.
 * @throws IdentityError NOT_FOUND; DUPLICATE where several have it
 */
export function findStored(all: readonly StoredCredential[], name: string, folder: string): StoredCredential {
  const found = all.filter(({ credential }) => idOf(credential) === name || credential.metadata.name === name);
  const [one, ...others] = found;
  if (one === undefined) throw new IdentityError("NOT_FOUND", `no MachineCredential ${name} in ${folder}`);
  if (others.length > 0) {
    const files = found.map(({ credential, file }) => `${idOf(credential)} in ${file}`).join(", ");
    throw new IdentityError("DUPLICATE", `several MachineCredentials are called ${name}: ${files}`);
  }
  return one;
}

/**
 * Writes values into the credential's spec; the rest of the file, its comments and other documents stay as they are.
 * @throws IdentityError UNWRITABLE; the signal's reason
 */
export async function writeSpec(
  { file, text, document, path }: StoredCredential,
  values: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const writes = Object.entries(values).map(([key, value]): Write => ({ path: [...path, "spec", key], value }));
  const { edits } = editDocument(text, document, writes, []);
  await replaceFile(file, text, applyEdits(text, edits), undefined, signal);
}
