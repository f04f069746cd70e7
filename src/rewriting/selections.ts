import { LRUCache } from "lru-cache";
import type { Profile } from "../hardware/profile.ts";
import { heapSize, keptHeapSize, textSize } from "../json/heap-size.ts";
import { drain, type Steps } from "../oci/steps.ts";
import type { Variant } from "../oci/variant.ts";
import type { PlacedProfile } from "../placement/placement.ts";
import { Flights } from "../registry/flight.ts";
import type { IndexImage } from "../registry/images.ts";
import { inSlices } from "../registry/in-slices.ts";
import { leftOnEveryMachine } from "../selection/every-machine.ts";
import { offered } from "../selection/offered.ts";
import { type Prepared, prepareInSteps } from "../selection/prepare.ts";
import { chooseInSteps } from "../selection/select.ts";
import type { Choice } from "../selection/selection.ts";
import type { JudgeOptions } from "./decide.ts";
import { doubtOf } from "./unasked.ts";
import { judge, type Verdict } from "./verdict.ts";

/** Bytes of choices and verdicts that are remembered, and of indexes that are prepared for choosing. */
const maxChoiceBytes = 8 * 1_048_576;
const maxVerdictBytes = 8 * 1_048_576;
const maxPreparedBytes = 32 * 1_048_576;
/** A prepared index is kept with its variants, and takes half as much; beside that one byte for each pair of features. */
const preparedShare = 1.5;
const never = new AbortController().signal;
const doing = "choosing a build";

/**
 * Remembers selections, which depend on nothing but the index and the profile, and whole verdicts, which depend on
 * nothing but the index and where the Pod can land. Placements are shared by all Pods with the same constraints, so a
 * warm review does one look-up per image. All is bounded by bytes; what is not known is worked out in slices of the
 * event loop, once for all that ask.
 */
export class Selections {
  readonly #choices = new LRUCache<string, Choice>({
    maxSize: maxChoiceBytes,
    sizeCalculation: ({ selected, reason }, key) => textSize(key) + textSize(reason) + heapSize(selected) + 128,
  });
  /** By the array of variants, which the image source keeps one of for each digest. */
  readonly #prepared = new LRUCache<readonly Variant[], Prepared>({
    maxSize: maxPreparedBytes,
    sizeCalculation: ({ features }, variants) =>
      Math.ceil(preparedShare * keptHeapSize(variants)) + features.length ** 2,
  });
  readonly #verdicts = new LRUCache<string, Verdict>({
    maxSize: maxVerdictBytes,
    sizeCalculation: (verdict, key) => textSize(key) + heapSize(verdict) + 128,
  });
  readonly #flights = new Flights<Verdict>();
  readonly #alone = new Flights<Choice>();
  /** Landings by number, so that what is remembered of them does not keep them. */
  readonly #numbers = new WeakMap<readonly PlacedProfile[], number>();
  #last = 0;

  /** Bytes of all that is remembered, by estimate. */
  get bytes(): number {
    return this.#choices.calculatedSize + this.#prepared.calculatedSize + this.#verdicts.calculatedSize;
  }

  /** At once where it is known. @throws RegistryError ABORTED, as a promise, where the signal ends first */
  judge(
    image: IndexImage,
    landings: readonly PlacedProfile[],
    how: JudgeOptions,
    signal: AbortSignal = never,
  ): Verdict | Promise<Verdict> {
    const key = `${this.#numberOf(landings)} ${contentOf(image)} ${how.accelerated} ${how.common}`;
    const known = this.#verdicts.get(key);
    if (known !== undefined) return known;
    const work = async (ended: AbortSignal): Promise<Verdict> => {
      const verdict = await this.#work(image, landings, how, ended);
      this.#verdicts.set(key, verdict);
      return verdict;
    };
    // What is short is done all the same, and its caller knows best what its end means.
    return signal.aborted ? work(signal) : this.#flights.join(key, signal, work);
  }

  /**
   * Whether all of these places run the build of this digest, whatever builds they would be given rather.
   * @throws RegistryError ABORTED where the signal ends first
   */
  async runs(
    image: IndexImage,
    digest: string,
    landings: readonly PlacedProfile[],
    accelerated: boolean,
    signal: AbortSignal,
  ): Promise<boolean> {
    for (const { profile } of landings) {
      const key = `${contentOf(image)} alone ${digest} ${profile.id} ${accelerated}`;
      const choice =
        this.#choices.get(key) ??
        (await this.#alone.join(key, signal, async (ended) => {
          const variants = image.variants.filter((variant) => variant.digest === digest);
          const prepared = await inSlices(prepareInSteps({ variants }), ended, doing);
          const made = await inSlices(chooseInSteps(prepared, [offered(profile, accelerated)]), ended, doing);
          this.#choices.set(key, made);
          return made;
        }));
      if (choice.code === "nothing-fits") return false;
    }
    return true;
  }

  async #work(
    image: IndexImage,
    landings: readonly PlacedProfile[],
    { accelerated, common }: JudgeOptions,
    signal: AbortSignal,
  ): Promise<Verdict> {
    const inTurn = <T>(steps: Steps<T>): Promise<T> => inSlices(steps, signal, doing);
    const doubt = await doubtOf(image, landings, accelerated, inTurn);
    if (doubt !== undefined) return doubt;
    const prepared = await this.#prepare(image, inTurn);
    const offers = (profiles: readonly Profile[]) => profiles.map((profile) => offered(profile, accelerated));
    const choices = new Map<string, Choice>();
    for (const { profile } of landings) {
      const key = `${contentOf(image)} ${profile.id} ${accelerated}`;
      let choice = this.#choices.get(key);
      if (choice === undefined) {
        choice = await inTurn(chooseInSteps(prepared, offers([profile])));
        this.#choices.set(key, choice);
      }
      choices.set(profile.id, choice);
    }
    const profiles = landings.map(({ profile }) => profile);
    const ofAll = common && profiles.length > 1 ? await inTurn(chooseInSteps(prepared, offers(profiles))) : undefined;
    // Only a Pod that can land nowhere yet asks for it.
    const chooses = landings.length > 0 || !(await inTurn(leftOnEveryMachine(prepared)));
    const chooser = {
      chooses,
      select: (profile: Profile) => choices.get(profile.id) ?? drain(chooseInSteps(prepared, offers([profile]))),
      selectCommon: (all: readonly Profile[]) => ofAll ?? drain(chooseInSteps(prepared, offers(all))),
    };
    return judge(landings, chooser, common);
  }

  async #prepare(image: IndexImage, inTurn: <T>(steps: Steps<T>) => Promise<T>): Promise<Prepared> {
    const { variants } = image;
    const known = this.#prepared.get(variants);
    if (known !== undefined) return known;
    const prepared = await inTurn(prepareInSteps({ ...image, warnings: [] }));
    this.#prepared.set(variants, prepared);
    return prepared;
  }

  #numberOf(landings: readonly PlacedProfile[]): number {
    const known = this.#numbers.get(landings);
    if (known !== undefined) return known;
    this.#last += 1;
    this.#numbers.set(landings, this.#last);
    return this.#last;
  }
}

/** The digest, and which entries could not be read: another time, or with other credentials, they may be. */
function contentOf({ descriptor, unread = [] }: IndexImage): string {
  return `${descriptor.digest} ${unread.join(",")}`;
}
