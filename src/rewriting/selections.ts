import { LRUCache } from "lru-cache";
import type { Profile } from "../hardware/profile.ts";
import type { Variant } from "../oci/variant.ts";
import type { PlacedProfile } from "../placement/placement.ts";
import type { Image } from "../registry/images.ts";
import { offered } from "../selection/offered.ts";
import { type Prepared, prepare } from "../selection/prepare.ts";
import { select, selectCommon } from "../selection/select.ts";
import type { Selection } from "../selection/selection.ts";
import type { JudgeOptions } from "./decide.ts";
import { judge, type Verdict } from "./verdict.ts";

/**
 * Remembers selections, which depend on nothing but the index and the profile, and whole verdicts, which depend on
 * nothing but the index and where the Pod can land. Placements are shared by all Pods with the same constraints, so a
 * warm review does one look-up per image.
 */
export class Selections {
  readonly #selections = new LRUCache<string, Selection>({ max: 2048 });
  /** By the array of variants, which the image source keeps one of for each digest. */
  readonly #prepared = new WeakMap<readonly Variant[], Prepared>();
  readonly #verdicts = new WeakMap<readonly PlacedProfile[], LRUCache<string, Verdict>>();

  judge(image: Image & { kind: "index" }, landings: readonly PlacedProfile[], how: JudgeOptions): Verdict {
    const key = `${image.descriptor.digest} ${how.accelerated} ${how.common}`;
    const known = this.#verdicts.get(landings) ?? new LRUCache<string, Verdict>({ max: 256 });
    this.#verdicts.set(landings, known);
    const verdict = known.get(key) ?? judge(landings, this.#chooser(image, how.accelerated), how.common);
    known.set(key, verdict);
    return verdict;
  }

  #chooser(image: Image & { kind: "index" }, accelerated: boolean) {
    const prepared = this.#prepared.get(image.variants) ?? prepare(image.variants);
    this.#prepared.set(image.variants, prepared);
    return {
      chooses: !image.variants.every(({ runtimeMatched }) => runtimeMatched),
      select: (profile: Profile) => {
        const key = `${image.descriptor.digest} ${profile.id} ${accelerated}`;
        const selection = this.#selections.get(key) ?? select(prepared, offered(profile, accelerated));
        this.#selections.set(key, selection);
        return selection;
      },
      selectCommon: (profiles: readonly Profile[]) =>
        selectCommon(
          prepared,
          profiles.map((profile) => offered(profile, accelerated)),
        ),
    };
  }
}
