import type { KubernetesClient } from "../../kubernetes/client/client.ts";
import { FolderLists } from "../../lists/folder.ts";
import { ClusterLists } from "../../lists/follow.ts";
import { ListedImages } from "../../lists/listed-images.ts";
import { type ListPowers, noPowers } from "../../lists/power.ts";
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
}

export function listPowers({ acrossRepositories, atBinding }: ListRules): ListPowers {
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
  observe: WatchObserver,
): FollowedLists {
  const lists = new ClusterLists({ client, observe });
  life.run("following manifest lists", (signal) => lists.run(signal));
  return { listed: new ListedImages({ book: () => lists.book(), powers: listPowers(rules) }), synced: lists.synced };
}

/** The manifest lists in a folder of YAML files. @throws what keeps it from being read at the start */
export async function followListFolder(life: Lifecycle, folder: string, log: Logger): Promise<FollowedLists> {
  const lists = new FolderLists({
    folder,
    onError: (error) => log.error({ error }, "the folder's manifest lists cannot be used; what was read before stays"),
  });
  life.atEnd("the manifest lists", () => lists.close());
  await lists.synced;
  return { listed: new ListedImages({ book: () => lists.book(), powers: noPowers }), synced: lists.synced };
}
