import { credentialLimits, machineTypeNameRule } from "../api/credential-rules.ts";

const prefix = "metahub:machine-type:";
const nameRule = new RegExp(machineTypeNameRule.pattern);

/** The machine type that a certificate names. `name` is undefined where several are named, or none that can be. */
export interface NamedMachineType {
  readonly name: string | undefined;
}

/**
 * The machine type that a verified client certificate names by a SAN `metahub:machine-type:<name>`; undefined where none
 * of its SANs is for MetaHub.
 */
export function machineTypeOf(subjectNames: readonly string[]): NamedMachineType | undefined {
  const ours = subjectNames.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  const [name, ...others] = new Set(ours);
  if (name === undefined) return undefined;
  const right = others.length === 0 && name.length <= credentialLimits.machineTypeLength && nameRule.test(name);
  return { name: right ? name : undefined };
}
