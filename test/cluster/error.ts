/** What went wrong while a test cluster was found, started or ended. */
export type ClusterErrorCode =
  | "build" // a binary could not be built
  | "command" // a command of the cluster (kubectl, helm, ip, kind) failed
  | "download" // a release could not be fetched, or its checksum did not match
  | "in-use" // the folder or the machine already holds a cluster
  | "missing" // the machine lacks something
  | "record" // a file that describes a cluster cannot be read
  | "start" // a process ended before it was ready
  | "stop" // something of a cluster could not be ended
  | "timeout" // something was not ready in time
  | "unsupported"; // this provider or level cannot do it

export class ClusterError extends Error {
  override readonly name: string = "ClusterError";
  readonly code: ClusterErrorCode;

  constructor(code: ClusterErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

interface MissingOptions {
  readonly cause?: unknown;
  readonly packages?: readonly string[];
}

/** The machine lacks something; its message is one line that says what, and how to get it. */
export class MissingRequirement extends ClusterError {
  override readonly name = "MissingRequirement";
  /** What is missing, e.g. `containerd`. */
  readonly requirement: string;
  /** How to get it, e.g. `sudo apt-get install containerd`. */
  readonly remedy: string;
  /** Debian's names of the packages that would bring it; empty where no package does. */
  readonly packages: readonly string[];

  constructor(requirement: string, remedy: string, options: MissingOptions = {}) {
    super("missing", `missing: ${requirement}. To get it: ${remedy}`, options);
    this.requirement = requirement;
    this.remedy = remedy;
    this.packages = options.packages ?? [];
  }
}

/** One line for an error of unknown make, with its causes. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : ` (${describeError(error.cause)})`;
  return `${error.message}${cause}`;
}

/** The `code` of a system error (`ENOENT`), if it is one. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
