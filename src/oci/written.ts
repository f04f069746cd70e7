import type { Platform } from "../hardware/platform.ts";
import type { ConfiguredPlatform } from "./configuration.ts";

/** The content that a runtime is led to by an entry. */
export type Leads =
  /** The variant at this position. */
  | number
  /** An index that is nested there. */
  | readonly WrittenEntry[]
  /**
   * A manifest of something else than an image, such as an attestation: a runtime takes it for an image. Its
   * configuration was not read: as a rule it names no architecture that a machine has (image-spec v1.1, manifest.md).
   */
  | "artifact"
  /** Something that no runtime takes for an image. */
  | "nothing"
  /** A manifest whose platform could not be read. */
  | "unread";

/** One entry of an index as runtimes look at it, whatever it requires beside its platform. */
export interface WrittenEntry {
  /** The entry's own, as containerd reads it (`asRuntimesRead`); absent where it names none. */
  readonly platform?: Platform;
  /** The same as it is written, where that differs: containers/image compares texts. */
  readonly raw?: Platform;
  /** The platform that its configuration names, as it is written there, of an entry that names none. */
  readonly configured?: ConfiguredPlatform;
  /** It has a `platform` without any text. It is one that nobody has, and none at all to Docker. */
  readonly blank?: true;
  /** It names `os.features` that no host has by itself. */
  readonly special?: true;
  /** Marked as compressed with zstd, which containers/image prefers. */
  readonly zstd?: true;
  readonly leads: Leads;
}
