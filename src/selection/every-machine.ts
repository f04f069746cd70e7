import type { Feature } from "../hardware/feature.ts";
import type { Platform } from "../hardware/platform.ts";
import type { Steps } from "../oci/steps.ts";
import { snapshotterFeatures } from "./format.ts";
import type { Prepared } from "./prepare.ts";
import { distinctHosts } from "./runtimes/all.ts";
import { chooseInSteps } from "./select.ts";
import type { Choice } from "./selection.ts";

/** Kinds of machines that are tried; an index for more is not worth the time. */
const maxHosts = 16;

/**
 * Whether runtimes take the right build of this index on every machine that can run one of it, so that nothing has to be
 * chosen whatever node will come. False where that is not certain.
 */
export function* leftOnEveryMachine(prepared: Prepared): Steps<boolean> {
  if (!prepared.variants.every(({ variant }) => variant.runtimeMatched)) return false;
  const platforms = prepared.variants.flatMap(({ variant }) => [variant.platform, ...fallenBackFrom(variant.platform)]);
  const hosts = distinctHosts(platforms);
  if (hosts.length === 0 || hosts.length > maxHosts) return false;
  for (const platform of hosts) {
    for (const features of declared) {
      if (!isLeft(yield* chooseInSteps(prepared, [{ platform, features }]))) return false;
    }
  }
  return true;
}

/** Snapshotters are all that such builds may still ask of a machine. */
const declared: readonly (readonly Feature[])[] = [[], snapshotterFeatures];

function isLeft({ code }: Choice): boolean {
  return code === "runtime-matched" || code === "format-only";
}

/** Hosts that run images of a platform as they fall back to it. */
function fallenBackFrom({ os, architecture }: Platform): readonly Platform[] {
  if (os === "windows") return [];
  if (architecture === "386") return [{ os, architecture: "amd64" }];
  if (architecture !== "arm") return [];
  return [
    { os, architecture: "arm64" },
    { os, architecture: "arm", variant: "v8" },
    { os, architecture: "arm", variant: "v7" },
  ];
}
