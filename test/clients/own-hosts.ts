import { type Lack, lack } from "../cluster/lack.ts";
import { requireProgram } from "../cluster/programs.ts";

/** A program that a client's test runs as root, in a mount namespace of its own: for its hosts file, and for mounts. */
export function requireClient(name: string, ...packages: readonly string[]): { readonly path: string } | Lack {
  if (process.platform !== "linux") return lack(`${name} is tried on Linux`);
  if (process.getuid?.() !== 0) return lack(`${name} needs root, for a hosts file of its own`);
  const unshare = requireProgram("unshare", "util-linux");
  return "skip" in unshare ? unshare : requireProgram(name, ...packages);
}

/**
 * The command that runs another one with a file in place of /etc/hosts. Nobody else sees that, nor what is mounted
 * meanwhile; both are gone with the last process in there.
 */
export function withHosts(hostsFile: string, command: string, args: readonly string[]): readonly string[] {
  const script = 'mount --bind "$1" /etc/hosts; shift; exec "$@"';
  const unshared = ["unshare", "--mount", "--propagation", "private", "sh", "-eu", "-c", script, "sh"];
  return [...unshared, hostsFile, command, ...args];
}
