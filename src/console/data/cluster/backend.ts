import type { z } from "zod";
import { ApiError } from "../../../api/error.ts";
import { metahubApiVersion } from "../../../api/machine-type.ts";
import type { NodeFacts } from "../../../api/node.ts";
import { parseMachineType } from "../../../api/parse-machine-type.ts";
import { ClusterStore } from "../../../identity/cluster-store.ts";
import { stateOf } from "../../../identity/credentials.ts";
import type { KubernetesClient } from "../../../kubernetes/client/client.ts";
import type { NodeQuery, Page, SelectionQuery } from "../../backend.ts";
import type { CredentialView, credentialDraft, MadeCredentialView, rotation } from "../../contract/credentials.ts";
import type { MachineTypeDraft, MachineTypeView, Preview } from "../../contract/machine-types.ts";
import type { Change, Matrix } from "../../contract/views.ts";
import { ConsoleError } from "../../error.ts";
import { KeptCredentials } from "../credentials.ts";
import type { SignedInBackend } from "../data.ts";
import { foresee, nodesOf } from "../machine-types/preview.ts";
import type { StoredMachineType } from "../machine-types/stored.ts";
import { machineTypeView } from "../machine-types/view.ts";
import type { Matrices } from "../matrix/matrix.ts";
import type { NodeViews } from "../nodes/view.ts";
import { withNotes } from "../paging.ts";
import { asProblem, type Deed } from "../problems.ts";
import type { SelectionRows } from "../selections/rows.ts";
import { tellChanges } from "./changes.ts";
import { listsPage, spokenLists } from "./lists.ts";
import { MachineTypeWrites } from "./machine-types.ts";
import { mayOf } from "./may.ts";
import type { Member } from "./member.ts";
import type { Reviews } from "./reviews.ts";
import { selectionsPage } from "./selections.ts";
import type { SharedWatch } from "./shared-watch.ts";
import type { NamedSnapshot, Snapshots, Versioned } from "./snapshots.ts";
import type { Watches } from "./watches.ts";

/** The parts that all who are signed in share. */
export interface SharedOfCluster {
  readonly watches: Watches;
  readonly snapshots: Snapshots;
  readonly nodes: NodeViews;
  readonly selections: SelectionRows;
  readonly matrices: Matrices;
  readonly credentialsNamespace: string | undefined;
  readonly registry: string | undefined;
  readonly wall: () => Date;
}

export interface ClusterBackendOptions extends SharedOfCluster {
  readonly person: string;
  readonly client: KubernetesClient;
  readonly reviews: Reviews;
}

const seeing: Deed = { words: "see this", right: "list" };

/** A cluster as one person sees it: what they ask is asked with their token, what is watched is shared by right. */
export class ClusterBackend implements SignedInBackend {
  readonly place = { kind: "cluster" } as const;
  readonly #options: ClusterBackendOptions;
  readonly #member: Member;
  readonly #types: MachineTypeWrites;
  readonly #signOut = new AbortController();

