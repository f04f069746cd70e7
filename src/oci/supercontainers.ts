import { supercontainersPrefix } from "./annotations.ts";

/**
 * The namespace that an older annotation means (CANOPIE-HPC 2019 label table; compspec). Keys that are not here become
 * a namespace of their own, so that a requirement is never dropped because nobody knew its name.
 */
const namespaces = new Map([
  ["mpi", "mpi"],
  ["mpi.implementation", "mpi"],
  ["gpu", "gpu"],
  ["hardware.gpu.available", "gpu"],
  ["hardware.cpu.target", "cpu"],
]);

/** These tell what is inside the image, not what its machine must have. */
const descriptive = new Set(["glibc", "os.vendor", "os.version", "os.name", "os.release", "mpi.version"]);

/** Values by which these conventions say "nothing is required". */
const nothing = new Set(["", "no", "none", "false", "unknown", "any", "generic"]);

/** The feature text of an `org.supercontainers.*` annotation; undefined where it requires nothing. */
export function supercontainersFeature(key: string, value: string): string | undefined {
  const name = key.slice(supercontainersPrefix.length).toLowerCase();
  const text = value.trim();
  if (descriptive.has(name) || nothing.has(text.toLowerCase())) {
    return undefined;
  }
  return `${namespaces.get(name) ?? name}:${text}`;
}
