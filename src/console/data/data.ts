import type { Backend, Person } from "../backend.ts";

/** One person's view, for as long as they are signed in. */
export interface SignedInBackend extends Backend {
  /** They signed out, or their session ended: what was opened with their token ends, or is opened with another's. */
  close(): Promise<void>;
}

/** Where the console's data come from: a cluster or a folder. */
export interface ConsoleData {
  readonly kind: "cluster" | "folder";
  /** A folder: rejects where it cannot be read at first. A cluster is asked once somebody is signed in. */
  readonly ready: Promise<void>;
  /** To be called once for each session. */
  backendFor(person: Person): SignedInBackend;
  close(): Promise<void>;
}