  constructor(options: ClusterBackendOptions) {
    this.#options = options;
    const { client, reviews } = options;
    this.#member = { client, reviews, signedOut: this.#signOut.signal };
    this.#types = new MachineTypeWrites(client, (stored) =>
      machineTypeView(stored, { entry: undefined, credentials: undefined }),
    );
  }

  async may(signal: AbortSignal) {
    return await this.#doing(seeing, signal, (ended) =>
      mayOf(this.#options.reviews, this.#options.credentialsNamespace, ended),
    );
  }

  async machineTypes(signal: AbortSignal) {
    return await this.#doing(seeing, signal, async (ended) => {
      const { watches } = this.#options;
      const [types, nodes, active] = await Promise.all([
        watches.machineTypes.join(this.#member, ended),
        watches.nodes.joinIfAllowed(this.#member, ended),
        this.#active(ended),
      ]);
      const { snapshot, version } = this.#snapshot(types, nodes);
      const sorted = [...types.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
      const items = sorted.map((stored) =>
        machineTypeView(stored, {
          entry: nodes === undefined ? undefined : snapshot.machineTypes.get(stored.name),
          credentials: active === undefined ? undefined : (active.get(stored.name) ?? 0),
        }),
      );
      const counted = active === undefined ? "" : [...active.values()].reduce((sum, count) => sum + count, 0);
      const notes = withNotes([...watches.machineTypes.notes, ...(nodes === undefined ? [] : watches.nodes.notes)]);
      return { items, version: `${version}-${watches.credentials?.version ?? 0}-${counted}`, ...notes };
    });
  }

  async machineType(name: string, signal: AbortSignal): Promise<MachineTypeView> {
    return await this.#doing(seeing, signal, async (ended) => this.#shown(await this.#types.get(name, ended), ended));
  }

  async createMachineType(draft: MachineTypeDraft, signal: AbortSignal): Promise<MachineTypeView> {
    return await this.#doing(seeing, signal, async (ended) => {
      const stored = await this.#types.create(draft, ended);
      return await this.#written(stored, ended);
    });
  }

  async replaceMachineType(draft: MachineTypeDraft, signal: AbortSignal): Promise<MachineTypeView> {
    return await this.#doing(seeing, signal, async (ended) => {
      const stored = await this.#types.replace(draft, ended);
      return await this.#written(stored, ended);
    });
  }

  async deleteMachineType(name: string, resourceVersion: string | undefined, signal: AbortSignal): Promise<void> {
    await this.#doing(seeing, signal, async (ended) => {
      await this.#types.delete(name, resourceVersion, ended);
      await this.#options.watches.machineTypes.seen((store) => !store.has(name), ended);
    });
  }

  async preview(draft: MachineTypeDraft, deletion: boolean, signal: AbortSignal): Promise<Preview> {
    return await this.#doing(seeing, signal, async (ended) => {
      const { watches } = this.#options;
      const [types, nodes] = await Promise.all([
        watches.machineTypes.joinIfAllowed(this.#member, ended),
        watches.nodes.joinIfAllowed(this.#member, ended),
      ]);
      const { snapshot } = this.#snapshot(types, nodes);
      const blind = nodes === undefined ? ["You may not see nodes, so it cannot be said which ones this catches."] : [];
      if (deletion) return await this.#previewDeletion(draft.name, snapshot, blind, ended);
      const { refused, warnings } = await this.#types.tried(draft, ended);
      const parsed = parsedDraft(draft);
      const foreseen = parsed === undefined ? nothing : foresee(snapshot, draft.name, parsed);
      const own = nodes === undefined ? [] : foreseen.warnings;
      return { ...foreseen, refused, warnings: [...warnings, ...blind, ...own] };
    });
  }

  async credentials(machineType: string, signal: AbortSignal) {
    return await this.#keeping("see", signal, (kept, ended) => kept.of(machineType, ended));
  }

  async createCredential(
    machineType: string,
    draft: z.infer<typeof credentialDraft>,
    signal: AbortSignal,
  ): Promise<MadeCredentialView> {
    return await this.#keeping("make", signal, async (kept, ended) => {
      // A typing error in an address must not make a credential that nothing answers to.
      await this.#types.get(machineType, ended);
      return await kept.create(machineType, draft, ended);
    });
  }

  async rotateCredential(
    machineType: string,
    id: string,
    how: z.infer<typeof rotation>,
    signal: AbortSignal,
  ): Promise<MadeCredentialView> {
    return await this.#keeping("rotate", signal, (kept, ended) => kept.rotate(machineType, id, how, ended));
  }

  async revokeCredential(machineType: string, id: string, signal: AbortSignal): Promise<CredentialView> {
    return await this.#keeping("revoke", signal, (kept, ended) => kept.revoke(machineType, id, ended));
  }

  async matrix(image: string, signal: AbortSignal): Promise<Matrix> {
    return await this.#doing(seeing, signal, async (ended) => {
      const { watches, matrices, person } = this.#options;
      const [types, nodes, lists] = await Promise.all([
        watches.machineTypes.join(this.#member, ended),
        watches.nodes.joinIfAllowed(this.#member, ended),
        spokenLists(watches, this.#member, ended),
      ]);
      const { snapshot } = this.#snapshot(types, nodes);
      return await matrices.of(image, person, { snapshot, seesNodes: nodes !== undefined, lists }, ended);
    });
  }

  async nodes(query: NodeQuery, signal: AbortSignal) {
    return await this.#doing(seeing, signal, async (ended) => {
      const { watches, nodes: views } = this.#options;
      const [types, nodes] = await Promise.all([
        watches.machineTypes.joinIfAllowed(this.#member, ended),
        watches.nodes.join(this.#member, ended),
      ]);
      const { snapshot, version } = this.#snapshot(types, nodes);
      return { ...views.page(snapshot, query), version, ...withNotes(watches.nodes.notes) };
    });
  }

  async selections(query: SelectionQuery, signal: AbortSignal) {
    return await this.#doing(seeing, signal, async (ended) => {
      const { watches, selections } = this.#options;
      const [types, nodes] = await Promise.all([
        watches.machineTypes.joinIfAllowed(this.#member, ended),
        watches.nodes.joinIfAllowed(this.#member, ended),
      ]);
      const named = nodes === undefined ? undefined : this.#snapshot(types, nodes);
      return await selectionsPage(query, { watches, member: this.#member, rows: selections, named, signal: ended });
    });
  }

  async manifestLists(page: Page, signal: AbortSignal) {
    return await this.#doing(seeing, signal, (ended) => listsPage(this.#options.watches, this.#member, page, ended));
  }

  async changes(tell: (change: Change) => void, signal: AbortSignal): Promise<void> {
    await this.#doing(seeing, signal, (ended) => tellChanges(this.#options.watches, this.#member, tell, ended));
  }

  async close(): Promise<void> {
    this.#signOut.abort(signedOut());
    this.#options.watches.leave(this.#member);
    await this.#options.client.close();
  }

  /** Ends with the request, and with the session: what still runs for one who signed out is cut off. */
  async #doing<T>(deed: Deed, signal: AbortSignal, work: (ended: AbortSignal) => Promise<T>): Promise<T> {
    const ended = AbortSignal.any([signal, this.#signOut.signal]);
    return await asProblem(deed, ended, () => work(ended));
  }

  async #keeping<T>(
    verb: string,
    signal: AbortSignal,
    work: (kept: KeptCredentials, ended: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { credentialsNamespace: namespace, client, registry, wall } = this.#options;
    if (namespace === undefined) throw nowhere();
    const deed = {
      words: `${verb} credentials`,
      right: "list machinecredentials.metahub.dev",
      where: `in namespace ${namespace}`,
    };
    const store = new ClusterStore({ client, namespace, onUnreadable: () => undefined });
    const kept = new KeptCredentials({ store, registry, now: wall });
    return await this.#doing(deed, signal, (ended) => work(kept, ended));
  }

  #snapshot(
    types: ReadonlyMap<string, StoredMachineType> | undefined,
    nodes: ReadonlyMap<string, NodeFacts> | undefined,
  ): NamedSnapshot {
    const { watches, snapshots } = this.#options;
    return snapshots.of(versioned(watches.nodes, nodes), versioned(watches.machineTypes, types));
  }

  /** Credentials that count, by machine type; undefined where the person may not see them. */
  async #active(signal: AbortSignal): Promise<ReadonlyMap<string, number> | undefined> {
    const { watches, wall } = this.#options;
    const all = await watches.credentials?.joinIfAllowed(this.#member, signal);
    if (all === undefined) return undefined;
    const now = wall();
    const counts = new Map<string, number>();
    for (const credential of all.values()) {
      const { machineType } = credential;
      if (machineType === undefined || stateOf({ spec: { secretHash: "", ...credential } }, now) !== "active") continue;
      counts.set(machineType, (counts.get(machineType) ?? 0) + 1);
    }
    return counts;
  }

  /** A machine type as it was just read or written, with what the watches know of it. */
  async #shown(stored: StoredMachineType, signal: AbortSignal): Promise<MachineTypeView> {
    const { watches } = this.#options;
    const [types, nodes, active] = await Promise.all([
      watches.machineTypes.joinIfAllowed(this.#member, signal),
      watches.nodes.joinIfAllowed(this.#member, signal),
      this.#active(signal),
    ]);
    const entry =
      types === undefined || nodes === undefined
        ? undefined
        : this.#snapshot(types, nodes).snapshot.machineTypes.get(stored.name);
    return machineTypeView(stored, {
      entry,
      credentials: active === undefined ? undefined : (active.get(stored.name) ?? 0),
    });
  }

  async #written(stored: StoredMachineType, signal: AbortSignal): Promise<MachineTypeView> {
    const { machineTypes } = this.#options.watches;
    await machineTypes.seen((store) => store.get(stored.name)?.resourceVersion === stored.resourceVersion, signal);
    return await this.#shown(stored, signal);
  }

  async #previewDeletion(
    name: string,
    snapshot: NamedSnapshot["snapshot"],
    warnings: readonly string[],
    signal: AbortSignal,
  ): Promise<Preview> {
    const { watches, selections } = this.#options;
    const [pods, active] = await Promise.all([watches.pods.joinIfAllowed(this.#member, signal), this.#active(signal)]);
    return {
      ...foresee(snapshot, name, undefined),
      refused: [],
      warnings: [...warnings],
      ...(pods === undefined ? {} : { pods: selections.chosenOn(pods.values(), nodesOf(snapshot, name)) }),
      ...(active === undefined ? {} : { credentials: active.get(name) ?? 0 }),
    };
  }
}

const nothing = { nodes: 0, names: [], moved: [], features: [], warnings: [] };

function parsedDraft({ name, spec }: MachineTypeDraft) {
  try {
    return parseMachineType({ apiVersion: metahubApiVersion, kind: "MachineType", metadata: { name }, spec });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // The API server says what is wrong with it.
    return undefined;
  }
}

function versioned<Kept extends object>(
  { version, pending }: SharedWatch<Kept>,
  store: ReadonlyMap<string, Kept> | undefined,
): Versioned<Kept> | undefined {
  return store === undefined ? undefined : { store, version, pending };
}

function signedOut(): ConsoleError {
  return new ConsoleError({ status: 401, title: "Signed out", detail: "This session has ended. Sign in again." });
}

function nowhere(): ConsoleError {
  return new ConsoleError({
    status: 404,
    title: "No credentials are kept here",
    detail: "This console was started without --credentials-namespace, so it does not know where credentials are.",
  });
}
