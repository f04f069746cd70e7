import { KubernetesError } from "./errors.ts";
import { isRecord, stringOf } from "./object.ts";
import type { Page, Selectors } from "./requests.ts";

/** A body and its type. */
export function json(body: object): { readonly body: string; readonly contentType: string } {
  return { body: JSON.stringify(body), contentType: "application/json" };
}

export function writeQuery({
  fieldManager,
  dryRun,
}: {
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
}): URLSearchParams {
  const query = new URLSearchParams();
  if (fieldManager !== undefined) query.set("fieldManager", fieldManager);
  if (dryRun === true) query.set("dryRun", "All");
  return query;
}

export function selectorQuery({ labelSelector, fieldSelector }: Selectors): URLSearchParams {
  const query = new URLSearchParams();
  if (labelSelector !== undefined) query.set("labelSelector", labelSelector);
  if (fieldSelector !== undefined) query.set("fieldSelector", fieldSelector);
  return query;
}

/** @throws KubernetesError MALFORMED */
export function parsePage(value: unknown, what: string): Page<unknown> & { readonly token: string | undefined } {
  const metadata = isRecord(value) && isRecord(value["metadata"]) ? value["metadata"] : {};
  const items = isRecord(value) ? (value["items"] ?? []) : undefined;
  const resourceVersion = stringOf(metadata["resourceVersion"]);
  if (!Array.isArray(items) || resourceVersion === undefined) {
    throw new KubernetesError("MALFORMED", `${what}: the answer is no list`);
  }
  return { items, resourceVersion, token: stringOf(metadata["continue"]) };
}
