import { OciError } from "./error.ts";
import { excerpt } from "./excerpt.ts";
import { Keys } from "./json-keys.ts";
import { readStringPart, type StringPart } from "./json-string.ts";
import { drain, type Steps } from "./steps.ts";

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** Without a prototype: `__proto__` and `constructor` are keys like any other, and a missing key is undefined. */
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}

/** The most that is read of a manifest, bytes: the distribution specification advises registries to accept as much. */
export const maxDocumentBytes = 4 * 1024 * 1024;
/** A real index is 5 deep; Go's decoder stops at 10,000, which would be a stack overflow here. */
const maxDepth = 32;
/** An index of 1,024 entries with ten annotations each holds about 30,000 values. */
const maxValues = 500_000;

/** Characters and values that are read in one step: about a millisecond. */
const stepCharacters = 65_536;
const stepValues = 4_096;

const numberPattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const words: readonly (readonly [string, null | boolean])[] = [
  ["true", true],
  ["false", false],
  ["null", null],
];

/**
 * Members that Go clients read as maps, whose keys they tell apart by case (image-spec, annotations.md and config.md).
 * Every other object they read as a struct.
 */
const mapMembers: ReadonlySet<string | number> = new Set(["annotations", "Labels", "ExposedPorts", "Volumes"]);

/**
 * Strict JSON (RFC 8259) from bytes: UTF-8 without errors or byte order mark, bounded in size, depth and count, every
 * key once. JSON.parse would take the last of two equal keys where a client may take the first, recurse without bound,
 * and quote the document in its error message, which must not reach people who may not read it. Keys that differ in
 * case alone count as equal, save in maps: Go's encoding/json fills one field from both, and takes the last.
 * @throws OciError TOO_LARGE, NOT_UTF8, JSON_SYNTAX, JSON_DEPTH, JSON_DUPLICATE_KEY
 */
export function parseJson(bytes: Uint8Array): JsonValue {
  return drain(parseJsonInSteps(bytes));
}

/** The same in steps. @throws OciError as `parseJson` */
export function parseJsonInSteps(bytes: Uint8Array): Steps<JsonValue> {
  return new Parser(decodeUtf8(bytes)).parse();
}

/** @throws OciError TOO_LARGE, NOT_UTF8 */
export function decodeUtf8(bytes: Uint8Array): string {
  if (bytes.length > maxDocumentBytes) {
    const message = `the document has ${bytes.length} bytes, at most ${maxDocumentBytes} are read`;
    throw new OciError("TOO_LARGE", message);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new OciError("NOT_UTF8", "the document is not UTF-8 text", { cause });
  }
}

/** A value that holds no others. */
type Scalar = null | boolean | number | string;

function isSteps(value: Scalar | Steps<JsonValue>): value is Steps<JsonValue> {
  return typeof value === "object" && value !== null;
}

