import { onAbort } from "../time/on-abort.ts";
import type { CertificateDuty } from "./certificate-duty.ts";
import { type ConfigurationName, placeOf } from "./configurations.ts";
import {
  forever,
  type KeeperContext,
  type NextLook,
  type ReadConfiguration,
  type ReadConfigurations,
} from "./context.ts";
import { KeeperError } from "./error.ts";
import type { KeyDuty } from "./key-duty.ts";
import type { PathDuty } from "./path-duty.ts";
import type { TokenKeyDuty } from "./token-key-duty.ts";

export interface KeeperOptions extends KeeperContext {
  /** Absent: somebody else keeps authority and certificate. */
  readonly certificates?: Pick<CertificateDuty, "look"> | undefined;
  readonly keys: Pick<KeyDuty, "look">;
  readonly paths: Pick<PathDuty, "look">;
  /** Absent: there is no filtering registry. */
  readonly tokenKeys?: Pick<TokenKeyDuty, "look"> | undefined;
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

/** Looks in a row that wrote something: an installation or a renewal takes two or three. */
const mostStreak = 4;
/** Two looks are at least that far apart, ms, whoever writes against us; the first retry after a failure comes then, too. */
const shortestMs = 1_000;

/**
 * Keeps what the API server and the webhook share: authority, serving certificate, path and keys. Several may do it at
 * once, since every write is optimistic.
 */
export class Keeper {
  readonly #options: KeeperOptions;
  #changed = false;
  #written = 0;
  #streak = 0;
  #told = "";
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
      const pauseMs = this.#pause();
      await this.#until(pauseMs, signal, false);
      await this.#until(waitMs - pauseMs, signal, true);
    }
  }

  /**
   * One look at everything, in the order that lets no review go astray. Whatever becomes of one part, the others are
   * looked at. @throws what could not be kept
   */
  async look(signal: AbortSignal): Promise<Look> {
    const { certificates, keys, paths, tokenKeys, current, former } = this.#options;
    const configurations: ReadConfigurations = {
      current: await this.#read(current, signal),
      former: await this.#read(former, signal),
    };
    this.#missing(configurations);
    const failures: unknown[] = [];
    const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
      try {
        return await work();
      } catch (error) {
        if (signal.aborted) throw error;
        failures.push(error);
        return undefined;
      }
    };
    const certified = await attempt(async () => await certificates?.look(configurations, signal));
    const kept = await attempt(() => keys.look(configurations, signal));
    const path = kept && (await attempt(() => paths.look(configurations, kept.segments, signal)));
    const tokens = await attempt(async () => await tokenKeys?.look(signal));
    if (failures.length > 0) throw failures.length === 1 ? failures[0] : togetherOf(failures);
    const soon = Math.min(certified ?? forever, path ?? forever);
    const there = configurations.current.every(({ object }) => object !== undefined);
    return { next: Math.min(soon, kept?.next ?? forever, tokens ?? forever), whole: there && soon === forever };
  }

  /** The pause after a look, ms: longer and longer where each look had to write, so that nobody is fought for ever. */
  #pause(): number {
    const { writes, log, resyncMs } = this.#options;
    const wrote = writes.count > this.#written;
    this.#written = writes.count;
    this.#streak = wrote ? this.#streak + 1 : 0;
    if (this.#streak === mostStreak + 1)
      log.warn("what is kept changes again and again: does something else write it?");
    return Math.min(shortestMs * 2 ** Math.max(this.#streak - mostStreak, 0), resyncMs);
  }

  /** Says which configurations are not there, once for as long as it is the same ones. */
  #missing({ current }: ReadConfigurations): void {
    const missing = current.filter(({ object }) => object === undefined).map(({ named }) => placeOf(named));
    const text = missing.join(", ");
    if (text !== "" && text !== this.#told) {
      this.#options.log.warn(
        { missing },
        "webhook configurations are not there, and nothing calls the webhook by them",
      );
    }
    this.#told = text;
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

/** Several failures in one line. */
function togetherOf(failures: readonly unknown[]): KeeperError {
  const texts = failures.map((failure) => (failure instanceof Error ? failure.message : String(failure)));
  return new KeeperError("INCOMPLETE", texts.join("; "));
}
