import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type IncomingHttpHeaders, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { dataRoutes } from "../../../src/console/api/routes.ts";
import { createApp } from "../../../src/console/http/app.ts";
import { cookiesFor } from "../../../src/console/http/cookies.ts";
import { Files } from "../../../src/console/http/files.ts";
import { SessionApi } from "../../../src/console/http/session-api.ts";
import { Streams } from "../../../src/console/http/streams.ts";
import { createConsoleMetrics } from "../../../src/console/metrics.ts";
import { createConsoleServer } from "../../../src/console/server.ts";
import { Sessions } from "../../../src/console/sessions/sessions.ts";
import { SignInError } from "../../../src/console/sign-in/error.ts";
import type { SignInWays } from "../../../src/console/sign-in/ways.ts";
import { createLogger } from "../../../src/telemetry/log.ts";
import { createRegistry } from "../../../src/telemetry/metrics.ts";
import { type Clock, systemClock } from "../../../src/time/clock.ts";
import { MemoryPlace } from "./memory-backend.ts";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON. */
  readonly json: () => ReturnType<typeof JSON.parse>;
}

export interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface StartOptions {
  readonly clock?: Clock;
  readonly externalUrl?: string;
  readonly ways?: Partial<SignInWays>;
  readonly trustedProxies?: readonly string[];
}

/** Tokens of a test are names: `token-anna` is anna's. */
function testWays(place: MemoryPlace): SignInWays {
  return {
    ways: ["token", "password"],
    signIn: async (how) => {
      const name =
        how.way === "token" ? /^token-(\w+)$/.exec(how.token)?.[1] : how.password === "right" ? how.user : undefined;
      if (name === undefined) throw new SignInError("REFUSED", "no");
      const person =
        how.way === "token"
          ? { kind: "token" as const, name, groups: ["g"], token: how.token }
          : { kind: "user" as const, name };
      return { person, backend: place.backend(person) };
    },
    staying: () => Promise.resolve(() => true),
  };
}

/** The console before a backend in memory, on a port of this machine. */
export class TestConsole {
  readonly place = new MemoryPlace();
  readonly sessions: Sessions;
  readonly #close: () => Promise<void>;
  readonly #listen: () => Promise<number>;
  port = 0;
  readonly host: string;
  readonly log: readonly string[];
  readonly registry: ReturnType<typeof createRegistry>;

  static async start(options: StartOptions = {}): Promise<TestConsole> {
    const folder = await mkdtemp(join(tmpdir(), "metahub-console-"));
    const script = "export const x = 1;\n".repeat(100);
    await writeFile(join(folder, "index.html"), "<!doctype html><title>MetaHub</title>");
    await writeFile(join(folder, "app-ABCDEFGH.js"), script);
    await writeFile(join(folder, "app-ABCDEFGH.js.br"), brotliCompressSync(script));
    await writeFile(join(folder, "app-ABCDEFGH.js.gz"), gzipSync(script));
    const files = await Files.read(folder);
    await rm(folder, { recursive: true });
    const made = new TestConsole(options, files);
    made.port = await made.#listen();
    return made;
  }

  private constructor(options: StartOptions, files: Files) {
    const { clock = systemClock, externalUrl = "https://console.example.com", ways, trustedProxies = [] } = options;
    const lines: string[] = [];
    this.log = lines;
    const log = createLogger("debug", { write: (line) => void lines.push(line) });
    const url = new URL(externalUrl);
    this.host = url.host;
    this.registry = createRegistry();
    const metrics = createConsoleMetrics(this.registry);
    this.sessions = new Sessions({
      idleMs: 30 * 60_000,
      longestMs: 12 * 3_600_000,
      clock,
      onError: (error) => log.error({ error }, "not closed"),
      changed: metrics.sessions,
    });
    const session = new SessionApi({
      sessions: this.sessions,
      ways: { ...testWays(this.place), ...ways },
      cookies: cookiesFor(url),
      registry: "hub.example.com",
      metrics,
      log,
      clock,
    });
    const known = (prefix: string) => ({
      items: [{ feature: `${prefix}zen4`, says: "AMD Zen 4", above: [], below: [] }],
      more: false,
    });
    const app = createApp({
      externalUrl: url,
      trustedProxies,
      routes: dataRoutes(known),
      session,
      streams: new Streams({ clock, log, changed: metrics.streams }),
      files,
      metrics,
      log,
      clock,
    });
    const server = createConsoleServer({ app, log });
    this.#close = async () => {
      this.sessions.endAll();
      await server.close(0);
    };
    this.#listen = () => server.listen(0, "127.0.0.1");
  }

  close(): Promise<void> {
    return this.#close();
  }

  /** Sends as a page of the console does, unless told otherwise. */
  async send(path: string, { method = "GET", headers = {}, body }: Sent = {}): Promise<Answer> {
    const bytes = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
    const sent = request({
      host: "127.0.0.1",
      port: this.port,
      path,
      method,
      agent: false,
      headers: {
        host: this.host,
        "sec-fetch-site": "same-origin",
        ...(bytes === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
    });
    const answered = new Promise<Answer>((resolve, reject) => {
      sent.once("error", reject);
      sent.once("response", (response) => {
        text(response).then(
          (said) =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text: said,
              json: () => JSON.parse(said),
            }),
          reject,
        );
      });
    });
    sent.end(bytes);
    return await answered;
  }

  /** Signs in by a token, and sends what follows with the session. */
  async signIn(name = "anna"): Promise<SignedInClient> {
    const answer = await this.send("/api/v1/session", {
      method: "POST",
      body: { way: "token", token: `token-${name}` },
    });
    const cookie = cookieOf(answer);
    return {
      cookie,
      csrf: answer.json().csrf,
      send: (path, sent) => this.#sendAs(cookie, answer.json().csrf, path, sent),
    };
  }

  #sendAs(cookie: string, csrf: string, path: string, sent: Sent = {}): Promise<Answer> {
    const headers = { cookie, ...(sent.method === undefined ? {} : { "x-metahub-csrf": csrf }), ...sent.headers };
    return this.send(path, { ...sent, headers });
  }
}

export interface SignedInClient {
  readonly cookie: string;
  readonly csrf: string;
  send(path: string, sent?: Sent): Promise<Answer>;
}

/** `NAME=VALUE` of the first cookie that an answer sets. */
export function cookieOf({ headers }: Answer): string {
  return headers["set-cookie"]?.[0]?.split(";", 1)[0] ?? "";
}
