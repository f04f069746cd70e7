import { Field } from "../api/field.ts";
import type { Toleration } from "../api/taints.ts";
import type { RuntimeClassScheduling } from "../placement/candidate.ts";

/** More entries and characters than etcd takes in one object (1.5 MiB). */
const maxItems = 100_000;
const maxLength = 4 * 1024 * 1024;

type Fields = ReadonlyMap<string, Field>;

/** Reads what a node.k8s.io/v1 RuntimeClass adds to the Pods that name it. @throws ApiError where a type is wrong */
export function parseRuntimeClass(object: unknown): RuntimeClassScheduling {
  const scheduling = new Field(object, "").object().get("scheduling")?.object();
  const selector = scheduling?.get("nodeSelector")?.object();
  const tolerations = scheduling?.get("tolerations")?.items(maxItems, "[]");
  return {
    ...(selector === undefined ? {} : { nodeSelector: texts(selector) }),
    ...(tolerations === undefined ? {} : { tolerations: tolerations.map((item) => toleration(item.object())) }),
  };
}

/**
 * The extended resource that a resource.k8s.io/v1 DeviceClass serves (KEP-5004); undefined where it serves none.
 * @throws ApiError where a type is wrong
 */
export function parseDeviceClassResource(object: unknown): string | undefined {
  return new Field(object, "").object().get("spec")?.object().get("extendedResourceName")?.string(maxLength);
}

function toleration(fields: Fields): Toleration {
  return texts(new Map([...fields].filter(([name]) => ["key", "operator", "value", "effect"].includes(name))));
}

function texts(fields: Fields): Readonly<Record<string, string>> {
  return Object.fromEntries([...fields].map(([name, field]) => [name, field.string(maxLength)]));
}
