import type { Field } from "../api/field.ts";
import { metahubApiVersion } from "../api/machine-type.ts";
import { openObject, readMetadata, required } from "../api/parse-object.ts";
import type { Rule } from "../api/rules.ts";
import type { Manifest } from "../manifests/parse.ts";
import { ProxyError } from "./error.ts";
import { mostStreams, type ProxyLimits } from "./settings.ts";

/** The settings of a registry that a folder says. A field that is absent is as the command's flags say. */
export interface ProxyConfig {
  readonly upstreams?: readonly ConfiguredUpstream[];
  /** The host of names without an upstream's; `none`: those are not there. */
  readonly defaultUpstream?: string;
  /** Who does not log in gets a token, and what a linux/amd64 machine gets that offers nothing. */
  readonly anonymous: boolean;
  /** Anybody may say in the user name what a machine offers: `any+cpu=zen2`. */
  readonly hints: boolean;
  /** `/v2/machine/TYPE/…` is answered to credentials of that type. */
  readonly machinePaths: boolean;
  /** Machine types whose tags are answered with an index of the one build, in place of the build. */
  readonly answerIndex?: readonly string[];
  readonly limits: Partial<ProxyLimits>;
}

export interface ConfiguredUpstream {
  /** First in the path of its repositories: `ghcr`. */
  readonly name: string;
  /** As references name it: `ghcr.io`. */
  readonly host: string;
  /** Asked in its place: a URL without a path. */
  readonly mirror?: string;
  /** Its credentials, in the format of ~/.docker/config.json. A path outside of the folder. */
  readonly dockerConfigFile?: string;
  /** Clients are sent to where the registry keeps its blobs. */
  readonly redirectBlobs?: boolean;
}

const nameRule: Rule = {
  pattern: "^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$",
  message: 'must be what a path begins with, for example "ghcr"',
};
const upstreamHostRule: Rule = {
  pattern: "^([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\\[[0-9a-f:]+\\])(:[0-9]{1,5})?$",
  message: 'must be a registry\'s host in lower case, with its port where it has one, for example "ghcr.io"',
};
const mirrorRule: Rule = {
  pattern: "^https?://[^/?#@\\s]+/?$",
  message: 'must be a URL without a path, for example "https://mirror.example.com"',
};
const machineTypeRule: Rule = {
  pattern: "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
  message: 'must be the name of a MachineType, for example "type1"',
};
/** The first component of paths that name a machine type. */
export const machineWord = "machine";

const most = { upstreams: 64, machineTypes: 1_024, text: 255, path: 4_096 } as const;
const mostLimits: ProxyLimits = {
  requestsPerCredential: 65_536,
  streams: mostStreams,
  streamsPerUpstream: mostStreams,
  leastBytesPerSecond: 1_048_576,
  // The server closes a connection on which nothing moves for longer.
  idleSeconds: 300,
};
const limitNames = [
  "requestsPerCredential",
  "streams",
  "streamsPerUpstream",
  "leastBytesPerSecond",
  "idleSeconds",
] as const satisfies readonly (keyof ProxyLimits)[];

/** The one ProxyConfig among manifests; undefined where there is none. @throws ProxyError CONFIG_INVALID, with the place */
export function proxyConfigIn(manifests: readonly Manifest[]): ProxyConfig | undefined {
  const [first, second] = manifests.filter(
    ({ apiVersion, kind }) => apiVersion === metahubApiVersion && kind === "ProxyConfig",
  );
  if (first === undefined) return undefined;
  if (second !== undefined) {
    throw new ProxyError("CONFIG_INVALID", `${second.place}: a second ProxyConfig; keep one of them`);
  }
  const { apiVersion, kind, object, place } = first;
  try {
    return parseProxyConfig({ ...object, apiVersion, kind });
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new ProxyError("CONFIG_INVALID", `${place}: ${cause.message}`, { cause });
  }
}

function parseProxyConfig(value: unknown): ProxyConfig {
  const { fields, known } = openObject(value, "ProxyConfig", {});
  readMetadata(fields.get("metadata"), "hub");
  const names = ["upstreams", "defaultUpstream", "anonymous", "hints", "machinePaths", "answerIndex", "limits"];
  const spec = fields.get("spec")?.object(known(names)) ?? new Map<string, Field>();
  const upstreams = spec.get("upstreams");
  const defaultUpstream = spec.get("defaultUpstream");
  const types = spec.get("answerIndex")?.items(most.machineTypes, '["type1"]');
  return {
    ...(upstreams === undefined ? {} : { upstreams: parseUpstreams(upstreams, known) }),
    ...(defaultUpstream === undefined ? {} : { defaultUpstream: readQuietly(defaultUpstream, upstreamHostRule) }),
    anonymous: spec.get("anonymous")?.boolean() ?? false,
    hints: spec.get("hints")?.boolean() ?? false,
    machinePaths: spec.get("machinePaths")?.boolean() ?? false,
    ...(types === undefined ? {} : { answerIndex: types.map((type) => type.string(63, machineTypeRule)) }),
    limits: parseLimits(spec.get("limits"), known),
  };
}

type Known = ReturnType<typeof openObject>["known"];

function parseUpstreams(field: Field, known: Known): readonly ConfiguredUpstream[] {
  const upstreams = field
    .items(most.upstreams, "[{name: ghcr, host: ghcr.io}]")
    .map((item) => parseUpstream(item, known));
  const taken = new Set<string>();
  for (const { name, host } of upstreams) {
    for (const word of new Set([name, host])) {
      if (taken.has(word)) field.fail("INVALID", `${word} stands twice: each name and host leads to one upstream`);
      taken.add(word);
    }
  }
  return upstreams;
}

function parseUpstream(field: Field, known: Known): ConfiguredUpstream {
  const fields = field.object(known(["name", "host", "mirror", "dockerConfigFile", "redirectBlobs"]));
  const name = required(field, fields, "name", 'is needed, for example "ghcr"').string(most.text, nameRule);
  const host = readQuietly(required(field, fields, "host", 'is needed, for example "ghcr.io"'), upstreamHostRule);
  const mirror = fields.get("mirror");
  const dockerConfigFile = fields.get("dockerConfigFile")?.string(most.path);
  const redirectBlobs = fields.get("redirectBlobs")?.boolean();
  return {
    name,
    host,
    ...(mirror === undefined ? {} : { mirror: readQuietly(mirror, mirrorRule) }),
    ...(dockerConfigFile === undefined ? {} : { dockerConfigFile }),
    ...(redirectBlobs === undefined ? {} : { redirectBlobs }),
  };
}

/** Somebody may have written a password into an address: where it is wrong, it is not repeated. */
function readQuietly(field: Field, rule: Rule): string {
  const text = field.string(most.text);
  if (!new RegExp(rule.pattern).test(text)) field.fail("INVALID", rule.message);
  return text;
}

function parseLimits(field: Field | undefined, known: Known): Partial<ProxyLimits> {
  const fields = field?.object(known(limitNames));
  const limits = limitNames.flatMap((name) => {
    const limit = fields?.get(name);
    if (limit === undefined) return [];
    const value = limit.integer(mostLimits[name]);
    if (value < 1) limit.refuse("should be greater than or equal to 1");
    return [[name, value] as const];
  });
  return Object.fromEntries(limits);
}
