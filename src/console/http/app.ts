import { createHash } from "node:crypto";
import express, { type Express, type NextFunction, type Request, type RequestHandler, type Response } from "express";
import type { z } from "zod";
import { readBody, takeBody } from "../../http/body.ts";
import { BodyBudget } from "../../http/body-budget.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { Clock } from "../../time/clock.ts";
import { Deadline } from "../../time/deadline.ts";
import { openApiDocument, ownRoutes } from "../api/openapi.ts";
import type { Described, Route } from "../api/route.ts";
import { type Session as SessionView, signIn } from "../contract/session.ts";
import { ConsoleError } from "../error.ts";
import type { ConsoleMetrics } from "../metrics.ts";
import { Places } from "../sessions/places.ts";
import type { Session } from "../sessions/sessions.ts";
import { isOver } from "../sign-in/cluster-ways.ts";
import { callbackPath } from "../sign-in/openid.ts";
import type { Files } from "./files.ts";
import { checkCsrf, checkHost, checkSite, isSafe } from "./gate.ts";
import { securityHeaders } from "./headers.ts";
import { malformed, problemOf, Refused, sendProblem } from "./problems.ts";
import type { SessionApi } from "./session-api.ts";
import type { Streams } from "./streams.ts";

export interface AppOptions {
  /** As browsers reach it: `https://console.example.com`. */
  readonly externalUrl: URL;
  /** Addresses or networks of proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  readonly routes: readonly Route[];
  readonly session: SessionApi;
  readonly streams: Streams;
  readonly files: Files;
  readonly metrics: ConsoleMetrics;
  readonly log: Logger;
  readonly clock: Clock;
}

/** Bytes of one body: a machine type with its features is some kilobytes. */
const bodyBytes = 256 * 1_024;
/** Bytes of all bodies under way. */
const allBodies = 8 * 1_048_576;
/** Longest time for an answer, ms: a registry may have to be asked. */
const answerMs = 60_000;
/** Requests of one person at once. */
const mostOfOne = 32;
const base = "/api/v1";

/** A route's work with a request that passed every gate. */
type Work = (call: Call) => Promise<void>;

interface Call {
  readonly request: Request;
  readonly response: Response;
  /** Undefined where nobody is signed in, on routes that are open. */
  readonly session: Session | undefined;
  readonly signal: AbortSignal;
}

/** The application: gates first, then files and data, then one place where everything that went wrong is told. */
export function createApp(options: AppOptions): Express {
  return new App(options).express;
}

class App {
  readonly express: Express = express();
  readonly #options: AppOptions;
  readonly #budget = new BodyBudget(allBodies);
  readonly #places = new Places(mostOfOne, "requests");

  constructor(options: AppOptions) {
    this.#options = options;
    const { express: app } = this;
    app.disable("x-powered-by");
    app.disable("etag");
    app.set("query parser", "simple");
    // `…/credentials/..` is `…/` once a browser has resolved it, and must not be the machine type itself.
    app.enable("strict routing");
    app.enable("case sensitive routing");
    app.set("trust proxy", [...options.trustedProxies]);
    app.use(this.#prepare());
    app.use(options.files.handler);
    this.#addOwn();
    for (const route of options.routes) this.#add(route, (call) => this.#data(route, call));
    app.use((request) => {
      throw notFound(request);
    });
    app.use((error: unknown, request: Request, response: Response, _next: NextFunction) =>
      this.#fail(error, request, response),
    );
  }

  #prepare(): RequestHandler {
    const { externalUrl, metrics } = this.#options;
    const headers = { ...securityHeaders(externalUrl), "cache-control": "no-store" };
    return (request, response, next) => {
      const began = performance.now();
      response.locals["route"] = "page";
      response.set(headers);
      response.once("close", () => {
        const seconds = (performance.now() - began) / 1_000;
        metrics.answered(methodOf(request), String(response.locals["route"]), response.statusCode, seconds);
      });
      checkHost(request.headers.host, externalUrl);
      if (request.path.startsWith("/api/")) checkSite(request.method, request.headers, externalUrl);
      next();
    };
  }

