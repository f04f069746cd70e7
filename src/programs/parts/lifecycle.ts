import type { Logger } from "../../telemetry/log.ts";
import { aborted } from "../../time/aborted.ts";
import { type Clock, systemClock, unlessAborted } from "../../time/clock.ts";
import { Deadline } from "../../time/deadline.ts";
import { endOf } from "../../time/error.ts";
import { LifecycleError } from "./error.ts";

type End = () => void | Promise<void>;

/** Something that was started, or is being started. */
interface Part {
  readonly name: string;
  readonly end: End;
  readonly endMs: number;
}

/** A part that failed to end, or took too long. */
interface Unended {
  readonly name: string;
  readonly error: unknown;
}

export interface LifecycleOptions {
  /** Aborts when the process is told to end. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly clock?: Clock;
}

/** Longest time for the end of one part, ms. The kubelet waits 30 s for a whole Pod, and few parts are slow at once. */
const defaultEndMs = 5_000;

/** Ends of parts have their own time limits: being told to end twice makes none of them shorter. */
const never = new AbortController().signal;

/** Starts the parts of a process in order, and ends them in reverse: each once, whatever becomes of the others. */
export class Lifecycle {
  /** Aborts when the process is told to end, and before that when work that should go on has ended. */
  readonly signal: AbortSignal;
  readonly #ended = new AbortController();
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #parts: Part[] = [];
  #failure: { readonly error: unknown } | undefined;
  #ending: Promise<readonly Unended[]> | undefined;

  constructor({ signal, log, clock = systemClock }: LifecycleOptions) {
    this.signal = AbortSignal.any([signal, this.#ended.signal]);
    this.#log = log;
    this.#clock = clock;
  }

  /**
   * Starts a part. Where the process is told to end meanwhile, nobody waits for the start any longer; where it succeeds
   * all the same, the part is ended like the others. `endMs` bounds its end.
   * @throws what `begin` throws; TimeError ABORTED where the process is told to end
   */
  async start<T>(
    name: string,
    begin: () => T | Promise<T>,
    end: (started: T) => void | Promise<void>,
    endMs = defaultEndMs,
  ): Promise<T> {
    const what = `starting ${name}`;
    if (this.signal.aborted) throw endOf(this.signal, what);
    const starting = (async () => begin())();
    const endOfStarted: Promise<End | undefined> = starting.then(
      (started) => () => end(started),
      (error: unknown) => {
        if (this.signal.aborted) this.#log.warn({ part: name, error }, "a part did not start before the end");
        return undefined;
      },
    );
    this.#parts.push({ name, endMs, end: async () => (await endOfStarted)?.() });
    return await unlessAborted(starting, this.signal, what);
  }

  /**
   * Keeps `work` going until its turn to end comes: then its signal aborts, and it is waited for. Where it fails or
   * returns before that, the process ends.
   * @throws TimeError ABORTED where the process is told to end already
   */
  run(name: string, work: (signal: AbortSignal) => Promise<void>, endMs = defaultEndMs): void {
    if (this.signal.aborted) throw endOf(this.signal, `starting ${name}`);
    const told = new AbortController();
    const working = (async () => {
      await work(told.signal);
      if (!told.signal.aborted) throw new LifecycleError("ENDED_EARLY", `${name}: ended without being told to`);
    })();
    let failed = false;
    working.catch((error: unknown) => {
      if (told.signal.aborted) return; // Whoever ends it hears of it.
      failed = true;
      this.#fail(name, error);
    });
    const end = async (): Promise<void> => {
      if (failed) return;
      told.abort(new Error("the process ends"));
      await working;
    };
    this.#parts.push({ name, endMs, end });
  }

  /** Calls `end` when its turn comes, before the ends of what was started earlier. */
  atEnd(name: string, end: End, endMs = defaultEndMs): void {
    this.#parts.push({ name, endMs, end });
  }

  /** Resolves when the process is told to end. @throws what work that should go on failed with */
  async over(): Promise<void> {
    await aborted(this.signal);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Ends every part, the last one first. Never rejects. @returns the parts that did not end as they should */
  end(): Promise<readonly Unended[]> {
    this.#ending ??= this.#endAll();
    return this.#ending;
  }

  async #endAll(): Promise<readonly Unended[]> {
    this.#ended.abort(new Error("the process ends"));
    const unended: Unended[] = [];
    for (let part = this.#parts.pop(); part !== undefined; part = this.#parts.pop()) {
      const { name } = part;
      try {
        await this.#endInTime(part);
      } catch (error) {
        this.#log.error({ part: name, error }, "a part did not end as it should");
        unended.push({ name, error });
      }
    }
    return unended;
  }

  async #endInTime({ name, end, endMs }: Part): Promise<void> {
    const deadline = new Deadline(this.#clock, never, `ending ${name}`, endMs);
    const ending = (async () => end())();
    ending.catch((error: unknown) => {
      if (deadline.signal.aborted)
        this.#log.error({ part: name, error }, "a part that took too long to end has failed");
    });
    try {
      await unlessAborted(ending, deadline.signal, `ending ${name}`);
    } finally {
      deadline.end();
    }
  }

  #fail(name: string, error: unknown): void {
    this.#log.error({ part: name, error }, "work that should go on has failed: the process ends");
    this.#failure ??= { error };
    this.#ended.abort(error);
  }
}

/**
 * Runs a process: what `start` starts goes on until the signal aborts, and is ended then. Being told to end while it
 * starts is no failure.
 * @throws what `start`, or work that should go on, failed with; else LifecycleError END_FAILED where parts did not end
 */
export async function withLifecycle(
  options: LifecycleOptions,
  start: (life: Lifecycle) => Promise<void>,
): Promise<void> {
  const life = new Lifecycle(options);
  let failure: { readonly error: unknown } | undefined;
  try {
    await start(life);
    await life.over();
  } catch (error) {
    if (options.signal.aborted) options.log.info({ error }, "told to end while starting");
    else failure = { error };
  }
  const unended = await life.end();
  if (failure !== undefined) throw failure.error;
  if (unended.length === 0) return;
  const names = unended.map(({ name }) => name).join(", ");
  const errors = unended.map(({ error }) => error);
  throw new LifecycleError("END_FAILED", `not ended as they should: ${names}`, errors);
}
