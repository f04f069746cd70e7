import type { Staying } from "../sign-in/ways.ts";
import type { Sessions } from "./sessions.ts";

/** Readings in a row that may fail: who writes a file anew, or corrects it at once, signs nobody out. */
const mostFailed = 2;

export interface SweeperOptions {
  readonly sessions: Pick<Sessions, "sweep">;
  /** Reads who may stay. */
  readonly staying: () => Promise<Staying>;
  /** Told of each reading that failed, and whether everybody was signed out. */
  readonly onError: (error: unknown, signedOut: boolean) => void;
}

/** Ends sessions whose time is over, and those of people who may not stay. Where nobody can say who may, nobody does. */
export class Sweeper {
  readonly #options: SweeperOptions;
  #failed = 0;

  constructor(options: SweeperOptions) {
    this.#options = options;
  }

  /** To be called again and again. */
  async sweep(): Promise<void> {
    this.#options.sessions.sweep(await this.#staying());
  }

  async #staying(): Promise<Staying> {
    try {
      const staying = await this.#options.staying();
      this.#failed = 0;
      return staying;
    } catch (error) {
      this.#failed += 1;
      const tooMany = this.#failed > mostFailed;
      this.#options.onError(error, tooMany);
      return () => !tooMany;
    }
  }
}
