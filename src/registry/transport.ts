import type { Dispatcher } from "undici";
import { readBody } from "./body.ts";
import { HopClock } from "./clock.ts";
import { Connections, type ConnectOptions, type Reach } from "./connect.ts";
import { RegistryError, redactUrl } from "./error.ts";
import { aborted } from "./flight.ts";
import { Gate } from "./gate.ts";
import { type Attempt, Health } from "./health.ts";
import { networkError, wasStale } from "./network.ts";
import type { Settings, Timeouts } from "./options.ts";
import { mayFollow, redirectTarget } from "./redirect.ts";

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT";
  readonly url: URL;
  /** Lower-case names. `authorization` goes to the URL's own origin only. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  /** Longest body of a good answer, in bytes; a longer one is an error. */
  readonly maxBytes: number;
  /** Whose request it is, for the rate limit; never a secret itself. */
  readonly account: string;
  readonly redirects: "follow" | "refuse";
  /** The request in messages; method and URL if absent. To be given where somebody else chose the URL. */
  readonly name?: string | undefined;
  /** How the host was come to; `direct` if absent. */
  readonly reach?: Reach | undefined;
  readonly signal: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly body: Uint8Array;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  /** Of a 429, in milliseconds. */
  readonly retryAfterMs: number | undefined;
}

/** Redirects followed in a row. Registries use one, to their storage; some put a load balancer before it. */
const maxRedirects = 5;
/** Enough of an error's or a redirect's body to find the error code in. */
const maxErrorBytes = 8 * 1024;
/** Requests that may wait for a place; at 64 places and 100 ms each that is about two seconds' worth. */
const maxQueue = 1024;
/** A caller that gave up after this long without an answer saw a host that hangs: that counts against the host. */
const slowMs = 500;

/** One HTTP exchange at a time: checked addresses, capped bodies, redirects by rule, bounded concurrency, hosts' health. */
export class Transport {
  readonly #settings: Settings;
  readonly #connections: Connections;
  readonly #gate: Gate;
  readonly #health: Health;
  readonly #closed = new AbortController();

