import type { KubernetesObject } from "../kubernetes/object.ts";
import { onAbort } from "../time/on-abort.ts";
import { type CalledWebhook, calledWebhooks } from "./called.ts";
import type { CertificateDuty } from "./certificate-duty.ts";
import type { ConfigurationName } from "./configurations.ts";
import type { KeeperContext, NextLook, ReadConfiguration, ReadConfigurations } from "./context.ts";
import type { KeyDuty } from "./key-duty.ts";
import type { PathDuty } from "./path-duty.ts";

export interface KeeperOptions extends KeeperContext {
  /** Absent: somebody else keeps authority and certificate. */
  readonly certificates?: Pick<CertificateDuty, "look"> | undefined;
  readonly keys: Pick<KeyDuty, "look">;
  readonly paths: Pick<PathDuty, "look">;
  readonly current: readonly ConfigurationName[];
  readonly former: readonly ConfigurationName[];
  /** Longest time between two looks, ms, should a watch not tell of a change. */
  readonly resyncMs: number;
}

/** The outcome of a look. */
export interface Look {
  readonly next: NextLook;
  /** Nothing waits: configurations say what they should, and what they name is known. */
  readonly whole: boolean;
}

/** Two looks are at least that far apart, ms, whoever writes against us; the first retry after a failure comes then, too. */
const shortestMs = 1_000;

/**
 * Keeps what the API server and the webhook share: authority, serving certificate, path and keys. Several may do it at
 * once, since every write is optimistic.
 */
export class Keeper {
  readonly #options: KeeperOptions;
  #changed = false;
  #wake: (() => void) | undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** Something that is kept may have changed. */
  notice(): void {
    this.#changed = true;
    this.#wake?.();
  }

  /** Keeps until the signal aborts. `onKept`: after the first look at which all was as it should be. Never rejects. */
  async run(signal: AbortSignal, onKept: () => void): Promise<void> {
    const { log, metrics, resyncMs } = this.#options;
    let retryMs = shortestMs;
    let told = false;
    while (!signal.aborted) {
      let waitMs: number;
      this.#changed = false;
      try {
        const { next, whole } = await this.look(signal);
        waitMs = Math.min(next, resyncMs);
        metrics.looked("done");
        retryMs = shortestMs;
        if (whole && !told) onKept();
        told ||= whole;
      } catch (error) {
        if (signal.aborted) return;
        metrics.looked("failed");
        log.error({ error, retryInMs: retryMs }, "what the webhook and the API server share cannot be kept");
        waitMs = retryMs;
        retryMs = Math.min(retryMs * 2, resyncMs);
      }
      await this.#until(shortestMs, signal, false);
      await this.#until(waitMs - shortestMs, signal, true);
    }
  }

  /** One look at everything, in the order that lets no review go astray. @throws what could not be kept */
  async look(signal: AbortSignal): Promise<Look> {
    const { certificates, keys, paths, current, former } = this.#options;
    const configurations: ReadConfigurations = {
      current: await this.#read(current, signal),
      former: await this.#read(former, signal),
    };
    const kept = await certificates?.look(configurations, signal);
    const { segments, next } = await keys.look(configurations, signal);
    const trusted = kept?.bundle ?? bundleIn(configurations.current);
    const path = await paths.look(configurations, segments, trusted, signal);
    const soon = Math.min(kept?.next ?? Number.POSITIVE_INFINITY, path);
    return { next: Math.min(soon, next), whole: soon === Number.POSITIVE_INFINITY };
  }

  async #read(names: readonly ConfigurationName[], signal: AbortSignal): Promise<readonly ReadConfiguration[]> {
    const read: ReadConfiguration[] = [];
    for (const named of names) read.push({ named, object: await this.#options.configurations.read(named, signal) });
    return read;
  }

  /** Waits for the time, for the end, or where `early` for a change. */
  #until(ms: number, signal: AbortSignal, early: boolean): Promise<void> {
    if (signal.aborted || ms <= 0 || (early && this.#changed)) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        takeBack();
        this.#wake = undefined;
        resolve();
      };
      const cancel = this.#options.clock.after(ms, end);
      const takeBack = onAbort(signal, end);
      if (early) this.#wake = end;
    });
  }
}

/** The authorities that the API server trusts, where somebody else writes them. */
function bundleIn(configurations: readonly { readonly object: KubernetesObject | undefined }[]): string | undefined {
  const webhooks: readonly CalledWebhook[] = configurations.flatMap(({ object }) => calledWebhooks(object));
  const bundle = webhooks.find(({ caBundle }) => caBundle !== undefined)?.caBundle;
  return bundle === undefined ? undefined : Buffer.from(bundle, "base64").toString("utf8");
}
