import { isRecord } from "../../json/object.ts";
import { KubernetesError } from "../error.ts";
import { type KubernetesObject, parseObject } from "../object.ts";
import { resource } from "../resource.ts";

export const leases = resource({ group: "coordination.k8s.io", version: "v1", plural: "leases", namespaced: true });

/** A Lease as read; `object` is sent back changed, so that labels and unknown fields of others stay. */
export interface Lease {
  readonly object: KubernetesObject;
  /** `""` when nobody holds it. */
  readonly holder: string;
  readonly durationMs: number;
  readonly acquireTime: string | undefined;
  readonly transitions: number;
  /** Changes whenever somebody writes the spec. */
  readonly fingerprint: string;
}

/** @throws KubernetesError MALFORMED */
export function parseLease(value: unknown): Lease {
  const object = parseObject(value);
  const spec = object["spec"] ?? {};
  if (!isRecord(spec)) throw new KubernetesError("MALFORMED", `Lease ${object.metadata.name}: its spec is no object`);
  const { holderIdentity, leaseDurationSeconds, acquireTime, leaseTransitions } = spec;
  return {
    object,
    holder: typeof holderIdentity === "string" ? holderIdentity : "",
    durationMs: typeof leaseDurationSeconds === "number" ? leaseDurationSeconds * 1_000 : 0,
    acquireTime: typeof acquireTime === "string" ? acquireTime : undefined,
    transitions: typeof leaseTransitions === "number" ? leaseTransitions : 0,
    fingerprint: JSON.stringify(spec),
  };
}

/** meta/v1 MicroTime: RFC 3339 with six digits. */
export function microTime(date: Date): string {
  return date.toISOString().replace("Z", "000Z");
}
