import { isAbsolute } from "node:path";
import { type CredentialSource, Keyring } from "../../credentials/keyring.ts";
import { readFlag } from "../../process/failure.ts";
import { liesIn } from "../../process/lies-in.ts";
import { readRequired } from "../../process/read-required.ts";
import { version } from "../../process/version.ts";
import type { ConfiguredUpstream, ProxyConfig } from "../../proxy/config.ts";
import { ProxyError } from "../../proxy/error.ts";
import { defaultLimits, mostStreams, type ProxyLimits, type ProxySettings } from "../../proxy/settings.ts";
import { maySendTo, type Upstream, Upstreams } from "../../proxy/upstreams.ts";
import { RegistryClient } from "../../registry/client.ts";
import { hostMatcher } from "../../registry/hosts.ts";
import { type Mirrors, parseMirrors } from "../../registry/mirrors.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { ProgramContext } from "./program.ts";
import { operatorsConfig, ownCredentials } from "./registries.ts";

/** The flags of a registry that its ProxyConfig may say in their place, and those that reach upstreams. */
export interface UpstreamFlags {
  readonly upstreams: readonly Upstream[];
  /** The host of names without an upstream's; absent: those are not there. */
  readonly defaultUpstream: string | undefined;
  readonly plainHttp: readonly string[];
  /** `HOST=URL` each. */
  readonly mirrors: readonly string[];
  /** Hosts on private addresses to which a registry may send us. */
  readonly privateRedirects: readonly string[];
  /** PEM, with further authorities. */
  readonly caFile: string | undefined;
  /** In the format of ~/.docker/config.json. */
  readonly dockerConfigFile: string | undefined;
}

/** How upstreams are reached, at one moment. */
export interface Reach {
  readonly hosts: ReadonlySet<string>;
  readonly mirrors: ReadonlyMap<string, string>;
  readonly plainHttp: (host: string) => boolean;
  readonly privateRedirects: (host: string) => boolean;
  readonly keyring: CredentialSource;
}

export interface PreparedSettings extends ProxySettings {
  readonly reach: Reach;
  /** Hosts of upstreams whose blobs clients should fetch themselves, and may not: they have our name, or one below it. */
  readonly below: (ownHost: string) => readonly string[];
}

export interface PrepareOptions {
  readonly flags: UpstreamFlags;
  /** Files of credentials must not lie in it: its own may be shared. */
  readonly inventoryFolder: string | undefined;
  readonly env: ProgramContext["env"];
  readonly log: Logger;
}

/**
 * All that a ProxyConfig and the flags say together: a field of the one goes before the flag that stands for the same.
 * @throws CommandError, ProxyError, UsageError where a file or a text cannot be used
 */
export async function prepareSettings(
  config: ProxyConfig | undefined,
  options: PrepareOptions,
): Promise<PreparedSettings> {
  const { flags } = options;
  const upstreams: readonly ConfiguredUpstream[] = config?.upstreams ?? flags.upstreams;
  const named = config?.defaultUpstream ?? flags.defaultUpstream;
  const defaultUpstream = named === "none" ? undefined : named;
  const hosts = new Set([
    ...upstreams.map(({ host }) => host),
    ...(defaultUpstream === undefined ? [] : [defaultUpstream]),
  ]);
  const configured = upstreams.flatMap(({ host, mirror }) => (mirror === undefined ? [] : [`${host}=${mirror}`]));
  const mirrors = readFlag(() => overridden(parseMirrors(flags.mirrors), parseMirrors(configured)));
  return {
    upstreams: new Upstreams(upstreams, defaultUpstream),
    anonymous: config?.anonymous ?? false,
    hints: config?.hints ?? false,
    machinePaths: config?.machinePaths ?? false,
    answerIndex: new Set(config?.answerIndex),
    limits: { ...defaultLimits, ...config?.limits },
    below: (ownHost) =>
      upstreams
        .filter(({ redirectBlobs }) => redirectBlobs === true)
        .map(({ host }) => mirrors.hosts.get(host) ?? host)
        .filter((host) => !maySendTo(host.replace(/:\d+$/, ""), ownHost)),
    reach: {
      hosts,
      mirrors: mirrors.hosts,
      plainHttp: hostMatcher([...flags.plainHttp, ...mirrors.plainHttp]),
      privateRedirects: hostMatcher([...flags.privateRedirects, ...hosts, ...mirrors.hosts.values()]),
      keyring: await keyringOf(upstreams, options),
    },
  };
}

/** The mirrors of both; for one registry the second's. */
function overridden(first: Mirrors, second: Mirrors): Mirrors {
  return {
    hosts: new Map([...first.hosts, ...second.hosts]),
    plainHttp: [...first.plainHttp, ...second.plainHttp],
  };
}

/** A client for the upstreams as they are at each moment, until the process ends. */
export function openUpstreams(
  life: Lifecycle,
  caFile: string | undefined,
  settings: () => Pick<PreparedSettings, "reach" | "limits">,
): Promise<RegistryClient> {
  const reach = (): Reach => settings().reach;
  const limit = (name: keyof ProxyLimits) => ({ most: mostStreams, now: () => settings().limits[name] });
  return life.start(
    "the upstreams' client",
    async () => {
      const ca = caFile === undefined ? undefined : await readRequired(caFile, "--registry-ca-file");
      return new RegistryClient({
        allowedRegistries: (host) => reach().hosts.has(host),
        plainHttp: (host) => reach().plainHttp(host),
        privateRedirects: (host) => reach().privateRedirects(host),
        mirrors: { get: (host) => reach().mirrors.get(host) },
        // The operator names the upstreams one by one, so that any address is theirs; where those may send us is not.
        allowPrivate: true,
        followPrivate: false,
        streams: limit("streams"),
        streamsPerHost: limit("streamsPerUpstream"),
        userAgent: `metahub/${version}`,
        ...(ca === undefined ? {} : { ca }),
      });
    },
    (client) => client.close(),
  );
}

/** An upstream's own credentials; the flag's for those that have none. */
async function keyringOf(
  upstreams: readonly ConfiguredUpstream[],
  { flags, inventoryFolder, env, log }: PrepareOptions,
): Promise<CredentialSource> {
  const { dockerConfigFile } = flags;
  const shared = new Keyring(
    (await ownCredentials({ dockerConfigFile, dockerConfigNamespaces: [] }, { env, log })).sources,
  );
  const own = new Map<string, CredentialSource>();
  for (const { host, name, dockerConfigFile: file } of upstreams) {
    if (file === undefined) continue;
    if (!isAbsolute(file) || (inventoryFolder !== undefined && (await liesIn(file, inventoryFolder)))) {
      throw new ProxyError(
        "CONFIG_INVALID",
        `upstream ${name}: dockerConfigFile must be an absolute path outside of the inventory, whose files may be shared`,
      );
    }
    const text = await readRequired(file, `dockerConfigFile of the upstream ${name}`);
    own.set(host, operatorsConfig(text, file, { env, log }));
  }
  return {
    candidates: (reference, signal) => (own.get(reference.registry) ?? shared).candidates(reference, signal),
  };
}
