import type { Response } from "express";
import type { Logger } from "../../telemetry/log.ts";
import type { Clock } from "../../time/clock.ts";
import { onAbort } from "../../time/on-abort.ts";
import type { Change } from "../contract/views.ts";
import { Places } from "../sessions/places.ts";
import type { Session } from "../sessions/sessions.ts";

export interface StreamOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly changed: (count: number) => void;
}

/** Streams of one person: a tab each. */
const mostOfOne = 16;
/** Streams of all people: each holds a connection. */
const mostStreams = 1_024;
/** Between two signs of life, ms: proxies cut off what is silent for 30 or 60 s. */
const heartbeatMs = 15_000;
/** Bytes that wait for a reader. One that is slower is cut off, and asks for everything when it comes back. */
const mostWaiting = 64 * 1_024;
/** How long a browser waits before it comes back, ms. */
const retryMs = 2_000;

/** Streams of changes to pages (server-sent events; HTML, 9.2). */
export class Streams {
  readonly #options: StreamOptions;
  readonly #ofOne = new Places(mostOfOne, "pages open");
  readonly #ofAll = new Places(mostStreams, "pages of everybody open");
  #count = 0;

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  /** Tells of changes until the client leaves or the session is over. @throws Refused 429 */
  async send({ person, backend, over }: Session, response: Response): Promise<void> {
    const leaveAll = this.#ofAll.enter("all");
    let leaveOne: () => void;
    try {
      leaveOne = this.#ofOne.enter(`${person.kind} ${person.name}`);
    } catch (error) {
      leaveAll();
      throw error;
    }
    this.#tell(1);
    const gone = new AbortController();
    const writer = new Writer(response, this.#options.clock);
    response.once("close", () => gone.abort(new Error("the client has gone")));
    const takeBack = onAbort(over, () => {
      writer.write({ event: "signed-out" });
      gone.abort(over.reason);
    });
    try {
      response.writeHead(200, {
        "content-type": "text/event-stream; charset=utf-8",
        // nginx would keep events back to fill its buffer.
        "x-accel-buffering": "no",
      });
      writer.begin();
      await backend.changes((change) => writer.write(change), gone.signal);
    } catch (error) {
      if (!gone.signal.aborted) this.#options.log.warn({ error }, "changes cannot be followed");
    } finally {
      takeBack();
      writer.end();
      leaveOne();
      leaveAll();
      this.#tell(-1);
    }
  }

  #tell(by: 1 | -1): void {
    this.#count += by;
    this.#options.changed(this.#count);
  }
}

/** Writes events with signs of life between them, and gives a reader up that takes none. */
class Writer {
  readonly #response: Response;
  readonly #clock: Clock;
  #cancel: () => void = () => undefined;

  constructor(response: Response, clock: Clock) {
    this.#response = response;
    this.#clock = clock;
  }

  begin(): void {
    this.#send(`retry: ${retryMs}\n\n`);
  }

  write(change: Change): void {
    this.#send(`data: ${JSON.stringify(change)}\n\n`);
  }

  end(): void {
    this.#cancel();
    this.#response.end();
  }

  #send(text: string): void {
    this.#cancel();
    if (this.#response.destroyed || this.#response.writableEnded) return;
    this.#response.write(text);
    if (this.#response.writableLength > mostWaiting) this.#response.destroy();
    else this.#cancel = this.#clock.after(heartbeatMs, () => this.#send(": \n\n"));
  }
}
