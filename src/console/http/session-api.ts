import type { Request, Response } from "express";
import type { Logger } from "../../telemetry/log.ts";
import type { Clock } from "../../time/clock.ts";
import type { Session as SessionView, SignIn } from "../contract/session.ts";
import { ConsoleError } from "../error.ts";
import type { ConsoleMetrics } from "../metrics.ts";
import type { Session, Sessions, SignedIn } from "../sessions/sessions.ts";
import { SignInError } from "../sign-in/error.ts";
import { FailedSignIns } from "../sign-in/failures.ts";
import { callbackPath } from "../sign-in/openid.ts";
import type { SignInWays } from "../sign-in/ways.ts";
import { type Cookies, endCookie, readCookie, setCookie } from "./cookies.ts";

export interface SessionApiOptions {
  readonly sessions: Sessions;
  readonly ways: SignInWays;
  readonly cookies: Cookies;
  /** The registry's address, for ready lines. */
  readonly registry: string | undefined;
  readonly metrics: Pick<ConsoleMetrics, "signIn">;
  readonly log: Logger;
  readonly clock: Clock;
}

type Outcome = "expired" | "failed" | "refused";

/** Signs people in and out, and tells who is. */
export class SessionApi {
  readonly #options: SessionApiOptions;
  readonly #failures: FailedSignIns;

  constructor(options: SessionApiOptions) {
    this.#options = options;
    this.#failures = new FailedSignIns(options.clock);
  }

