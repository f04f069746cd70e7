import type { Requirement } from "../hardware/feature.ts";
import type { Platform } from "../hardware/platform.ts";
import type { Descriptor } from "./descriptor.ts";

/** One runnable manifest of an image index, with what it requires. The same digest may occur in several variants: OR. */
export interface Variant extends Descriptor {
  /** Of the index entry; a missing `os` in a hand-written list is linux. */
  readonly platform: Platform;
  readonly requires: Requirement;
  /** True where `requires` is only what runtimes match by themselves (platform variant, os.version). */
  readonly runtimeMatched: boolean;
  /** `dev.metahub.priority`, 0 by default. */
  readonly priority: number;
  /** What the layers or the filesystem are packed in: `plain`, or what a snapshotter must support. */
  readonly format: "plain" | "zstd" | "soci" | "nydus" | "erofs" | "estargz";
  /** Zero-based place in the flattened index. */
  readonly position: number;
}

/** An image index, read: what may be chosen, and what was noticed while reading. */
export interface VariantList {
  readonly variants: readonly Variant[];
  /** Sentences for `explain`; never an error. */
  readonly warnings: readonly string[];
}
