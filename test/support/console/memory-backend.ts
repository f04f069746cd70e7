import { EventEmitter } from "node:events";
import type { Person } from "../../../src/console/backend.ts";
import type { CredentialView } from "../../../src/console/contract/credentials.ts";
import type { MachineTypeDraft, MachineTypeView } from "../../../src/console/contract/machine-types.ts";
import type { Change } from "../../../src/console/contract/views.ts";
import type { SignedInBackend } from "../../../src/console/data/data.ts";
import { ConsoleError } from "../../../src/console/error.ts";
import { aborted } from "../../../src/time/aborted.ts";

const digest = `sha256:${"a".repeat(64)}`;

/** What all people of a test see, in memory, and what went through it. */
export class MemoryPlace {
  readonly types = new Map<string, MachineTypeView>();
  readonly changes = new EventEmitter<{ change: [Change] }>().setMaxListeners(0);
  /** `NAME METHOD`, of each call that changes something. */
  readonly written: string[] = [];
  /** Whose backends were closed. */
  readonly closed: string[] = [];
  /** Thrown by the next calls. */
  failure: Error | undefined;
  /** Awaited by reading calls. */
  hold: Promise<void> | undefined;

  backend(person: Person): SignedInBackend {
    return memoryBackend(this, person);
  }

  get version(): string {
    return [...this.types.values()].map((type) => `${type.name}@${type.resourceVersion}`).join();
  }

  async enter(): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    await this.hold;
  }
}

export function viewOf({ name, spec }: MachineTypeDraft, resourceVersion = "1"): MachineTypeView {
  return {
    name,
    resourceVersion,
    spec,
    external: false,
    platform: "linux/amd64",
    features: [{ namespace: "cpu", features: [{ feature: "cpu:zen4", declared: true, says: "AMD Zen 4" }] }],
    nodes: 2,
    profiles: [{ features: ["cpu:zen4"], nodes: 2, example: "node1" }],
    conditions: [{ type: "Homogeneous", status: "True", reason: "Same", message: "" }],
    credentials: 1,
    yaml: "kind: MachineType\n",
    changed: "2026-01-01T00:00:00Z",
  };
}

const credential: CredentialView = { id: "login", username: "type1", state: "active" };
const allVerbs = ["list", "watch", "create", "update", "delete"] as const;

function memoryBackend(place: MemoryPlace, person: Person): SignedInBackend {
  const write = async (method: string): Promise<void> => {
    await place.enter();
    place.written.push(`${person.name} ${method}`);
  };
  const find = (name: string): MachineTypeView => {
    const found = place.types.get(name);
    if (found !== undefined) return found;
    throw new ConsoleError({ status: 404, title: "Not found", detail: `There is no machine type ${name}.` });
  };
  const checkVersion = (name: string, resourceVersion: string | undefined): void => {
    const current = find(name);
    if (resourceVersion === undefined || resourceVersion === current.resourceVersion) return;
    throw new ConsoleError({ status: 409, title: "Changed meanwhile", detail: "Look at it again.", current });
  };
  const page = { total: 1, version: "1" };
  const made = { credential, secret: "s3cret", lines: [{ client: "docker", text: "docker login" }] };
  return {
    place: { kind: "folder", writable: true },
    may: async () => {
      await place.enter();
      const verbs = [...allVerbs];
      return {
        machineTypes: verbs,
        manifestLists: verbs,
        nodes: verbs,
        pods: verbs,
        credentials: { namespace: "hpc", verbs },
      };
    },
    machineTypes: async () => {
      await place.enter();
      return { items: [...place.types.values()], version: place.version };
    },
    machineType: async (name) => {
      await place.enter();
      return find(name);
    },
    createMachineType: async (draft) => {
      await write("create");
      place.types.set(draft.name, viewOf(draft));
      return viewOf(draft);
    },
    replaceMachineType: async (draft) => {
      await write("replace");
      checkVersion(draft.name, draft.resourceVersion);
      const next = viewOf(draft, String(Number(find(draft.name).resourceVersion) + 1));
      place.types.set(draft.name, next);
      return next;
    },
    deleteMachineType: async (name, resourceVersion) => {
      await write("delete");
      checkVersion(name, resourceVersion);
      place.types.delete(name);
    },
    preview: async (_draft, deletion) => {
      await place.enter();
      const moved = [{ from: null, to: "type1", nodes: 1 }];
      const more = deletion ? { pods: 1, credentials: 1 } : {};
      return { nodes: 1, names: ["node1"], moved, features: ["cpu:zen4"], refused: [], warnings: [], ...more };
    },
    credentials: async () => {
      await place.enter();
      return { items: [credential], version: "1" };
    },
    createCredential: async () => {
      await write("create credential");
      return made;
    },
    rotateCredential: async () => {
      await write("rotate credential");
      return { ...made, formerEnds: "2026-01-01T00:00:00Z" };
    },
    revokeCredential: async () => {
      await write("revoke credential");
      return { ...credential, state: "revoked" };
    },
    matrix: async (image) => {
      await place.enter();
      const variant = { digest, platform: "linux/amd64", requires: [["cpu:zen4"]], position: 0, says: "an AMD Zen 4" };
      const machine = {
        kind: "MachineType" as const,
        name: "type1",
        platform: "linux/amd64",
        offers: ["cpu:zen4"],
        selected: digest,
        action: "rewrite" as const,
        reason: "the best",
        considered: [{ digest, outcome: "selected" as const }],
        warnings: [],
      };
      return { image, digest, variants: [variant], machines: [machine] };
    },
    nodes: async ({ limit, search }) => {
      await place.enter();
      const features = [{ feature: "cpu:zen4", from: "declared" }];
      const node = { machineType: null, profile: "p1", platform: "linux/amd64", features, notBelieved: [] };
      return { items: [{ ...node, name: `${search ?? "node1"} of ${limit}` }], ...page };
    },
    selections: async () => {
      await place.enter();
      const asked = { namespace: "default", pod: "p", container: "c", asked: "a:1", image: "a@b", reason: "the best" };
      return { items: [{ ...asked, at: "2026-01-01T00:00:00Z", state: "best" }], ...page };
    },
    manifestLists: async () => {
      await place.enter();
      const list = { kind: "ManifestList" as const, namespace: "default", name: "l", image: "a:1", yaml: "" };
      return { items: [{ ...list, entries: [{ image: "a:1", requires: [] }], conditions: [] }], ...page };
    },
    changes: async (tell, signal) => {
      await place.enter();
      place.changes.on("change", tell);
      await aborted(signal);
      place.changes.off("change", tell);
    },
    close: () => {
      place.closed.push(person.name);
      return Promise.resolve();
    },
  };
}
