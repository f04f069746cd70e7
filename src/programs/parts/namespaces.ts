import { Namespaces } from "../../inventory/namespaces.ts";
import type { KubernetesClient } from "../../kubernetes/client/client.ts";
import type { Logger } from "../../telemetry/log.ts";
import { NamespaceReach } from "../../webhook/reach.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { WatchObserver } from "./watching.ts";

/** Which namespaces are meant. */
export interface NamespaceRules {
  /** Names of namespaces that are left alone. */
  readonly excluded: readonly string[];
  /** Whether namespaces and Pods must opt in by their label. */
  readonly optIn: boolean;
}

/** The rules, and a promise that resolves once the labels of all namespaces are known. */
export interface FollowedNamespaces {
  readonly reach: NamespaceReach;
  readonly synced: Promise<void>;
}

/** Follows the labels of a cluster's namespaces until the process ends. Without a client only the excluded names count. */
export function followNamespaces(
  life: Lifecycle,
  rules: NamespaceRules,
  client: KubernetesClient | undefined,
  { observe, log }: { readonly observe: WatchObserver; readonly log: Logger },
): FollowedNamespaces {
  if (client === undefined) return { reach: new NamespaceReach({ ...rules, log }), synced: Promise.resolve() };
  const namespaces = new Namespaces({ client, observe: (event) => observe("namespaces", event) });
  life.run("following namespaces", (signal) => namespaces.run(signal));
  const wordOf = (name: string, signal: AbortSignal) => namespaces.wordOf(name, signal);
  return { reach: new NamespaceReach({ ...rules, wordOf, log }), synced: namespaces.synced };
}
