import type { HealthServer } from "../../http/health.ts";
import { openKeyFile } from "../../identity/key-file.ts";
import type { SigningKeys } from "../../keys/signing-keys.ts";
import type { ListMetrics } from "../../lists/metrics.ts";
import type { ProxyConfig } from "../../proxy/config.ts";
import { type HubContent, HubFolder } from "../../proxy/hub-folder.ts";
import type { ProxyMetrics } from "../../proxy/metrics.ts";
import type { Logger } from "../../telemetry/log.ts";
import { pause, systemClock } from "../../time/clock.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { reportLists } from "./lists.ts";
import type { PreparedSettings } from "./upstreams.ts";

/** Between two looks at the keys that sign tokens, ms: a new one signs ten minutes after it was made. */
const keyLookMs = 60_000;

/** All that a filtering registry goes by, at each moment. */
export interface Hub {
  readonly synced: Promise<void>;
  /** To be asked once it is synced. */
  content(): HubContent<PreparedSettings>;
  /** The keys that sign tokens. */
  keys(): SigningKeys;
  /** A credential was used just now, by its id. */
  used(credential: string): void;
}

export interface FollowOptions {
  readonly folder: string;
  readonly prepare: (config: ProxyConfig | undefined) => Promise<PreparedSettings>;
  readonly externalUrl: URL;
  /** Called after each reading that counts. */
  readonly onTaken?: () => void;
  readonly tell: {
    readonly log: Logger;
    readonly metrics: Pick<ProxyMetrics, "folder"> & { readonly lists: ListMetrics };
    readonly health: Pick<HealthServer, "setNote">;
  };
}

/** Characters of a mistake that `/readyz` repeats; the log has all of it. */
const longestNote = 300;

/** @throws what keeps the folder from being read: a mistake in a file should be seen at once */
export async function followHubFolder(
  life: Lifecycle,
  { folder, prepare, externalUrl, onTaken, tell: { log, metrics, health } }: FollowOptions,
): Promise<HubFolder<PreparedSettings>> {
  const hub = new HubFolder({
    folder,
    prepare,
    onError: (error) => {
      log.error({ error }, "the folder cannot be used; all that was read before stays, credentials too");
      metrics.folder(false);
      const reason = error instanceof Error ? error.message.replaceAll(/\s+/g, " ").slice(0, longestNote) : "";
      health.setNote(`the folder's last change is not applied: ${reason}`);
    },
    onChange: ({ credentials: { ignored }, settings: { below } }) => {
      for (const host of below(externalUrl.hostname)) {
        log.warn({ host }, "redirectBlobs: this upstream has our own name or one below it; clients are not sent there");
      }
      metrics.folder(true);
      health.setNote(undefined);
      onTaken?.();
      if (ignored.length > 0) log.warn({ ignored: ignored.slice(0, 16) }, "too many credentials of one user name");
    },
  });
  life.atEnd("the folder", () => hub.close());
  await hub.synced;
  return hub;
}

/** The keys as they are at each moment. @throws IdentityError where the file cannot be used */
async function followKeyFile(life: Lifecycle, path: string, log: Logger): Promise<() => SigningKeys> {
  let keys = await openKeyFile(path, new Date(), life.signal);
  life.run("the keys that sign tokens", async (signal) => {
    while (!signal.aborted) {
      try {
        await pause(systemClock, keyLookMs, signal);
        keys = await openKeyFile(path, new Date(), signal);
      } catch (error) {
        if (!signal.aborted)
          log.error({ error }, "the keys that sign tokens cannot be renewed; those before go on counting");
      }
    }
  });
  return () => keys;
}

/**
 * A folder of machines, credentials, manifest lists and settings, and a file of keys.
 * @throws what keeps one of them from being read: a mistake should be seen at once
 */
export async function folderHub(life: Lifecycle, options: FollowOptions, keyFile: string): Promise<Hub> {
  const { log, metrics } = options.tell;
  const report = reportLists(life, { book: () => contentOf(hub).lists }, { log, metrics: metrics.lists });
  const hub: HubFolder<PreparedSettings> = await followHubFolder(life, { ...options, onTaken: () => report.changed() });
  const keys = await followKeyFile(life, keyFile, log);
  return { synced: hub.synced, content: () => contentOf(hub), keys, used: () => undefined };
}

export function contentOf({ content }: HubFolder<PreparedSettings>): HubContent<PreparedSettings> {
  if (content === undefined) throw new Error("the folder was not read yet");
  return content;
}
