/** A JSON object, whatever its members are. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object: no list, and not null. */
export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
