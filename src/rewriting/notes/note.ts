import type { IndexImage } from "../../registry/images.ts";
import type { ImagePlace } from "../images.ts";

/**
 * One image's entry in the annotation `metahub.dev/selection`. Anybody may have written it: who acts on it asks first whether it
 * proves itself (`proof.ts`).
 */
export interface SelectionNote {
  /** The reference as the Pod's owner wrote it. */
  readonly asked: string;
  /** Machine-readable reason. */
  readonly code: string;
  readonly reason: string;
  /** The variant's requirement, e.g. `cpu:broadwell, nvcap:7.0|nvcap:8.0`. */
  readonly requires?: string;
  readonly machineType?: string;
  /** The node that it was decided for, where that was at binding. */
  readonly node?: string;
  /** RFC 3339, seconds. */
  readonly at: string;
  /** Digest of the variant that the container runs; absent where the image was left. */
  readonly variant?: string;
  /** Digest of the index that was read; absent where none could be. */
  readonly index?: string;
  /**
   * In place of an index: the manifest list that was read, by kind and name, uid, and the digest of what it says. It is of
   * the Pod's own namespace, or for all.
   */
  readonly list?: string;
  /** Names the key of the MAC. */
  readonly key?: string;
  /** Proves who wrote it, in base64url. */
  readonly mac?: string;
}

/**
 * Most bytes of the annotation. Only Pods of some hundred containers need more than 4 KiB: index and node of each must
 * stay, or its build could not be proven.
 */
export const maxSelection = 32_768;

/** By the names of images, as `noteName` gives them. */
export type SelectionNotes = ReadonlyMap<string, SelectionNote>;

/** The annotation's name of an image: the container's, and `volume/NAME` for image volumes. */
export function noteName(place: Pick<ImagePlace, "kind" | "name">): string {
  return place.kind === "volumes" ? `volume/${place.name}` : place.name;
}

/** Whether a note's name is an image volume's. */
export function isVolume(name: string): boolean {
  return name.startsWith("volume/");
}

/** Codes of notes that leave the choice to the Pod's binding. */
const openCodes: ReadonlySet<string> = new Set(["nodes-differ", "no-nodes", "at-binding"]);

/** Whether the note says that nothing was chosen yet. Once a Pod is bound, such a note tells that the choice was missed. */
export function isOpen({ variant, node, code }: SelectionNote): boolean {
  return variant === undefined && node === undefined && openCodes.has(code);
}

/** The part of a note that says what its build was chosen from. */
export function sourceOf({ descriptor, madeOf }: IndexImage): Pick<SelectionNote, "index" | "list"> {
  return madeOf === undefined ? { index: descriptor.digest } : { list: madeOf.list };
}

/** Whether an image is the build that the note tells of. */
export function isBuildOf({ variant }: SelectionNote, image: string): boolean {
  return variant !== undefined && image.endsWith(`@${variant}`);
}

/** The machine types that a note names. A Pod may land on many; these are enough to know its kind of place. */
const mostMachineTypes = 4;

export function typesOf(machineTypes: readonly string[]): Pick<SelectionNote, "machineType"> {
  return machineTypes.length === 0 ? {} : { machineType: machineTypes.slice(0, mostMachineTypes).join(",") };
}

/** The time as notes tell it. */
export function noteTime(now: Date): string {
  return `${now.toISOString().slice(0, 19)}Z`;
}
