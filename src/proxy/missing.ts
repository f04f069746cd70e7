import { RegistryError } from "../registry/error.ts";

/** As registries say that something is not there: some say of a repository that nobody has that it is not for us. */
const codes: ReadonlySet<string> = new Set(["NOT_FOUND", "UNAUTHORIZED", "DENIED"]);

export function isMissing(error: unknown): boolean {
  return error instanceof RegistryError && codes.has(error.code);
}
