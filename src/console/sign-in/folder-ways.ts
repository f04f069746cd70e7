import { isDeepStrictEqual } from "node:util";
import type { Person } from "../backend.ts";
import type { SignedInBackend } from "../data/data.ts";
import { SignInError } from "./error.ts";
import type { PasswordHash } from "./password.ts";
import type { Users } from "./users.ts";
import type { SignInWays } from "./ways.ts";

export interface FolderWaysOptions {
  readonly users: Pick<Users, "read" | "verify">;
  readonly backend: (person: Person) => SignedInBackend;
}

/** Signs in people of a users file. */
export function folderWays({ users, backend }: FolderWaysOptions): SignInWays {
  /** The hash of the password that each of them gave: where the file has another one, it was changed since. */
  const proofs = new WeakMap<Person, PasswordHash>();
  return {
    ways: ["password"],
    signIn: async (how, signal) => {
      const proof = how.way === "password" ? await users.verify(how.user, how.password, signal) : undefined;
      if (how.way !== "password" || proof === undefined) {
        throw new SignInError("REFUSED", "the user or the password is wrong");
      }
      const person: Person = { kind: "user", name: how.user };
      proofs.set(person, proof);
      return { person, backend: backend(person) };
    },
    staying: async () => {
      const known = await users.read();
      return (person) => isDeepStrictEqual(known.get(person.name), proofs.get(person) ?? null);
    },
  };
}
