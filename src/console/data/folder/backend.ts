import type { z } from "zod";
import { ApiError } from "../../../api/error.ts";
import { metahubApiVersion } from "../../../api/machine-type.ts";
import { parseMachineType } from "../../../api/parse-machine-type.ts";
import type { NodeQuery, Page } from "../../backend.ts";
import type { CredentialView, credentialDraft, MadeCredentialView, rotation } from "../../contract/credentials.ts";
import type { MachineTypeDraft, MachineTypeView, Preview } from "../../contract/machine-types.ts";
import type { Change, Matrix } from "../../contract/views.ts";
import { ConsoleError } from "../../error.ts";
import type { KeptCredentials } from "../credentials.ts";
import type { SignedInBackend } from "../data.ts";
import { listKey } from "../lists/view.ts";
import { foresee } from "../machine-types/preview.ts";
import type { StoredMachineType } from "../machine-types/stored.ts";
import type { Matrices } from "../matrix/matrix.ts";
import type { NodeViews } from "../nodes/view.ts";
import { pageOf } from "../paging.ts";
import { asProblem, type Deed, invalidField, notFound } from "../problems.ts";
import { activeCredentials, type FolderContent } from "./content.ts";
import type { MachineTypeFiles } from "./files.ts";
import type { FollowedContent } from "./follow.ts";
import { folderTypeView } from "./views.ts";

export interface FolderBackendOptions {
  readonly followed: FollowedContent;
  readonly writable: boolean;
  readonly now: () => Date;
  readonly files: MachineTypeFiles;
  readonly credentials: KeptCredentials;
  readonly matrices: Matrices;
  readonly nodes: NodeViews;
  readonly person: string;
}

/** Rights of a folder are not RBAC's; problems name none of them. */
const deed: Deed = { words: "do this", right: "write" };

/** A folder as everybody who signs in sees it: there is one right for all, to read, or to write too. */
export class FolderBackend implements SignedInBackend {
  readonly place;
  readonly #options: FolderBackendOptions;

  constructor(options: FolderBackendOptions) {
    this.#options = options;
    this.place = { kind: "folder", writable: options.writable } as const;
  }

  async may() {
    const read = ["list", "watch"] as const;
    const all = this.place.writable ? ([...read, "create", "update", "delete"] as const) : read;
    return {
      machineTypes: [...all],
      manifestLists: [...read],
      nodes: [...read],
      pods: [],
      credentials: { verbs: [...all] },
    };
  }

