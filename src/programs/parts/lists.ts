import type { KubernetesClient } from "../../kubernetes/client/client.ts";
import { FolderLists } from "../../lists/folder.ts";
import { ClusterLists, type ClusterListsOptions } from "../../lists/follow.ts";
import { ListedImages } from "../../lists/listed-images.ts";
import type { ListMetrics } from "../../lists/metrics.ts";
import { type ListRules, noPowers, powersOf } from "../../lists/power.ts";
import { ListReport, type ListReportOptions } from "../../lists/report.ts";
import { type ListStatusOptions, ListStatusWriter } from "../../lists/status-writer.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { WatchObserver } from "./watching.ts";

/** Manifest lists that are followed until the process ends. */
export interface FollowedLists {
  readonly listed: ListedImages;
  /** Resolves once all of them are known. */
  readonly synced: Promise<void>;
  /** Writes what became of them, until the process ends. A folder's have no status. */
  keepStatus(lookup: ListStatusOptions["lookup"]): void;
}

export interface ListTelling {
  readonly log: Logger;
  readonly metrics: ListMetrics;
}

/** Tells which lists do not count, until the process ends. To be told of each change. */
export function reportLists(
  life: Lifecycle,
  lists: Pick<ListReportOptions, "book" | "dropped">,
  { log, metrics }: ListTelling,
): ListReport {
  const report = new ListReport({ ...lists, metrics, log });
  life.atEnd("telling of manifest lists", async () => report.close());
  return report;
}

/** The manifest lists of a cluster, kept true until the process ends; of both kinds, unless they are named. */
export function followClusterLists(
  life: Lifecycle,
  client: KubernetesClient,
  { observe, ...tell }: ListTelling & { readonly observe: WatchObserver },
  kinds?: ClusterListsOptions["kinds"],
): ClusterLists {
  const lists = new ClusterLists({ client, observe, ...(kinds === undefined ? {} : { kinds }) });
  const report = reportLists(life, { book: () => lists.book(), dropped: () => lists.dropped() }, tell);
  lists.onChange(() => report.changed());
  life.run("following manifest lists", (signal) => lists.run(signal));
  return lists;
}

/** The manifest lists of a cluster. */
export function followLists(
  life: Lifecycle,
  client: KubernetesClient,
  rules: ListRules,
  tell: ListTelling & { readonly observe: WatchObserver },
): FollowedLists {
  const { log } = tell;
  const lists = followClusterLists(life, client, tell);
  const powers = powersOf(rules);
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
export async function followListFolder(life: Lifecycle, folder: string, tell: ListTelling): Promise<FollowedLists> {
  const { log } = tell;
  const report = reportLists(life, { book: () => lists.book() }, tell);
  const lists: FolderLists = new FolderLists({
    folder,
    onChange: () => report.changed(),
    onError: (error) => log.error({ error }, "the folder's manifest lists cannot be used; what was read before stays"),
  });
  life.atEnd("the manifest lists", () => lists.close());
  await lists.synced;
  const listed = new ListedImages({ book: () => lists.book(), powers: noPowers });
  return { listed, synced: lists.synced, keepStatus: () => undefined };
}