class Parser {
  readonly #text: string;
  #offset = 0;
  #values = 0;
  #stepOffset = stepCharacters;
  #stepValue = stepValues;
  readonly #path: (string | number)[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  *parse(): Steps<JsonValue> {
    const value = this.#value();
    const whole = isSteps(value) ? yield* value : value;
    this.#space();
    if (this.#offset !== this.#text.length) {
      throw this.#syntax("the document goes on after its end");
    }
    return whole;
  }

  /** The value that begins here; the steps to an object, a list, or a string that is longer than a step. */
  #value(): Scalar | Steps<JsonValue> {
    this.#values += 1;
    if (this.#values > maxValues) {
      throw new OciError("TOO_LARGE", `the document holds more than ${maxValues} values`);
    }
    this.#space();
    const character = this.#text[this.#offset];
    if (character === "{" || character === "[") {
      if (this.#path.length >= maxDepth) {
        throw new OciError("JSON_DEPTH", `the document is nested more than ${maxDepth} deep`, this.#where());
      }
      return character === "{" ? this.#object() : this.#array();
    }
    return character === '"' ? this.#string() : this.#wordOrNumber();
  }

  #wordOrNumber(): null | boolean | number {
    for (const [word, value] of words) {
      if (this.#text.startsWith(word, this.#offset)) {
        this.#offset += word.length;
        return value;
      }
    }
    return this.#number();
  }

  #isStep(): boolean {
    if (this.#offset < this.#stepOffset && this.#values < this.#stepValue) return false;
    this.#stepOffset = this.#offset + stepCharacters;
    this.#stepValue = this.#values + stepValues;
    return true;
  }

  *#object(): Steps<JsonObject> {
    const object: Record<string, JsonValue> = Object.create(null);
    const keys = new Keys(mapMembers.has(this.#path.at(-1) ?? ""));
    this.#offset += 1;
    this.#space();
    if (this.#take("}")) {
      return object;
    }
    do {
      this.#space();
      if (this.#text[this.#offset] !== '"') {
        throw this.#syntax("a key in double quotes is missing");
      }
      const read = this.#string();
      const key = typeof read === "string" ? read : yield* read;
      this.#path.push(key);
      const fault = keys.refusal(object, key);
      if (fault !== undefined) throw new OciError(fault.code, fault.message, this.#where());
      this.#space();
      this.#expect(":");
      const value = this.#value();
      object[key] = isSteps(value) ? yield* value : value;
      if (this.#isStep()) yield;
      this.#path.pop();
      this.#space();
    } while (this.#take(","));
    this.#expect("}");
    return object;
  }

  *#array(): Steps<JsonValue[]> {
    const array: JsonValue[] = [];
    this.#offset += 1;
    this.#space();
    if (this.#take("]")) {
      return array;
    }
    do {
      this.#path.push(array.length);
      const value = this.#value();
      array.push(isSteps(value) ? yield* value : value);
      if (this.#isStep()) yield;
      this.#path.pop();
      this.#space();
    } while (this.#take(","));
    this.#expect("]");
    return array;
  }

  #string(): string | Steps<string> {
    this.#offset += 1;
    const { text, ended } = this.#stringPart();
    return ended ? text : this.#longString(text);
  }

  *#longString(beginning: string): Steps<string> {
    const parts = [beginning];
    for (;;) {
      yield;
      const { text, ended } = this.#stringPart();
      parts.push(text);
      if (ended) return parts.join("");
    }
  }

  #stringPart(): StringPart {
    const part = readStringPart(this.#text, this.#offset, stepCharacters);
    if ("fault" in part) {
      this.#offset = part.at;
      throw this.#syntax(part.fault);
    }
    this.#offset = part.end;
    return part;
  }

  #number(): number {
    numberPattern.lastIndex = this.#offset;
    const match = numberPattern.exec(this.#text);
    if (match === null) {
      throw this.#syntax(this.#offset >= this.#text.length ? "the document ends too early" : "a value is missing");
    }
    this.#offset += match[0].length;
    return Number(match[0]);
  }

  #space(): void {
    for (; ; this.#offset += 1) {
      const code = this.#text.charCodeAt(this.#offset);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) {
        return;
      }
    }
  }

  #take(character: string): boolean {
    if (this.#text[this.#offset] !== character) {
      return false;
    }
    this.#offset += 1;
    return true;
  }

  #expect(character: string): void {
    if (!this.#take(character)) {
      throw this.#syntax(this.#offset >= this.#text.length ? "the document ends too early" : `${character} is missing`);
    }
  }

  #syntax(what: string): OciError {
    return new OciError("JSON_SYNTAX", `not valid JSON at character ${this.#offset}: ${what}`, this.#where());
  }

  #where(): { place?: string } {
    return this.#path.length === 0 ? {} : { place: formatPlace(this.#path) };
  }
}

/** `manifests[3].platform["os.features"]` */
export function formatPlace(path: readonly (string | number)[]): string {
  return path
    .map((part) => placePart(part))
    .join("")
    .replace(/^\./, "");
}

/** One step of a place, to be appended to what leads there. */
export function placePart(part: string | number): string {
  if (typeof part === "number") {
    return `[${part}]`;
  }
  return /^\w{1,40}$/.test(part) ? `.${part}` : `[${excerpt(part)}]`;
}
