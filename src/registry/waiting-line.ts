import type { Tenant } from "./tenant.ts";

/** Those who wait, in turns: namespace by namespace, within one review by review, within one the first who came. */
export class WaitingLine<Waiter extends { readonly tenant: Tenant | undefined }> {
  /** The one whose turn is next stands first, in both maps. */
  readonly #namespaces = new Map<string, Map<object, Set<Waiter>>>();
  /** Stands for the review of all who have none. */
  readonly #noReview = {};

  add(waiter: Waiter): void {
    const [namespace, review] = this.#placeOf(waiter);
    const reviews = this.#namespaces.get(namespace) ?? new Map<object, Set<Waiter>>();
    const waiters = reviews.get(review) ?? new Set<Waiter>();
    this.#namespaces.set(namespace, reviews);
    reviews.set(review, waiters);
    waiters.add(waiter);
  }

  remove(waiter: Waiter): void {
    const [namespace, review] = this.#placeOf(waiter);
    const reviews = this.#namespaces.get(namespace);
    const waiters = reviews?.get(review);
    waiters?.delete(waiter);
    if (waiters?.size === 0) reviews?.delete(review);
    if (reviews?.size === 0) this.#namespaces.delete(namespace);
  }

  /** Takes out the next one who may go; its review and its namespace then wait until all others had their turn. */
  take(mayGo: (waiter: Waiter) => boolean): Waiter | undefined {
    for (const [namespace, reviews] of this.#namespaces) {
      for (const [review, waiters] of reviews) {
        const next = first(waiters, mayGo);
        if (next === undefined) continue;
        toEnd(reviews, review, waiters);
        toEnd(this.#namespaces, namespace, reviews);
        this.remove(next);
        return next;
      }
    }
    return undefined;
  }

  #placeOf({ tenant }: Waiter): readonly [namespace: string, review: object] {
    return [tenant?.namespace ?? "", tenant?.review ?? this.#noReview];
  }
}

function first<T>(values: Iterable<T>, fits: (value: T) => boolean): T | undefined {
  for (const value of values) if (fits(value)) return value;
  return undefined;
}

function toEnd<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.delete(key);
  map.set(key, value);
}
