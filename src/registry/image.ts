import type { Descriptor } from "../oci/descriptor.ts";
import type { Reference } from "../oci/reference.ts";
import type { Variant, VariantList } from "../oci/variant.ts";

/**
 * An image as its reference names it. Indexes that are nested in it are flattened, and the array of variants is the same
 * for the same digest, so that what follows from it can be kept. Warnings may quote the index: they are for `explain`,
 * not for a Pod's owner.
 */
export type Image =
  | ({
      readonly kind: "index";
      readonly reference: Reference;
      /** The descriptor of the index. The digest of a manifest list is that of what was found, and no registry has it. */
      readonly descriptor: Descriptor;
      /** Something of it could not be read now, and another try may find more. */
      readonly incomplete?: true;
      /** The manifest list that it was made of; absent for an index of a registry. */
      readonly madeOf?: MadeOf;
      /** Builds that a registry could not be asked for now, as far as their list tells of them. */
      readonly unasked?: readonly Variant[];
    } & VariantList)
  | {
      /** One image, with no choice in it. */
      readonly kind: "manifest";
      readonly reference: Reference;
      readonly descriptor: Descriptor;
    };

/** A manifest list, as far as an index that was made of it tells. */
export interface MadeOf {
  /** As notes name it. */
  readonly list: string;
  /** For people. */
  readonly shown: string;
  /** Whether it decides when a Pod is bound, too. */
  readonly atBinding: boolean;
  /** A sentence on lists that speak for the same name and do not count. */
  readonly conflict?: string;
}

/** An index, among whose builds there is a choice. */
export type IndexImage = Image & { readonly kind: "index" };
