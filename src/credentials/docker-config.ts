import { z } from "zod";
import type { Credentials } from "./credentials.ts";
import { CredentialsError } from "./error.ts";
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
}

/** A Kubernetes Secret holds at most 1 MiB (core/v1, MaxSecretSize); a file that is larger is no docker config. */
const maxBytes = 1024 * 1024;
/** Each is tried against each image; real configs hold a few. */
const maxEntries = 1000;

const entrySchema = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
  registrytoken: z.string().optional(),
});
const authsSchema = z.record(z.string(), entrySchema);
// A helper's name becomes part of a program's name: no path may be in it.
const helperSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
const configSchema = z.object({
  auths: authsSchema.nullish(),
  credHelpers: z.record(z.string(), helperSchema).nullish(),
  credsStore: z.union([helperSchema, z.literal("")]).nullish(),
});

/**
 * Reads `~/.docker/config.json`, podman's `auth.json`, or `.dockerconfigjson` of a Secret of the type
 * `kubernetes.io/dockerconfigjson`.
 *
 * @param source names it in messages, e.g. a path or `secret team/regcred`.
 * @throws CredentialsError CONFIG_INVALID, CONFIG_TOO_LARGE
 */
export function parseDockerConfig(text: string, source: string): DockerConfig {
  const config = parse(text, source, configSchema);
  return {
    entries: readEntries(config.auths ?? {}, source),
    helpers: Object.entries(config.credHelpers ?? {})
      .flatMap(([key, helper]) => {
        const scope = parseScope(key);
        return scope === undefined ? [] : [{ scope, helper }];
      })
      .sort((a, b) => compareScopes(a.scope, b.scope)),
    defaultHelper: config.credsStore === "" ? undefined : (config.credsStore ?? undefined),
  };
}

/**
 * Reads `.dockercfg` of a Secret of the type `kubernetes.io/dockercfg`: the entries alone, without `auths`.
 * @throws CredentialsError CONFIG_INVALID, CONFIG_TOO_LARGE
 */
export function parseLegacyDockerConfig(text: string, source: string): DockerConfig {
  return { entries: readEntries(parse(text, source, authsSchema), source), helpers: [], defaultHelper: undefined };
}

function parse<T>(text: string, source: string, schema: z.ZodType<T>): T {
  if (text.length > maxBytes) throw new CredentialsError("CONFIG_TOO_LARGE", `${source}: is larger than 1 MiB`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The cause is left out on purpose: V8 quotes the text around the error, which may be a password.
    throw new CredentialsError("CONFIG_INVALID", `${source}: is not JSON`);
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  // Where it is wrong, never what stands there.
  const place = result.error.issues[0]?.path.map(String).join(".") ?? "";
  throw new CredentialsError(
    "CONFIG_INVALID",
    `${source}: ${place === "" ? "the document" : place} is not as in a docker config`,
  );
}

function readEntries(auths: z.infer<typeof authsSchema>, source: string): readonly ConfigEntry[] {
  const keys = Object.keys(auths);
  if (keys.length > maxEntries) {
    throw new CredentialsError("CONFIG_TOO_LARGE", `${source}: holds more than ${maxEntries} entries`);
  }
  return keys
    .flatMap((key) => {
      const scope = parseScope(key);
      const entry = auths[key];
      const credentials =
        entry === undefined ? undefined : readEntry(entry, `${source}: the entry for ${key.slice(0, 100)}`);
      return scope === undefined || credentials === undefined ? [] : [{ scope, credentials }];
    })
    .sort((a, b) => compareScopes(a.scope, b.scope));
}

/** Undefined where the entry is empty, as where a helper keeps the secret. Order of precedence as docker's own. */
function readEntry(entry: z.infer<typeof entrySchema>, place: string): Credentials | undefined {
  if (entry.registrytoken) return { kind: "registry", token: entry.registrytoken };
  if (entry.identitytoken) return { kind: "identity", token: entry.identitytoken };
  if (entry.auth) {
    const [username, password] = decodeAuth(entry.auth, place);
    return { kind: "basic", username, password };
  }
  if (!entry.username && !entry.password) return undefined;
  const username = entry.username ?? "";
  // RFC 7617, section 2: a colon would end the user name early, and make its rest part of the password.
  if (username.includes(":")) throw new CredentialsError("CONFIG_INVALID", `${place}: its user name holds a colon`);
  return { kind: "basic", username, password: entry.password ?? "" };
}

function decodeAuth(auth: string, place: string): readonly [username: string, password: string] {
  const decoded = Buffer.from(auth, "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  if (colon < 1) throw new CredentialsError("CONFIG_INVALID", `${place}: its auth is not the base64 of user:password`);
  // Old docker clients padded with zero bytes; docker trims them too.
  return [decoded.slice(0, colon), decoded.slice(colon + 1).replace(/^\0+|\0+$/g, "")];
}
