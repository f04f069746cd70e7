import { type FeatureGroup, formatFeature } from "../hardware/feature.ts";
import { formatPlatform } from "../hardware/platform.ts";
import type { Variant } from "../oci/variant.ts";
import type { Outcome } from "../selection/selection.ts";
import { type Need, needsOf } from "./needs.ts";
import type { Explanation } from "./rows.ts";

/** All groups, any alternative of each. */
type Groups = readonly (readonly string[])[];

export interface VariantJson {
  readonly digest: string;
  readonly platform: string;
  readonly requires: Groups;
  readonly position: number;
  /** The repository that holds it, where a manifest list names another one than the image's. */
  readonly repository?: string;
}

/** The output of `metahub explain -o json` for one image. Stable: scripts depend on it. */
export interface ExplanationJson {
  readonly image: string;
  readonly digest: string;
  /** The manifest list that the image was made of; absent where it is as its registry has it. */
  readonly list?: string;
  readonly variants: readonly VariantJson[];
  readonly machines: readonly MachineJson[];
}

export interface MachineJson {
  readonly kind: "MachineType" | "Node";
  readonly name: string;
  readonly platform: string;
  readonly offers: readonly string[];
  readonly selected: string | null;
  readonly action: "rewrite" | "leave";
  readonly reason: string;
  readonly considered: readonly OutcomeJson[];
  readonly warnings: readonly string[];
}

export type OutcomeJson =
  | { readonly digest: string; readonly outcome: "selected" }
  | { readonly digest: string; readonly outcome: "outranked"; readonly by: string }
  /** `missing` is empty where the platform does not fit. */
  | { readonly digest: string; readonly outcome: "incompatible"; readonly missing: Groups };

/** The output of `metahub explain --requirements -o json` for one image. */
export interface RequirementsJson {
  readonly image: string;
  readonly digest: string;
  readonly variants: readonly (VariantJson & { readonly needs: readonly Need[] })[];
  readonly warnings: readonly string[];
}

export function explanationJson({ image, digest, list, madeOf, rows }: Explanation): ExplanationJson {
  return {
    image,
    digest,
    ...(madeOf === undefined ? {} : { list: madeOf }),
    variants: (list?.variants ?? []).map(variantJson),
    machines: rows.map(({ machine, platform, offers, selected, action, reason, considered, warnings }) => ({
      kind: machine.kind,
      name: machine.name,
      platform,
      offers,
      selected,
      action,
      reason,
      considered: considered.map(outcomeJson),
      warnings,
    })),
  };
}

export function requirementsJson({ image, digest, list }: Omit<Explanation, "rows">): RequirementsJson {
  return {
    image,
    digest,
    variants: (list?.variants ?? []).map((variant) => ({ ...variantJson(variant), needs: needsOf(variant) })),
    warnings: list?.warnings ?? [],
  };
}

function variantJson({ digest, platform, requires, position, name }: Variant): VariantJson {
  const elsewhere = name === undefined ? {} : { repository: name };
  return { digest, platform: formatPlatform(platform), requires: groups(requires), position, ...elsewhere };
}

function outcomeJson(outcome: Outcome): OutcomeJson {
  const { digest } = outcome.variant;
  switch (outcome.outcome) {
    case "selected":
      return { digest, outcome: "selected" };
    case "outranked":
      return { digest, outcome: "outranked", by: outcome.by.digest };
    case "incompatible":
      return { digest, outcome: "incompatible", missing: groups(outcome.missing) };
  }
}

function groups(requirement: readonly FeatureGroup[]): Groups {
  return requirement.map((group) => group.map(formatFeature));
}
