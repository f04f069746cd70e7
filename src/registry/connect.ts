import { lookup as systemLookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { getCACertificates } from "node:tls";
import { buildConnector, Pool } from "undici";
import { type AddressClass, classifyAddress } from "./address.ts";
import { byteCache } from "./byte-cache.ts";
import { RegistryError } from "./error.ts";
import { type Lease, Pools } from "./pools.ts";

/**
 * How a request came to its host: `direct`, because the image names it, or `sent`, because another host sent us there (a
 * redirect, a token server, an upload) and must not choose one of our own network.
 */
export type Reach = "direct" | "sent";

export interface ConnectOptions {
  readonly plainHttp: (host: string) => boolean;
  /** Hosts on private addresses to which another host may send us. */
  readonly privateRedirects: (host: string) => boolean;
  readonly allowPrivate: boolean;
  /** Whether a host on a private address may send us to any other one. */
  readonly followPrivate: boolean;
  readonly ca: string | undefined;
  readonly connectMs: number;
  readonly connectionsPerHost: number;
  readonly lookup?: LookupFunction | undefined;
  /** Tests make public addresses out of loopback ones with this. */
  readonly classify?: ((address: string) => AddressClass) | undefined;
}

/**
 * The rule of which addresses may be connected to.
 * @param named whether the image names the host, or the operator lists it among those to which others may send us
 * @param trusted whether the operator named the host as plain HTTP
 */
export function permitsAddress(kind: AddressClass, named: boolean, trusted: boolean): boolean {
  switch (kind) {
    case "public":
      return true;
    case "private":
      return named;
    case "loopback":
      return named && trusted;
    case "forbidden":
      return false;
  }
}

/** Bytes for origins that were seen on private addresses; a forgotten one counts as public, which is the stricter. */
const maxSeenBytes = 256 * 1024;
/** Some 10 KiB each while idle. A namespace's own are closed first, so that it closes few of others. */
const poolLimits = { total: 512, perNamespace: 64 };
/**
 * Bytes that a connection reads ahead: undici's own for plain HTTP. Its 16 KiB for TLS are one record, and each a turn. undici
 * hands it on to Node.js, and its types do not know it.
 */
const readAhead = { highWaterMark: 64 * 1024 };
/** Below the 60 s after which common load balancers drop an idle connection. */
const keepAliveMs = 30_000;

/**
 * Connections to registries. The address is checked where the connection is made, on the very address that is
 * connected to: a name that resolves to something else the second time (DNS rebinding) gains nothing.
 */
export class Connections {
  readonly #pools: Readonly<Record<Reach, Pools>>;
  readonly #seen = byteCache<{ readonly kind: AddressClass }>(maxSeenBytes);
  readonly #classify: (address: string) => AddressClass;
  readonly #followPrivate: boolean;

  constructor(options: ConnectOptions) {
    this.#classify = options.classify ?? classifyAddress;
    this.#followPrivate = options.followPrivate;
    // `ca` replaces the built-in certificates, so they are named again. Shared by the connectors: it is large.
    const ca = options.ca === undefined ? undefined : [...getCACertificates("default"), options.ca];
    this.#pools = { direct: this.#open("direct", options, ca), sent: this.#open("sent", options, ca) };
  }

  /**
   * A pool of connections to the origin, kept apart by reach: a connection that was made under the looser rule never
   * serves a request under the stricter one. @throws RegistryError OVERLOADED
   */
  lease(reach: Reach, origin: string, namespace: string | undefined): Lease {
    return this.#pools[reach].lease(origin, namespace);
  }

  /** How a host may be reached to which `origin` sent us. A command's user picks the hosts, and trusts private ones. */
  reachFrom(origin: string): Reach {
    return this.#followPrivate && (this.#seen.get(origin)?.kind ?? "public") !== "public" ? "direct" : "sent";
  }

  async close(): Promise<void> {
    await Promise.all([this.#pools.direct.close(), this.#pools.sent.close()]);
  }

  #open(reach: Reach, options: ConnectOptions, ca: readonly string[] | undefined): Pools {
    const { plainHttp, privateRedirects, allowPrivate, connectMs, connectionsPerHost } = options;
    const lookup = options.lookup ?? systemLookup;
    interface Rule {
      readonly connect: buildConnector.connector;
      readonly permits: (address: string) => boolean;
    }
    const build = (named: boolean, trusted: boolean): Rule => {
      const permits = (address: string): boolean => permitsAddress(this.#classify(address), named, trusted);
      const connect = buildConnector({
        timeout: connectMs,
        ...readAhead,
        // HTTP/1.1 only: one connection's stall then delays one request, and our own gate does the bounding.
        allowH2: false,
        lookup: checkedLookup(lookup, permits),
        ...(ca === undefined ? {} : { ca: [...ca] }),
      });
      return { connect, permits };
    };
    const unnamed = build(false, false);
    const named = { trusted: build(true, true), untrusted: build(true, false) };
    const settings: Pool.Options = {
      connections: connectionsPerHost,
      pipelining: 1,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      maxHeaderSize: 32 * 1024,
      // The transport keeps its own clock over each hop, bodies that trickle included.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (target, callback) => {
        const host = target.host ?? target.hostname;
        const isNamed = reach === "direct" || privateRedirects(host);
        const trust = allowPrivate || plainHttp(host) ? "trusted" : "untrusted";
        const { connect, permits } = isNamed ? named[trust] : unnamed;
        const literal = target.hostname.replace(/^\[|\]$/g, "");
        if (isIP(literal) !== 0 && !permits(literal)) {
          callback(refused(), null);
          return;
        }
        connect(target, (...result) => {
          const [error, socket] = result;
          if (error === null) {
            const kind = this.#classify(socket.remoteAddress ?? "");
            this.#seen.set(`${target.protocol}//${host}`, { kind });
          }
          callback(...result);
        });
      },
    };
    return new Pools(poolLimits, (origin) => new Pool(origin, settings));
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
    "leads to an address that may not be asked (loopback, link-local or metadata, or a private one to which another " +
      "host sent us); if it is a host of your own, allow it as plain HTTP, or as one that registries may send us to",
  );
}
