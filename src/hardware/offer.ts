import { runsTarget } from "./amd.ts";
import { impliedFlags } from "./cpu/flags.ts";
import { cpuAncestors, cpuFlags } from "./cpu/graph.ts";
import type { Feature } from "./feature.ts";
import { namespaceKind } from "./namespace.ts";
import { type CapabilityNamespace, readCapability, runs } from "./nvidia.ts";
import type { Platform } from "./platform.ts";
import { platformCpus } from "./variant.ts";
import { compareVersions } from "./version.ts";
import { runsOsVersion } from "./windows.ts";

/** Whether a machine satisfies a required value of the namespace that the test was made for. */
type Test = (required: string) => boolean;

/** A machine's offer, compiled so that `satisfies` is one look-up and one comparison. */
export interface Offer {
  readonly platform: Platform;
  /** As given: canonical. Features that the platform and a CPU's name imply are not listed. */
  readonly features: readonly Feature[];
  /** By canonical namespace. A namespace that is not here: the machine says nothing about it. */
  readonly tests: ReadonlyMap<string, Test>;
}

function byNamespace(platform: Platform, features: readonly Feature[]): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const { namespace, value } of features) {
    const known = values.get(namespace);
    if (known === undefined) values.set(namespace, [value]);
    else known.push(value);
  }
  const cpus = platformCpus(platform);
  if (cpus.length > 0) values.set("cpu", [...(values.get("cpu") ?? []), ...cpus]);
  if (platform.osVersion !== undefined && !values.has("os.version")) values.set("os.version", [platform.osVersion]);
  return values;
}

/** The CPU's name and its flags, which speak for one another: a name implies its flags. */
function addCpu(values: ReadonlyMap<string, readonly string[]>, tests: Map<string, Test>): void {
  const names = values.get("cpu");
  const flags = values.get("cpuflag");
  if (names !== undefined) {
    const accepted = new Set(names.flatMap((name) => [...cpuAncestors(name)]));
    tests.set("cpu", (required) => accepted.has(required));
  }
  const all = impliedFlags([...(flags ?? []), ...(names ?? []).flatMap((name) => [...cpuFlags(name)])]);
  if (flags !== undefined || all.size > 0) tests.set("cpuflag", (required) => all.has(required));
}

/** A machine offers capabilities as `nvcap`; what it compiles PTX for follows from them. `nvptx` is for images only. */
function addCapabilities(values: readonly string[], tests: Map<string, Test>): void {
  const devices = values.map((value) => readCapability(value)?.device);
  const test =
    (namespace: CapabilityNamespace): Test =>
    (required) => {
      const capability = readCapability(required);
      if (capability === undefined) return false;
      // Every device, as a container may be given any of them.
      for (const device of devices) if (device === undefined || !runs(namespace, device, capability)) return false;
      return true;
    };
  tests.set("nvcap", test("nvcap"));
  tests.set("nvptx", test("nvptx"));
}

/**
 * Compiles a machine's offer. Several values of `cpu` or of an equality namespace: any of them counts. Several of a
 * device, driver, kernel or `os.version`: what ALL of them satisfy, since a node with devices of different kinds may
 * give a container any of them. The platform adds what it implies: the architecture's base CPU, its variant, its
 * os.version.
 */
export function createOffer(platform: Platform, features: readonly Feature[]): Offer {
  const values = byNamespace(platform, features);
  const tests = new Map<string, Test>();
  addCpu(values, tests);
  for (const [namespace, offered] of values) {
    switch (namespaceKind(namespace)) {
      case "cpu":
      case "cpuflag":
        break;
      case "capability":
        if (namespace === "nvcap") addCapabilities(offered, tests);
        break;
      case "target":
        tests.set(namespace, (required) => offered.every((device) => runsTarget(device, required)));
        break;
      case "version":
        tests.set(namespace, (required) => offered.every((version) => compareVersions(version, required) >= 0));
        break;
      case "os-version":
        tests.set(namespace, (required) => offered.every((host) => runsOsVersion(host, required)));
        break;
      case "equality": {
        const accepted = new Set(offered);
        tests.set(namespace, (required) => accepted.has(required));
        break;
      }
    }
  }
  return { platform, features, tests };
}

/** Whether the machine satisfies the required (canonical) feature. Silence does not satisfy. */
export function satisfies(offer: Offer, feature: Feature): boolean {
  return offer.tests.get(feature.namespace)?.(feature.value) ?? false;
}
