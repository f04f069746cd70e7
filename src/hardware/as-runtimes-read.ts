import type { Platform } from "./platform.ts";

const arm64Spellings: ReadonlyMap<string, string> = new Map([
  ["8", ""],
  ["v8", ""],
  ["v8.0", ""],
  ["9", "v9"],
  ["9.0", "v9"],
  ["v9.0", "v9"],
]);
const armSpellings: ReadonlyMap<string, string> = new Map([
  ["", "v7"],
  ["5", "v5"],
  ["6", "v6"],
  ["7", "v7"],
  ["8", "v8"],
]);

/**
 * The platform of an index's entry as container runtimes read it: which spellings they know, and no more (containerd,
 * platforms, Normalize; v1.0.0-rc.5). A variant such as `1` under amd64 stays, and no host has it.
 */
export function asRuntimesRead({ os: system, architecture: name, variant: given = "", ...rest }: Platform): Platform {
  const os = system.toLowerCase();
  const [architecture, variant] = readByRuntimes(name.toLowerCase(), given.toLowerCase());
  return { os: os === "macos" ? "darwin" : os, architecture, ...(variant === "" ? {} : { variant }), ...rest };
}

function readByRuntimes(architecture: string, variant: string): readonly [architecture: string, variant: string] {
  switch (architecture) {
    case "i386":
      return ["386", ""];
    case "x86_64":
    case "x86-64":
    case "amd64":
      return ["amd64", variant === "v1" ? "" : variant];
    case "aarch64":
    case "arm64":
      return ["arm64", arm64Spellings.get(variant) ?? variant];
    case "armhf":
      return ["arm", "v7"];
    case "armel":
      return ["arm", "v6"];
    case "arm":
      return ["arm", armSpellings.get(variant) ?? variant];
    default:
      return [architecture, variant];
  }
}
