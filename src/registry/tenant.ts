/** The namespace and review behind a request. Namespaces share what is scarce; each divides its share among its reviews. */
export interface Tenant {
  readonly namespace: string;
  /** The same object in every request of one review, and in no other. */
  readonly review: object;
}

/**
 * The key of work that several callers may share. Only callers of one namespace share it, since the work queues in the
 * turn of its first caller.
 */
export function flightKey(key: string, tenant: Tenant | undefined): string {
  return tenant === undefined ? key : `${tenant.namespace} ${key}`;
}
