import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Document } from "yaml";
import { metahubApiVersion } from "../../../api/machine-type.ts";
import { parseMachineType } from "../../../api/parse-machine-type.ts";
import { createFile, replaceFile } from "../../../identity/write-file.ts";
import { isRecord } from "../../../json/object.ts";
import { ManifestError } from "../../../manifests/error.ts";
import { readManifests } from "../../../manifests/parse.ts";
import { readFolder, type Source } from "../../../manifests/sources.ts";
import { liesIn } from "../../../process/lies-in.ts";
import { Turns } from "../../../time/turns.ts";
import { documentOptions } from "../../../yaml/document-options.ts";
import type { MachineTypeDraft } from "../../contract/machine-types.ts";
import { ConsoleError } from "../../error.ts";
import { type StoredMachineType, storedMachineType } from "../machine-types/stored.ts";
import { digestOf } from "../objects.ts";
import { conflict, invalid, notFound } from "../problems.ts";
import { type FiledObject, withoutObject, withSpec } from "./edit-spec.ts";

/** Turns a stored machine type into what a person is shown of it, for conflicts. */
type Show = (stored: StoredMachineType) => unknown;

/** The MachineTypes in the files of a folder, written one after another. All else in the files stays as it is. */
export class MachineTypeFiles {
  readonly #folder: string;
  readonly #show: Show;
  readonly #turns = new Turns(1);

  constructor(folder: string, show: Show) {
    this.#folder = folder;
    this.#show = show;
  }

  /** Writes a file of its own, and never over another. @throws ConsoleError 409, 422; IdentityError UNWRITABLE */
  create(draft: MachineTypeDraft, signal: AbortSignal): Promise<StoredMachineType> {
    return this.#turns.run(signal, async () => {
      const object = objectOf(draft);
      const there = await this.#find(draft.name, signal);
      if (there !== undefined) {
        throw conflict(`There is a machine type ${draft.name} already. Take another name.`, this.#show(stored(there)));
      }
      const text = new Document(object, documentOptions).toString({ lineWidth: 0 });
      for (const file of [`${draft.name}.yaml`, `machinetype-${draft.name}.yaml`]) {
        if (await createFile(join(this.#folder, file), text, 0o644, signal))
          return storedMachineType(object, digestOf(object));
      }
      throw conflict(`machinetype-${draft.name}.yaml is in the folder already, and is not overwritten.`, undefined);
    });
  }

  /** @throws ConsoleError 404, 409, 422; IdentityError UNWRITABLE */
  replace(draft: MachineTypeDraft, signal: AbortSignal): Promise<StoredMachineType> {
    return this.#turns.run(signal, async () => {
      const object = objectOf(draft);
      const before = await this.#expect(draft.name, draft.resourceVersion, signal);
      await this.#guard(before.place);
      if (!(await replaceFile(before.place, before.text, withSpec(before, object.spec), signal))) throw changed();
      const after = await this.#find(draft.name, signal);
      if (after === undefined) throw changed();
      return stored(after);
    });
  }

  /** @throws ConsoleError 404, 409; IdentityError UNWRITABLE */
  delete(name: string, resourceVersion: string | undefined, signal: AbortSignal): Promise<void> {
    return this.#turns.run(signal, async () => {
      const before = await this.#expect(name, resourceVersion, signal);
      await this.#guard(before.place);
      const left = withoutObject(before);
      if (left === undefined) await rm(before.place);
      else if (!(await replaceFile(before.place, before.text, left, signal))) throw changed();
    });
  }

  /** The object as it was when the person read it. */
  async #expect(name: string, resourceVersion: string | undefined, signal: AbortSignal): Promise<FiledObject> {
    const unread: ManifestError[] = [];
    const found = await this.#find(name, signal, unread);
    if (found === undefined) throw unread[0] ?? notFound(`machine type ${name} in the folder`);
    if (resourceVersion !== undefined && resourceVersion !== digestOf(found.object)) {
      throw conflict(
        "Somebody else changed it since you opened it. Compare both, and save again.",
        this.#show(stored(found)),
      );
    }
    return found;
  }

  /** Past files that cannot be read: those are told in `unread`, as it may be in one of them. */
  async #find(name: string, signal: AbortSignal, unread: ManifestError[] = []): Promise<FiledObject | undefined> {
    for (const source of await readFolder(this.#folder, signal)) {
      try {
        const found = typeIn(source, name);
        if (found !== undefined) return found;
      } catch (error) {
        if (!(error instanceof ManifestError)) throw error;
        unread.push(error);
      }
    }
    return undefined;
  }

  /** A link may lead out of the folder, to what nobody meant to be written. @throws ConsoleError 403 */
  async #guard(place: string): Promise<void> {
    if (await liesIn(place, this.#folder)) return;
    throw new ConsoleError({
      status: 403,
      title: "This file is elsewhere",
      detail: "Its file is a link that leads out of the folder. It is shown, and changed where it lies.",
    });
  }
}

function typeIn({ path: place, name: shown, text }: Source, name: string): FiledObject | undefined {
  for (const document of readManifests(text, shown)) {
    for (const { apiVersion, kind, object, path } of document.manifests) {
      const { metadata } = object;
      if (apiVersion !== metahubApiVersion || kind !== "MachineType" || !isRecord(metadata)) continue;
      if (metadata["name"] === name) return { place, text, document, path, object };
    }
  }
  return undefined;
}

function stored({ object }: FiledObject): StoredMachineType {
  return storedMachineType(object, digestOf(object));
}

function changed(): ConsoleError {
  return conflict("Somebody else wrote its file meanwhile. Try again.", undefined);
}

/** @throws ApiError where the draft is no MachineType; ConsoleError 422 where its name leads elsewhere than to a file */
function objectOf({ name, spec }: MachineTypeDraft) {
  // As the folder's reader has it, so that a name is never more than one: no slash, no dot at its begin.
  if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name)) {
    const message = 'must be lower-case letters, digits, "-" and ".", for example "type4"';
    throw invalid(`metadata.name: ${message}`, [{ path: "name", message }]);
  }
  const object = { apiVersion: metahubApiVersion, kind: "MachineType", metadata: { name }, spec };
  parseMachineType(object);
  return object;
}
