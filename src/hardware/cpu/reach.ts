import { cpuGraph } from "./graph.ts";

const BITS = 32;

const INDEX: ReadonlyMap<string, number> = new Map(
  [...new Set([...cpuGraph().values()].flatMap(({ flags }) => [...flags]))].map((flag, index) => [flag, index]),
);

/** The flags as bits; those that no CPU of the graph has are left out. */
function toBits(flags: Iterable<string>): Uint32Array {
  const bits = new Uint32Array(Math.ceil(INDEX.size / BITS));
  for (const flag of flags) {
    const index = INDEX.get(flag);
    if (index === undefined) continue;
    const word = Math.trunc(index / BITS);
    bits[word] = (bits[word] ?? 0) | (1 << (index % BITS));
  }
  return bits;
}

/** Names of our own are left out: they list no flags, so they would count their parent again. */
const ARCHSPEC: readonly Uint32Array[] = [...cpuGraph().values()]
  .filter(({ source }) => source === "archspec")
  .map(({ flags }) => toBits(flags));

function isSubset(inner: Uint32Array, outer: Uint32Array): boolean {
  for (let word = 0; word < inner.length; word += 1) {
    if (((inner[word] ?? 0) & ~(outer[word] ?? 0)) !== 0) return false;
  }
  return true;
}

/** How many of archspec's names have no flag beyond these: the more, the more the flags ask for. */
export function reach(flags: Iterable<string>): number {
  const bits = toBits(flags);
  let count = 0;
  for (const entry of ARCHSPEC) if (isSubset(entry, bits)) count += 1;
  return count;
}

const BY_NAME: ReadonlyMap<string, number> = new Map(
  [...cpuGraph().values()].map(({ name, flags }) => [name, reach(flags)]),
);

/** `reach` of the flags of a CPU (canonical name); undefined for a name nobody knows. */
export function cpuReach(name: string): number | undefined {
  return BY_NAME.get(name);
}