  #addOwn(): void {
    const { session: sessions, streams, routes, externalUrl } = this.#options;
    const document = openApiDocument([...Object.values(ownRoutes), ...routes], externalUrl);
    this.#add(ownRoutes.session, async ({ session, response, signal }) => {
      this.#send(response, ownRoutes.session, await this.#shown(session, response, signal));
    });
    this.#add(ownRoutes.signIn, async ({ request, response, signal }) => {
      const how = read(signIn, bodyOf(request), "This is no sign-in");
      this.#send(response, ownRoutes.signIn, await sessions.signIn(how, request, response, signal));
    });
    this.#add(ownRoutes.signOut, async ({ session, response }) => {
      sessions.signOut(signedIn(session), response);
      response.status(204).end();
    });
    this.#add(ownRoutes.openapi, async ({ response }) => this.#send(response, ownRoutes.openapi, document));
    this.#add(ownRoutes.events, async ({ session, response }) => await streams.send(signedIn(session), response));
    this.#addPage("/openid/start", async ({ request, response }) => await sessions.startOpenId(request, response));
    this.#addPage(callbackPath, async ({ request, response, signal }) => {
      await sessions.finishOpenId(request, response, signal);
    });
  }

  /** A page of the browser's own going: no data, no session. */
  #addPage(path: string, work: Work): void {
    this.express.get(path, async (request, response) => {
      await this.#inTime(response, answerMs, (signal) => work({ request, response, session: undefined, signal }));
    });
  }

  #add(route: Described, work: Work): void {
    const { method, path, body } = route;
    const name: RequestHandler = (_request, response, next) => {
      response.locals["route"] = path;
      next();
    };
    const admit: RequestHandler = (request, response, next) => {
      // Before a body is read: strangers send none.
      response.locals["session"] = this.#admit(route, request, response);
      next();
    };
    const take = body === undefined ? [] : [checkType, readBody(bodyBytes, this.#budget)];
    this.express[method](`${base}${expressPath(path)}`, name, admit, ...take, async (request, response) => {
      await this.#answer(route, work, request, response);
    });
  }

  /** @throws ConsoleError 401, 403 */
  #admit(route: Described, request: Request, response: Response): Session | undefined {
    const { session: sessions } = this.#options;
    // A stream is opened again by the browser itself, with nobody before it.
    const session = sessions.of(request, route.mediaType !== "text/event-stream");
    if (route.open === true) return session;
    if (session === undefined) {
      if (request.headers.cookie !== undefined) sessions.forget(response);
      throw notSignedIn();
    }
    if (!isSafe(request.method)) checkCsrf(request.headers["x-metahub-csrf"], session.csrf);
    return session;
  }

  async #answer(route: Described, work: Work, request: Request, response: Response): Promise<void> {
    const session: Session | undefined = response.locals["session"];
    const stream = route.mediaType === "text/event-stream";
    const leave =
      session === undefined || stream ? undefined : this.#places.enter(`${session.person.kind} ${session.person.name}`);
    try {
      await this.#inTime(response, stream ? undefined : answerMs, async (signal) => {
        if (session !== undefined && route.open !== true) await session.refresh(signal);
        await work({ request, response, session, signal });
      });
    } catch (error) {
      if (session === undefined || route.open === true || !countsNoMore(error)) throw error;
      this.#lose(session, response, error);
      throw notSignedIn();
    } finally {
      leave?.();
    }
  }

  /** Who is signed in; nobody, where what they signed in with counts no more. */
  async #shown(session: Session | undefined, response: Response, signal: AbortSignal): Promise<SessionView> {
    const { session: sessions } = this.#options;
    try {
      await session?.refresh(signal);
      return await sessions.show(session, signal);
    } catch (error) {
      if (session === undefined || !countsNoMore(error)) throw error;
      this.#lose(session, response, error);
      return await sessions.show(undefined, signal);
    }
  }

  #lose(session: Session, response: Response, error: unknown): void {
    this.#options.log.info({ user: session.person.name, error }, "what this session was begun with counts no more");
    this.#options.session.signOut(session, response);
  }

  async #inTime(
    response: Response,
    ms: number | undefined,
    work: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const gone = new AbortController();
    response.once("close", () => gone.abort(new ConsoleError(clientGone)));
    const deadline = new Deadline(this.#options.clock, gone.signal, "the answer", ms ?? 2 ** 31 - 1);
    try {
      await work(deadline.signal);
    } finally {
      deadline.end();
    }
  }

  async #data(route: Route, { request, response, session, signal }: Call): Promise<void> {
    const { person, backend } = signedIn(session);
    const query = route.query === undefined ? {} : read(route.query, request.query, "The address is malformed");
    const body = route.body === undefined ? undefined : read(route.body, bodyOf(request), "This is not as expected");
    if (!isSafe(request.method) && route.changesNothing !== true) {
      this.#options.log.info({ user: person.name, method: request.method, path: request.path }, "asked to change");
    }
    const answer = await route.handle({ backend, path: pathOf(request), query, body, signal });
    const etag = route.versioned === true ? etagOf(signedIn(session), request, answer) : undefined;
    if (etag !== undefined) {
      response.set("etag", etag);
      if (request.headers["if-none-match"] === etag) {
        response.status(304).end();
        return;
      }
    }
    this.#send(response, route, answer);
  }

  #send(response: Response, { status, answer }: Described, body: unknown): void {
    if (answer === undefined) response.status(204).end();
    else response.status(status ?? 200).json(body);
  }

  #fail(error: unknown, request: Request, response: Response): void {
    const { log } = this.#options;
    const problem = problemOf(error);
    const route = String(response.locals["route"]);
    const what = { method: methodOf(request), route, status: problem.status };
    if (response.destroyed) log.debug({ error, ...what }, "a client left before its answer");
    else if (problem.status >= 500) log.error({ error, ...what }, "not answered");
    else log.info({ ...what, reason: problem.title }, "not answered");
    // Whoever reads half an answer must not take it for a whole one.
    if (response.headersSent) response.destroy();
    else if (!response.destroyed) sendProblem(response, problem, error instanceof Refused ? error.headers : {});
  }
}

