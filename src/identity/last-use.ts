import type { MachineCredential } from "../api/machine-credential.ts";
import { onAbort } from "../time/on-abort.ts";
import { idOf } from "./credentials.ts";
import { toTime } from "./keep.ts";

const hourMs = 3_600_000;
/** After a write that failed, ms: a use within it does not try again. */
const retryMs = 60_000;
/** Credentials whose last use waits to be written. Beyond that a use is written when it is seen again. */
const mostWaiting = 1_000;

export interface LastUseOptions {
  /** Writes `status.lastUsed`. */
  readonly write: (credential: MachineCredential, lastUsed: string, signal: AbortSignal) => Promise<void>;
  readonly onError: (error: unknown, credential: string) => void;
  readonly now: () => Date;
}

/** Tells when each credential was last used, true to an hour: one write for each in an hour, one after another. */
export class LastUse {
  readonly #options: LastUseOptions;
  /** By id: when it may be written again, ms since the epoch. Bounded by the credentials there are. */
  readonly #again = new Map<string, number>();
  readonly #waiting = new Map<string, MachineCredential>();
  #wake: (() => void) | undefined;

  constructor(options: LastUseOptions) {
    this.#options = options;
  }

  /** It was used just now. */
  used(credential: MachineCredential): void {
    const id = idOf(credential);
    const now = this.#options.now().getTime();
    if (now < (this.#again.get(id) ?? 0) || this.#waiting.size >= mostWaiting) return;
    this.#again.set(id, now + hourMs);
    this.#waiting.set(id, credential);
    this.#wake?.();
  }

  /** Those that there are: what was known of others is forgotten. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const id of this.#again.keys()) if (!ids.has(id)) this.#again.delete(id);
  }

  /** Writes until the signal ends it. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const [next] = this.#waiting;
      if (next === undefined) await this.#someUse(signal);
      else await this.#write(...next, signal);
    }
  }

  async #write(id: string, credential: MachineCredential, signal: AbortSignal): Promise<void> {
    this.#waiting.delete(id);
    try {
      await this.#options.write(credential, toTime(this.#options.now()), signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#again.set(id, this.#options.now().getTime() + retryMs);
      this.#options.onError(error, id);
    }
  }

  #someUse(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        takeBack();
        this.#wake = undefined;
        resolve();
      };
      const takeBack = onAbort(signal, end);
      this.#wake = end;
      if (signal.aborted) end();
    });
  }
}
