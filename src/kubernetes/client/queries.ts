import type { Selectors } from "./requests.ts";

/** A body and its type. */
export function json(body: object): { readonly body: string; readonly contentType: string } {
  return { body: JSON.stringify(body), contentType: "application/json" };
}

export function writeQuery({
  fieldManager,
  dryRun,
  strict,
}: {
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
  readonly strict?: boolean;
}): URLSearchParams {
  const query = new URLSearchParams();
  if (fieldManager !== undefined) query.set("fieldManager", fieldManager);
  if (dryRun === true) query.set("dryRun", "All");
  if (strict === true) query.set("fieldValidation", "Strict");
  return query;
}

export function selectorQuery({ labelSelector, fieldSelector }: Selectors): URLSearchParams {
  const query = new URLSearchParams();
  if (labelSelector !== undefined) query.set("labelSelector", labelSelector);
  if (fieldSelector !== undefined) query.set("fieldSelector", fieldSelector);
  return query;
}
