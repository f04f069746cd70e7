import type { Machine } from "../../explaining/machine.ts";
import { hostOffer } from "../../hardware/detect/host.ts";
import type { Feature } from "../../hardware/feature.ts";
import { isAcceleratorNamespace } from "../../hardware/namespace.ts";
import { internProfile } from "../../hardware/nodes/intern.ts";
import { offerOfNode, unknownArchitecture } from "../../hardware/nodes/offer.ts";
import { parseFeatureList } from "../../hardware/parse.ts";
import { normalizePlatform, type Platform } from "../../hardware/platform.ts";
import type { CommandContext } from "../../process/context.ts";
import { UsageError } from "../../process/failure.ts";
import { shorten } from "../../text/shorten.ts";
import { safeText } from "../terminal/text.ts";

/** Node.js's names of architectures to Go's. */
const architectures: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386", ppc64: "ppc64le" };

/**
 * A machine that offers a list of features and runs linux, unless a platform is given: on the architecture of its CPU,
 * else that of this host (as Node.js names it).
 * @throws UsageError, HardwareError
 */
export function declaredMachine(list: string, platform: string | undefined, hostArchitecture: string): Machine {
  const given = platform === undefined ? undefined : parsePlatform(platform);
  const offers = (declared: { os: string; architecture: string } | undefined) =>
    offerOfNode(
      { labels: {}, operatingSystem: "", architecture: "", kernelVersion: "", allocatable: {} },
      {
        features: [...list.split(",").filter((text) => text.trim() !== "")],
        ...(declared === undefined ? {} : { platform: declared }),
      },
    );
  // Here, unlike on a node, what cannot be read is a mistake of whoever typed it.
  parseFeatureList(list, given === undefined ? {} : { architecture: given.architecture });
  let offer = offers(given);
  if (offer.platform.architecture === unknownArchitecture) {
    offer = offers({ os: "linux", architecture: architectures[hostArchitecture] ?? hostArchitecture });
  }
  return { kind: "Node", name: "the machine described", profiles: [internProfile(offer)] };
}

/** This host. Words of it that cannot be offered are told on standard error. */
export async function detectedMachine(platform: string | undefined, context: CommandContext): Promise<Machine> {
  const { detectHost } = await import("../../host/probe.ts");
  const report = await detectHost(context.signal, { env: context.env });
  const { platform: own, features, notes } = hostOffer(report);
  for (const note of [...report.problems, ...notes]) context.stderr.write(`metahub: ${safeText(note)}\n`);
  const device = (feature: Feature): boolean => isAcceleratorNamespace(feature.namespace);
  const offer = {
    platform: platform === undefined ? own : parsePlatform(platform),
    features: features.filter((feature) => !device(feature)),
    accelerators: features.filter(device),
    notes: [],
    sources: new Map(),
  };
  return { kind: "Node", name: "this host", profiles: [internProfile(offer)] };
}

/** Reads `linux/arm64/v8`. @throws UsageError */
function parsePlatform(text: string): Platform {
  const [os = "", architecture = "", variant, ...rest] = text.split("/");
  if (os === "" || architecture === "" || rest.length > 0) {
    throw new UsageError(
      `--platform ${JSON.stringify(shorten(text, 80))}: expected os/arch or os/arch/variant, e.g. linux/amd64`,
    );
  }
  return normalizePlatform({ os, architecture, ...(variant === undefined ? {} : { variant }) });
}
