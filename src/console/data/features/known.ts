import { genericTargets } from "../../../hardware/amd.ts";
import { impliedFlags } from "../../../hardware/cpu/flags.ts";
import { type CpuEntry, cpuGraph } from "../../../hardware/cpu/graph.ts";
import { namespaces } from "../../../hardware/namespace.ts";
import { knownTargets } from "../../../hardware/nodes/amd-targets.ts";
import { readCapability, runs } from "../../../hardware/nvidia.ts";
import { nvidiaGpus } from "../../../hardware/nvidia-gpus.ts";
import { few } from "../../../text/few.ts";
import type { KnownFeature } from "../../contract/machine-types.ts";
import { says } from "./says.ts";

/** Names above or below one; the contract's bound. */
const mostRelated = 32;

let known: readonly KnownFeature[] | undefined;

/** Every feature that the tables name, in the order in which they are offered: CPUs, GPUs, flags, other namespaces. */
export function knownFeatures(): readonly KnownFeature[] {
  known ??= [...cpus(), ...capabilities(), ...targets(), ...flags(), ...others()];
  return known;
}

function cpus(): readonly KnownFeature[] {
  const all = [...cpuGraph().values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  return all.map((entry) => {
    const above = all.filter(({ name }) => name !== entry.name && entry.ancestors.has(name)).sort(nearestAbove);
    const below = all
      .filter(({ name, ancestors }) => name !== entry.name && ancestors.has(entry.name))
      .sort(nearestBelow);
    return made("cpu", entry.name, above.map(nameOf), below.map(nameOf));
  });
}

const nameOf = ({ name }: CpuEntry): string => `cpu:${name}`;
const nearestAbove = (left: CpuEntry, right: CpuEntry): number => right.ancestors.size - left.ancestors.size;
const nearestBelow = (left: CpuEntry, right: CpuEntry): number => left.ancestors.size - right.ancestors.size;

/** `above`: code that such a GPU runs; `below`: GPUs that run code for it. */
function capabilities(): readonly KnownFeature[] {
  const all = nvidiaGpus.map(({ capability }) => capability);
  const device = (value: string): number => readCapability(value)?.device ?? 0;
  return (["nvcap", "nvptx"] as const).flatMap((namespace) =>
    all.map((value) => {
      const own = { device: device(value), suffix: "" } as const;
      const others = all.filter((other) => other !== value);
      const above = others.filter((other) => runs(namespace, own.device, { device: device(other), suffix: "" }));
      const below = others.filter((other) => runs(namespace, device(other), own));
      const spelled = (list: readonly string[]) => list.map((other) => `${namespace}:${other}`);
      return made(namespace, value, spelled(above.toReversed()), spelled(below));
    }),
  );
}

function targets(): readonly KnownFeature[] {
  const generic = [...genericTargets.keys()];
  const spelled = (list: readonly string[]) => list.map((target) => `gfx:${target}`);
  return [
    ...knownTargets().map((target) =>
      made("gfx", target, spelled(generic.filter((one) => genericTargets.get(one)?.has(target))), []),
    ),
    ...generic.map((one) => made("gfx", one, [], spelled([...(genericTargets.get(one) ?? [])]))),
  ];
}

/** Flags are told by the CPUs that have them first. */
function flags(): readonly KnownFeature[] {
  const first = new Map<string, string[]>();
  for (const { name, flags: all, vendor } of [...cpuGraph().values()].sort(nearestBelow)) {
    for (const flag of vendor === "generic" ? [] : all) {
      const names = first.get(flag);
      if (names === undefined) first.set(flag, [name]);
      else names.push(name);
    }
  }
  return [...first]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([flag, names]) => {
      const above = [...impliedFlags([flag])].filter((other) => other !== flag).map((other) => `cpuflag:${other}`);
      return { ...made("cpuflag", flag, above, []), says: `CPU flag ${flag}: ${few(names, 3)}` };
    });
}

/** Namespaces whose values nobody can list: each by an example. */
function others(): readonly KnownFeature[] {
  const listed = new Set(["cpu", "cpuflag", "nvcap", "nvptx", "gfx"]);
  return [...namespaces]
    .filter(([namespace]) => !listed.has(namespace))
    .map(([namespace, { kind, example }]) => {
      const serves = kind === "version" ? "; a later one serves too" : "";
      return {
        ...made(namespace, example, [], []),
        says: `For example: ${says({ namespace, value: example })}${serves}`,
      };
    });
}

function made(namespace: string, value: string, above: readonly string[], below: readonly string[]): KnownFeature {
  return {
    feature: `${namespace}:${value}`,
    says: says({ namespace, value }),
    above: above.slice(0, mostRelated),
    below: below.slice(0, mostRelated),
  };
}
