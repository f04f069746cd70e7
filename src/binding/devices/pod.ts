import { z } from "zod";
import type { Container, Pod } from "../../api/pod.ts";
import { isExtendedResource, isImplicitResource } from "../../placement/requests.ts";

/** Which devices a container gets: everything that a claim was given, or what one request in it was. */
export interface ClaimUse {
  /** The ResourceClaim's name. Undefined where nothing says which it is. */
  readonly claim: string | undefined;
  readonly request?: string;
}

const podSchema = z.object({
  metadata: z.object({ uid: z.string() }),
  spec: z.object({
    resourceClaims: z.array(z.object({ name: z.string(), resourceClaimName: z.string().optional() })).optional(),
  }),
  status: z
    .object({
      resourceClaimStatuses: z
        .array(z.object({ name: z.string(), resourceClaimName: z.string().optional() }))
        .optional(),
      extendedResourceClaimStatus: z
        .object({
          resourceClaimName: z.string(),
          requestMappings: z
            .array(z.object({ containerName: z.string(), resourceName: z.string(), requestName: z.string() }))
            .optional(),
        })
        .optional(),
    })
    .optional(),
});

/** A core/v1 Pod's own word on its claims: their names, and which requests serve its extended resources. */
export type PodClaims = z.infer<typeof podSchema>;

export function parsePodClaims(object: unknown): PodClaims {
  return podSchema.parse(object);
}

/** The containers whose images may change: ephemeral containers get no devices, and have no resources. */
export function containersOf({ spec }: Pod): readonly Container[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
}

/**
 * The extended resources of a container for which DRA must have given devices, because this node has none of them: the
 * scheduler decides node by node (noderesources/fit.go: shouldDelegateResourceToDRA). The implicit names of
 * DeviceClasses are never a device plugin's (KEP-5004).
 */
export function resourcesByDra(
  { resources }: Container,
  allocatable: Readonly<Record<string, string>>,
): readonly string[] {
  const asked = Object.entries({ ...resources?.limits, ...resources?.requests });
  return asked
    .filter(([name, quantity]) => {
      if (quantity === "0") return false;
      if (isImplicitResource(name)) return true;
      const here = Object.hasOwn(allocatable, name) ? allocatable[name] : "0";
      return isExtendedResource(name) && (here === "0" || here === undefined);
    })
    .map(([name]) => name);
}

/** Whether devices of the containers may be DRA's, so that it is worth a look at the Pod's claims. */
export function mayHaveDevices(
  containers: readonly Container[],
  allocatable: Readonly<Record<string, string>>,
): boolean {
  return containers.some(
    (container) => (container.resources?.claims ?? []).length > 0 || resourcesByDra(container, allocatable).length > 0,
  );
}

/** Where the devices of a container are written. */
export interface ContainerUses {
  readonly uses: readonly ClaimUse[];
  /** Its extended resources that DRA serves on this node. */
  readonly served: ReadonlySet<string>;
}

/** Undefined for a container that gets no device by DRA. */
export function usesOf(
  container: Container,
  pod: PodClaims,
  allocatable: Readonly<Record<string, string>>,
): ContainerUses | undefined {
  const claims = container.resources?.claims ?? [];
  const uses: ClaimUse[] = [];
  for (const { name, request } of claims) {
    const claim = claimName(pod, name);
    if (claim !== null) uses.push({ claim, ...(request === undefined ? {} : { request }) });
  }
  const { resourceClaimName, requestMappings = [] } = pod.status?.extendedResourceClaimStatus ?? {};
  const resources = new Set(resourcesByDra(container, allocatable));
  const served = new Set<string>();
  for (const { containerName, resourceName, requestName } of requestMappings) {
    if (containerName !== container.name || !resources.has(resourceName)) continue;
    served.add(resourceName);
    uses.push({ claim: resourceClaimName, request: requestName });
  }
  return claims.length === 0 && served.size === 0 ? undefined : { uses, served };
}

/** Null where the Pod turned out to need no claim (core/v1, PodResourceClaimStatus: resourceClaimName is unset). */
function claimName(pod: PodClaims, name: string): string | undefined | null {
  const inSpec = (pod.spec.resourceClaims ?? []).find((claim) => claim.name === name);
  if (inSpec?.resourceClaimName !== undefined) return inSpec.resourceClaimName;
  const made = (pod.status?.resourceClaimStatuses ?? []).find((status) => status.name === name);
  return made === undefined ? undefined : (made.resourceClaimName ?? null);
}
