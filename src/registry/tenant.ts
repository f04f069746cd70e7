/** Whom a request is made for: what is scarce is shared between namespaces, and within one between its reviews. */
export interface Tenant {
  readonly namespace: string;
  /** The same object in every request of one review, and in no other. */
  readonly review: object;
}

/**
 * The name of work that several may wait for: those of one namespace only, since the work waits for its turn as the one
 * who began it does.
 */
export function flightKey(key: string, tenant: Tenant | undefined): string {
  return tenant === undefined ? key : `${tenant.namespace} ${key}`;
}
