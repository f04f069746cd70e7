import { setTimeout as delay } from "node:timers/promises";
import {
  createConfiguration,
  type HttpLibrary,
  HttpMethod,
  type RequestContext,
  type ResponseContext,
  wrapHttpLibrary,
} from "@kubernetes/client-node";
import type { Dispatcher } from "undici";

/** Bound of one request with all its repetitions, ms: that of one step of a test. */
const requestMs = 60_000;
/** How often a request is sent again because the server asked to wait. */
const maxRetries = 5;

/**
 * client-node's HTTP with what a cluster that is also busy needs: a deadline, one set of connections, another try where
 * the API server answers 429 with Retry-After (it has not begun then), and one for a read whose connection was reset.
 */
export class PatientHttp {
  readonly library: HttpLibrary;
  readonly #once = createConfiguration().httpApi;
  /** The first that client-node made; it makes one for each request. */
  #dispatcher: Dispatcher | undefined;

  constructor() {
    this.library = wrapHttpLibrary({ send: (request) => this.#send(request) });
  }

  async close(): Promise<void> {
    await this.#dispatcher?.destroy();
  }

  async #send(request: RequestContext): Promise<ResponseContext> {
    this.#dispatcher ??= request.getDispatcher();
    if (this.#dispatcher !== undefined) request.setDispatcher(this.#dispatcher);
    const signal = AbortSignal.timeout(requestMs);
    request.setSignal(signal);
    let reset = false;
    for (let retries = 0; ; ) {
      try {
        const response = await this.#once.send(request).toPromise();
        const seconds = Number(response.headers["retry-after"]);
        if (response.httpStatusCode !== 429 || !(seconds > 0) || retries++ >= maxRetries) return response;
        await delay(seconds * 1_000, undefined, { signal });
      } catch (error) {
        if (reset || request.getHttpMethod() !== HttpMethod.GET || !wasReset(error)) throw error;
        reset = true;
      }
    }
  }
}

function wasReset(error: unknown): boolean {
  const { cause } = error instanceof Error ? error : { cause: undefined };
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return code === "UND_ERR_SOCKET" || code === "ECONNRESET" || code === "EPIPE";
}
