import type { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { type Clock, pause } from "../../time/clock.ts";
import { Deadline } from "../../time/deadline.ts";
import type { ClusterAccess } from "../access/access.ts";
import { Authentication, type Credentials } from "../access/authentication.ts";
import { abortError, errorText, fromWait, isKubernetesError, KubernetesError } from "../error.ts";
import { Attempts, errorCode, type Method } from "./attempts.ts";
import { readBody } from "./body.ts";
import { Connection } from "./connection.ts";
import { parseRetryAfter, statusError } from "./status.ts";
import { type RateLimit, TokenBucket } from "./token-bucket.ts";

export interface Exchange {
  readonly method: Method;
  /** Absolute, encoded, without query. */
  readonly path: string;
  readonly query?: URLSearchParams | undefined;
  readonly body?: string | undefined;
  readonly contentType?: string | undefined;
  readonly accept?: string | undefined;
}

export interface TransportOptions {
  readonly access: ClusterAccess;
  readonly clock: Clock;
  /** Draws from [0, 1). */
  readonly random: () => number;
  readonly userAgent: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly rateLimit?: RateLimit | undefined;
  /** Connections that others use too, which closing leaves open. Default: its own. */
  readonly connection?: Connection | undefined;
  /** Told of every answer and every failure to get one; for metrics. */
  readonly observe?: ((request: RequestObservation) => void) | undefined;
}

export interface RequestObservation {
  readonly method: Method;
  /** HTTP status, or the KubernetesError code where there was none. */
  readonly result: number | string;
  readonly durationMs: number;
}

/** Cap on the body of an answer that is no success, bytes: a Status, or the page of a proxy. */
const maxErrorBytes = 1_048_576;

/** Sends requests to one API server: credentials, retries the server asks for, errors with a code. */
export class Transport {
  readonly #options: TransportOptions;
  readonly #authentication: Authentication;
  readonly #connection: Connection;
  readonly #bucket: TokenBucket | undefined;
  readonly #origin: string;
  readonly #basePath: string;
  #closed = false;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#authentication = new Authentication(options.access, options.clock, options.environment);
    this.#connection = options.connection ?? new Connection(options.access);
    this.#bucket = options.rateLimit === undefined ? undefined : new TokenBucket(options.rateLimit, options.clock);
    const server = new URL(options.access.server);
    this.#origin = server.origin;
    this.#basePath = server.pathname.replace(/\/$/, "");
  }

  /**
   * Sends and reads the answer; the time limit holds for both. `what` names the request in messages.
   * @throws KubernetesError
   */
  async read<T>(
    exchange: Exchange,
    signal: AbortSignal,
    timeoutMs: number,
    reader: (body: Readable, what: string) => Promise<T>,
  ): Promise<T> {
    const what = describe(exchange);
    const deadline = new Deadline(this.#options.clock, signal, what, timeoutMs);
    try {
      const body = await this.open(exchange, deadline);
      try {
        return await reader(body, what);
      } catch (error) {
        throw this.#connectionError(error, what, deadline.signal);
      }
    } finally {
      deadline.end();
    }
  }

  /**
   * Sends, and gives the body of a 2xx answer, which the caller must read to its end or destroy. The deadline's
   * signal ends both. Waits and sends again where the server says Retry-After; renews credentials once after a 401.
   * @throws KubernetesError
   */
  async open(exchange: Exchange, deadline: Deadline): Promise<Readable> {
    try {
      return await this.#open(exchange, deadline);
    } catch (error) {
      throw fromWait(error);
    }
  }

  async #open(exchange: Exchange, deadline: Deadline): Promise<Readable> {
    const what = describe(exchange);
    const attempts = new Attempts(exchange.method, this.#options.random);
    for (;;) {
      const credentials = await this.#credentials(what, attempts, deadline.signal);
      const answer = await this.#try(exchange, attempts, credentials, deadline.signal);
      if (answer === undefined) continue;
      if (!(answer instanceof KubernetesError)) return answer;
      if (answer.status === 401) {
        if (!attempts.mayRenew(credentials)) throw unauthorized(what, this.#options.access);
        this.#authentication.invalidate();
        continue;
      }
      const wait = attempts.waitAfter(answer, deadline.remaining);
      if (wait === undefined) throw answer;
      await pause(this.#options.clock, wait, deadline.signal);
    }
  }

  /** Waits for this client's turn; then what the next try shows. */
  async #credentials(what: string, attempts: Attempts, signal: AbortSignal): Promise<Credentials> {
    if (this.#closed) throw new KubernetesError("CLOSED", `${what}: the Kubernetes client was closed`);
    await this.#bucket?.take(signal);
    const credentials = await this.#authentication.current(signal);
    if (attempts.wereRefused(credentials)) throw unauthorized(what, this.#options.access);
    return credentials;
  }

  /** @returns the body of a 2xx answer, the error of another, or undefined where the call is to be sent again at once */
  async #try(
    exchange: Exchange,
    attempts: Attempts,
    credentials: Credentials,
    signal: AbortSignal,
  ): Promise<Readable | KubernetesError | undefined> {
    const what = describe(exchange);
    try {
      const response = await this.#send(exchange, credentials, signal);
      const ok = response.statusCode >= 200 && response.statusCode < 300;
      return ok ? response.body : await this.#refusal(what, response);
    } catch (error) {
      const failure = this.#connectionError(error, what, signal);
      if (attempts.mayResend(error)) return undefined;
      throw failure;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#authentication.close();
    if (this.#options.connection === undefined) await this.#connection.close();
  }

  async #send(exchange: Exchange, credentials: Credentials, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { clock, observe, userAgent } = this.#options;
    const query = exchange.query?.toString() ?? "";
    const started = clock.now();
    let result: number | string = "UNREACHABLE";
    try {
      const response = await this.#connection.dispatcher(credentials).request({
        origin: this.#origin,
        path: `${this.#basePath}${exchange.path}${query === "" ? "" : `?${query}`}`,
        method: exchange.method,
        headers: {
          accept: exchange.accept ?? "application/json",
          "user-agent": userAgent,
          ...(exchange.contentType === undefined ? {} : { "content-type": exchange.contentType }),
          ...credentials.headers,
        },
        ...(exchange.body === undefined ? {} : { body: exchange.body }),
        signal,
      });
      result = response.statusCode;
      return response;
    } catch (error) {
      if (signal.aborted) result = abortError(signal, "").code;
      throw error;
    } finally {
      observe?.({ method: exchange.method, result, durationMs: clock.now() - started });
    }
  }

  async #refusal(what: string, response: Dispatcher.ResponseData): Promise<KubernetesError> {
    const text = await readBody(response.body, maxErrorBytes, what);
    const header = response.headers["retry-after"];
    const retryAfter = parseRetryAfter(Array.isArray(header) ? header[0] : header, this.#options.clock.wall());
    let body: unknown = text;
    try {
      body = JSON.parse(text);
    } catch {
      // Proxies and a server that starts up answer in plain text; that text is the message.
      body = text.slice(0, 300);
    }
    return statusError(what, response.statusCode, body, retryAfter);
  }

  #connectionError(error: unknown, what: string, signal: AbortSignal): KubernetesError {
    if (signal.aborted) return abortError(signal, what);
    if (isKubernetesError(error)) return error;
    const code = errorCode(error);
    const { access } = this.#options;
    if (code !== undefined && /CERT|SELF_SIGNED|UNABLE_TO_|TLS|SSL/.test(code)) {
      // The CA or our certificate may have been replaced on disk; read both again before the next try.
      this.#authentication.invalidate();
      const problem = `TLS to ${access.server} failed: ${errorText(error)}`;
      return new KubernetesError("UNREACHABLE", `${what}: ${problem}; check the CA in ${access.origin}`, {
        cause: error,
      });
    }
    return new KubernetesError("UNREACHABLE", `${what}: ${access.server} does not answer: ${errorText(error)}`, {
      cause: error,
    });
  }
}

function describe({ method, path }: Exchange): string {
  return `${method} ${path}`;
}

function unauthorized(what: string, access: ClusterAccess): KubernetesError {
  const advice = "the credentials are wrong or have expired";
  return new KubernetesError("UNAUTHORIZED", `${what}: refused (status 401); ${advice} (${access.origin})`, {
    status: 401,
  });
}
