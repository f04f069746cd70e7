import { OciError } from "./error.ts";
import { excerpt } from "./excerpt.ts";
import { FoldedKeys } from "./folded-keys.ts";
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
const words: readonly (readonly [string, JsonValue])[] = [
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
    const nested = this.#nested();
    const whole = nested === undefined ? this.#scalar() : yield* nested;
    this.#space();
    if (this.#offset !== this.#text.length) {
      throw this.#syntax("the document goes on after its end");
    }
    return whole;
  }

  /** The object or list that begins here; undefined for a value that holds no others, which `scalar` reads. */
  #nested(): Steps<JsonValue> | undefined {
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
    return undefined;
  }

  #scalar(): JsonValue {
    if (this.#text[this.#offset] === '"') {
      return this.#string();
    }
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
    const keys = mapMembers.has(this.#path.at(-1) ?? "") ? undefined : new FoldedKeys();
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
      const key = this.#string();
      this.#path.push(key);
      if (Object.hasOwn(object, key)) {
        throw new OciError("JSON_DUPLICATE_KEY", "this key is written twice", this.#where());
      }
      if (keys?.has(key) === true) {
        throw new OciError("JSON_DUPLICATE_KEY", "this key is there in another spelling too", this.#where());
      }
      this.#space();
      this.#expect(":");
      const value = this.#nested();
      object[key] = value === undefined ? this.#scalar() : yield* value;
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
      const value = this.#nested();
      array.push(value === undefined ? this.#scalar() : yield* value);
      if (this.#isStep()) yield;
      this.#path.pop();
      this.#space();
    } while (this.#take(","));
    this.#expect("]");
    return array;
  }

  #string(): string {
    const start = this.#offset;
    let escaped = false;
    for (this.#offset += 1; ; this.#offset += 1) {
      const code = this.#text.charCodeAt(this.#offset);
      if (code === 0x22) {
        this.#offset += 1;
        const raw = this.#text.slice(start, this.#offset);
        // Escapes were checked below, so JSON.parse cannot fail here.
        return escaped ? String(JSON.parse(raw)) : raw.slice(1, -1);
      }
      if (code === 0x5c) {
        escaped = true;
        this.#escape();
      } else if (code < 0x20) {
        throw this.#syntax("a control character inside a string");
      } else if (Number.isNaN(code)) {
        throw this.#syntax("the document ends inside a string");
      }
    }
  }

  /** Leaves the offset on the last character of the escape. */
  #escape(): void {
    this.#offset += 1;
    const next = this.#text[this.#offset] ?? "";
    if (next === "u" && /^[0-9a-fA-F]{4}$/.test(this.#text.slice(this.#offset + 1, this.#offset + 5))) {
      this.#offset += 4;
    } else if (next === "" || !'"\\/bfnrt'.includes(next)) {
      throw this.#syntax("an escape that JSON does not know");
    }
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
