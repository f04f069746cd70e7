/**
 * `rocminfo`: each agent that is a GPU has a list of ISAs, the device's own first
 * (`amdgcn-amd-amdhsa--gfx90a:sramecc+:xnack-`), then the generic ones that it runs too. GPUs of several kinds: all
 * their targets are offered, and an image must run on each.
 */
export function parseRocminfo(text: string): readonly string[] {
  const targets = new Set<string>();
  let gpu = false;
  let taken = false;
  for (const line of text.split("\n")) {
    if (/^Agent \d+/.test(line)) {
      gpu = false;
      taken = false;
    }
    if (/^\s*Device Type:\s+GPU\s*$/.test(line)) {
      gpu = true;
    }
    const target = /^\s*Name:\s+amdgcn-amd-amdhsa--(gfx[0-9a-z-]+(?::[a-z]+[+-])*)\s*$/.exec(line)?.[1];
    if (gpu && !taken && target !== undefined) {
      targets.add(`gfx:${target}`);
      taken = true;
    }
  }
  return [...targets];
}

/**
 * The `properties` files of /sys/class/kfd/kfd/topology/nodes/*. `gfx_target_version` is major × 10000 + minor × 100 +
 * stepping (Linux drivers/gpu/drm/amd/amdkfd/kfd_device.c), 0 for a CPU. They do not tell xnack and sramecc.
 */
export function parseKfdNodes(properties: readonly string[]): readonly string[] {
  const targets = new Set<string>();
  for (const text of properties) {
    const version = Number(/^gfx_target_version (\d{1,9})$/m.exec(text)?.[1] ?? 0);
    if (version > 0) {
      targets.add(`gfx:${gfxTarget(version)}`);
    }
  }
  return [...targets];
}

/** LLVM spells minor and stepping as one hexadecimal digit each: 90010 is gfx90a. */
export function gfxTarget(version: number): string {
  const major = Math.floor(version / 10_000);
  const minor = Math.floor(version / 100) % 100;
  return `gfx${major}${minor.toString(16)}${(version % 100).toString(16)}`;
}
