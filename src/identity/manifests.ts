import { ApiError } from "../api/error.ts";
import type { MachineCredential } from "../api/machine-credential.ts";
import { metahubApiVersion } from "../api/machine-type.ts";
import { parseMachineCredential } from "../api/parse-machine-credential.ts";
import type { Manifest } from "../manifests/parse.ts";
import { IdentityError } from "./error.ts";

/**
 * The MachineCredential that a manifest is; undefined for other kinds, which are passed over.
 * @throws IdentityError OBJECT_INVALID, with the place
 */
export function credentialIn({ apiVersion, kind, object, place }: Manifest): MachineCredential | undefined {
  if (apiVersion !== metahubApiVersion || kind !== "MachineCredential") return undefined;
  try {
    // Items of a List may be without a kind of their own.
    return parseMachineCredential({ ...object, apiVersion, kind });
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause;
    // Its message says all, and the object is not repeated: somebody may have written a secret where its hash belongs.
    throw new IdentityError("OBJECT_INVALID", `${place}: ${cause.message}`);
  }
}