  constructor(settings: Settings, classify?: ConnectOptions["classify"]) {
    this.#settings = settings;
    this.#connections = new Connections({
      plainHttp: settings.plainHttp,
      allowPrivate: settings.allowPrivate,
      ca: settings.ca,
      connectMs: settings.timeouts.connectMs,
      connectionsPerHost: settings.perHost,
      lookup: settings.lookup,
      classify,
    });
    this.#gate = new Gate({ perHost: settings.perHost, total: settings.total, queue: maxQueue });
    this.#health = new Health({ failures: 5, openMs: 1_000, maxOpenMs: 15_000, maxThrottleMs: 300_000 }, settings.now);
  }

  /** How a host may be reached that `url`'s host pointed to. */
  reachFrom(url: URL): Reach {
    return this.#connections.reachFrom(url.origin);
  }

  /** Sends, follows redirects, and reads the body. Throws RegistryError; HTTP statuses are not errors here. */
  async send(request: HttpRequest): Promise<HttpResponse> {
    let url = request.url;
    let reach = request.reach ?? "direct";
    let headers = request.headers;
    for (let hop = 0; ; hop += 1) {
      const response = await this.#hop({ ...request, url, headers, reach }, request.url);
      if (request.redirects === "refuse" || !mayFollow(request.method, response.status)) return response;
      if (hop === maxRedirects) {
        throw new RegistryError("REFUSED_REDIRECT", `${what(request)}: redirected more than ${maxRedirects} times`);
      }
      const next = redirectTarget(response, url, this.#settings.plainHttp);
      if (typeof next === "string") throw new RegistryError("REFUSED_REDIRECT", `${what(request)}: ${next}`);
      if (next.origin !== url.origin) {
        // Credentials were given for one origin. They do not come back either, should a later hop return there.
        const { authorization: _dropped, ...rest } = headers;
        headers = rest;
        if (reach === "direct") reach = this.#connections.reachFrom(url.origin);
      }
      url = next;
    }
  }

  async close(): Promise<void> {
    this.#closed.abort(new RegistryError("CLOSED", "the registry client was closed"));
    await this.#connections.close();
  }

  async #hop(request: HttpRequest, first: URL): Promise<HttpResponse> {
    const { url, account } = request;
    const name = `${what({ ...request, url: first })}${url === first ? "" : " (after a redirect)"}`;
    if (url.protocol !== "https:" && !(url.protocol === "http:" && this.#settings.plainHttp(url.host))) {
      throw new RegistryError("REFUSED_HOST", `${name}: plain HTTP is not allowed for this host`);
    }
    this.#health.check(url.origin, account, name);
    const clock = new HopClock(request.signal, this.#closed.signal);
    try {
      const leave = await this.#gate.enter(url.origin, clock.signal, name);
      try {
        return await this.#attempt(request, name, clock);
      } finally {
        leave();
      }
    } finally {
      clock.stop();
    }
  }

  async #attempt(request: HttpRequest, name: string, clock: HopClock): Promise<HttpResponse> {
    const { origin } = request.url;
    const attempt = this.#health.begin(origin, request.account, name);
    const began = performance.now();
    try {
      const response = await this.#exchange(request, name, clock);
      if (response.status === 429) {
        attempt.unclear();
        const retryAfterMs = this.#health.throttle(origin, request.account, response.retryAfterMs);
        return { ...response, retryAfterMs };
      }
      this.#health.unthrottle(origin, request.account);
      if (response.status >= 500) attempt.failed();
      else attempt.succeeded();
      return response;
    } catch (error) {
      const failure = clock.signal.aborted ? aborted(clock.signal) : networkError(error, name);
      settleAttempt(attempt, failure, performance.now() - began);
      throw failure;
    }
  }

  async #exchange(request: HttpRequest, name: string, clock: HopClock): Promise<HttpResponse> {
    const { timeouts } = this.#settings;
    clock.limit(headersLimit(request, timeouts), () => timeout(`${name}: did not answer in time`));
    const answer = await this.#request(request, clock.signal);
    const status = answer.statusCode;
    clock.limit(timeouts.bodyMs, () => timeout(`${name}: its answer took longer than ${timeouts.bodyMs / 1000} s`));
    const header = (key: string): string | undefined => {
      const value = answer.headers[key];
      return Array.isArray(value) ? value.join(", ") : value;
    };
    // Each failure from here on must end the stream: `error` is heard so that destroying it is no uncaught exception.
    answer.body.on("error", () => undefined);
    const good = status >= 200 && status < 300;
    try {
      if (good) checkHeaders(header, request, name);
      const maxBytes = good ? request.maxBytes : Math.min(maxErrorBytes, request.maxBytes);
      const body = await readBody(answer.body, { maxBytes, beyond: good ? "refuse" : "cut" });
      if (body === undefined) throw tooLarge(name, request.maxBytes);
      return {
        status,
        header,
        body,
        url: request.url,
        retryAfterMs: retryAfter(header("retry-after"), this.#settings),
      };
    } finally {
      answer.body.destroy();
    }
  }

  /** A kept connection may have been closed by the server just as we used it: once, and where repeating is harmless. */
  async #request(request: HttpRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const agent = this.#connections.agent(request.reach ?? "direct");
    const options = {
      origin: request.url.origin,
      path: request.url.pathname + request.url.search,
      method: request.method,
      headers: { "user-agent": this.#settings.userAgent, "accept-encoding": "identity", ...request.headers },
      body: request.body ?? null,
      // undici closes the connection after a HEAD unless told otherwise; an answer that nobody asked for closes it too.
      reset: false,
      signal,
    };
    try {
      return await agent.request(options);
    } catch (error) {
      const harmless = request.method === "GET" || request.method === "HEAD";
      if (signal.aborted || !harmless || !wasStale(error)) throw error;
      return await agent.request(options);
    }
  }
}

function headersLimit(request: HttpRequest, timeouts: Timeouts): number {
  return request.body === undefined ? timeouts.connectMs + timeouts.headersMs : timeouts.uploadMs;
}

function settleAttempt(attempt: Attempt, failure: RegistryError, ms: number): void {
  switch (failure.code) {
    case "UNREACHABLE":
    case "TIMEOUT":
    case "TLS":
      attempt.failed();
      break;
    case "ABORTED":
      if (ms >= slowMs) attempt.failed();
      else attempt.unclear();
      break;
    default:
      attempt.unclear();
  }
}

function checkHeaders(header: HttpResponse["header"], request: HttpRequest, name: string): void {
  const encoding = header("content-encoding");
  // We asked for `identity`. Bytes in any other shape could not be verified, and unpacking them invites bombs.
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
    throw new RegistryError("INVALID", `${name}: answered with a content encoding that was not asked for`);
  }
  const length = Number(header("content-length") ?? 0);
  if (request.method !== "HEAD" && length > request.maxBytes) throw tooLarge(name, request.maxBytes);
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function retryAfter(value: string | undefined, { now }: Settings): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(date - now(), 0);
}

function what(request: HttpRequest): string {
  return request.name ?? `${request.method} ${redactUrl(request.url)}`;
}

function tooLarge(name: string, maxBytes: number): RegistryError {
  return new RegistryError("TOO_LARGE", `${name}: the answer is larger than ${maxBytes} bytes`);
}

function timeout(text: string): RegistryError {
  return new RegistryError("TIMEOUT", `${text}; is the registry up, and reachable from here?`);
}
