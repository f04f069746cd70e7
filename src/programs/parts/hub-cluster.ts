import { ClusterCredentials, machineCredentialResource } from "../../identity/cluster-credentials.ts";
import { LastUse } from "../../identity/last-use.ts";
import { MachineTypeInventory } from "../../inventory/machine-types.ts";
import { KeyError } from "../../keys/error.ts";
import { parseSigningKeys, type SigningKeys } from "../../keys/signing-keys.ts";
import { tokenKeysMember } from "../../keys/token-rules.ts";
import type { KubernetesClient } from "../../kubernetes/client/client.ts";
import type { FollowedSecret } from "../../kubernetes/secrets/follow.ts";
import type { Logger } from "../../telemetry/log.ts";
import { contentOf, type FollowOptions, followHubFolder, type Hub } from "./hub-folder.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { followClusterLists } from "./lists.ts";
import type { PreparedSettings } from "./upstreams.ts";
import type { WatchObserver } from "./watching.ts";

export interface ClusterHubOptions extends Omit<FollowOptions, "folder"> {
  readonly client: KubernetesClient;
  /** Holds a ProxyConfig. Absent: the settings are as the flags say. */
  readonly configFolder: string | undefined;
  /** The Secret that the keeper keeps. */
  readonly tokenKeys: FollowedSecret;
  readonly observe: WatchObserver;
}

/**
 * Machine types, credentials and the manifest lists for everybody of a cluster, keys of its keeper, and the settings of a folder.
 * @throws what keeps the folder from being read
 */
export async function clusterHub(life: Lifecycle, options: ClusterHubOptions): Promise<Hub> {
  const { client, observe, configFolder, tokenKeys, tell, prepare } = options;
  const { log } = tell;
  const settings = await settingsOf(life, configFolder, options, () => prepare(undefined));
  const inventory = new MachineTypeInventory({ client, observe });
  life.atEnd("the machine types", () => inventory.close());
  const lastUse = new LastUse({
    now: () => new Date(),
    write: async ({ metadata: { name, namespace } }, lastUsed, signal) => {
      const target = { resource: machineCredentialResource, namespace, name, subresource: "status" };
      await client.patch(
        target,
        { type: "merge", body: { status: { lastUsed } } },
        { signal, fieldManager: "metahub-proxy" },
      );
    },
    onError: (error, credential) =>
      log.warn({ error, credential }, "when a credential was last used cannot be written"),
  });
  life.run("telling when credentials are used", (signal) => lastUse.run(signal));
  const credentials = new ClusterCredentials({
    client,
    observe,
    onError: (error) => log.error({ error }, "the credentials cannot all be kept; those before go on counting"),
    onChange: (current) => {
      lastUse.keepOnly(current.ids);
      if (current.ignored.length > 0) {
        log.warn({ ignored: current.ignored.slice(0, 16) }, "too many credentials of one user name");
      }
    },
  });
  life.atEnd("the credentials", () => credentials.close());
  // Those of a namespace say nothing to machines outside of it.
  const telling = { observe, log, metrics: tell.metrics.lists };
  const lists = followClusterLists(life, client, telling, ["ClusterManifestList"]);
  const { keys, there } = followTokenKeys(tokenKeys, log);
  return {
    synced: Promise.all([inventory.synced, credentials.synced, lists.synced, there]).then(() => undefined),
    content: () => ({
      credentials: credentials.current,
      snapshot: inventory.snapshot(),
      settings: settings(),
      lists: lists.book(),
    }),
    keys,
    used: (id) => {
      const credential = credentials.current.byId(id);
      if (credential !== undefined) lastUse.used(credential);
    },
  };
}

async function settingsOf(
  life: Lifecycle,
  folder: string | undefined,
  options: Omit<FollowOptions, "folder">,
  otherwise: () => Promise<PreparedSettings>,
): Promise<() => PreparedSettings> {
  if (folder === undefined) {
    const settings = await otherwise();
    return () => settings;
  }
  const hub = await followHubFolder(life, { ...options, folder });
  return () => contentOf(hub).settings;
}

/** The keys as they change. A text that cannot be read changes nothing. */
function followTokenKeys(
  secret: FollowedSecret,
  log: Logger,
): { readonly keys: () => SigningKeys; readonly there: Promise<void> } {
  let keys: SigningKeys = [];
  const there = Promise.withResolvers<void>();
  secret.read((data) => {
    try {
      const read = parseSigningKeys(data[tokenKeysMember] ?? "");
      if (read.length > 0) keys = read;
      if (keys.length > 0) there.resolve();
    } catch (error) {
      if (!(error instanceof KeyError)) throw error;
      log.error({ error, secret: secret.place }, "the keys of tokens cannot be read, and those before go on counting");
    }
  });
  return { keys: () => keys, there: there.promise };
}
