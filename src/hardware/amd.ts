/** An AMD GPU target ID (LLVM, AMDGPUUsage, "Target ID"), read. */
interface Target {
  readonly processor: string;
  /** `xnack+`, `sramecc-`, sorted. */
  readonly settings: readonly string[];
}

/** Generic processors and what they cover (LLVM, AMDGPUUsage, "Generic processor code object versioning" table). */
export const genericTargets: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  [
    ["gfx9-generic", "gfx900 gfx902 gfx904 gfx906 gfx909 gfx90c"],
    // gfx940 and gfx941 were pre-production gfx942; LLVM 20 dropped them.
    ["gfx9-4-generic", "gfx940 gfx941 gfx942 gfx950"],
    ["gfx10-1-generic", "gfx1010 gfx1011 gfx1012 gfx1013"],
    ["gfx10-3-generic", "gfx1030 gfx1031 gfx1032 gfx1033 gfx1034 gfx1035 gfx1036"],
    ["gfx11-generic", "gfx1100 gfx1101 gfx1102 gfx1103 gfx1150 gfx1151 gfx1152 gfx1153"],
    ["gfx12-generic", "gfx1200 gfx1201"],
    ["gfx12-5-generic", "gfx1250 gfx1251"],
  ].map(([generic = "", processors = ""]) => [generic, new Set(processors.split(" "))] as const),
);

/** `amdgcn-amd-amdhsa--` is how rocminfo begins a target. */
const spelling =
  /^(?:amdgcn-amd-amdhsa--)?(gfx\d{1,2}(?:-\d)?-generic|gfx\d{1,2}[0-9a-f]{2})((?::[a-z][a-z0-9]{0,15}[+-]){0,4})$/;

function readTarget(value: string): Target {
  const [processor = "", ...settings] = value.split(":");
  return { processor, settings };
}

/**
 * The canonical target of a lower-case spelling: `gfx90a:sramecc+:xnack-`, settings sorted. Undefined for anything
 * else, and where a setting is both on and off.
 */
export function canonicalTarget(text: string): string | undefined {
  const match = spelling.exec(text);
  if (match === null) return undefined;
  const [, processor = "", tail = ""] = match;
  const settings = [...new Set(tail.split(":").filter((setting) => setting !== ""))].sort();
  const names = new Set(settings.map((setting) => setting.slice(0, -1)));
  if (names.size !== settings.length) return undefined;
  return [processor, ...settings].join(":");
}

function covers(required: string, processor: string): boolean {
  return required === processor || genericTargets.get(required)?.has(processor) === true;
}

/**
 * Whether a device of a target runs code for another (both canonical): the same processor or a generic one that covers
 * it, and every setting that the code states is stated by the device. Others match either way.
 */
export function runsTarget(device: string, code: string): boolean {
  if (device === code) return true;
  if (code.indexOf(":") < 0) {
    const end = device.indexOf(":");
    return covers(code, end < 0 ? device : device.slice(0, end));
  }
  const [has, wants] = [readTarget(device), readTarget(code)];
  return (
    covers(wants.processor, has.processor) && wants.settings.every((setting) => has.settings.some((s) => s === setting))
  );
}

/** How closely a target fits: exact with settings (the more the closer), exact, generic. Higher is closer. */
export function closeness(value: string): number {
  const { processor, settings } = readTarget(value);
  return (processor.endsWith("-generic") ? 0 : 100) + settings.length;
}