  async machineTypes(): Promise<{ readonly items: readonly MachineTypeView[]; readonly version: string }> {
    const { followed, now } = this.#options;
    const { content, version } = followed;
    const types = [...content.types.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
    const at = now();
    // How many credentials count changes with time alone.
    const active = [...activeCredentials(content, at).values()].reduce((sum, count) => sum + count, 0);
    return { items: types.map((one) => folderTypeView(one, content, at)), version: `${version}-${active}` };
  }

  async machineType(name: string): Promise<MachineTypeView> {
    const { content } = this.#options.followed;
    const stored = content.types.get(name);
    if (stored === undefined) throw notFound(`machine type ${name}`);
    return folderTypeView(stored, content, this.#options.now());
  }

  async createMachineType(draft: MachineTypeDraft, signal: AbortSignal): Promise<MachineTypeView> {
    this.#mayWrite();
    return await this.#written(signal, () => this.#options.files.create(draft, signal));
  }

  async replaceMachineType(draft: MachineTypeDraft, signal: AbortSignal): Promise<MachineTypeView> {
    this.#mayWrite();
    if (draft.resourceVersion === undefined) throw withoutVersion();
    return await this.#written(signal, () => this.#options.files.replace(draft, signal));
  }

  async deleteMachineType(name: string, resourceVersion: string | undefined, signal: AbortSignal): Promise<void> {
    this.#mayWrite();
    await asProblem(deed, signal, () => this.#options.files.delete(name, resourceVersion, signal));
    await this.#options.followed.seen(({ types }) => !types.has(name), signal);
  }

  async preview(draft: MachineTypeDraft, deletion: boolean): Promise<Preview> {
    const { content } = this.#options.followed;
    if (deletion) {
      // How many Pods run there is not known to a folder.
      const credentials = activeCredentials(content, this.#options.now()).get(draft.name) ?? 0;
      return { ...foresee(content.snapshot, draft.name, undefined), refused: [], credentials };
    }
    try {
      const { name, spec } = draft;
      const parsed = parseMachineType({ apiVersion: metahubApiVersion, kind: "MachineType", metadata: { name }, spec });
      return { ...foresee(content.snapshot, name, parsed), refused: [] };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { fields, detail } = invalidField(error).problem;
      const refused = fields ?? [{ path: "", message: detail }];
      return { nodes: 0, names: [], moved: [], features: [], warnings: [], refused };
    }
  }

  async credentials(machineType: string, signal: AbortSignal) {
    return await asProblem(deed, signal, () => this.#options.credentials.of(machineType, signal));
  }

  async createCredential(
    machineType: string,
    draft: z.infer<typeof credentialDraft>,
    signal: AbortSignal,
  ): Promise<MadeCredentialView> {
    this.#mayWrite();
    await this.machineType(machineType);
    return await asProblem(deed, signal, () => this.#options.credentials.create(machineType, draft, signal));
  }

  async rotateCredential(
    machineType: string,
    id: string,
    how: z.infer<typeof rotation>,
    signal: AbortSignal,
  ): Promise<MadeCredentialView> {
    this.#mayWrite();
    return await asProblem(deed, signal, () => this.#options.credentials.rotate(machineType, id, how, signal));
  }

  async revokeCredential(machineType: string, id: string, signal: AbortSignal): Promise<CredentialView> {
    this.#mayWrite();
    return await asProblem(deed, signal, () => this.#options.credentials.revoke(machineType, id, signal));
  }

  async matrix(image: string, signal: AbortSignal): Promise<Matrix> {
    const { content } = this.#options.followed;
    const { matrices, person } = this.#options;
    const ground = { snapshot: content.snapshot, seesNodes: true, lists: content.lists };
    return await matrices.of(image, person, ground, signal);
  }

  async nodes(query: NodeQuery) {
    const { followed, nodes } = this.#options;
    return { ...nodes.page(followed.content.snapshot, query), version: followed.version };
  }

  /** Nothing runs in a folder. */
  async selections() {
    return { items: [], total: 0, version: this.#options.followed.version };
  }

  async manifestLists(page: Page) {
    const { content, version } = this.#options.followed;
    return { ...pageOf(content.listViews, listKey, page), version };
  }

  changes(tell: (change: Change) => void, signal: AbortSignal): Promise<void> {
    return this.#options.followed.changes(tell, signal);
  }

  /** Nothing was opened for one person. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Answers with what was written, once the folder was read with it. */
  async #written(signal: AbortSignal, write: () => Promise<StoredMachineType>): Promise<MachineTypeView> {
    const { followed, now } = this.#options;
    const stored = await asProblem(deed, signal, write);
    const { name, resourceVersion } = stored;
    const shows = ({ types }: FolderContent): boolean => types.get(name)?.resourceVersion === resourceVersion;
    await followed.seen(shows, signal);
    const { content, problem } = followed;
    const notes = problem === undefined || shows(content) ? {} : { notes: [`It is saved, and not shown. ${problem}`] };
    return { ...folderTypeView(stored, content, now()), ...notes };
  }

  #mayWrite(): void {
    if (this.place.writable) return;
    throw new ConsoleError({
      status: 403,
      title: "You may not do this",
      detail: "This console shows its folder and writes nothing: it was started without --writable.",
    });
  }
}

function withoutVersion(): ConsoleError {
  return new ConsoleError({
    status: 422,
    title: "This cannot be saved",
    detail: "resourceVersion is needed: the one that was read, so that nobody else's change is lost.",
    fields: [{ path: "resourceVersion", message: "is needed: the one that was read" }],
  });
}
