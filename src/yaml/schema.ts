import { defineMappingTag, defineScalarTag, defineSequenceTag, mergeTag, NOT_RESOLVED, Schema, strTag } from "js-yaml";
import { scalarKinds } from "./scalars.ts";

const scalars = scalarKinds.map(({ tag, pattern, begins, read }) =>
  defineScalarTag<unknown>(tag, {
    implicit: true,
    implicitFirstChars: begins,
    resolve: (text) => (pattern.test(text) ? read(text) : NOT_RESOLVED),
    identify: () => false,
  }),
);

/** Lists and maps are complete before an alias may repeat them, so that none contains itself. */
const list = defineSequenceTag<unknown[]>("tag:yaml.org,2002:seq", {
  create: () => [],
  addItem: (items, item) => {
    items.push(item);
  },
  finalize: (items) => items,
  identify: () => false,
});

type Members = Record<string, unknown>;

/** Keys are text: numbers and truths become what JSON would call them; null, lists and maps are no keys. */
const map = defineMappingTag<Members>("tag:yaml.org,2002:map", {
  create: () => ({}),
  addPair: (members, key, value) => {
    if (key === null || typeof key === "object") return "a key must be text";
    const name = String(key);
    if (name !== "__proto__") members[name] = value;
    else Object.defineProperty(members, name, { value, enumerable: true, configurable: true, writable: true });
    return "";
  },
  has: (members, key) => key !== null && typeof key !== "object" && Object.hasOwn(members, String(key)),
  keys: (members) => Object.keys(members),
  get: (members, key) => members[String(key)],
  finalize: (members) => members,
  identify: () => false,
});

/** The dialect for js-yaml, which reads all data. */
export const kubernetesSchema = new Schema([strTag, list, map, mergeTag, ...scalars]);
