import { z } from "zod";
import type { RuntimeClassScheduling } from "../placement/candidate.ts";

const runtimeClass = z.object({
  scheduling: z
    .object({
      nodeSelector: z.record(z.string(), z.string()).optional(),
      tolerations: z
        .array(
          z.object({
            key: z.string().optional(),
            operator: z.string().optional(),
            value: z.string().optional(),
            effect: z.string().optional(),
          }),
        )
        .optional(),
    })
    .optional(),
});
const deviceClass = z.object({ spec: z.object({ extendedResourceName: z.string().optional() }).optional() });

/** Reads what a node.k8s.io/v1 RuntimeClass adds to the Pods that name it. */
export function parseRuntimeClass(object: unknown): RuntimeClassScheduling {
  const { nodeSelector, tolerations } = runtimeClass.parse(object).scheduling ?? {};
  return {
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
    ...(tolerations === undefined
      ? {}
      : {
          tolerations: tolerations.map(({ key, operator, value, effect }) => ({
            ...(key === undefined ? {} : { key }),
            ...(operator === undefined ? {} : { operator }),
            ...(value === undefined ? {} : { value }),
            ...(effect === undefined ? {} : { effect }),
          })),
        }),
  };
}

/** The extended resource that a resource.k8s.io/v1 DeviceClass serves (KEP-5004); undefined where it serves none. */
export function parseDeviceClassResource(object: unknown): string | undefined {
  return deviceClass.parse(object).spec?.extendedResourceName;
}
