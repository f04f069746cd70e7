import { Agent, type Dispatcher, ProxyAgent, Socks5ProxyAgent } from "undici";
import type { ClusterAccess } from "../access/access.ts";
import type { Credentials } from "../access/authentication.ts";
import { errorText, KubernetesError } from "../error.ts";

/**
 * TCP keep-alive finds a peer that vanished (node gone, NAT entry dropped) below HTTP: first probe after 30 s of
 * silence as in client-go, then libuv's ten probes one second apart.
 */
const keepAliveMs = 30_000;
/** Under the API server's idle time of 90 s (apiserver/pkg/server/secure_serving.go), so that we close first. */
const idleMs = 60_000;
const connectTimeoutMs = 10_000;
/** Each watch holds one connection; the rest serves requests. Requests over it wait in undici. */
const maxConnections = 256;

/** Connections to one API server; made anew when certificate, key or CA changed on disk. */
export class Connection {
  readonly #access: ClusterAccess;
  #madeWith: Omit<Credentials, "headers"> | undefined;
  #dispatcher: Dispatcher | undefined;
  /** Replaced ones whose requests still run. */
  readonly #retired = new Set<Dispatcher>();

  constructor(access: ClusterAccess) {
    this.#access = access;
  }

  /** @throws KubernetesError CONFIG when the certificates cannot be used. */
  dispatcher({ ca, certificate, key }: Credentials): Dispatcher {
    const last = this.#madeWith;
    if (this.#dispatcher !== undefined && last?.ca === ca && last?.certificate === certificate && last?.key === key) {
      return this.#dispatcher;
    }
    const made = this.#make({ ca, certificate, key });
    if (this.#dispatcher !== undefined) this.#retire(this.#dispatcher);
    this.#madeWith = { ca, certificate, key };
    this.#dispatcher = made;
    return made;
  }

  /** Cuts every connection. */
  async close(): Promise<void> {
    const all = [...this.#retired, ...(this.#dispatcher === undefined ? [] : [this.#dispatcher])];
    await Promise.all(
      all.map((dispatcher) => dispatcher.destroy(new KubernetesError("CLOSED", "the Kubernetes client was closed"))),
    );
  }

  #retire(dispatcher: Dispatcher): void {
    this.#retired.add(dispatcher);
    const gone = (): void => {
      this.#retired.delete(dispatcher);
    };
    // Ends when its last request has ended (a watch lasts ten minutes at most), or fails when close() destroys it.
    dispatcher.close().then(gone, gone);
  }

  #make({ ca, certificate, key }: Omit<Credentials, "headers">): Dispatcher {
    const { proxyUrl, insecureSkipTlsVerify, tlsServerName } = this.#access;
    const tls = {
      ...(ca === undefined ? {} : { ca }),
      ...(certificate === undefined ? {} : { cert: certificate }),
      ...(key === undefined ? {} : { key }),
      ...(insecureSkipTlsVerify ? { rejectUnauthorized: false } : {}),
      ...(tlsServerName === undefined ? {} : { servername: tlsServerName }),
    };
    const socket = { keepAlive: true, keepAliveInitialDelay: keepAliveMs, timeout: connectTimeoutMs };
    const options = {
      connections: maxConnections,
      keepAliveTimeout: idleMs,
      // Deadlines are this room's own, on an injected clock (deadline.ts).
      headersTimeout: 0,
      bodyTimeout: 0,
      // One connection for each watch: what breaks one leaves the others alone.
      allowH2: false,
    };
    try {
      if (proxyUrl === undefined) return new Agent({ ...options, connect: { ...tls, ...socket } });
      if (/^socks5?h?:/.test(proxyUrl)) return new Socks5ProxyAgent(proxyUrl, { ...options, requestTls: tls });
      return new ProxyAgent({ ...options, uri: proxyUrl, requestTls: { ...tls, ...socket }, connect: socket });
    } catch (cause) {
      throw new KubernetesError("CONFIG", `${this.#access.origin}: cannot connect: ${errorText(cause)}`, { cause });
    }
  }
}
