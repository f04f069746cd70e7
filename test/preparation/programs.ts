/**
 * For vitest's globalSetup: the programs of every level that this machine can run are in the cache before the first
 * test, so that no test's time goes to a download or a build.
 */
import { defaultSources, missingBinaries, rememberLack, resolveBinaries } from "../cluster/binaries.ts";
import { controlPlane } from "../cluster/control-plane.ts";
import { MissingRequirement } from "../cluster/error.ts";
import { nodeBinaries } from "../cluster/nodes.ts";
import type { BinaryName } from "../cluster/releases.ts";
import { requireNodes } from "../cluster/requirements.ts";
import { runtimePrograms } from "../support/oracle/ask-runtimes.ts";
import { progress } from "./progress.ts";

/** Clients of registries. */
const clients: readonly BinaryName[] = ["crane", "oras", "regctl"];
const always: readonly BinaryName[] = [
  ...controlPlane,
  "kubectl",
  "helm",
  "registry",
  ...runtimePrograms,
  "matching",
  "conformance",
  ...clients,
];
const forNodes: readonly BinaryName[] = [...nodeBinaries, "printer"];

export default async function setup(): Promise<void> {
  const sources = defaultSources();
  const { signal } = new AbortController();
  const missing = missingBinaries([...new Set([...always, ...(canRunNodes() ? forNodes : [])])], sources);
  if (missing.length > 0) progress.say(`getting what clusters run into ${sources.cacheDir}: ${missing.join(", ")}`);
  for (const name of missing) {
    try {
      await resolveBinaries([name], sources, progress, signal);
    } catch (error) {
      if (!(error instanceof MissingRequirement)) throw error;
      // Whoever needs it is skipped for this reason.
      await rememberLack(name, sources, error.message);
      progress.say(`${name}: ${error.message}`);
    }
  }
}

function canRunNodes(): boolean {
  try {
    requireNodes();
    return true;
  } catch (error) {
    if (error instanceof MissingRequirement) return false;
    throw error;
  }
}
