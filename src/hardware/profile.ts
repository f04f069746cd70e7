import type { Feature } from "./feature.ts";
import type { Platform } from "./platform.ts";

/**
 * The platform and features that one node offers, after all sources are merged. Interned: the same content is the
 * same object, so that a selection is computed once per profile and not once per node.
 */
export interface Profile {
  /** First 12 hexadecimal digits of the SHA-256 of the canonical content. A valid label value. */
  readonly id: string;
  readonly platform: Platform;
  /** Offered to every container. Canonical, sorted by text, no duplicates. */
  readonly features: readonly Feature[];
  /** Offered only to containers that get a device: accelerator features that came from labels, not declared ones. */
  readonly accelerators: readonly Feature[];
  /** Why something the labels mention is not offered, one sentence each (bounded). */
  readonly notes: readonly string[];
}
