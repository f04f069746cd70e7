import type { Credentials } from "../credentials/credentials.ts";
import type { CredentialSource } from "../credentials/keyring.ts";
import type { Reference } from "../oci/reference.ts";
import type { Access } from "./access.ts";
import { RegistryError } from "./error.ts";
import type { Tenant } from "./tenant.ts";

export interface Asker {
  readonly keyring: CredentialSource;
  readonly signal: AbortSignal;
  /** As in Access. */
  readonly tenant?: Tenant | undefined;
}

/**
 * Acts with each credential that is meant for the image, until one is let in; anonymously only where none is meant for
 * it, as the kubelet does. A registry may answer 404 for what these credentials may not know to exist, so the next ones
 * are tried after a 404 too. Where nobody is let in, the refusal is the last one; a 404 goes before every other, because
 * whoever got it was known to the registry.
 *
 * @throws RegistryError at once for everything that is no refusal; what `keyring` and `act` throw
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
      if (!isRefusal(error)) throw error;
      if (refusal?.code !== "NOT_FOUND") refusal = error;
    }
  }
  throw refusal;
}

function isRefusal(error: unknown): error is RegistryError {
  return error instanceof RegistryError && ["UNAUTHORIZED", "DENIED", "NOT_FOUND"].includes(error.code);
}
