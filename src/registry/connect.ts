import { lookup as systemLookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { getCACertificates } from "node:tls";
import { LRUCache } from "lru-cache";
import { Agent, buildConnector } from "undici";
import { type AddressClass, classifyAddress } from "./address.ts";
import { RegistryError } from "./error.ts";

/**
 * How a request came to its host: `direct`, because the image names it, or `fromPublic`, because a host on the public
 * internet sent us there (a redirect, a token server) and must not choose one of our own network.
 */
export type Reach = "direct" | "fromPublic";

export interface ConnectOptions {
  readonly plainHttp: (host: string) => boolean;
  readonly allowPrivate: boolean;
  readonly ca: string | undefined;
  readonly connectMs: number;
  readonly connectionsPerHost: number;
  readonly lookup?: LookupFunction | undefined;
  /** Tests make public addresses out of loopback ones with this. */
  readonly classify?: ((address: string) => AddressClass) | undefined;
}

/** The rule of which addresses may be connected to. `trusted`: the host was named as plain HTTP by the operator. */
export function permitsAddress(kind: AddressClass, reach: Reach, trusted: boolean): boolean {
  switch (kind) {
    case "public":
      return true;
    case "private":
      return reach === "direct";
    case "loopback":
      return reach === "direct" && trusted;
    case "forbidden":
      return false;
  }
}

/** Origins whose address class is remembered; a forgotten one counts as public, which is the stricter. */
const maxRemembered = 1024;
/** Hosts with a connection pool; one more is refused until another falls idle. */
const maxOrigins = 512;
/** Below the 60 s after which common load balancers drop an idle connection. */
const keepAliveMs = 30_000;

/**
 * Connections to registries. The address is checked where the connection is made, on the very address that is
 * connected to: a name that resolves to something else the second time (DNS rebinding) gains nothing.
 */
export class Connections {
  readonly #agents: Readonly<Record<Reach, Agent>>;
  readonly #seen = new LRUCache<string, AddressClass>({ max: maxRemembered });
  readonly #classify: (address: string) => AddressClass;

  constructor(options: ConnectOptions) {
    this.#classify = options.classify ?? classifyAddress;
    // `ca` replaces the built-in certificates, so they are named again. Shared by the connectors: it is large.
    const ca = options.ca === undefined ? undefined : [...getCACertificates("default"), options.ca];
    this.#agents = {
      direct: this.#agent("direct", options, ca),
      fromPublic: this.#agent("fromPublic", options, ca),
    };
  }

  /** Two pools, so that a connection made under the looser rule never serves a request under the stricter one. */
  agent(reach: Reach): Agent {
    return this.#agents[reach];
  }

  /** How a host may be reached to which `origin` sent us. */
  reachFrom(origin: string): Reach {
    return (this.#seen.get(origin) ?? "public") === "public" ? "fromPublic" : "direct";
  }

  async close(): Promise<void> {
    await Promise.all([this.#agents.direct.destroy(), this.#agents.fromPublic.destroy()]);
  }

  #agent(reach: Reach, options: ConnectOptions, ca: readonly string[] | undefined): Agent {
    const { plainHttp, allowPrivate, connectMs, connectionsPerHost } = options;
    const lookup = options.lookup ?? systemLookup;
    const build = (trusted: boolean): { connect: buildConnector.connector; permits: (address: string) => boolean } => {
      const permits = (address: string): boolean => permitsAddress(this.#classify(address), reach, trusted);
      const connect = buildConnector({
        timeout: connectMs,
        // HTTP/1.1 only: one connection's stall then delays one request, and our own gate does the bounding.
        allowH2: false,
        lookup: checkedLookup(lookup, permits),
        ...(ca === undefined ? {} : { ca: [...ca] }),
      });
      return { connect, permits };
    };
    const connectors = { trusted: build(true), untrusted: build(false) };
    return new Agent({
      connections: connectionsPerHost,
      maxOrigins,
      pipelining: 1,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      maxHeaderSize: 32 * 1024,
      // The transport keeps its own clock over each hop, bodies that trickle included.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (target, callback) => {
        const host = target.host ?? target.hostname;
        const { connect, permits } = allowPrivate || plainHttp(host) ? connectors.trusted : connectors.untrusted;
        const literal = target.hostname.replace(/^\[|\]$/g, "");
        if (isIP(literal) !== 0 && !permits(literal)) {
          callback(refused(), null);
          return;
        }
        connect(target, (...result) => {
          const [error, socket] = result;
          if (error === null) {
            const kind = this.#classify(socket.remoteAddress ?? "");
            this.#seen.set(`${target.protocol}//${host}`, kind);
          }
          callback(...result);
        });
      },
    });
  }
}

/** Resolves as `lookup` does, and leaves out what may not be connected to. */
function checkedLookup(lookup: LookupFunction, permits: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, "", 0);
        return;
      }
      const all = typeof addresses === "string" ? [{ address: addresses, family: isIP(addresses) }] : addresses;
      const allowed = all.filter(({ address }) => permits(address));
      const [first] = allowed;
      if (first === undefined) callback(refused(), "", 0);
      else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

/**
 * Says neither the address nor its class: a Pod's author must not be able to explore our names with it. The transport
 * puts the request's name before it, since the host may be one that a redirect chose.
 */
function refused(): RegistryError {
  return new RegistryError(
    "REFUSED_HOST",
    "leads to an address that may not be asked (loopback, link-local or metadata, or a private one behind a public " +
      "host); if it is a registry of your own, allow it as plain HTTP or give it another address",
  );
}
