import { isDeepStrictEqual } from "node:util";
import { type KubernetesObject, keyOf } from "../object.ts";
import type { Change, ReflectorOptions } from "./options.ts";

type StoreOptions<Kept> = Pick<ReflectorOptions<Kept>, "transform" | "equal" | "onChange" | "observe">;

/** A whole list on its way into the store, object by object. */
export interface Listing {
  readonly size: number;
  put(object: KubernetesObject): void;
  /** Removes what the list did not hold. */
  finish(): void;
}

/** The objects that a reflector keeps, and whom it tells of them. */
export class ReflectorStore<Kept> {
  readonly #options: StoreOptions<Kept>;
  readonly #kept = new Map<string, Kept>();

  constructor(options: StoreOptions<Kept>) {
    this.#options = options;
  }

  get kept(): ReadonlyMap<string, Kept> {
    return this.#kept;
  }

  put(object: KubernetesObject): void {
    const key = keyOf(object);
    const made = this.#transform(key, object);
    if (made === undefined) {
      this.#delete(key);
      return;
    }
    const previous = this.#kept.get(key);
    if (previous === undefined) {
      this.#kept.set(key, made);
      this.#change({ type: "added", key, object: made, previous: undefined });
      return;
    }
    const equal = this.#options.equal ?? isDeepStrictEqual;
    if (equal(previous, made)) return;
    this.#kept.set(key, made);
    this.#change({ type: "modified", key, object: made, previous });
  }

  remove(object: KubernetesObject): void {
    this.#delete(keyOf(object));
  }

  /**
   * A list is written straight into the store, so that no second copy of it exists; it is never older than what a
   * watch brought before (lists without a resourceVersion are read at the latest state).
   */
  beginList(): Listing {
    const seen = new Set<string>();
    return {
      get size() {
        return seen.size;
      },
      put: (object) => {
        seen.add(keyOf(object));
        this.put(object);
      },
      finish: () => {
        for (const key of [...this.#kept.keys()]) if (!seen.has(key)) this.#delete(key);
      },
    };
  }

  /** Calls a listener; its failure is reported and changes nothing here. */
  tell(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#options.observe?.({ type: "listener-failed", error });
    }
  }

  #delete(key: string): void {
    const previous = this.#kept.get(key);
    if (previous === undefined) return;
    this.#kept.delete(key);
    this.#change({ type: "deleted", key, object: undefined, previous });
  }

  #change(change: Change<Kept>): void {
    this.tell(() => this.#options.onChange?.(change));
  }

  #transform(key: string, object: KubernetesObject): Kept | undefined {
    try {
      return this.#options.transform(object);
    } catch (error) {
      this.#options.observe?.({ type: "unreadable", key, error });
      return undefined;
    }
  }
}
