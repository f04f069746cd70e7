import { quote } from "../error.ts";

/**
 * `rocminfo`: each agent that is a GPU has a list of ISAs, the device's own first
 * (`amdgcn-amd-amdhsa--gfx90a:sramecc+:xnack-`), then the generic ones that it runs too. GPUs of several kinds: all
 * their targets are offered, and an image must run on each; so none is, where the target of one cannot be read.
 */
export function parseRocminfo(text: string): readonly string[] {
  const { targets, unread } = readRocminfo(text);
  return unread.length === 0 ? targets : [];
}

/** Why no target is offered although rocminfo names a GPU, or names no agent at all; one sentence each. */
export function rocminfoNotes(text: string): readonly string[] {
  const unread = readRocminfo(text).unread.map(
    (name) => `gfx is not offered: rocminfo names the target ${quote(name)}, which cannot be read.`,
  );
  return [...unread, ...failures(text)].slice(0, maxNotes);
}

/**
 * The lines that rocminfo prints instead of agents (rocminfo.cc: whether the driver is there, and each failed call of
 * HSA). It lists a machine's CPU as an agent, also where there is no GPU.
 */
function failures(text: string): readonly string[] {
  const lines = text.split("\n").map((line) => line.replaceAll(colours, "").trim());
  if (lines.some((line) => /^Agent \d+/.test(line))) return [];
  const said = lines.filter((line) => /[a-z]/i.test(line) && !/^ROCk module (version \S+ )?is loaded/i.test(line));
  return said.slice(0, maxNotes).map((line) => `gfx is not offered: rocminfo says ${quote(line)}.`);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: rocminfo writes its first line in a colour, also into a file.
const colours = /\u001b\[[0-9;]{0,16}m/g;

const maxNotes = 4;

function readRocminfo(text: string): { readonly targets: readonly string[]; readonly unread: readonly string[] } {
  const targets = new Set<string>();
  const unread = new Set<string>();
  let gpu = false;
  let taken = false;
  for (const line of text.split("\n")) {
    if (/^Agent \d+/.test(line)) {
      gpu = false;
      taken = false;
    }
    if (/^\s*Device Type:\s+GPU\s*$/.test(line)) gpu = true;
    const name = isaName(line);
    if (!gpu || taken || name === undefined) continue;
    const target = targetOf(name);
    if (target === undefined) unread.add(name);
    else targets.add(`gfx:${target}`);
    taken = true;
  }
  return { targets: [...targets], unread: [...unread] };
}

/** The name of an ISA: in the form of ROCm since 2.0 with LLVM's triple, before that with its own. */
function isaName(line: string): string | undefined {
  const name = /^\s*Name:\s+(\S{1,128})\s*$/.exec(line)?.[1];
  return name !== undefined && /^(amdgcn-|AMD:AMDGPU:)/.test(name) ? name : undefined;
}

const processorPattern = "gfx[0-9a-z]+(?:-\\d{1,2})?(?:-generic)?";
const target = new RegExp(`^amdgcn-amd-amdhsa--(${processorPattern}(?::[a-z][a-z0-9]{0,15}[+-]){0,4})$`);
const oldTarget = new RegExp(`^amdgcn-amd-amdhsa--(${processorPattern})((?:\\+(?:xnack|sram-ecc)){1,2})$`);

/**
 * `gfx90a:sramecc+:xnack-` as it is. ROCm before 4.1 wrote what is on with `+` alone (`gfx908+sram-ecc`,
 * `gfx906+xnack+sram-ecc`), which says nothing of the rest. ROCm before 2.0: `AMD:AMDGPU:8:0:3` is gfx803. Undefined for
 * any other text.
 */
function targetOf(name: string): string | undefined {
  const old = /^AMD:AMDGPU:(\d{1,2}):(\d{1,2}):(\d{1,2})$/.exec(name);
  if (old !== null) return gfxTarget(Number(old[1]) * 10_000 + Number(old[2]) * 100 + Number(old[3]));
  const plain = target.exec(name)?.[1];
  if (plain !== undefined) return plain;
  const [, processor, settings = ""] = oldTarget.exec(name) ?? [];
  if (processor === undefined) return undefined;
  const on = settings.split("+").filter((setting) => setting !== "");
  return [processor, ...on.map((setting) => `${setting.replace("sram-ecc", "sramecc")}+`)].join(":");
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
