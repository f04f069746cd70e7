import { cpuGraph, darwinFlags } from "../cpu/graph.ts";
import type { HostCpu } from "./cpuinfo.ts";

/** The keys that `parseSysctl` reads: `sysctl -i KEY…`, where `-i` passes over those a Mac does not have. */
export const sysctlKeys: readonly string[] = [
  "machdep.cpu.brand_string",
  "machdep.cpu.vendor",
  "machdep.cpu.features",
  "machdep.cpu.leaf7_features",
  "machdep.cpu.extfeatures",
];

/** `sysctl` of macOS, as archspec reads it (archspec/cpu/detect.py, `sysctl_info`). */
export function parseSysctl(text: string): HostCpu {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(": ");
    if (colon > 0) {
      fields.set(line.slice(0, colon).trim(), line.slice(colon + 2).trim());
    }
  }
  const brand = fields.get("machdep.cpu.brand_string") ?? "";
  return brand.includes("Apple") ? apple(brand.toLowerCase()) : intel(fields);
}

/** `Apple M4 Max` is m4. A model newer than the graph is the newest that the graph holds. */
function apple(brand: string): HostCpu {
  const graph = cpuGraph();
  let name = brand === "apple processor" ? "m1" : "aarch64";
  for (let model = Number(/apple\s+m(\d{1,2})/.exec(brand)?.[1] ?? 0); model > 0; model--) {
    if (graph.has(`m${model}`)) {
      name = `m${model}`;
      break;
    }
  }
  return { family: "aarch64", vendor: "Apple", flags: graph.get(name)?.flags ?? new Set(), name };
}

function intel(fields: ReadonlyMap<string, string>): HostCpu {
  const flags = new Set(
    sysctlKeys
      .slice(2)
      .flatMap((key) => (fields.get(key) ?? "").toLowerCase().split(/\s+/))
      .filter((flag) => flag !== ""),
  );
  for (const [darwin, linux] of darwinFlags) {
    if (darwin.split(" ").every((flag) => flags.has(flag))) {
      for (const flag of linux.split(" ")) flags.add(flag);
    }
  }
  return { family: "x86_64", vendor: fields.get("machdep.cpu.vendor") ?? "generic", flags };
}
