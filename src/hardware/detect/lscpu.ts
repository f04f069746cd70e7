import { armPartOf } from "../cpu/arm-parts.ts";
import { armVendors } from "../cpu/graph.ts";

/** The answer of `lscpu`, in the words of /proc/cpuinfo. */
export interface Lscpu {
  readonly cpuinfo: string;
  /** As `uname -m` prints it. */
  readonly machine: string;
  readonly byteOrder?: "little" | "big";
}

/** Implementers whose name lscpu spells in a way of its own (util-linux, sys-utils/lscpu-arm.c, hw_implementer). */
const implementers: readonly (readonly [implementer: string, name: string])[] = [
  ...armVendors,
  ["0x48", "HiSilicon"],
  ["0x6d", "Microsoft"],
  ["0x70", "Phytium"],
];

/**
 * `lscpu`, or `lscpu -J`, in English: several kinds of cores are several sections, each with its own "Model name".
 * Undefined for any other text.
 */
export function parseLscpu(text: string): Lscpu | undefined {
  const pairs = fields(text);
  const read = (key: string) => pairs.find(([name]) => name === key)?.[1];
  const machine = read("architecture");
  if (machine === undefined || (read("cpu(s)") === undefined && read("byte order") === undefined)) return undefined;
  const order = read("byte order")?.toLowerCase();
  const byteOrder = order?.startsWith("little") ? "little" : order?.startsWith("big") ? "big" : undefined;
  const sections = split(pairs);
  const cpuinfo = sections.map((section, index) => processor(index, section)).join("\n");
  return { cpuinfo, machine, ...(byteOrder === undefined ? {} : { byteOrder }) };
}

type Pair = readonly [key: string, value: string];

function fields(text: string): readonly Pair[] {
  const pairs: Pair[] = [];
  // JSON has one field a line as util-linux prints it, and its keys say whose it is.
  const json = /^\s*\{/.test(text) ? /"field":\s*"([^"]{1,64}):?",\s*"data":\s*"([^"]*)"/g : undefined;
  if (json !== undefined) {
    for (const [, key = "", value = ""] of text.matchAll(json))
      pairs.push([key.replace(/:$/, "").toLowerCase(), value]);
    return pairs;
  }
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) pairs.push([line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]);
  }
  return pairs;
}

/** A section for each "Model name"; what stands before the first, and the flags, belong to all. */
function split(pairs: readonly Pair[]): readonly ReadonlyMap<string, string>[] {
  const starts = pairs.flatMap(([key], index) => (key === "model name" ? [index] : []));
  const [first = pairs.length] = starts;
  const before = pairs.slice(0, first);
  const flags = pairs.filter(([key]) => key === "flags").slice(0, 1);
  if (starts.length === 0) return [new Map(pairs)];
  // Cores are of a few kinds; a text with more repeats itself.
  return starts.slice(0, 16).map((start, index) => {
    const own = pairs.slice(start, starts[index + 1] ?? pairs.length);
    return new Map([...flags, ...before, ...own]);
  });
}

function processor(index: number, section: ReadonlyMap<string, string>): string {
  const vendor = section.get("vendor id") ?? "";
  const name = section.get("model name") ?? "";
  const implementer = implementers.find(([, each]) => each.toLowerCase() === vendor.toLowerCase())?.[0];
  const part = implementer === undefined ? undefined : armPartOf(implementer, name);
  const lines: (readonly [string, string | undefined])[] = [
    ["processor", String(index)],
    ["vendor_id", vendor],
    ["cpu family", section.get("cpu family")],
    ["model", section.get("model")],
    ["model name", name],
    ["cpu", name],
    ["CPU implementer", implementer],
    ["CPU part", part],
    ["flags", section.get("flags")],
    ["Features", section.get("flags")],
  ];
  return lines.map(([key, value]) => (value === undefined ? "" : `${key}\t: ${value}\n`)).join("");
}
