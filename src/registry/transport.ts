import type { Dispatcher, Pool } from "undici";
import { pause, systemClock } from "../time/clock.ts";
import { checkHead, readAnswerHead } from "./answer-head.ts";
import { readStart } from "./body.ts";
import { outgoing } from "./body-source.ts";
import { HopClock } from "./clock.ts";
import { Connections, type ConnectOptions, type Reach } from "./connect.ts";
import { RegistryError, redactUrl } from "./error.ts";
import { aborted } from "./flight.ts";
import { Health, type Subject } from "./health.ts";
import { Hop, timeout } from "./hop.ts";
import { LiveBody } from "./live-body.ts";
import { type AnswerHead, type HttpRequest, type HttpResponse, type HttpStream, isStream } from "./message.ts";
import { wasStale } from "./network.ts";
import type { Settings, Timeouts } from "./options.ts";
import { type Place, Places } from "./places.ts";
import type { Lease } from "./pools.ts";
import { mayFollow, redirectTarget } from "./redirect.ts";
import { pauseBeforeRepeat } from "./repeat.ts";

/** Redirects followed in a row. Registries use one, to their storage; some put a load balancer before it. */
const maxRedirects = 5;
/** Enough of an error's or a redirect's body to find the error code in. */
const maxErrorBytes = 8 * 1024;
/** Requests that may wait for a place; at 64 places and 100 ms each that is about two seconds' worth. */
const maxQueue = 1024;
/** Streams that may wait for one to end. They last for seconds, and whoever waits for one holds a client's connection. */
const maxStreamQueue = 256;

/** One HTTP exchange at a time: checked addresses, capped bodies, redirects by rule, bounded concurrency, hosts' health. */
export class Transport {
  readonly #settings: Settings;
  readonly #connections: Connections;
  readonly #places: Places;
  readonly #health: Health;
  readonly #closed = new AbortController();

