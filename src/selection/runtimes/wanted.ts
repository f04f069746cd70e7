import type { Platform } from "../../hardware/platform.ts";
import { runsOsVersion } from "../../hardware/windows.ts";

/** Variants of 32-bit ARM that run each other's images, the best first. */
const armVariants: readonly string[] = ["v8", "v7", "v6", "v5"];
/** Variants of amd64 that run each other's images, the best first; v1 is written without one. */
const amd64Variants: readonly string[] = ["v4", "v3", "v2"];

/**
 * Platforms that a Linux host takes by containerd's rule (platforms, Only; v0.2.1 to v1.0.0-rc.5), the best first. The
 * variant of an arm64 host is v8 to it; that of an amd64 host is what the host says.
 */
export function wantedOn({ os, architecture, variant }: Platform): readonly Platform[] {
  const arm = (from: string): readonly Platform[] =>
    from32Bit(from).map((one) => ({ os, architecture: "arm", variant: one }));
  switch (architecture) {
    case "amd64":
      return [
        ...fromVariant(amd64Variants, variant).map((one) => ({ os, architecture, variant: one })),
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

/** The variants of 32-bit ARM that a host of this one runs, itself first. */
export function from32Bit(variant: string): readonly string[] {
  const known = fromVariant(armVariants, variant);
  return known.length === 0 ? [variant] : known;
}

function fromVariant(variants: readonly string[], variant: string | undefined): readonly string[] {
  const index = variant === undefined ? -1 : variants.indexOf(variant);
  return index === -1 ? [] : variants.slice(index);
}

/** The place among the platforms that a host wants; undefined where it is none of them. */
export function rankOf(platform: Platform, wanted: readonly Platform[]): number | undefined {
  const index = wanted.findIndex(
    ({ os, architecture, variant, osVersion }) =>
      os === platform.os &&
      architecture === platform.architecture &&
      variant === platform.variant &&
      runsVersion(osVersion, platform.osVersion),
  );
  return index === -1 ? undefined : index;
}

/** Only Windows looks at versions. */
function runsVersion(host: string | undefined, image: string | undefined): boolean {
  return host === undefined || image === undefined || runsOsVersion(host, image);
}
