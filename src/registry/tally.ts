import type { Tenant } from "./tenant.ts";

interface NamespaceTally {
  total: number;
  readonly reviews: Map<object, number>;
}

/**
 * How much of something is taken: altogether, by each namespace, and by each review. Whoever takes leaves as much for
 * others as it has itself. So one namespace alone gets half, each of two a third, and there is always something left
 * for the next one; a review stands to its namespace as that does to the whole.
 */
export class Tally {
  readonly #namespaces = new Map<string, NamespaceTally>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** Whether one more may be taken where there are `limit`. Without a tenant only the limit itself counts. */
  fits(limit: number, tenant: Tenant | undefined): boolean {
    const left = limit - this.#total;
    if (left <= 0 || tenant === undefined) return left > 0;
    const namespace = this.#namespaces.get(tenant.namespace);
    const leftForReviews = left - (namespace?.total ?? 0);
    return leftForReviews > (namespace?.reviews.get(tenant.review) ?? 0);
  }

  add(tenant: Tenant | undefined): void {
    this.#total += 1;
    if (tenant === undefined) return;
    const namespace = this.#namespaces.get(tenant.namespace) ?? { total: 0, reviews: new Map<object, number>() };
    this.#namespaces.set(tenant.namespace, namespace);
    namespace.total += 1;
    namespace.reviews.set(tenant.review, (namespace.reviews.get(tenant.review) ?? 0) + 1);
  }

  /** The opposite of an `add`. */
  remove(tenant: Tenant | undefined): void {
    this.#total -= 1;
    if (tenant === undefined) return;
    const namespace = this.#namespaces.get(tenant.namespace);
    if (namespace === undefined) return;
    namespace.total -= 1;
    if (namespace.total === 0) this.#namespaces.delete(tenant.namespace);
    const left = (namespace.reviews.get(tenant.review) ?? 1) - 1;
    if (left === 0) namespace.reviews.delete(tenant.review);
    else namespace.reviews.set(tenant.review, left);
  }
}
