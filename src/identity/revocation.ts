import { hashBeginning, type IdentityRules, identifyCredential } from "./identify.ts";
import { type Identity, maySee } from "./identity.ts";

/** Whether one who was let in may go on with a repository, by the rules of a later moment. */
export type StillCounts = (repository: string, now: IdentityRules) => boolean;

/**
 * For answers that take long: what ended the credential ends them, while a token that is over does not, since it is asked
 * for when something begins. Another machine type does not either: what a pull began with stays answerable.
 */
export function untilRevoked(identity: Identity, then: IdentityRules): StillCounts {
  if (identity.kind === "features") return (_, { hints }) => hints;
  if (identity.kind === "anonymous") return (_, { anonymous }) => anonymous;
  const before = then.credentials.byId(identity.credential);
  // A certificate: it was looked at when the connection began, and nothing revokes it here.
  if (before === undefined) return () => true;
  const hash = hashBeginning(before);
  return (repository, rules) => {
    const credential = rules.credentials.byId(identity.credential);
    if (credential === undefined || hashBeginning(credential) !== hash) return false;
    const found = identifyCredential(credential, "basic", rules);
    return "identity" in found && maySee(found.identity, repository);
  };
}
