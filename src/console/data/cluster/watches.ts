import { randomBytes } from "node:crypto";
import type { ReflectorEvent } from "../../../kubernetes/reflector/options.ts";
import type { Clock } from "../../../time/clock.ts";
import * as kinds from "./kinds.ts";
import type { Member } from "./member.ts";
import { SharedWatch } from "./shared-watch.ts";

export interface WatchesOptions {
  readonly clock: Pick<Clock, "now" | "after">;
  readonly observe: (resource: string, event: ReflectorEvent) => void;
  readonly onLeftOut: (resource: string) => void;
  /** Where credentials are kept; undefined: nowhere. */
  readonly credentialsNamespace: string | undefined;
}

/** The watches that people share: one of each kind, for as long as somebody looks. */
export class Watches {
  /** Stands before numbers of versions: another process counts from one again. */
  readonly run = randomBytes(6).toString("hex");
  readonly clock: WatchesOptions["clock"];
  readonly nodes;
  readonly machineTypes;
  readonly pods;
  readonly namespaces;
  readonly lists;
  readonly clusterLists;
  readonly credentials;

  constructor({ credentialsNamespace, ...options }: WatchesOptions) {
    this.clock = options.clock;
    this.nodes = new SharedWatch({ ...options, kind: kinds.watchedNodes });
    this.machineTypes = new SharedWatch({ ...options, kind: kinds.watchedMachineTypes });
    this.pods = new SharedWatch({ ...options, kind: kinds.watchedPods });
    this.namespaces = new SharedWatch({ ...options, kind: kinds.watchedNamespaces });
    this.lists = new SharedWatch({ ...options, kind: kinds.watchedLists });
    this.clusterLists = new SharedWatch({ ...options, kind: kinds.watchedClusterLists });
    this.credentials =
      credentialsNamespace === undefined
        ? undefined
        : new SharedWatch({ ...options, kind: kinds.watchedCredentials(credentialsNamespace) });
  }

  /** Somebody signed out. */
  leave(member: Member): void {
    for (const watch of this.#all) watch.leave(member);
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((watch) => watch.close()));
  }

  get #all() {
    const { nodes, machineTypes, pods, namespaces, lists, clusterLists, credentials } = this;
    return [
      nodes,
      machineTypes,
      pods,
      namespaces,
      lists,
      clusterLists,
      ...(credentials === undefined ? [] : [credentials]),
    ];
  }
}
