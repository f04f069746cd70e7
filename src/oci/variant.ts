import type { Requirement } from "../hardware/feature.ts";
import type { Platform } from "../hardware/platform.ts";
import type { Descriptor } from "./descriptor.ts";
import type { WrittenEntry } from "./written.ts";

/** The packing of the layers or the filesystem: `plain`, or what a runtime or its snapshotter must support. */
export type Format = "plain" | "zstd" | "soci" | "nydus" | "erofs" | "estargz";

/** One runnable manifest of an image index, with what it requires. The same digest may occur in several variants: OR. */
export interface Variant extends Descriptor {
  /** The index entry's platform; a missing `os` in a hand-written list is linux. */
  readonly platform: Platform;
  readonly requires: Requirement;
  /**
   * True where `requires` is only what every runtime matches by itself: nothing, the variant of 32-bit arm, or
   * `os.version`. A variant of amd64 or arm64 does not count: containerd under Kubernetes and CRI-O detect none, so
   * the image as written would run the baseline build everywhere.
   */
  readonly runtimeMatched: boolean;
  /** `dev.metahub.priority`, 0 by default. */
  readonly priority: number;
  readonly format: Format;
  /** Zero-based place in the flattened index, entries that were passed over counted. */
  readonly position: number;
  /** Set where the entry is an artifact and not an image, which only `ReadIndexOptions.artifacts` lets in. */
  readonly artifactType?: string;
  /**
   * The name, as written, of the repository that holds the manifest, where it comes from a manifest list whose builds
   * live under names of their own. Absent in an image index: there it is the repository of the index.
   */
  readonly name?: string;
}

/** An image index, read: what may be chosen, and what was noticed while reading. */
export interface VariantList {
  readonly variants: readonly Variant[];
  /** The entries as runtimes look at them; absent where they are the variants and nothing else (`writtenOf`). */
  readonly written?: readonly WrittenEntry[];
  /** Positions of entries that may be images for any machine: neither they nor their configurations say. */
  readonly unread?: readonly number[];
  /** Sentences for `explain`; never an error. At most 33, each at most 300 characters. */
  readonly warnings: readonly string[];
}
