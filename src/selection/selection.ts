import type { FeatureGroup } from "../hardware/feature.ts";
import type { Variant } from "../oci/variant.ts";

/** Why a variant was chosen or not. */
export type Outcome =
  | { readonly variant: Variant; readonly outcome: "selected" }
  | {
      readonly variant: Variant;
      readonly outcome: "outranked";
      readonly by: Variant;
      /** The ranking rule that decided. */
      readonly rule: RankingRule;
    }
  | {
      readonly variant: Variant;
      readonly outcome: "incompatible";
      /** The groups that are not satisfied; empty where the platform does not fit. */
      readonly missing: readonly FeatureGroup[];
      readonly platformMismatch: boolean;
    };

/** In the order in which they are applied; each sees what the one before left. */
export type RankingRule =
  | "fallback-platform"
  | "dominance"
  | "priority"
  | "accelerator"
  | "equality"
  | "isa"
  | "version"
  | "groups"
  | "alternatives"
  | "format"
  | "position";

/** Machine-readable reason of a whole selection. */
export type SelectionCode =
  | "selected" // a feature decided: rewrite
  | "only-candidate" // one fits, and it requires a feature: rewrite
  | "generic" // the generic variant, while others exist that require features: rewrite
  | "runtime-matched" // runtimes make this choice themselves: leave
  | "format-only" // those left differ only in format: leave
  | "nothing-fits" // no variant fits: leave
  | "uncertain"; // no variant fits, and a manifest that could not be read as an image may: leave

/** The answer alone: all that is kept where nobody asks about the variants that were not chosen. */
export interface Choice {
  /**
   * Null where nothing fits. Null also where the image is left to the runtime and nothing can be named: machines of
   * several platforms asked about together, or builds in a format whose snapshotter no machine declares. So ask `code`,
   * not this, whether anything fits.
   */
  readonly selected: Variant | null;
  /** `rewrite` the image to the selected digest, or `leave` it as written. */
  readonly action: "rewrite" | "leave";
  readonly code: SelectionCode;
  /** One line for people, naming the features; at most 200 characters. */
  readonly reason: string;
  /** Lists what reading the index noticed, then what selecting did. */
  readonly warnings: readonly string[];
}

/** With what became of each variant, for whoever explains it. */
export interface Selection extends Choice {
  /** One outcome per variant, in the order of the index. */
  readonly considered: readonly Outcome[];
}
