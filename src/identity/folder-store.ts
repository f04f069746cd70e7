import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Document } from "yaml";
import type { MachineCredential } from "../api/machine-credential.ts";
import { metahubApiVersion } from "../api/machine-type.ts";
import { isRecord } from "../json/object.ts";
import { applyEdits, type Write } from "../manifests/edit.ts";
import { editDocument } from "../manifests/edit-document.ts";
import { ManifestError } from "../manifests/error.ts";
import { type Manifest, type ManifestDocument, readManifests } from "../manifests/parse.ts";
import { readFolder, type Source } from "../manifests/sources.ts";
import { documentOptions } from "../yaml/document-options.ts";
import type { CredentialStore, StoreContent, StoredCredential } from "./credential-store.ts";
import { IdentityError } from "./error.ts";
import { credentialIn } from "./manifests.ts";
import { createFile, replaceFile } from "./write-file.ts";

/** A MachineCredential in one of a folder's files. `place` is the file. */
export interface FiledCredential extends StoredCredential {
  /** The text of the whole file. */
  readonly text: string;
  readonly document: ManifestDocument;
  /** Where the credential begins in its document: empty, or an item of a List. */
  readonly path: readonly (string | number)[];
}

/** The credentials in a folder of manifests that a registry reads. All else in its files stays as it is. */
export class FolderStore implements CredentialStore<FiledCredential> {
  readonly namespace = undefined;
  readonly shown: string;
  readonly #file: string | undefined;
  readonly #pastBad: boolean;

  /**
   * @param file where a new credential is written; default: NAME.yaml in the folder
   * @param pastBad whether reading goes past a file that cannot be used, as if it were not there
   */
  constructor(folder: string, file?: string, pastBad = false) {
    this.shown = folder;
    this.#file = file;
    this.#pastBad = pastBad;
  }

  /** @throws ManifestError, IdentityError; the signal's reason */
  async read(signal: AbortSignal): Promise<StoreContent<FiledCredential>> {
    const credentials: FiledCredential[] = [];
    const machineTypes = new Set<string>();
    for (const source of await readFolder(this.shown, signal)) {
      const found = this.#contentOf(source);
      credentials.push(...found.credentials);
      for (const machineType of found.machineTypes) machineTypes.add(machineType);
    }
    return { credentials, machineTypes };
  }

  #contentOf(source: Source): StoreContent<FiledCredential> {
    try {
      return contentOf(source);
    } catch (error) {
      if (this.#pastBad && (error instanceof ManifestError || error instanceof IdentityError)) return nothing;
      throw error;
    }
  }

  async add(credential: MachineCredential, signal: AbortSignal): Promise<string> {
    const file = this.#file ?? join(this.shown, `${credential.metadata.name}.yaml`);
    const text = new Document(credential, documentOptions).toString({ lineWidth: 0 });
    if (await createFile(file, text, 0o644, signal)) return file;
    throw new IdentityError("DUPLICATE", `${file}: is there already, and is not overwritten`);
  }

  async remove(_credential: MachineCredential, file: string): Promise<void> {
    await rm(file, { force: true });
  }

  /** The rest of the file, its comments and other documents stay as they are. */
  async write(
    { place, text, document, path }: FiledCredential,
    values: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void> {
    const writes = Object.entries(values).map(([key, value]): Write => ({ path: [...path, "spec", key], value }));
    const { edits } = editDocument(text, document, writes, []);
    if (await replaceFile(place, text, applyEdits(text, edits), signal)) return;
    throw new IdentityError("UNWRITABLE", `${place}: somebody else wrote it meanwhile; try again`);
  }
}

function machineTypeIn({ apiVersion, kind, object }: Manifest): string | undefined {
  const metadata = apiVersion === metahubApiVersion && kind === "MachineType" ? object["metadata"] : undefined;
  const name = isRecord(metadata) ? metadata["name"] : undefined;
  return typeof name === "string" ? name : undefined;
}

const nothing: StoreContent<FiledCredential> = { credentials: [], machineTypes: new Set() };

function contentOf({ path: place, name, text }: Source): StoreContent<FiledCredential> {
  const credentials: FiledCredential[] = [];
  const machineTypes = new Set<string>();
  for (const document of readManifests(text, name)) {
    for (const manifest of document.manifests) {
      const credential = credentialIn(manifest);
      if (credential !== undefined) credentials.push({ credential, place, text, document, path: manifest.path });
      const machineType = machineTypeIn(manifest);
      if (machineType !== undefined) machineTypes.add(machineType);
    }
  }
  return { credentials, machineTypes };
}
