import type { Credentials } from "../credentials/credentials.ts";
import type { CredentialSource } from "../credentials/keyring.ts";
import type { Reference } from "../oci/reference.ts";
import type { Access } from "./access.ts";
import { RegistryError, type RegistryErrorCode } from "./error.ts";
import type { Tenant } from "./tenant.ts";

export interface Asker {
  readonly keyring: CredentialSource;
  readonly signal: AbortSignal;
  /** As in Access. */
  readonly tenant?: Tenant | undefined;
}

/**
 * Failures that another credential cannot change: no answer was there, or none that anybody could use, or nobody waits any
 * longer. The kubelet tries the next one after these too; at admission their time is over then.
 */
const final: ReadonlySet<RegistryErrorCode> = new Set<RegistryErrorCode>([
  "ABORTED",
  "CLOSED",
  "DIGEST_MISMATCH",
  "OVERLOADED",
  "REFUSED_HOST",
  "REFUSED_REDIRECT",
  "TIMEOUT",
  "TLS",
  "TOO_LARGE",
  "UNREACHABLE",
  "UNSUPPORTED",
]);

/**
 * Acts with each credential that is meant for the image, until one is let in; anonymously only where none is meant for
 * it, as the kubelet does. Registries answer 404 for what these credentials may not know to exist, 400 (ECR Public) or
 * 5xx for some that have expired, and 429 to one account alone, so that the next ones are tried after any answer. Where
 * nobody is let in, a 404 goes before every other refusal, because whoever got it was known to the registry; then one
 * that may end by itself; then the last.
 *
 * @throws RegistryError; what `keyring` and `act` throw
 */
export async function withCredentials<T>(
  reference: Reference,
  { keyring, signal, tenant }: Asker,
  act: (access: Access) => Promise<T>,
): Promise<T> {
  const found: readonly (Credentials | undefined)[] = await keyring.candidates(reference, signal);
  let refusal: RegistryError | undefined;
  for (const credentials of found.length === 0 ? [undefined] : found) {
    try {
      return await act({ credentials, signal, tenant });
    } catch (error) {
      if (!(error instanceof RegistryError) || final.has(error.code)) throw error;
      if (refusal === undefined || rank(error) >= rank(refusal)) refusal = error;
    }
  }
  throw refusal;
}

function rank({ code, temporary }: RegistryError): number {
  if (code === "NOT_FOUND") return 2;
  return temporary ? 1 : 0;
}
