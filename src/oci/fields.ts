import { isRecord } from "../json/object.ts";
import { OciError } from "./error.ts";
import { type JsonObject, type JsonValue, placePart } from "./json.ts";

/** `null` counts as absent everywhere, as in Go's decoder, which most publishers' tools are written with. */
type Maybe = JsonValue | undefined;

/** @throws OciError WRONG_TYPE */
export function asObject(value: Maybe, place: string): JsonObject {
  if (!isRecord(value)) {
    throw wrongType(value, place, "an object");
  }
  return value;
}

/** @throws OciError WRONG_TYPE */
export function optionalObject(parent: JsonObject, key: string, place: string): JsonObject | undefined {
  const value = parent[key];
  return absent(value) ? undefined : asObject(value, at(place, key));
}

/** @throws OciError WRONG_TYPE */
export function optionalString(parent: JsonObject, key: string, place: string): string | undefined {
  const value = parent[key];
  if (absent(value)) {
    return undefined;
  }
  if (typeof value !== "string") {
    throw wrongType(value, at(place, key), "a string");
  }
  return value;
}

/** @throws OciError WRONG_TYPE, MISSING_FIELD */
export function requiredString(parent: JsonObject, key: string, place: string): string {
  const value = optionalString(parent, key, place);
  if (value === undefined || value === "") {
    throw new OciError("MISSING_FIELD", "a text is required here", { place: at(place, key) });
  }
  return value;
}

/** @throws OciError WRONG_TYPE */
export function optionalArray(parent: JsonObject, key: string, place: string): readonly JsonValue[] | undefined {
  const value = parent[key];
  if (absent(value)) {
    return undefined;
  }
  if (!isArray(value)) {
    throw wrongType(value, at(place, key), "a list");
  }
  return value;
}

/** @throws OciError WRONG_TYPE */
export function optionalStrings(parent: JsonObject, key: string, place: string): readonly string[] {
  const items = optionalArray(parent, key, place) ?? [];
  return items.map((item, index) => {
    if (typeof item !== "string") {
      throw wrongType(item, `${at(place, key)}[${index}]`, "a string");
    }
    return item;
  });
}

/** Members of a map of strings: an entry in use has a dozen annotations. */
const maxMembers = 4_096;

/**
 * A map of strings, as annotations are; a member that is null is absent.
 * @throws OciError WRONG_TYPE, TOO_LARGE
 */
export function optionalStringMap(parent: JsonObject, key: string, place: string): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  const object = optionalObject(parent, key, place);
  const names = Object.keys(object ?? {});
  if (names.length > maxMembers) {
    const message = `has ${names.length} members, at most ${maxMembers} are read`;
    throw new OciError("TOO_LARGE", message, { place: at(place, key) });
  }
  for (const name of names) {
    const value = object?.[name];
    if (absent(value)) continue;
    if (typeof value !== "string") {
      throw wrongType(value, `${at(place, key)}${placePart(name)}`, "a string");
    }
    map.set(name, value);
  }
  return map;
}

/**
 * A count of bytes: an integer from 0 on that a number holds exactly.
 * @throws OciError WRONG_TYPE, WRONG_VALUE, MISSING_FIELD
 */
export function requiredSize(parent: JsonObject, key: string, place: string): number {
  const value = parent[key];
  if (absent(value)) {
    throw new OciError("MISSING_FIELD", "a number of bytes is required here", { place: at(place, key) });
  }
  if (typeof value !== "number") {
    throw wrongType(value, at(place, key), "a number");
  }
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new OciError("WRONG_VALUE", "must be a number of bytes: a whole number from 0 on", { place: at(place, key) });
  }
  return value;
}

export function at(place: string, key: string): string {
  return place === "" ? placePart(key).replace(/^\./, "") : `${place}${placePart(key)}`;
}

export function wrongType(value: unknown, place: string, expected: string): OciError {
  return new OciError("WRONG_TYPE", `must be ${expected}, found ${typeName(value)}`, { place });
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) {
    return "nothing";
  }
  if (Array.isArray(value)) {
    return "a list";
  }
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function absent(value: Maybe): value is null | undefined {
  return value === undefined || value === null;
}

function isArray(value: Maybe): value is readonly JsonValue[] {
  return Array.isArray(value);
}