const clientGone = { status: 499, title: "Gone", detail: "The client closed the connection." };

/** `/machine-types/{name}:x` as express writes it; a colon of the API's own is escaped. */
function expressPath(path: string): string {
  return path.replaceAll(":", "\\:").replaceAll(/\{(\w+)\}/g, ":$1");
}

function pathOf({ params }: Request): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)]));
}

/** A body of another type can be sent by a form of another site. @throws ConsoleError 415 */
const checkType: RequestHandler = (request, _response, next) => {
  const type = request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    const detail = "The body has to be application/json.";
    throw new ConsoleError({ status: 415, title: "Unsupported body", detail });
  }
  next();
};

function bodyOf(request: Request): unknown {
  try {
    return JSON.parse(takeBody(request).toString("utf8"));
  } catch {
    throw new ConsoleError({ status: 400, title: "Bad request", detail: "The body is no JSON." });
  }
}

function read<T>(schema: z.ZodType<T>, value: unknown, title: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw malformed(result.error, title);
}

/** Made of the session too: what one person has seen says nothing to the next at the same browser. */
function etagOf({ csrf }: Session, request: Request, answer: unknown): string | undefined {
  const version = Object(answer)["version"];
  if (typeof version !== "string") return undefined;
  const hash = createHash("sha256").update(JSON.stringify([csrf, request.originalUrl, version]));
  return `"${hash.digest("base64url")}"`;
}

function countsNoMore(error: unknown): boolean {
  return isOver(error) || problemOf(error).status === 401;
}

function signedIn(session: Session | undefined): Session {
  if (session === undefined) throw notSignedIn();
  return session;
}

function notSignedIn(): ConsoleError {
  return new ConsoleError({ status: 401, title: "Signed out", detail: "You are not signed in, or no longer." });
}

function notFound({ path }: Request): ConsoleError {
  const detail = path.startsWith("/api/") ? `The API is described at ${base}/openapi.json.` : "There is no such page.";
  return new ConsoleError({ status: 404, title: "Not found", detail });
}

/** Methods are named in metrics, where strangers must not make series. */
function methodOf({ method }: Request): string {
  return ["GET", "HEAD", "POST", "PUT", "DELETE"].includes(method) ? method : "other";
}
