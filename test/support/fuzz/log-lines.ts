import { createLogger, type Logger } from "../../../src/telemetry/log.ts";

/** Characters of a line: of one about a Pod, at debug, and of every other. */
const longestAboutPod = 24_000;
const longest = 4_096;

/** A log whose lines are held to their bounds. */
export class LogLines {
  readonly log: Logger = createLogger("debug", { write: (line: string) => this.#check(line) });
  /** The first line that broke one; thrown by `hold`, as whoever logs must not fail. */
  #fault: string | undefined;

  /** @throws where a line since the last time was too long, or no JSON of one line */
  hold(): void {
    const fault = this.#fault;
    this.#fault = undefined;
    if (fault !== undefined) throw new Error(fault);
  }

  #check(line: string): void {
    const most = line.includes('"level":"debug"') ? longestAboutPod : longest;
    if (line.length > most) this.#fault ??= `a line of ${line.length} characters was logged: ${line.slice(0, 200)}`;
    if (line.trimEnd().includes("\n")) this.#fault ??= `lines were logged as one: ${line.slice(0, 200)}`;
  }
}
