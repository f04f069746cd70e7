import { isRecord } from "../json/object.ts";

/**
 * The members of a JSON object as Go's decoder finds them, by which docker and the kubelet read their configs: upper and
 * lower case are one, the last spelling counts, and null is as if it was not there (encoding/json, Unmarshal).
 * Names in lower case; undefined for what is no object.
 */
export function foldedMembers(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (!isRecord(value)) return undefined;
  const given = Object.entries(value).filter(([, member]) => member !== null);
  return new Map(given.map(([name, member]) => [name.toLowerCase(), member]));
}
