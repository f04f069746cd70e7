import { metahubApiVersion } from "../../../api/machine-type.ts";
import { machineTypeResource } from "../../../inventory/cluster.ts";
import type { KubernetesClient } from "../../../kubernetes/client/client.ts";
import { isKubernetesError } from "../../../kubernetes/error.ts";
import type { KubernetesObject } from "../../../kubernetes/object.ts";
import type { MachineTypeDraft, Preview } from "../../contract/machine-types.ts";
import { ConsoleError } from "../../error.ts";
import { type StoredMachineType, storedMachineType } from "../machine-types/stored.ts";
import { asProblem, conflict, type Deed, invalid, problemOf } from "../problems.ts";

const fieldManager = "metahub-console";

const deeds = {
  see: { words: "see machine types", right: "get machinetypes.metahub.dev" },
  create: { words: "add machine types", right: "create machinetypes.metahub.dev" },
  update: { words: "change machine types", right: "update machinetypes.metahub.dev" },
  delete: { words: "delete machine types", right: "delete machinetypes.metahub.dev" },
} as const satisfies Record<string, Deed>;

/** Turns a stored machine type into what a person is shown of it, for conflicts. */
type Show = (stored: StoredMachineType) => unknown;

/** The machine types of a cluster, written with one person's token. All reject with ConsoleError. */
export class MachineTypeWrites {
  readonly #client: KubernetesClient;
  readonly #show: Show;

  constructor(client: KubernetesClient, show: Show) {
    this.#client = client;
    this.#show = show;
  }

  get(name: string, signal: AbortSignal): Promise<StoredMachineType> {
    return asProblem(deeds.see, signal, async () => storedMachineType(await this.#get(name, signal)));
  }

  async create(draft: MachineTypeDraft, signal: AbortSignal): Promise<StoredMachineType> {
    try {
      return storedMachineType(await this.#create(draft, false, signal));
    } catch (error) {
      if (!isKubernetesError(error, "ALREADY_EXISTS")) throw problemOf(error, deeds.create, signal);
      const detail = `There is a machine type ${draft.name} already. Take another name.`;
      throw conflict(detail, await this.#current(draft.name, signal));
    }
  }

  async replace(draft: MachineTypeDraft, signal: AbortSignal): Promise<StoredMachineType> {
    try {
      return storedMachineType(await this.#update(draft, false, signal));
    } catch (error) {
      if (!isKubernetesError(error, "CONFLICT")) throw problemOf(error, deeds.update, signal);
      throw await this.#changed(draft.name, signal);
    }
  }

  async delete(name: string, resourceVersion: string | undefined, signal: AbortSignal): Promise<void> {
    const preconditions = resourceVersion === undefined ? {} : { preconditions: { resourceVersion } };
    try {
      await this.#client.delete({ resource: machineTypeResource, name }, { signal, ...preconditions });
    } catch (error) {
      if (!isKubernetesError(error, "CONFLICT")) throw problemOf(error, deeds.delete, signal);
      throw await this.#changed(name, signal);
    }
  }

  /**
   * Asks by a dry run which fields of a draft the API server would refuse, and which right the person lacks: nothing is stored.
   * @throws ConsoleError where the API server cannot be asked
   */
  async tried(draft: MachineTypeDraft, signal: AbortSignal): Promise<Pick<Preview, "refused" | "warnings">> {
    const isNew = draft.resourceVersion === undefined;
    const deed = isNew ? deeds.create : deeds.update;
    try {
      await (isNew ? this.#create(draft, true, signal) : this.#update(draft, true, signal));
      return { refused: [], warnings: [] };
    } catch (error) {
      return toldBy(problemOf(error, deed, signal), isNew);
    }
  }

  #get(name: string, signal: AbortSignal): Promise<KubernetesObject> {
    return this.#client.get({ resource: machineTypeResource, name }, { signal });
  }

  #create({ name, spec }: MachineTypeDraft, dryRun: boolean, signal: AbortSignal): Promise<KubernetesObject> {
    const body = { apiVersion: metahubApiVersion, kind: "MachineType", metadata: { name }, spec };
    return this.#client.create({ resource: machineTypeResource }, body, { signal, dryRun, strict: true, fieldManager });
  }

  /** With the labels, annotations and finalizers that it has: a person writes its spec. */
  async #update(draft: MachineTypeDraft, dryRun: boolean, signal: AbortSignal): Promise<KubernetesObject> {
    const { name, resourceVersion, spec } = draft;
    if (resourceVersion === undefined) {
      const message = "is needed: the one that was read, so that nobody else's change is lost";
      throw invalid(`resourceVersion ${message}`, [{ path: "resourceVersion", message }]);
    }
    const { status: _, ...before } = await this.#get(name, signal);
    const body = { ...before, metadata: { ...before.metadata, resourceVersion }, spec };
    const options = { signal, dryRun, strict: true, fieldManager };
    return await this.#client.update({ resource: machineTypeResource, name }, body, options);
  }

  async #changed(name: string, signal: AbortSignal): Promise<ConsoleError> {
    const detail = "Somebody else changed it since you opened it. Compare both, and save again.";
    return conflict(detail, await this.#current(name, signal));
  }

  /** Undefined where the person may not see it, or it is gone. */
  async #current(name: string, signal: AbortSignal): Promise<unknown> {
    try {
      return this.#show(storedMachineType(await this.#get(name, signal)));
    } catch (error) {
      if (isKubernetesError(error, "FORBIDDEN", "NOT_FOUND")) return undefined;
      throw problemOf(error, deeds.see, signal);
    }
  }
}

/** A refusal as part of a preview. @throws all that is none */
function toldBy(problem: unknown, isNew: boolean): Pick<Preview, "refused" | "warnings"> {
  if (!(problem instanceof ConsoleError)) throw problem;
  const { status, detail, fields } = problem.problem;
  switch (status) {
    case 403:
      return { refused: [], warnings: [detail] };
    case 404:
    case 422:
      return { refused: fields ?? [{ path: "", message: detail }], warnings: [] };
    case 409:
      return isNew
        ? { refused: [{ path: "name", message: "is taken by another machine type" }], warnings: [] }
        : { refused: [], warnings: ["Somebody else changed it since you opened it."] };
    default:
      throw problem;
  }
}
