import { asRuntimesRead } from "../../hardware/as-runtimes-read.ts";
import type { Platform } from "../../hardware/platform.ts";
import type { ConfiguredPlatform } from "../../oci/configuration.ts";
import type { WrittenEntry } from "../../oci/written.ts";
import { firstOf, type Rank, type Taken } from "./taken.ts";
import { rankOf, wantedOn } from "./wanted.ts";

/** The part in which containerd's versions differ. */
interface Version {
  /** Platforms that a host wants, the best first. */
  readonly wanted: (host: Platform) => readonly Platform[];
  /** The platform of an entry; undefined where it has one that no host has. */
  readonly platformOf: (entry: WrittenEntry) => Platform | undefined;
  /** The platform that a configuration names; undefined where no host has it. */
  readonly configured: (platform: ConfiguredPlatform) => Platform | undefined;
  /** Among equal ranks. */
  readonly isEarlier: (entry: WrittenEntry, than: WrittenEntry) => boolean;
}

/** containerd 2 (core/images, Manifest; platforms v1.0.0-rc.5, Default). Docker's containerd image store is the same. */
export function takenByContainerd2(entries: readonly WrittenEntry[], host: Platform): Taken {
  return taken(entries, host, {
    wanted: (one) => (one.os === "windows" ? wantedOnWindows(one) : wantedOn(withoutVariant(one))),
    platformOf: ({ platform, special }) => (special === true ? undefined : platform),
    configured: (named) => (named.special === true ? undefined : asRuntimesRead(named)),
    // On Windows the one whose version is the later text (windowsMatchComparer).
    isEarlier: ({ platform }, { platform: other }) =>
      platform?.os === "windows" && (platform.osVersion ?? "") > (other?.osVersion ?? ""),
  });
}

/**
 * containerd 1.7 (images, Manifest; platforms v0.2.1). It looks neither at `os.features` nor at more of a configuration
 * than its os and architecture, and reads `v8.0` under arm64 as a variant of its own. On Windows it falls back to 386, and
 * the first entry that the host runs is taken.
 */
export function takenByContainerd17(entries: readonly WrittenEntry[], host: Platform): Taken {
  return taken(entries, host, { ...containerd1, isEarlier: () => false });
}

/** containerd 1.6 (platforms, in its own tree) is the same but on Windows: no 386, and the latest revision is first. */
export function takenByContainerd16(entries: readonly WrittenEntry[], host: Platform): Taken {
  return taken(entries, host, {
    ...containerd1,
    wanted: (one) => (one.os === "windows" ? wantedOnWindows(one) : containerd1.wanted(one)),
    isEarlier: ({ platform }, { platform: other }) =>
      platform?.os === "windows" && revision(platform.osVersion) > revision(other?.osVersion),
  });
}

const containerd1: Omit<Version, "isEarlier"> = {
  wanted: (host) => {
    if (host.os !== "windows") return wantedOn(withoutVariant(host));
    return [...wantedOnWindows(host), ...wantedOnWindows({ ...host, architecture: "386" })];
  },
  platformOf: ({ platform, raw }) => (isDottedBase(raw) ? undefined : platform),
  configured: ({ os, architecture }) => asRuntimesRead({ os, architecture }),
};

function taken(entries: readonly WrittenEntry[], host: Platform, version: Version): Taken {
  const wanted = version.wanted(host);
  const rank: Rank = (entry) => {
    if (isUnnamed(entry)) return wanted.length;
    const platform = version.platformOf(entry);
    return platform === undefined ? undefined : rankOf(platform, wanted);
  };
  const first = firstOf(entries, rank, version.isEarlier);
  if (first === undefined) return "nothing";
  const { leads, configured } = first;
  if (typeof leads === "object") return taken(leads, host, version);
  if (typeof leads !== "number" || !isUnnamed(first)) return leads;
  // No second entry is tried where the configuration of the first says otherwise, or cannot be read.
  const own = configured === undefined ? undefined : version.configured(configured);
  return own !== undefined && rankOf(own, wanted) !== undefined ? leads : "nothing";
}

function isUnnamed({ platform, blank }: WrittenEntry): boolean {
  return platform === undefined && blank === undefined;
}

/** It falls back to no other architecture (platforms, Default). */
function wantedOnWindows({ os, architecture, osVersion }: Platform): readonly Platform[] {
  return [{ os, architecture, ...(osVersion === undefined ? {} : { osVersion }) }];
}

/** It detects no variant but ARM's: an amd64 host is v1 to it, an arm64 host v8. */
function withoutVariant({ os, architecture, variant }: Platform): Platform {
  return { os, architecture, ...(architecture === "arm" && variant !== undefined ? { variant } : {}) };
}

/** `v8.0` is no spelling of `v8` to it (platforms v0.2.1, normalizeArch). */
function isDottedBase(raw: Platform | undefined): boolean {
  return raw !== undefined && /^(arm64|aarch64)$/i.test(raw.architecture) && /^v8\.0$/i.test(raw.variant ?? "");
}

/** The fourth number of a Windows version, 0 where there is none. */
function revision(version = ""): number {
  const parts = version.split(".");
  return parts.length < 4 ? 0 : Number(/^\d{1,9}$/.exec(parts[3] ?? "")?.[0] ?? 0);
}
