import { armPart } from "../cpu/arm-parts.ts";
import { quote } from "../error.ts";
import { armName } from "../naming/arm.ts";
import { armCore } from "./arm.ts";
import { idsOf, type NfdCpu, namesNoHypervisor } from "./nfd-cpu.ts";
import { absenceMeansMissing } from "./nfd-flags.ts";
import { some } from "./some.ts";

/** The name of an arm64 CPU by its labels, by the same rule as on the machine itself. */
export function armNfdName(cpu: NfdCpu): { readonly name: string; readonly notes: readonly string[] } {
  const { flags, model } = cpu;
  const core = model === undefined ? { implementer: "", part: "", alone: false } : armCore(cpu.vendor, model);
  if (flags.size === 0 && !namesNoHypervisor(cpu)) {
    const kind = quote(cpu.hypervisor ?? "");
    return {
      name: "aarch64",
      notes: [`The CPU is of a virtual machine (${kind}) without flags in its labels: it is offered as aarch64.`],
    };
  }
  // Without any flag the ids are all there is: enough on a machine.
  const missing = (flag: string) => flags.size > 0 && !flags.has(flag) && absenceMeansMissing(flag, flags, "aarch64");
  const { name, refused } = armName({ ...core, flags, missing });
  if (armPart(core.implementer, core.part) === undefined) {
    const unknown = `The CPU's ids (${idsOf(cpu)}) are not known by name, so it is offered as ${name}.`;
    return { name, notes: cpu.vendor === "" ? [] : [unknown] };
  }
  if (refused === undefined) return { name, notes: [] };
  const why = refused.lacks.length === 0 ? "its flags say more" : `but the labels lack ${some(refused.lacks)}`;
  return { name, notes: [`The CPU's ids say ${refused.name}, ${why}: it is offered as ${name}.`] };
}
