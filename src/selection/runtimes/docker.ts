import type { Platform } from "../../hardware/platform.ts";
import { isLaterBuild } from "../../hardware/windows.ts";
import type { WrittenEntry } from "../../oci/written.ts";
import { inOrder, type Rank, type Taken } from "./taken.ts";
import { rankOf, wantedOn } from "./wanted.ts";

/**
 * Docker's daemon where it keeps images in a graph driver (distribution, pullManifestList and filterManifests; v28.5.2).
 * It detects the level of an amd64 host, looks at no `os.features`, and takes the first entry without a platform whatever
 * its configuration says.
 */
export function takenByDocker28(entries: readonly WrittenEntry[], host: Platform): Taken {
  return taken(entries, host, () => false);
}

/** The same with `os.features`, at which its platforms package looks since v1.0.0-rc.2 (moby v2.0.0-beta.24). */
export function takenByDocker29(entries: readonly WrittenEntry[], host: Platform): Taken {
  return taken(entries, host, ({ special }) => special === true);
}

type Passes = (entry: WrittenEntry) => boolean;

function taken(entries: readonly WrittenEntry[], host: Platform, isPassedOver: Passes): Taken {
  const found = tryAll(entries, host, isPassedOver);
  return found === "error" ? "nothing" : found;
}

/** `error`: it was led to something that is neither a manifest nor an index. */
function tryAll(entries: readonly WrittenEntry[], host: Platform, isPassedOver: Passes): Taken | "error" {
  const wanted = wantedOn(host);
  const rank: Rank = (entry) => {
    if (host.os === "windows") return rankOnWindows(entry, host);
    if (entry.platform === undefined) return wanted.length;
    return isPassedOver(entry) ? undefined : rankOf(entry.platform, wanted);
  };
  for (const { leads } of inOrder(entries, rank)) {
    if (typeof leads !== "object") return leads === "nothing" ? "error" : leads;
    const nested = tryAll(leads, host, isPassedOver);
    // Of a nested index it tries the next one after an error, and none where nothing matched.
    if (nested !== "error") return nested;
  }
  return "nothing";
}

/**
 * The architecture's very text, and any build up to the host's own; entries of that very build go first (filterManifests
 * and checkImageCompatibility, pull_v2_windows.go).
 */
function rankOnWindows({ platform, raw = platform }: WrittenEntry, host: Platform): number | undefined {
  if (raw === undefined || raw.architecture !== host.architecture || raw.os.toLowerCase() !== "windows")
    return undefined;
  const own = host.osVersion?.split(".").slice(0, 3).join(".") ?? "";
  const given = raw.osVersion ?? "";
  if (isLaterBuild(given, own)) return undefined;
  return own !== "" && given.startsWith(`${own}.`) ? 0 : 1;
}
