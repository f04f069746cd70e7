import { expect, test } from "vitest";
import { armParts } from "./arm-parts.ts";
import { cpuAncestors, cpuGraph } from "./graph.ts";

/**
 * The highest versions of the architecture of each core, 8.x and 9.x, as LLVM gives them (llvm/lib/Target/AArch64,
 * AArch64Processors.td, read from the compiler of Zig 0.17.1 by `zig build-exe --show-builtin -target aarch64-linux
 * -mcpu=NAME`). LLVM's names where they differ from the graph's: tsv110, thunderx2t99, thunderx3t110, apple_m1 to m4.
 */
const llvm: Readonly<Record<string, string>> = {
  "8.0": "cortex_a34 cortex_a35 cortex_a53 cortex_a57 cortex_a72 cortex_a73 thunderx kryo falkor",
  "8.1": "thunderx2",
  "8.2":
    "cortex_a55 cortex_a65 cortex_a65ae cortex_a75 cortex_a76 cortex_a76ae cortex_a77 cortex_a78 cortex_a78ae " +
    "cortex_a78c cortex_x1 cortex_x1c neoverse_e1 neoverse_n1 kunpeng920 carmel a64fx",
  "8.3": "thunderx3",
  "8.4": "neoverse_v1 saphira m1",
  // LLVM says 8.6; archspec's own order among its names stays as it is.
  "8.5": "m2",
  "8.5 9.0": "cortex_a510 cortex_a710 cortex_a715 cortex_x2 cortex_x3 neoverse_n2 neoverse_v2",
  "8.6": "ampere1 ampere1a oryon_1 m3",
  "8.7": "ampere1b m4",
  "8.7 9.2":
    "cortex_a320 cortex_a520 cortex_a520ae cortex_a720 cortex_a720ae cortex_a725 cortex_x4 cortex_x925 neoverse_n3 " +
    "neoverse_v3 neoverse_v3ae ampere1c olympus",
  "8.8 9.3": "c1_nano c1_pro c1_premium c1_ultra fujitsu_monaka",
};

/** Cores that LLVM does not have; each stands below plain arm64. */
const unknownToLlvm = ["brahma_b53", "denver"];

const cores = Object.entries(llvm).flatMap(([levels, names]) =>
  names.split(" ").map((name) => [name, levels] as const),
);

test.each(cores)("%s is of LLVM's %s", (name, levels) => {
  const [eight, nine] = ["8.", "9."].map((family) => levels.split(" ").find((level) => level.startsWith(family)));
  expect([highest(name, "8."), highest(name, "9.")]).toEqual([eight === "8.0" ? undefined : eight, nine]);
});

test("every part number's core is in the table", () => {
  const named = new Set([...armParts()].map(([, part]) => part.name));
  expect([...named].filter((name) => !cores.some(([core]) => core === name)).sort()).toEqual(unknownToLlvm);
});

/** The highest version among those that a name descends from, as `9.2`; undefined for none. */
function highest(name: string, family: string): string | undefined {
  expect(cpuGraph().has(name), name).toBe(true);
  const versions = [...cpuAncestors(name)].flatMap((level) => /^armv([89]\.\d+)a$/.exec(level)?.[1] ?? []);
  return versions
    .filter((version) => version.startsWith(family))
    .sort()
    .at(-1);
}
