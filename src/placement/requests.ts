import type { Container, Pod } from "../api/pod.ts";
import { parseQuantity } from "./quantity.ts";

type Amounts = Map<string, bigint>;

/**
 * The extended resources that a Pod as a whole requests, in whole units; those of zero are left out, since every node
 * has none. The scheduler's sum (component-helpers, resource.PodRequests; KEP-753): containers and sidecars together,
 * or, if that is more, the largest init container with the sidecars that started before it.
 *
 * Pod-level `spec.resources` do not appear: they can hold cpu, memory and hugepages only (KEP-2837). Where a container
 * states only a limit, the limit is the request, as the API server's defaults say; a Pod in a file has had no defaults.
 * A quantity that cannot be read counts as nothing, so that the set of nodes is rather too large than too small.
 */
export function extendedRequests(pod: Pod): ReadonlyMap<string, bigint> {
  const total: Amounts = new Map();
  for (const container of pod.spec.containers ?? []) add(total, requestsOf(container));
  const initContainers = pod.spec.initContainers ?? [];
  if (initContainers.length > 0) {
    const sidecars: Amounts = new Map();
    const peak: Amounts = new Map();
    for (const container of initContainers) {
      const own = requestsOf(container);
      if (container.restartPolicy === "Always") {
        add(total, own);
        add(sidecars, own);
        raise(peak, sidecars);
      } else {
        add(own, sidecars);
        raise(peak, own);
      }
    }
    raise(total, peak);
  }
  for (const [name, amount] of total) if (amount <= 0n) total.delete(name);
  return total;
}

/**
 * Names with a domain outside kubernetes.io (core/v1 helper.IsExtendedResourceName). `requests.…` is for quotas. The
 * implicit names of DeviceClasses, `deviceclass.resource.kubernetes.io/…`, are native by this rule, and DRA serves them.
 */
export function isExtendedResource(name: string): boolean {
  return name.includes("/") && !name.includes("kubernetes.io/") && !name.startsWith("requests.");
}

/** The implicit names of DeviceClasses, which no device plugin may have (KEP-5004). */
export function isImplicitResource(name: string): boolean {
  return name.startsWith("deviceclass.resource.kubernetes.io/");
}

function requestsOf(container: Container): Amounts {
  const amounts: Amounts = new Map();
  const { requests, limits } = container.resources ?? {};
  for (const [name, quantity] of Object.entries({ ...limits, ...requests })) {
    if (!isExtendedResource(name)) continue;
    // YAML in a file may hold a number where the API server writes a string.
    const amount = parseQuantity(String(quantity));
    if (amount !== undefined) amounts.set(name, amount);
  }
  return amounts;
}

function add(into: Amounts, other: ReadonlyMap<string, bigint>): void {
  for (const [name, amount] of other) into.set(name, (into.get(name) ?? 0n) + amount);
}

function raise(into: Amounts, other: ReadonlyMap<string, bigint>): void {
  for (const [name, amount] of other) if (amount > (into.get(name) ?? 0n)) into.set(name, amount);
}
