import type { Person } from "../backend.ts";
import type { SignedInBackend } from "../data/data.ts";
import { SignInError } from "./error.ts";
import type { Users } from "./users.ts";
import type { SignInWays } from "./ways.ts";

export interface FolderWaysOptions {
  readonly users: Pick<Users, "read" | "verify">;
  readonly backend: (person: Person) => SignedInBackend;
}

/** Signs in people of a users file. */
export function folderWays({ users, backend }: FolderWaysOptions): SignInWays {
  return {
    ways: ["password"],
    signIn: async (how, signal) => {
      if (how.way !== "password" || !(await users.verify(how.user, how.password, signal))) {
        throw new SignInError("REFUSED", "the user or the password is wrong");
      }
      const person: Person = { kind: "user", name: how.user };
      return { person, backend: backend(person) };
    },
    stays: async ({ name }) => (await users.read()).has(name),
  };
}
