import { isRecord, type JsonRecord } from "../json/object.ts";
import type { AdmissionRequest } from "../webhook/review.ts";

/** A Pod that is about to be bound to a node. */
export interface BindingRequest {
  readonly namespace: string;
  readonly pod: string;
  /** The Pod's, where the binder says it (the default scheduler does). */
  readonly uid?: string;
  readonly node: string;
}

/** Characters of a Pod's or a node's name (RFC 1123 subdomain). */
const longestName = 253;
/** Characters. A Pod's uid is a UUID, a static Pod's a hash of 32. */
const longestUid = 64;

/**
 * Reads `pods/binding` and the legacy `bindings`. Undefined for a request that binds no Pod to a named node: the API
 * server refuses invalid bindings itself. `too-long`: a name or uid exceeds its limit, so that nothing of the request may
 * be kept or logged.
 */
export function readBinding(request: AdmissionRequest): BindingRequest | "too-long" | undefined {
  const { resource, subResource, namespace } = request;
  const modern = resource.resource === "pods" && subResource === "binding";
  const legacy = resource.resource === "bindings" && subResource === undefined;
  if (!(modern || legacy) || resource.group !== "" || request.operation !== "CREATE" || namespace === "") {
    return undefined;
  }
  const binding = fields(request.object);
  const metadata = fields(binding["metadata"]);
  const target = fields(binding["target"]);
  // The legacy resource names the Pod in the object, the subresource in the path.
  const pod = modern ? request.name : (text(metadata["name"]) ?? request.name);
  const node = text(target["name"]);
  const kind = text(target["kind"]) ?? "Node";
  if (pod === "" || node === undefined || kind !== "Node") return undefined;
  const uid = text(metadata["uid"]);
  const names = [namespace, pod, node];
  if (names.some((name) => name.length > longestName) || (uid?.length ?? 0) > longestUid) return "too-long";
  return { namespace, pod, node, ...(uid === undefined ? {} : { uid }) };
}

function fields(value: unknown): JsonRecord {
  return isRecord(value) ? value : {};
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
