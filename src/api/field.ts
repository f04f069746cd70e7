import { isRecord } from "../json/object.ts";
import { shorten } from "../text/shorten.ts";
import { ApiError, type ApiErrorCode } from "./error.ts";
import { labelKeyRule, labelPrefixLength, limits, type Rule } from "./rules.ts";

/** Characters of a refused value that are repeated to its owner. */
const mostShown = 80;

/** A value somewhere in a document, with its path: every refusal names the place. */
export class Field {
  readonly value: unknown;
  readonly path: string;

  constructor(value: unknown, path: string) {
    this.value = value;
    this.path = path;
  }

  fail(code: ApiErrorCode, message: string): never {
    throw new ApiError(code, this.path, message);
  }

  /** Refuses the value itself, which is shown shortened. */
  refuse(message: string): never {
    const text = JSON.stringify(this.value) ?? String(this.value);
    this.fail("INVALID", `${shorten(text, mostShown)} ${message}`);
  }

  boolean(): boolean {
    if (typeof this.value !== "boolean") {
      this.fail("WRONG_TYPE", `must be of type boolean, for example true; it is ${typeName(this.value)}`);
    }
    return this.value;
  }

  /** Refuses a value of another type, and says what YAML may have made of it. */
  refuseType(type: "string"): never {
    this.fail("WRONG_TYPE", `must be of type ${type}, it is ${typeName(this.value)}${quoteHint(this.value)}`);
  }

  /** The fields of an object. Where `known` is given, any other field is refused, and the message names the known ones. */
  object(known?: readonly string[]): ReadonlyMap<string, Field> {
    if (!isRecord(this.value)) this.fail("WRONG_TYPE", `must be of type object, it is ${typeName(this.value)}`);
    const fields = new Map<string, Field>();
    for (const [key, value] of Object.entries(this.value)) {
      const path = this.path === "" ? key : `${this.path}.${key}`;
      if (known !== undefined && !known.includes(key)) {
        throw new ApiError("UNKNOWN_FIELD", path, `is not a field; the fields here are ${known.join(", ")}`);
      }
      // Kubernetes reads null as absent for optional fields.
      if (value !== null && value !== undefined) fields.set(key, new Field(value, path));
    }
    return fields;
  }

  /** These fields of an object, as far as it has them; no other is looked at. */
  members(keys: readonly string[]): readonly { readonly key: string; readonly value: Field }[] {
    const { value, path } = this;
    if (!isRecord(value)) this.fail("WRONG_TYPE", `must be of type object, it is ${typeName(value)}`);
    return keys.flatMap((key) => {
      const member = Object.hasOwn(value, key) ? value[key] : undefined;
      return member === null || member === undefined ? [] : [{ key, value: new Field(member, `${path}.${key}`) }];
    });
  }

  items(max: number, example: string): readonly Field[] {
    if (!Array.isArray(this.value)) {
      this.fail("WRONG_TYPE", `must be of type array, for example ${example}; it is ${typeName(this.value)}`);
    }
    if (this.value.length > max) {
      this.fail("TOO_MANY", `${this.value.length}: must have at most ${max} items`);
    }
    return this.value.map((item: unknown, index) => new Field(item, `${this.path}[${index}]`));
  }

  string(maxLength: number, rule?: Rule): string {
    if (typeof this.value !== "string") this.refuseType("string");
    if (this.value.length > maxLength) {
      this.fail("TOO_LONG", `may not be more than ${maxLength} bytes`);
    }
    if (rule !== undefined && !new RegExp(rule.pattern).test(this.value)) this.refuse(rule.message);
    return this.value;
  }

  oneOf<T extends string>(allowed: readonly T[]): T {
    const found = allowed.find((candidate) => candidate === this.value);
    if (found === undefined) this.refuse(`is not supported; supported values: ${quoteAll(allowed)}`);
    return found;
  }

  integer(limit: number): number {
    if (typeof this.value !== "number" || !Number.isInteger(this.value)) {
      this.fail("WRONG_TYPE", `must be of type integer, for example 10; it is ${typeName(this.value)}`);
    }
    if (this.value > limit) this.refuse(`should be less than or equal to ${limit}`);
    if (this.value < -limit) this.refuse(`should be greater than or equal to -${limit}`);
    return this.value;
  }

  labelKey(): string {
    const key = this.string(limits.keyLength, labelKeyRule);
    if (key.indexOf("/") > labelPrefixLength) this.refuse(labelKeyRule.message);
    return key;
  }
}

export function isLabelKey(key: string): boolean {
  return new RegExp(labelKeyRule.pattern).test(key) && key.indexOf("/") <= labelPrefixLength;
}

function quoteAll(values: readonly string[]): string {
  return values.map((value) => `"${value}"`).join(", ");
}

/** YAML reads an unquoted `n` or `off` as a truth value, so that the value says no more what was written. */
function quoteHint(value: unknown): string {
  if (typeof value === "number") return `: write it in quotes, "${value}"`;
  if (typeof value !== "boolean") return "";
  const words = value ? "true, yes, on or y" : "false, no, off or n";
  return `: an unquoted ${words} is one in YAML; write it in quotes`;
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}
