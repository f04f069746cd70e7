import type { Platform } from "../hardware/platform.ts";
import { runsOsVersion } from "../hardware/windows.ts";
import type { Leads, WrittenEntry } from "../oci/written.ts";

/** The content that a runtime takes: a variant by its position, or what it finds instead. */
export type Taken = Exclude<Leads, readonly WrittenEntry[]>;

/**
 * The content that containerd takes of an index on a host (core/images, Manifest; platforms, Only and Default; v2.4):
 * in each index the first entry of the platform that the host prefers, entries without a platform after all others, and
 * no second one where that leads nowhere. Docker chooses with the same packages.
 *
 * @param platformOf the platform of the variant at a position, which its configuration says where its entry says none
 */
export function takenByContainerd(
  entries: readonly WrittenEntry[],
  host: Platform,
  platformOf: (position: number) => Platform | undefined,
): Taken {
  const wanted = wantedByContainerd(host);
  const first = firstOf(entries, wanted);
  if (first === undefined) return "nothing";
  const { leads, platform } = first;
  if (typeof leads === "number") {
    const configured = platform ?? platformOf(leads);
    return configured !== undefined && rankOf(configured, wanted) !== -1 ? leads : "nothing";
  }
  if (typeof leads === "object") return takenByContainerd(leads, host, platformOf);
  return leads === "artifact" && platform === undefined ? "nothing" : leads;
}

function firstOf(entries: readonly WrittenEntry[], wanted: readonly Platform[]): WrittenEntry | undefined {
  let first: WrittenEntry | undefined;
  let rank = Number.POSITIVE_INFINITY;
  for (const entry of entries) {
    const own = entry.special === true ? -1 : rankOf(entry.platform, wanted);
    if (own === -1) continue;
    if (first === undefined || own < rank || (own === rank && isLaterWindows(entry, first)))
      [first, rank] = [entry, own];
  }
  return first;
}

/**
 * The content that CRI-O takes (go.podman.io/image, OCI1Index.ChooseInstance; v5.42). It compares texts, prefers zstd, and takes
 * no nested index. The first entry without a platform is good for any host. There is none for Windows.
 */
export function takenByContainersImage(entries: readonly WrittenEntry[], host: Platform): Taken {
  if (host.os === "windows") return "nothing";
  const wanted = wantedByContainersImage(host);
  let first: WrittenEntry | undefined;
  let rank = Number.POSITIVE_INFINITY;
  for (const entry of entries) {
    const { raw = entry.platform } = entry;
    const own = raw === undefined ? wanted.length : wanted.findIndex((platform) => isWritten(raw, platform));
    if (own === -1) continue;
    const isPreferred = own === rank && entry.zstd === true && first?.zstd !== true;
    if (first === undefined || own < rank || isPreferred) [first, rank] = [entry, own];
  }
  return first === undefined || typeof first.leads === "object" ? "nothing" : first.leads;
}

/** Variants of 32-bit ARM that run each other's images, the best first. */
const armVariants: readonly string[] = ["v8", "v7", "v6", "v5"];

/**
 * Platforms that containerd runs on a host, the best first. It detects no variant but ARM's: an amd64 host is v1 to it,
 * an arm64 host v8.
 */
function wantedByContainerd({ os, architecture, variant, osVersion }: Platform): readonly Platform[] {
  // On Windows it falls back to no other architecture (platforms, Default).
  if (os === "windows") return [{ os, architecture, ...(osVersion === undefined ? {} : { osVersion }) }];
  const arm = (from: string): readonly Platform[] =>
    armFrom(from).map((one) => ({ os, architecture: "arm", variant: one }));
  switch (architecture) {
    case "amd64":
      return [
        { os, architecture },
        { os, architecture: "386" },
      ];
    case "arm64":
      return [{ os, architecture }, ...arm("v8")];
    case "arm":
      return arm(variant ?? "v7");
    default:
      return [{ os, architecture }];
  }
}

function wantedByContainersImage({ os, architecture, variant }: Platform): readonly Platform[] {
  const plain = { os, architecture };
  if (architecture === "arm64") return [{ ...plain, variant: "v8" }, plain];
  if (architecture !== "arm") return [plain];
  return [...armFrom(variant ?? "v7").map((one) => ({ ...plain, variant: one })), plain];
}

function armFrom(variant: string): readonly string[] {
  const index = armVariants.indexOf(variant);
  return index === -1 ? [variant] : armVariants.slice(index);
}

/** The place among the platforms that a host wants; one past all of them without a platform, -1 where it is not there. */
function rankOf(platform: Platform | undefined, wanted: readonly Platform[]): number {
  if (platform === undefined) return wanted.length;
  return wanted.findIndex(
    ({ os, architecture, variant, osVersion }) =>
      os === platform.os &&
      architecture === platform.architecture &&
      variant === platform.variant &&
      runsVersion(osVersion, platform.osVersion),
  );
}

/** Only Windows looks at versions. */
function runsVersion(host: string | undefined, image: string | undefined): boolean {
  return host === undefined || image === undefined || runsOsVersion(host, image);
}

/** A Windows host takes the one whose version is the later text (platforms, windowsMatchComparer). */
function isLaterWindows({ platform }: WrittenEntry, { platform: other }: WrittenEntry): boolean {
  return platform?.os === "windows" && (platform.osVersion ?? "") > (other?.osVersion ?? "");
}

function isWritten(raw: Platform, wanted: Platform): boolean {
  return raw.os === wanted.os && raw.architecture === wanted.architecture && raw.variant === wanted.variant;
}