  /** The session of a request's cookie. @param isUse whether somebody uses it by this request */
  of({ headers }: Request, isUse = true): Session | undefined {
    const id = readCookie(headers.cookie, this.#options.cookies.session);
    const agoMs = isUse ? untouchedMs(headers["x-metahub-untouched"]) : Number.POSITIVE_INFINITY;
    return id === undefined ? undefined : this.#options.sessions.use(id, agoMs);
  }

  async show(session: Session | undefined, signal: AbortSignal): Promise<SessionView> {
    if (session === undefined) return { signedIn: false, ways: [...this.#options.ways.ways] };
    const { person, backend, csrf, ends } = session;
    const { registry, sessions } = this.#options;
    return {
      signedIn: true,
      user: person.name,
      groups: person.kind === "token" ? [...person.groups] : [],
      place: backend.place,
      may: await backend.may(signal),
      ends: ends.toISOString(),
      idleSeconds: Math.floor(sessions.idleMs / 1_000),
      csrf,
      ...(registry === undefined ? {} : { registry }),
    };
  }

  /** @throws ConsoleError 401 where it is refused; Refused 429 after too many failures */
  async signIn(how: SignIn, request: Request, response: Response, signal: AbortSignal): Promise<SessionView> {
    const user = how.way === "password" ? how.user : undefined;
    const signedIn = await this.#tried(how.way, request, user, () => this.#options.ways.signIn(how, signal));
    const session = this.#begin(signedIn, request, response);
    return await this.show(session, signal);
  }

  /** Ends the session of a request, and its cookie. */
  signOut(session: Session, response: Response): void {
    this.#options.sessions.end(session);
    this.forget(response);
    this.#options.log.info({ user: session.person.name }, "signed out");
  }

  /** Takes the cookie of a session that is over. */
  forget(response: Response): void {
    response.appendHeader("set-cookie", endCookie(this.#options.cookies.session));
  }

  /**
   * Sends the browser to the OpenID provider. The session that it had ends now: its cookie, which is strict, does not come
   * back with the provider's answer.
   */
  async startOpenId(request: Request, response: Response): Promise<void> {
    const { ways, cookies } = this.#options;
    if (ways.openid === undefined) throw noOpenId();
    const former = this.of(request);
    if (former !== undefined) this.signOut(former, response);
    try {
      const { url, cookie } = await ways.openid.start();
      response.appendHeader("set-cookie", setCookie(cookies.openid, cookie));
      response.redirect(303, url.href);
    } catch (error) {
      this.#openIdFailed(error, response);
    }
  }

  /** Where the provider sends the browser back to. The page says what became of it. */
  async finishOpenId(request: Request, response: Response, signal: AbortSignal): Promise<void> {
    const { ways, cookies } = this.#options;
    const { openid } = ways;
    if (openid === undefined) throw noOpenId();
    const cookie = readCookie(request.headers.cookie, cookies.openid);
    response.appendHeader("set-cookie", endCookie(cookies.openid));
    if (cookie === undefined) {
      this.#toPage(response, "expired");
      return;
    }
    try {
      const query = new URL(request.url, `http://localhost${callbackPath}`).search;
      const signedIn = await this.#tried("openid", request, undefined, () => openid.finish(query, cookie, signal));
      this.#begin(signedIn, request, response);
      // The page knows by it that one arrives, and goes on to the place that was asked for.
      response.redirect(303, "/#/sign-in");
    } catch (error) {
      this.#openIdFailed(error, response);
    }
  }

  #openIdFailed(error: unknown, response: Response): void {
    const refused = error instanceof ConsoleError;
    if (!refused) this.#options.log.warn({ error }, "a sign-in by OpenID Connect failed");
    this.#toPage(response, refused ? "refused" : "failed");
  }

  /** Nothing of the provider's answer goes into the address: a word says which sentence is shown. */
  #toPage(response: Response, outcome: Outcome): void {
    response.redirect(303, `/#/sign-in?openid=${outcome}`);
  }

  async #tried(
    way: SignIn["way"] | "openid",
    request: Request,
    user: string | undefined,
    sign: () => Promise<SignedIn>,
  ): Promise<SignedIn> {
    const { metrics, log } = this.#options;
    const address = request.ip ?? "";
    this.#failures.enter(address, user);
    try {
      const signedIn = await sign();
      this.#failures.succeeded(address, user);
      metrics.signIn(way, "done");
      log.info({ user: signedIn.person.name, way, address }, "signed in");
      return signedIn;
    } catch (error) {
      if (!(error instanceof SignInError) || error.code !== "REFUSED") {
        // It says nothing of whoever tried.
        this.#failures.succeeded(address, user);
        metrics.signIn(way, "failed");
        throw error instanceof SignInError && error.code === "USERS_FILE" ? unreadable(error) : error;
      }
      metrics.signIn(way, "refused");
      // Whoever typed a password into the field of the name would find it in the log.
      log.warn(
        { way, address, reason: error.message, ...(error.cause === undefined ? {} : { error }) },
        "not signed in",
      );
      throw refusal(way);
    }
  }

  /** A session that the browser had ends: two people at one desk are not one. */
  #begin(signedIn: SignedIn, request: Request, response: Response): Session {
    const { sessions, cookies } = this.#options;
    const former = this.of(request);
    if (former !== undefined) sessions.end(former);
    const { id, session } = sessions.begin(signedIn);
    response.appendHeader("set-cookie", setCookie(cookies.session, id));
    return session;
  }
}

/**
 * How long ago somebody touched the page that asks, ms: what it reads by itself is no use of a session. Where nothing is
 * said, as by a client that is no page, the request is.
 */
function untouchedMs(header: string | string[] | undefined): number {
  return typeof header === "string" && /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : 0;
}

/** The same for a user that there is not and a password that is wrong. */
function refusal(way: SignIn["way"] | "openid"): ConsoleError {
  const detail =
    way === "password"
      ? "The user or the password is wrong."
      : "The API server does not accept this token. It may have expired; make another one.";
  return new ConsoleError({ status: 401, title: "Not signed in", detail });
}

function unreadable(cause: SignInError): ConsoleError {
  const detail = "Nobody can sign in now: the users file cannot be read. The console's log says why.";
  return new ConsoleError({ status: 503, title: "Not signed in", detail }, { cause });
}

function noOpenId(): ConsoleError {
  const detail = "There is no sign-in by OpenID Connect here (--openid-issuer).";
  return new ConsoleError({ status: 404, title: "Not found", detail });
}
