import { isRecord } from "../json/object.ts";
import { ApiError } from "./error.ts";
import { Field } from "./field.ts";
import { metahubApiVersion } from "./machine-type.ts";
import { textsOf } from "./parse-status.ts";

export interface ParseOptions {
  /**
   * Fields that the API does not have: refused or ignored. By default a manifest's are refused (a typo must not pass in
   * silence) and those of a stored object, which has a uid, are ignored: the server may know a newer version of the API.
   */
  readonly unknownFields?: "refuse" | "ignore";
}

/** Gives back the fields to hold an object to; undefined where others are ignored. */
export type Known = (fields: readonly string[]) => readonly string[] | undefined;

/** An object of MetaHub's API, before its parts are read. */
interface OpenedObject<Kind extends string> {
  readonly object: { readonly apiVersion: string; readonly kind: Kind };
  readonly fields: ReadonlyMap<string, Field>;
  readonly known: Known;
}

/** Opens an object of MetaHub's API. @throws ApiError WRONG_KIND for any other; UNKNOWN_FIELD */
export function openObject<Kind extends string>(value: unknown, kind: Kind, options: ParseOptions): OpenedObject<Kind> {
  const root = new Field(value, "");
  const fields = root.object();
  const apiVersion = fields.get("apiVersion")?.value;
  const given = fields.get("kind")?.value;
  if (apiVersion !== metahubApiVersion || given !== kind) {
    throw new ApiError(
      "WRONG_KIND",
      apiVersion !== metahubApiVersion ? "apiVersion" : "kind",
      `must be apiVersion: ${metahubApiVersion}, kind: ${kind}; it is ${JSON.stringify(apiVersion)}, ${JSON.stringify(given)}`,
    );
  }
  const metadata = fields.get("metadata")?.value;
  const stored = isRecord(metadata) && typeof metadata["uid"] === "string";
  const refuse = (options.unknownFields ?? (stored ? "ignore" : "refuse")) === "refuse";
  const known: Known = (names) => (refuse ? names : undefined);
  const allowed = known(["apiVersion", "kind", "metadata", "spec", "status"]);
  if (allowed !== undefined) root.object(allowed);
  return { object: { apiVersion: metahubApiVersion, kind }, fields, known };
}

/** The parts of an object's metadata that are read, and its fields for refusals. */
interface ReadMetadata {
  readonly fields: ReadonlyMap<string, Field>;
  readonly name: string;
  readonly generation?: number;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** @throws ApiError where the name is none that an object can have; the example is shown */
export function readMetadata(field: Field | undefined, example: string): ReadMetadata {
  const fields = field?.object() ?? new Map<string, Field>();
  const name = fields.get("name");
  if (name === undefined) throw new ApiError("MISSING", "metadata.name", `is needed, for example "${example}"`);
  const text = name.string(253);
  if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(text)) {
    name.refuse(`must be lower-case letters, digits, "-" and ".", for example "${example}"`);
  }
  const { generation, uid, resourceVersion, annotations } = isRecord(field?.value) ? field.value : {};
  return {
    fields,
    name: text,
    ...(typeof generation === "number" ? { generation } : {}),
    ...(typeof uid === "string" ? { uid } : {}),
    ...(typeof resourceVersion === "string" ? { resourceVersion } : {}),
    ...(isRecord(annotations) ? { annotations: textsOf(annotations) } : {}),
  };
}

/** A field that must be there. @throws ApiError MISSING with the message */
export function required(parent: Field, fields: ReadonlyMap<string, Field>, name: string, message: string): Field {
  return fields.get(name) ?? new Field(undefined, `${parent.path}.${name}`).fail("MISSING", message);
}
