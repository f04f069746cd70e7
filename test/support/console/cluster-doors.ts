import type { Person } from "../../../src/console/backend.ts";
import type { SignedInBackend } from "../../../src/console/data/data.ts";
import { openFolderData } from "../../../src/console/data/folder/folder.ts";
import { ConsoleError } from "../../../src/console/error.ts";
import { machineTypeResource } from "../../../src/inventory/cluster.ts";
import { KubernetesClient } from "../../../src/kubernetes/client/client.ts";
import { isKubernetesError } from "../../../src/kubernetes/error.ts";
import type { ClusterDataOptions, DataDoors } from "../../../src/programs/parts/console-place.ts";
import { MemoryPlace, viewOf } from "./memory-backend.ts";

/** A cluster's machine types by each person's own token and nothing else, so that a test sees what HTTP lets through. */
export const clusterDoors: DataDoors = {
  folder: openFolderData,
  cluster: ({ address }) => ({
    kind: "cluster",
    ready: Promise.resolve(),
    backendFor: (person) => clusterBackend(address, person),
    close: () => Promise.resolve(),
  }),
};

function clusterBackend(address: ClusterDataOptions["address"], person: Person): SignedInBackend {
  const memory = new MemoryPlace().backend(person);
  const ask = async <T>(work: (client: KubernetesClient) => Promise<T>): Promise<T> => {
    // At each call: the token may have been renewed.
    const token = person.kind === "token" ? person.token : undefined;
    const client = new KubernetesClient({ access: { ...address, user: { token } }, userAgent: "test" });
    try {
      return await work(client);
    } catch (error) {
      if (!isKubernetesError(error, "FORBIDDEN")) throw error;
      const missing = "update machinetypes.metahub.dev";
      throw new ConsoleError({ status: 403, title: "Not allowed", detail: error.message, missing });
    } finally {
      await client.close();
    }
  };
  const body = (name: string, spec: unknown, resourceVersion?: string) => ({
    apiVersion: "metahub.dev/v1alpha1",
    kind: "MachineType",
    metadata: { name, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
    spec,
  });
  return {
    ...memory,
    place: { kind: "cluster" },
    machineTypes: (signal) =>
      ask(async (client) => {
        const items = [];
        for await (const { metadata } of client.list({ resource: machineTypeResource }, { signal })) {
          items.push(viewOf({ name: metadata.name, spec: {} }));
        }
        return { items, version: "1" };
      }),
    createMachineType: (draft, signal) =>
      ask(async (client) => {
        await client.create({ resource: machineTypeResource }, body(draft.name, draft.spec), { signal });
        return viewOf(draft);
      }),
    replaceMachineType: (draft, signal) =>
      ask(async (client) => {
        const target = { resource: machineTypeResource, name: draft.name };
        await client.update(target, body(draft.name, draft.spec, draft.resourceVersion), { signal });
        return viewOf(draft);
      }),
    deleteMachineType: (name, _version, signal) =>
      ask((client) => client.delete({ resource: machineTypeResource, name }, { signal })),
  };
}
