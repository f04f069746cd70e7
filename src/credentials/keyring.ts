import { dockerHub, dockerHubLegacy } from "../oci/docker-hub.ts";
import type { Reference } from "../oci/reference.ts";
import { type Credentials, canonicalText } from "./credentials.ts";
import type { DockerConfig } from "./docker-config.ts";
import { askHelper, type HelperOptions } from "./helper.ts";
import { scopeMatches } from "./match.ts";

/** Somewhere that credentials come from. */
export interface CredentialSource {
  /** Those meant for the image, the likeliest first. */
  candidates(reference: Reference, signal: AbortSignal): Promise<readonly Credentials[]>;
}

/** More than that for one image is a mistake, and each costs a request that is refused. */
const maxCandidates = 8;

/** Several sources as one, in their order, each credential once. */
export class Keyring implements CredentialSource {
  readonly #sources: readonly CredentialSource[];

  constructor(sources: readonly CredentialSource[]) {
    this.#sources = sources;
  }

  async candidates(reference: Reference, signal: AbortSignal): Promise<readonly Credentials[]> {
    const found = new Map<string, Credentials>();
    for (const source of this.#sources) {
      for (const credentials of await source.candidates(reference, signal)) {
        // Setting a key again keeps its place.
        found.set(canonicalText(credentials), credentials);
        if (found.size === maxCandidates) return [...found.values()];
      }
    }
    return [...found.values()];
  }
}

/** One credential for every image, as `--creds` gives it. */
export function fixedSource(credentials: Credentials): CredentialSource {
  return { candidates: async () => [credentials] };
}

/** The entries of a config. A Secret's helpers are never run: its author is not the one who owns this machine. */
export function configSource(config: DockerConfig): CredentialSource {
  return {
    candidates: async (reference) =>
      config.entries.filter(({ scope }) => scopeMatches(scope, reference)).map(({ credentials }) => credentials),
  };
}

/** The entries of a config of this machine's user, and what its helpers know: those first, as docker asks them. */
export function hostConfigSource(config: DockerConfig, options: Omit<HelperOptions, "signal">): CredentialSource {
  const entries = configSource(config);
  return {
    candidates: async (reference, signal) => {
      const own = config.helpers.find(({ scope }) => scopeMatches(scope, reference));
      const helper = own?.helper ?? config.defaultHelper;
      const fromHelper =
        helper === undefined ? undefined : await askHelper(helper, serverName(reference), { ...options, signal });
      const rest = await entries.candidates(reference, signal);
      return fromHelper === undefined ? rest : [fromHelper, ...rest];
    },
  };
}

/** Docker Hub's credentials are stored under the address it had in 2013. */
function serverName(reference: Reference): string {
  return reference.registry === dockerHub ? `https://${dockerHubLegacy}/v1/` : reference.registry;
}
