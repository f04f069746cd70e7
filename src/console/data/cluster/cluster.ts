import type { ClusterAccess } from "../../../kubernetes/access/access.ts";
import { TokenClients } from "../../../kubernetes/client/token-clients.ts";
import type { ReflectorEvent } from "../../../kubernetes/reflector/options.ts";
import { version } from "../../../process/version.ts";
import type { RegistryClient } from "../../../registry/client.ts";
import { type Clock, systemClock } from "../../../time/clock.ts";
import type { ConsoleData } from "../data.ts";
import { Matrices } from "../matrix/matrix.ts";
import { NodeViews } from "../nodes/view.ts";
import { SelectionRows } from "../selections/rows.ts";
import { ClusterBackend, type SharedOfCluster } from "./backend.ts";
import { isHandover } from "./owned-client.ts";
import { Reviews } from "./reviews.ts";
import { Snapshots } from "./snapshots.ts";
import { Watches } from "./watches.ts";

export interface ClusterDataOptions {
  /** The API server: address, CA and proxy count. Whatever it says of a user is never sent. */
  readonly address: ClusterAccess;
  /** Where credentials are kept; undefined: nowhere. */
  readonly credentialsNamespace: string | undefined;
  /** Asks the registries that the operator allows. Closed by whoever made it. */
  readonly registries: RegistryClient;
  /** Host, or host and port, for the ready lines of credentials. */
  readonly registry: string | undefined;
  /** Told of watches that fail, and of objects that cannot be read: for logs. */
  readonly onError: (error: unknown) => void;
  /** Says when rights are asked for again, and who is idle. */
  readonly clock?: Clock;
}

/** The data of a cluster, each request with the token of who asks. */
export function openClusterData(options: ClusterDataOptions): ConsoleData {
  const { address: access, credentialsNamespace, registry, onError, clock = systemClock } = options;
  const observe = (_: string, event: ReflectorEvent): void => {
    if (event.type === "failed" && !isHandover(event.error)) onError(event.error);
    if (event.type === "unreadable" || event.type === "listener-failed") onError(event.error);
  };
  const clients = new TokenClients({ access, userAgent: `metahub-console/${version}` });
  const now = (): number => clock.now();
  const onLeftOut = (resource: string): void =>
    onError(new Error(`there are more ${resource} than are kept: some are not shown`));
  const watches = new Watches({ clock, observe, onLeftOut, credentialsNamespace });
  const shared: SharedOfCluster = {
    watches,
    snapshots: new Snapshots(now),
    nodes: new NodeViews(),
    selections: new SelectionRows(),
    matrices: new Matrices(options.registries),
    credentialsNamespace,
    registry,
    wall: () => clock.wall(),
  };
  return {
    kind: "cluster",
    ready: Promise.resolve(),
    backendFor: (person) => {
      if (person.kind !== "token") throw new TypeError("a cluster is asked with a person's token");
      const client = clients.clientFor(() => person.token);
      return new ClusterBackend({ ...shared, person: person.name, client, reviews: new Reviews(client, now) });
    },
    close: async () => {
      await watches.close();
      await clients.close();
    },
  };
}
