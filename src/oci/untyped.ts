import { OciError } from "./error.ts";
import { wrongType } from "./fields.ts";
import { formatPlace, type JsonValue } from "./json.ts";

/** A manifest list is four deep; a parsed value with more is no list. */
const maxDepth = 16;

/**
 * The value that some parser made (YAML, a Kubernetes object) as JSON without prototypes.
 * @throws OciError WRONG_TYPE for what JSON does not have, JSON_DEPTH
 */
export function asJson(value: unknown, path: readonly (string | number)[] = []): JsonValue {
  if (path.length > maxDepth) {
    throw new OciError("JSON_DEPTH", `nested more than ${maxDepth} deep`, { place: formatPlace(path) });
  }
  if (value === null || typeof value === "boolean" || typeof value === "number" || typeof value === "string") {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => asJson(item, [...path, index]));
  }
  if (typeof value !== "object" || value === undefined) {
    throw wrongType(value, formatPlace(path), "a text, a number, a list or a map");
  }
  const object: Record<string, JsonValue> = Object.create(null);
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) {
      object[key] = asJson(item, [...path, key]);
    }
  }
  return object;
}
