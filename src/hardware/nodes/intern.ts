import { createHash } from "node:crypto";
import { formatFeature } from "../feature.ts";
import type { Profile } from "../profile.ts";
import { type Declaration, isRelevantLabel, type NodeLabels } from "./labels.ts";
import { volcanoGpus } from "./nvidia.ts";
import { type NodeOffer, offerOfNode } from "./offer.ts";

/**
 * Turns nodes into profiles, so that the same content is the same object. Make one for each snapshot from the one of
 * the snapshot before: what no node has any more is left behind, so it holds as much as two snapshots do.
 */
export class ProfileInterner {
  readonly #byInput = new Map<string, Profile>();
  readonly #byContent = new Map<string, Profile>();
  readonly #previousByInput: ReadonlyMap<string, Profile>;
  readonly #previousByContent: ReadonlyMap<string, Profile>;
  readonly #declarations = new WeakMap<Declaration, { readonly key: string; readonly labels: ReadonlySet<string> }>();

  constructor(previous?: ProfileInterner) {
    this.#previousByInput = previous === undefined ? new Map() : previous.#byInput;
    this.#previousByContent = previous === undefined ? new Map() : previous.#byContent;
  }

  /** The profile of a node, with what its machine type declares. */
  profileOf(node: NodeLabels, declared?: Declaration): Profile {
    const key = this.#inputKey(node, declared);
    const known = this.#byInput.get(key);
    if (known !== undefined) {
      return known;
    }
    const before = this.#previousByInput.get(key);
    const profile = before === undefined ? this.intern(offerOfNode(node, declared)) : this.#keep(before);
    this.#byInput.set(key, profile);
    return profile;
  }

  /** The one profile with this content. Its id comes from what is offered; the notes only tell objects apart. */
  intern(offer: NodeOffer): Profile {
    const offered = canonicalOffer(offer);
    const content = `${offered}\n${JSON.stringify(offer.notes)}`;
    const known = this.#byContent.get(content) ?? this.#previousByContent.get(content);
    const profile = known ?? {
      id: createHash("sha256").update(offered).digest("hex").slice(0, 12),
      platform: offer.platform,
      features: offer.features,
      accelerators: offer.accelerators,
      notes: offer.notes,
    };
    this.#byContent.set(content, profile);
    return profile;
  }

  /** The profiles that were asked for, in the order of first use. */
  get profiles(): readonly Profile[] {
    return [...this.#byContent.values()];
  }

  #keep(profile: Profile): Profile {
    this.#byContent.set(`${canonicalOffer(profile)}\n${JSON.stringify(profile.notes)}`, profile);
    return profile;
  }

  /** Everything that offerOfNode can depend on, and nothing else. */
  #inputKey(node: NodeLabels, declared: Declaration | undefined): string {
    const declaration = declared === undefined ? undefined : this.#declaration(declared);
    const relevant: string[] = [];
    for (const key in node.labels) {
      if (isRelevantLabel(key, declaration?.labels)) {
        relevant.push(`${key}=${node.labels[key]}`);
      }
    }
    return JSON.stringify([
      declaration?.key ?? "",
      node.operatingSystem,
      node.architecture,
      node.kernelVersion,
      node.allocatable["nvidia.com/gpu"] ?? "",
      node.allocatable["nvidia.com/gpu.shared"] ?? "",
      node.allocatable[volcanoGpus] ?? "",
      relevant.sort(),
    ]);
  }

  /** Machine types are few and their nodes many. */
  #declaration(declared: Declaration): { readonly key: string; readonly labels: ReadonlySet<string> } {
    const known = this.#declarations.get(declared);
    if (known !== undefined) {
      return known;
    }
    const { features = [], platform, featureLabels = [] } = declared;
    const made = {
      key: JSON.stringify([
        features,
        platform === undefined ? null : [platform.os, platform.architecture, platform.variant ?? null],
        featureLabels.map(({ label, namespace }) => [label, namespace]),
      ]),
      labels: new Set(featureLabels.map(({ label }) => label)),
    };
    this.#declarations.set(declared, made);
    return made;
  }
}

/** The profile of one offer, for callers with a single node. */
export function internProfile(offer: NodeOffer): Profile {
  return new ProfileInterner().intern(offer);
}

function canonicalOffer(offer: Pick<Profile, "platform" | "features" | "accelerators">): string {
  const { os, architecture, variant, osVersion } = offer.platform;
  return JSON.stringify({
    os,
    architecture,
    variant: variant ?? null,
    osVersion: osVersion ?? null,
    features: offer.features.map(formatFeature),
    accelerators: offer.accelerators.map(formatFeature),
  });
}
