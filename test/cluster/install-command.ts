import { readFileSync } from "node:fs";
import { systemCode } from "./error.ts";

/** How packages get onto this system: apt-get's command on Debian and its descendants, else their names at Debian. */
export function installCommand(packages: readonly string[], osRelease: string = readOsRelease()): string {
  const names = packages.join(" ");
  return isDebianLike(osRelease) ? `apt-get install ${names}` : `install the packages that Debian calls ${names}`;
}

/** os-release(5): ID names the system, ID_LIKE those that it descends from. */
function isDebianLike(osRelease: string): boolean {
  const ids = [...osRelease.matchAll(/^ID(?:_LIKE)?=(.*)$/gm)].flatMap(([, value = ""]) =>
    value.replaceAll(/["']/g, "").split(/\s+/),
  );
  return ids.includes("debian") || ids.includes("ubuntu");
}

function readOsRelease(): string {
  try {
    return readFileSync("/etc/os-release", "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return ""; // macOS has none
    throw error;
  }
}
