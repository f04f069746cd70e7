import type { OciErrorCode } from "./error.ts";
import { FoldedKeys } from "./folded-keys.ts";

/** Members of one object: an entry has 4,096 annotations at most. A larger table is made anew in one long piece. */
const maxMembers = 16_384;

/** The keys of one object, as they come. */
export class Keys {
  readonly #folded: FoldedKeys | undefined;
  #count = 0;

  /** @param isMap whether its keys are told apart by case */
  constructor(isMap: boolean) {
    this.#folded = isMap ? undefined : new FoldedKeys();
  }

  /** Why this one may not be in the object. */
  refusal(object: object, key: string): { readonly code: OciErrorCode; readonly message: string } | undefined {
    this.#count += 1;
    if (this.#count > maxMembers)
      return { code: "TOO_LARGE", message: `an object has more than ${maxMembers} members` };
    if (Object.hasOwn(object, key)) return { code: "JSON_DUPLICATE_KEY", message: "this key is written twice" };
    const other = this.#folded?.has(key) === true;
    return other ? { code: "JSON_DUPLICATE_KEY", message: "this key is there in another spelling too" } : undefined;
  }
}
