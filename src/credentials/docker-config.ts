import { isRecord, type JsonRecord } from "../json/object.ts";
import type { Credentials } from "./credentials.ts";
import { readEntry } from "./docker-entry.ts";
import { CredentialsError } from "./error.ts";
import { foldedMembers } from "./folded.ts";
import { compareScopes, parseScope, type Scope } from "./match.ts";

/** One entry of a docker config that holds credentials. */
export interface ConfigEntry {
  readonly scope: Scope;
  readonly credentials: Credentials;
}

/** A docker config, read: entries most exact first, and the helpers it names. */
export interface DockerConfig {
  readonly entries: readonly ConfigEntry[];
  /** Helper by host, and for every other host. Names as in `docker-credential-<name>`. */
  readonly helpers: readonly { readonly scope: Scope; readonly helper: string }[];
  readonly defaultHelper: string | undefined;
  /** Members that are passed over, each with its key and the reason. Nothing of their content is repeated. */
  readonly passedOver: readonly string[];
}

/** A Kubernetes Secret holds at most 1 MiB (core/v1, MaxSecretSize); a file that is larger is no docker config. */
const maxBytes = 1024 * 1024;
/** Each is tried against each image; real configs hold a few. */
const maxEntries = 1000;
/** Reasons that are kept, and characters of a key in one. */
const maxReasons = 16;
const maxOfKey = 100;
// A helper's name becomes part of a program's name: no path may be in it.
const helperName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * Reads `~/.docker/config.json`, podman's `auth.json`, or `.dockerconfigjson` of a Secret of the type
 * `kubernetes.io/dockerconfigjson`. An odd entry is passed over, and the others count. An empty text is an empty config,
 * as docker takes it (docker/cli, cli/config/configfile).
 *
 * @param source names it in messages, e.g. a path or `secret team/regcred`.
 * @throws CredentialsError CONFIG_INVALID, CONFIG_TOO_LARGE
 */
export function parseDockerConfig(text: string, source: string): DockerConfig {
  const members = foldedMembers(parse(text, source));
  const odd = new PassedOver();
  const helpers = Object.entries(objectOf(members, "credHelpers", odd)).flatMap(([key, value]) => {
    const scope = parseScope(key);
    const helper = readHelper(value, `credHelpers.${key}`, odd);
    return scope === undefined || helper === undefined ? [] : [{ scope, helper }];
  });
  return {
    entries: readEntries(objectOf(members, "auths", odd), source, odd),
    helpers: helpers.sort((a, b) => compareScopes(a.scope, b.scope)),
    defaultHelper: readHelper(members.get("credsstore"), "credsStore", odd),
    passedOver: odd.reasons,
  };
}

/**
 * Reads `.dockercfg` of a Secret of the type `kubernetes.io/dockercfg`: the entries alone, without `auths`.
 * @throws CredentialsError CONFIG_INVALID, CONFIG_TOO_LARGE
 */
export function parseLegacyDockerConfig(text: string, source: string): DockerConfig {
  const odd = new PassedOver();
  const entries = readEntries(parse(text, source), source, odd);
  return { entries, helpers: [], defaultHelper: undefined, passedOver: odd.reasons };
}

function parse(text: string, source: string): JsonRecord {
  if (text.length > maxBytes) throw new CredentialsError("CONFIG_TOO_LARGE", `${source}: is larger than 1 MiB`);
  if (text.trim() === "") return {};
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The cause is left out on purpose: V8 quotes the text around the error, which may be a password.
    throw new CredentialsError("CONFIG_INVALID", `${source}: is not JSON`);
  }
  if (json === null) return {};
  if (isRecord(json)) return json;
  throw new CredentialsError("CONFIG_INVALID", `${source}: is no JSON object, as a docker config is`);
}

/** A member that is an object of others; an empty one where it is missing, or is something else. */
function objectOf(members: ReadonlyMap<string, unknown>, name: string, odd: PassedOver): JsonRecord {
  const value = members.get(name.toLowerCase());
  if (isRecord(value)) return value;
  if (value !== undefined) odd.add(name, "it is no object");
  return {};
}

function readHelper(value: unknown, key: string, odd: PassedOver): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "string" && helperName.test(value)) return value;
  odd.add(key, "it is no name of a credential helper");
  return undefined;
}

function readEntries(auths: JsonRecord, source: string, odd: PassedOver): readonly ConfigEntry[] {
  const entries = Object.entries(auths);
  if (entries.length > maxEntries) {
    throw new CredentialsError("CONFIG_TOO_LARGE", `${source}: holds more than ${maxEntries} entries`);
  }
  return entries
    .flatMap(([key, entry]) => {
      const scope = parseScope(key);
      const read = readEntry(entry);
      if (read.kind === "odd") odd.add(`auths.${key}`, read.why);
      return scope === undefined || read.kind !== "credentials" ? [] : [{ scope, credentials: read.credentials }];
    })
    .sort((a, b) => compareScopes(a.scope, b.scope));
}

class PassedOver {
  readonly reasons: string[] = [];

  add(key: string, why: string): void {
    if (this.reasons.length < maxReasons) this.reasons.push(`${key.slice(0, maxOfKey)}: ${why}`);
  }
}
