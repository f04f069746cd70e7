import { z } from "zod";
import type { DeviceName } from "../../hardware/devices/device.ts";

/** A device that a ResourceClaim was given for one of its requests. */
export interface AllocationResult extends DeviceName {
  /** `request`, or `request/subrequest` where alternatives were asked for. */
  readonly request: string;
}

const claimSchema = z.object({
  status: z
    .object({
      allocation: z
        .object({
          devices: z
            .object({
              results: z
                .array(z.object({ request: z.string(), driver: z.string(), pool: z.string(), device: z.string() }))
                .optional(),
            })
            .optional(),
        })
        .optional(),
    })
    .optional(),
});

/** The devices that a resource.k8s.io/v1 ResourceClaim was given; undefined where nothing is allocated. */
export function parseAllocation(object: unknown): readonly AllocationResult[] | undefined {
  const allocation = claimSchema.parse(object).status?.allocation;
  return allocation === undefined ? undefined : (allocation.devices?.results ?? []);
}

/** Those of one request, its alternatives among them (kubelet, as DRA drivers name them to it); all without one. */
export function resultsOf(
  results: readonly AllocationResult[],
  request: string | undefined,
): readonly AllocationResult[] {
  if (request === undefined || request === "") return results;
  return results.filter((result) => result.request === request || result.request.startsWith(`${request}/`));
}