  constructor(settings: Settings, classify?: ConnectOptions["classify"]) {
    this.#settings = settings;
    this.#connections = new Connections({
      plainHttp: settings.plainHttp,
      privateRedirects: settings.privateRedirects,
      allowPrivate: settings.allowPrivate,
      followPrivate: settings.followPrivate,
      ca: settings.ca,
      connectMs: settings.timeouts.connectMs,
      // Streams keep their connections to themselves, so that requests find as many as without them.
      connectionsPerHost: settings.perHost + settings.streamsPerHost.most,
      lookup: settings.lookup,
      classify,
    });
    this.#places = new Places({
      requests: { perHost: settings.perHost, total: settings.total, queue: maxQueue },
      streams: {
        get perHost() {
          return settings.streamsPerHost.now();
        },
        get total() {
          return settings.streams.now();
        },
        queue: maxStreamQueue,
      },
    });
    this.#health = new Health({ failures: 5, openMs: 1_000, maxOpenMs: 15_000, maxThrottleMs: 300_000 }, settings.now);
  }

  /** How a host may be reached that `url`'s host pointed to. */
  reachFrom(url: URL): Reach {
    return this.#connections.reachFrom(url.origin);
  }

  /** Sends, follows redirects, and reads the body. HTTP statuses are not errors here. @throws RegistryError */
  async send(request: HttpRequest): Promise<HttpResponse> {
    const answer = await this.open(request);
    if (!isStream(answer)) return answer;
    const { live, ...head } = answer;
    return { ...head, body: await live.readAll() };
  }

  /** Sends and follows redirects; the body of a good answer is left to be read. @throws RegistryError */
  async open(request: HttpRequest): Promise<HttpResponse | HttpStream> {
    let url = request.url;
    let reach = request.reach ?? "direct";
    let headers = request.headers;
    for (let hop = 0; ; hop += 1) {
      const response = await this.#patientHop({ ...request, url, headers, reach }, request.url);
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

  /** Once more where the answer may be the trouble of a moment: what comes second counts. */
  async #patientHop(request: HttpRequest, first: URL): Promise<HttpResponse | HttpStream> {
    const chance = Math.random();
    const pauseOf = (answer: Pick<AnswerHead, "status" | "retryAfterMs">): number | undefined =>
      mayRepeat(request) ? pauseBeforeRepeat(answer, this.#settings.repeat, chance) : undefined;
    const answer = await this.#hop(request, first, (head) => pauseOf(head) !== undefined);
    const ms = pauseOf(answer);
    if (ms === undefined) return answer;
    const ended = AbortSignal.any([request.signal, this.#closed.signal]);
    await pause(systemClock, ms, ended).catch(() => {
      throw aborted(ended);
    });
    return await this.#hop(request, first);
  }

  /** @param isRepeated whether another try follows such an answer, so that it says nothing of the host */
  async #hop(
    request: HttpRequest,
    first: URL,
    isRepeated?: (head: AnswerHead) => boolean,
  ): Promise<HttpResponse | HttpStream> {
    const { url } = request;
    const name = `${what({ ...request, url: first })}${url === first ? "" : " (after a redirect)"}`;
    if (url.protocol !== "https:" && !(url.protocol === "http:" && this.#settings.plainHttp(url.host))) {
      throw new RegistryError("REFUSED_HOST", `${name}: plain HTTP is not allowed for this host`);
    }
    this.#health.check(subjectOf(request), name);
    const { hop, pool } = await this.#enter(request, name);
    try {
      return await this.#exchange(request, hop, pool, isRepeated);
    } catch (error) {
      throw hop.fail(error);
    }
  }

  async #enter(request: HttpRequest, name: string): Promise<{ readonly hop: Hop; readonly pool: Pool }> {
    const { lasting = "brief", reach = "direct", tenant } = request;
    const { origin } = request.url;
    const clock = new HopClock(request.signal, this.#closed.signal);
    let place: Place | undefined;
    let lease: Lease | undefined;
    const leave = (): void => {
      place?.leave();
      lease?.release();
    };
    try {
      place = await this.#places.enter(lasting, origin, clock.signal, name, tenant);
      lease = this.#connections.lease(reach, origin, tenant?.namespace);
      const { answered } = place;
      const attempt = this.#health.begin(subjectOf(request), name);
      return { hop: new Hop(name, { clock, place: { answered, leave }, attempt }), pool: lease.pool };
    } catch (error) {
      leave();
      clock.stop();
      throw clock.signal.aborted ? aborted(clock.signal) : error;
    }
  }

  /** Ends the hop, unless it returns a stream: that ends it with its body. */
  async #exchange(
    request: HttpRequest,
    hop: Hop,
    pool: Pool,
    isRepeated: ((head: AnswerHead) => boolean) | undefined,
  ): Promise<HttpResponse | HttpStream> {
    const { timeouts } = this.#settings;
    const { name } = hop;
    hop.limit(headersLimit(request, timeouts), () => timeout(`${name}: did not answer in time`));
    const answer = await this.#request(request, pool, hop.signal);
    const head = readAnswerHead(answer, request.url, this.#settings.now);
    // Each failure from here on must end the stream: `error` is heard so that destroying it is no uncaught exception.
    answer.body.on("error", () => undefined);
    const long = request.lasting === "long";
    try {
      if (head.status < 200 || head.status >= 300) {
        return await this.#refused(answer, head, request, hop, isRepeated?.(head) === true);
      }
      this.#health.unthrottle(subjectOf(request));
      checkHead(head, request, name);
      if (long) hop.answered();
      else this.#limitBody(hop);
      const { idleMs, readerMs } = timeouts;
      const { maxBytes } = request;
      return {
        ...head,
        live: new LiveBody(answer.body, hop, { maxBytes, pace: long ? { idleMs, readerMs } : undefined }),
      };
    } catch (error) {
      answer.body.destroy();
      throw error;
    }
  }

  /** An answer that is not a good one, with as much of its body as its error code needs. */
  async #refused(
    answer: Dispatcher.ResponseData,
    head: AnswerHead,
    request: HttpRequest,
    hop: Hop,
    isRepeated: boolean,
  ): Promise<HttpResponse> {
    this.#limitBody(hop);
    const body = await readStart(answer.body, Math.min(maxErrorBytes, request.maxBytes));
    answer.body.destroy();
    if (head.status === 429) {
      hop.end("unclear");
      return { ...head, body, retryAfterMs: this.#health.throttle(subjectOf(request), head.retryAfterMs) };
    }
    this.#health.unthrottle(subjectOf(request));
    if (isRepeated) hop.end("unclear");
    else hop.end(head.status >= 500 ? "failed" : "succeeded");
    return { ...head, body };
  }

  #limitBody(hop: Hop): void {
    const { bodyMs } = this.#settings.timeouts;
    hop.limit(bodyMs, () => timeout(`${hop.name}: its answer took longer than ${bodyMs / 1000} s`));
  }

  /** A kept connection may have been closed by the server just as we used it: once, and where repeating is harmless. */
  async #request(request: HttpRequest, pool: Pool, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { body, lengthHeader } = outgoing(request.body);
    const options = {
      path: request.url.pathname + request.url.search,
      method: request.method,
      headers: {
        "user-agent": this.#settings.userAgent,
        "accept-encoding": "identity",
        ...lengthHeader,
        ...request.headers,
      },
      body,
      // undici closes the connection after a HEAD unless told otherwise; an answer that nobody asked for closes it too.
      reset: false,
      signal,
    };
    try {
      return await pool.request(options);
    } catch (error) {
      const harmless = request.method === "GET" || request.method === "HEAD";
      if (signal.aborted || !harmless || !wasStale(error)) throw error;
      return await pool.request(options);
    }
  }
}

function subjectOf({ url, repository = "", service = "manifests", account, tenant }: HttpRequest): Subject {
  return { host: url.origin, service, repository, account, tenant: tenant?.namespace };
}

function mayRepeat({ method, repeatable = false }: HttpRequest): boolean {
  return method === "GET" || method === "HEAD" || repeatable;
}

function headersLimit(request: HttpRequest, timeouts: Timeouts): number {
  return request.body === undefined ? timeouts.connectMs + timeouts.headersMs : timeouts.uploadMs;
}

function what(request: HttpRequest): string {
  return request.name ?? `${request.method} ${redactUrl(request.url)}`;
}
