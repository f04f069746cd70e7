import type { JsonRecord } from "../json/object.ts";

/**
 * The members of a JSON object as Go's decoder finds them, by which docker and the kubelet read their configs: upper and
 * lower case are one, the last spelling counts, and null is as if it was not there (encoding/json, Unmarshal).
 * Names in lower case.
 */
export function foldedMembers(object: JsonRecord): ReadonlyMap<string, unknown> {
  const given = Object.entries(object).filter(([, member]) => member !== null);
  return new Map(given.map(([name, member]) => [name.toLowerCase(), member]));
}
