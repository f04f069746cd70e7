import { cpuGraph } from "./graph.ts";

const bitsPerWord = 32;

const indexOfName: ReadonlyMap<string, number> = new Map(
  [...new Set([...cpuGraph().values()].flatMap(({ flags }) => [...flags]))].map((flag, index) => [flag, index]),
);

/** The flags as bits; those that no CPU of the graph has are left out. */
function toBits(flags: Iterable<string>): Uint32Array {
  const bits = new Uint32Array(Math.ceil(indexOfName.size / bitsPerWord));
  for (const flag of flags) {
    const index = indexOfName.get(flag);
    if (index === undefined) continue;
    const word = Math.trunc(index / bitsPerWord);
    bits[word] = (bits[word] ?? 0) | (1 << (index % bitsPerWord));
  }
  return bits;
}

/** Names of our own are left out: they list no flags, so they would count their parent again. */
const archspec: readonly Uint32Array[] = [...cpuGraph().values()]
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
  for (const entry of archspec) if (isSubset(entry, bits)) count += 1;
  return count;
}

const byName: ReadonlyMap<string, number> = new Map(
  [...cpuGraph().values()].map(({ name, flags }) => [name, reach(flags)]),
);

/** `reach` of the flags of a CPU (canonical name); undefined for a name nobody knows. */
export function cpuReach(name: string): number | undefined {
  return byName.get(name);
}
