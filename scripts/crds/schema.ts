import * as rules from "../../src/api/rules.ts";
import { limits, type Rule } from "../../src/api/rules.ts";

/** A structural schema of apiextensions.k8s.io/v1. */
export type Schema = Readonly<Record<string, unknown>>;

/** A CEL rule of the API server (x-kubernetes-validations). */
export interface Validation {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
  readonly reason?: string;
}

export function matches(rule: Rule): Validation {
  return { rule: `self.matches(r'${rule.pattern}')`, message: rule.message };
}

/** A `required` list would say "Required value" and no more: this says what a right value looks like. */
export function needs(field: string, message: string): Validation {
  return { rule: `has(self.${field})`, message, fieldPath: `.${field}`, reason: "FieldValueRequired" };
}

export function text(description: string, maxLength: number, ...validations: readonly Validation[]): Schema {
  return validated({ description, type: "string", maxLength }, ...validations);
}

export function choice(description: string, values: readonly string[]): Schema {
  return { description, type: "string", maxLength: 64, enum: values };
}

export function object(description: string, properties: Schema, ...validations: readonly Validation[]): Schema {
  return validated({ description, type: "object", properties }, ...validations);
}

export function list(description: string, maxItems: number, kind: Schema, items: Schema): Schema {
  return { description, type: "array", maxItems, ...kind, items };
}

export function validated(schema: Schema, ...validations: readonly Validation[]): Schema {
  return validations.length === 0 ? schema : { ...schema, "x-kubernetes-validations": validations };
}

export const atomic = { "x-kubernetes-list-type": "atomic" };
export const set = { "x-kubernetes-list-type": "set" };
export const mapBy = (...keys: readonly string[]) => ({
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": keys,
});

const labelKeyCel = `matches(r'${rules.labelKeyRule.pattern}')`;

export function labelKey(description: string): Schema {
  return text(description, limits.keyLength, {
    rule: `self.${labelKeyCel} && self.indexOf('/') <= ${rules.labelPrefixLength}`,
    message: rules.labelKeyRule.message,
  });
}

export function keyedByLabel(
  description: string,
  maxProperties: number,
  value: Schema,
  ...more: readonly Validation[]
): Schema {
  const keys = {
    rule: `self.all(key, size(key) <= ${limits.keyLength} && key.${labelKeyCel} && key.indexOf('/') <= ${rules.labelPrefixLength})`,
    message: `each key ${rules.labelKeyRule.message}`,
  };
  return validated({ description, type: "object", maxProperties, additionalProperties: value }, keys, ...more);
}

export const labelValue = (description: string) =>
  text(description, limits.labelValueLength, matches(rules.labelValueRule));

/** A column that kubectl prints. */
export const column = (name: string, type: string, jsonPath: string, description: string) => ({
  name,
  type,
  jsonPath,
  description,
});
