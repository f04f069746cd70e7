import { type Clock, unlessAborted } from "../../time/clock.ts";
import { Deadline } from "../../time/deadline.ts";
import { KubernetesError } from "../error.ts";
import type { ClusterAccess, PemSource } from "./access.ts";
import { authProviderHeader } from "./auth-provider.ts";
import { type ExecCredential, runExecPlugin } from "./exec-plugin.ts";
import { FileContent } from "./file-content.ts";

/** Credentials that one request is sent with. Holds secrets: never log it. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly ca: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
}

/** A person may have to answer a plugin's question in a browser, so it gets longer than a request. */
const pluginTimeoutMs = 60_000;
/** A credential this close to its end is not used any more: the request must still arrive. */
const expiryMarginMs = 10_000;

/** Keeps credentials fresh: rotated files are read again, plugins run again when their credential expires. */
export class Authentication {
  readonly #access: ClusterAccess;
  readonly #clock: Clock;
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #closing = new AbortController();
  readonly #files = new Map<string, FileContent>();
  #credential: ExecCredential | undefined;
  #running: Promise<ExecCredential> | undefined;

  /** @param environment what credential plugins inherit */
  constructor(access: ClusterAccess, clock: Clock, environment: Readonly<Record<string, string | undefined>>) {
    this.#access = access;
    this.#clock = clock;
    this.#environment = environment;
  }

  /** @throws KubernetesError CONFIG */
  async current(signal: AbortSignal): Promise<Credentials> {
    const { user, ca } = this.#access;
    const exec = user.exec === undefined ? undefined : await this.#execCredential(signal);
    const authorization = await this.#authorization(exec, signal);
    return {
      headers: { ...(authorization === undefined ? {} : { authorization }), ...this.#impersonation() },
      ca: await this.#pem(ca, signal),
      certificate: exec?.certificate ?? (await this.#pem(user.certificate, signal)),
      key: exec?.key ?? (await this.#pem(user.key, signal)),
    };
  }

  /** The server refused us: the next `current` reads and runs everything anew. */
  invalidate(): void {
    for (const file of this.#files.values()) file.invalidate();
    this.#credential = undefined;
  }

  /** Ends a plugin that still runs. */
  close(): void {
    this.#closing.abort(new KubernetesError("CLOSED", "the Kubernetes client was closed"));
  }

  async #authorization(exec: ExecCredential | undefined, signal: AbortSignal): Promise<string | undefined> {
    const { user, server } = this.#access;
    if (exec?.token !== undefined) return `Bearer ${exec.token}`;
    if (user.tokenFile !== undefined) return `Bearer ${await this.#file(user.tokenFile).read(signal)}`;
    if (user.token !== undefined) return `Bearer ${user.token}`;
    if (user.basic !== undefined) {
      const { username, password } = user.basic;
      return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
    }
    if (user.authProvider === undefined) return undefined;
    return unlessAborted(authProviderHeader(user.authProvider, server), signal, "auth-provider");
  }

  /** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation */
  #impersonation(): Record<string, string | string[]> {
    const { impersonate } = this.#access.user;
    if (impersonate === undefined) return {};
    const headers: Record<string, string | string[]> = { "impersonate-user": impersonate.user };
    if (impersonate.uid !== undefined) headers["impersonate-uid"] = impersonate.uid;
    if (impersonate.groups.length > 0) headers["impersonate-group"] = [...impersonate.groups];
    for (const [key, values] of Object.entries(impersonate.extra)) {
      headers[`impersonate-extra-${encodeURIComponent(key.toLowerCase())}`] = [...values];
    }
    return headers;
  }

  async #pem(source: PemSource | undefined, signal: AbortSignal): Promise<string | undefined> {
    if (source === undefined) return undefined;
    return "pem" in source ? source.pem : this.#file(source.file).read(signal);
  }

  #file(path: string): FileContent {
    let file = this.#files.get(path);
    if (file === undefined) {
      file = new FileContent(path, this.#clock);
      this.#files.set(path, file);
    }
    return file;
  }

  /** Many requests may need the credential at once; the plugin runs once for all of them. */
  async #execCredential(signal: AbortSignal): Promise<ExecCredential> {
    const known = this.#credential;
    const fresh = (known?.expiresAt ?? Number.POSITIVE_INFINITY) - expiryMarginMs > this.#clock.wall().getTime();
    if (known !== undefined && fresh) return known;
    this.#running ??= this.#runPlugin().finally(() => {
      this.#running = undefined;
    });
    return unlessAborted(this.#running, signal, "credential plugin");
  }

  async #runPlugin(): Promise<ExecCredential> {
    const { exec } = this.#access.user;
    if (exec === undefined) throw new KubernetesError("CONFIG", "there is no credential plugin");
    const deadline = new Deadline(
      this.#clock,
      this.#closing.signal,
      `credential plugin ${exec.command}`,
      pluginTimeoutMs,
    );
    try {
      this.#credential = await runExecPlugin(exec, this.#access, this.#environment, deadline.signal);
      return this.#credential;
    } finally {
      deadline.end();
    }
  }
}
