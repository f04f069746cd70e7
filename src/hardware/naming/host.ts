import { archspecName } from "../detect/archspec.ts";
import type { HostCpu } from "../detect/cpuinfo.ts";
import { armName, commonName } from "./arm.ts";
import { x86Name } from "./x86.ts";

/** The name of a host's CPU: archspec's, and where its ids say more and no flag contradicts them, what they say. */
export function hostCpuName(host: HostCpu): string {
  switch (host.family) {
    case "x86_64":
      return x86Name(host);
    case "aarch64": {
      const { cores = [], flags } = host;
      // macOS names the model itself.
      if (host.name !== undefined || cores.length === 0) return archspecName(host);
      const alone = cores.length === 1;
      const missing = (flag: string) => !flags.has(flag) && !implied.has(flag);
      return commonName(cores.map((core) => armName({ ...core, alone, flags, missing }).name));
    }
    default:
      return archspecName(host);
  }
}

/** Flags of the CPU graph that Linux does not name: they come with every arm64. */
const implied: ReadonlySet<string> = new Set(["neon"]);
