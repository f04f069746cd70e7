import type { KubernetesClient } from "../../kubernetes/client/client.ts";
import { FolderLists } from "../../lists/folder.ts";
import { ClusterLists } from "../../lists/follow.ts";
import { ListedImages } from "../../lists/listed-images.ts";
import { type ListPowers, noPowers } from "../../lists/power.ts";
import { type ListStatusOptions, ListStatusWriter } from "../../lists/status-writer.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { WatchObserver } from "./watching.ts";

/** The powers of the lists of namespaces, as the operator names them; `*` for any. */
export interface ListRules {
  readonly acrossRepositories: readonly string[];
  readonly atBinding: readonly string[];
}

/** Manifest lists that are followed until the process ends. */
export interface FollowedLists {
  readonly listed: ListedImages;
  /** Resolves once all of them are known. */
  readonly synced: Promise<void>;
  /** Writes what became of them, until the process ends. A folder's have no status. */
  keepStatus(lookup: ListStatusOptions["lookup"]): void;
}

function listPowers({ acrossRepositories, atBinding }: ListRules): ListPowers {
  const names = (given: readonly string[]) => {
    const set = new Set(given);
    return (namespace: string) => set.has("*") || set.has(namespace);
  };
  return { acrossRepositories: names(acrossRepositories), atBinding: names(atBinding) };
}

/** The manifest lists of a cluster. */
export function followLists(
  life: Lifecycle,
  client: KubernetesClient,
  rules: ListRules,
  { observe, log }: { readonly observe: WatchObserver; readonly log: Logger },
): FollowedLists {
  const lists = new ClusterLists({ client, observe });
  life.run("following manifest lists", (signal) => lists.run(signal));
  const powers = listPowers(rules);
  return {
    listed: new ListedImages({ book: () => lists.book(), powers }),
    synced: lists.synced,
    keepStatus: (lookup) => {
      const writer = new ListStatusWriter({ lists, client, powers, lookup, log, now: () => new Date() });
      life.run("writing the status of manifest lists", async (signal) => {
        await lists.synced;
        await writer.run(signal);
      });
    },
  };
}

/** The manifest lists in a folder of YAML files. @throws what keeps it from being read at the start */
export async function followListFolder(life: Lifecycle, folder: string, log: Logger): Promise<FollowedLists> {
  const lists = new FolderLists({
    folder,
    onError: (error) => log.error({ error }, "the folder's manifest lists cannot be used; what was read before stays"),
  });
  life.atEnd("the manifest lists", () => lists.close());
  await lists.synced;
  const listed = new ListedImages({ book: () => lists.book(), powers: noPowers });
  return { listed, synced: lists.synced, keepStatus: () => undefined };
}
