import type { RegistryClient } from "../../../registry/client.ts";
import { KeptCredentials } from "../credentials.ts";
import type { ConsoleData } from "../data.ts";
import { Matrices } from "../matrix/matrix.ts";
import { NodeViews } from "../nodes/view.ts";
import { FolderBackend } from "./backend.ts";
import { MachineTypeFiles } from "./files.ts";
import { FollowedContent } from "./follow.ts";
import { GuardedFolderStore } from "./store.ts";
import { folderTypeView } from "./views.ts";

export interface FolderDataOptions {
  readonly folder: string;
  /** Whether people may change what is in it. */
  readonly writable: boolean;
  /** Asks the registries that the operator allows. Closed by whoever made it. */
  readonly registries: RegistryClient;
  /** Host, or host and port, for the ready lines of credentials. */
  readonly registry: string | undefined;
  /** Told of a folder that cannot be used: for logs. */
  readonly onError: (error: unknown) => void;
  readonly now?: () => Date;
}

/** The data of a folder of manifests, as `metahub explain -f` and `metahub proxy --inventory` read it. */
export function openFolderData(options: FolderDataOptions): ConsoleData {
  const { folder, writable, registry, onError, now = () => new Date() } = options;
  const followed = new FollowedContent({ folder, onError });
  const shared = {
    followed,
    writable,
    now,
    files: new MachineTypeFiles(folder, (stored) => folderTypeView(stored, followed.content, now())),
    credentials: new KeptCredentials({ store: new GuardedFolderStore(folder), registry, now }),
    matrices: new Matrices(options.registries),
    nodes: new NodeViews(),
  };
  return {
    kind: "folder",
    ready: followed.synced,
    backendFor: ({ name }) => new FolderBackend({ ...shared, person: name }),
    close: () => followed.close(),
  };
}
