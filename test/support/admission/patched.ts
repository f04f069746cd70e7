import jsonpatch, { type Operation } from "fast-json-patch";

/** The object as it is after the patch. The one that is given stays. */
export function afterPatch(object: unknown, operations: readonly Operation[]): unknown {
  return jsonpatch.applyPatch(structuredClone(object), operations).newDocument;
}
