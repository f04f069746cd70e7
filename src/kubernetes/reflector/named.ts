import type { ReflectorOptions } from "./options.ts";
import { Reflector } from "./reflector.ts";

/**
 * Follows one object by its name. It lists and watches with a field selector, for which the right to that one name is
 * enough (RBAC `resourceNames`).
 */
export function reflectNamed<Kept>(
  name: string,
  options: Omit<ReflectorOptions<Kept>, "fieldSelector" | "labelSelector">,
): Reflector<Kept> {
  return new Reflector({ ...options, fieldSelector: `metadata.name=${name}` });
}
