/** Whom a request is made for: what is scarce is shared between namespaces, and within one between its reviews. */
export interface Tenant {
  readonly namespace: string;
  /** The same object in every request of one review, and in no other. */
  readonly review: object;
}
