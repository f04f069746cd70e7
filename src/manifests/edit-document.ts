import { isDeepStrictEqual } from "node:util";
import { Document, isSeq, type Node, parseDocument } from "yaml";
import { isRecord } from "../json/object.ts";
import { documentOptions } from "../yaml/document-options.ts";
import { YamlError } from "../yaml/error.ts";
import { readYaml } from "../yaml/read.ts";
import type { TextDocument } from "./documents.ts";
import { applyEdits, areApart, type Edit, editFor, further, type Write } from "./edit.ts";
import { removalFor } from "./removal.ts";
import { inOrder, type Step, setIn } from "./steps.ts";
import type { Path } from "./value-text.ts";

/** A document with values written into it. */
export interface EditedDocument {
  /** By offsets in the whole text. */
  readonly edits: readonly Edit[];
  /** The document's value afterwards. */
  readonly value: unknown;
  /** `exact`: nothing but the values written changed. `reformatted`: its layout did. `bare`: its comments went too. */
  readonly how: "exact" | "reformatted" | "bare";
}

/**
 * Writes values into a document and removes others, with as little change of its text as can be: first the values
 * alone, then the document formatted anew with its comments, then without them (aliases of whole containers). Each
 * result is read again, and says exactly what was meant. JSON stays JSON.
 */
export function editDocument(
  text: string,
  { start, end, value: before }: Pick<TextDocument, "start" | "end" | "value">,
  writes: readonly Write[],
  removals: readonly Path[],
): EditedDocument {
  const own = text.slice(start, end);
  const value = unshared(before);
  const steps = inOrder(writes, removals);
  for (const step of steps) setIn(value, step);
  const whole = (newText: string): readonly Edit[] => [{ start, end, text: newText }];
  const parsed = parseDocument(own, documentOptions);
  const json = isJson(own);
  const fits = (candidate: string): boolean => says(candidate, value) && (!json || isJson(candidate));
  const exact = exactEdits(own, parsed, writes, removals);
  if (exact !== undefined && fits(applyEdits(own, exact))) {
    return {
      edits: exact.map((edit) => ({ ...edit, start: edit.start + start, end: edit.end + start })),
      value,
      how: "exact",
    };
  }
  if (json) return { edits: whole(`${JSON.stringify(value, null, indentOf(own))}\n`), value, how: "reformatted" };
  const reformatted = reformat(parsed, steps);
  if (reformatted !== undefined && fits(reformatted)) {
    return { edits: whole(reformatted), value, how: "reformatted" };
  }
  const marker = /^(%[^\n]*\n)*---/.test(own) ? "---\n" : "";
  return { edits: whole(marker + new Document(value, documentOptions).toString({ lineWidth: 0 })), value, how: "bare" };
}

/** Undefined where a value has no place of its own, or what is removed cannot be taken out alone. */
function exactEdits(
  own: string,
  parsed: Document.Parsed,
  writes: readonly Write[],
  removals: readonly Path[],
): readonly Edit[] | undefined {
  if (parsed.errors.length > 0) return undefined;
  const edits: Edit[] = [];
  for (const edit of [
    ...removals.map((path) => removalFor(own, parsed, path)),
    ...writes.map((write) => editFor(own, parsed, write)),
  ]) {
    if (edit === undefined) return undefined;
    edits.push(edit);
  }
  return areApart(edits) ? edits : undefined;
}

/** Programs that read no YAML may read the file. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Blanks before the first member of a JSON text. */
function indentOf(json: string): number {
  return /^[{[]\r?\n( *)/.exec(json.trimStart())?.[1]?.length ?? 2;
}

function says(candidate: string, value: unknown): boolean {
  try {
    const documents = readYaml(candidate);
    return documents.length === 1 && isDeepStrictEqual(documents[0]?.value, value);
  } catch (error) {
    if (error instanceof YamlError) return false;
    throw error;
  }
}

function reformat(parsed: Document.Parsed, steps: readonly Step[]): string | undefined {
  if (parsed.errors.length > 0) return undefined;
  const copy = parsed.clone();
  try {
    for (const step of steps) carryOut(copy, step);
    return copy.toString({ lineWidth: 0 });
  } catch (error) {
    // The path leads through an alias, which cannot be written to.
    if (error instanceof Error && !(error instanceof RangeError)) return undefined;
    throw error;
  }
}

function carryOut(document: Document, { path, value, insert }: Step): void {
  if (value === undefined) {
    document.deleteIn(path);
    return;
  }
  // A scalar that is replaced keeps its comment.
  const written = typeof value === "object" ? document.createNode(value) : value;
  const [around, last] = [path.slice(0, -1), path.at(-1)];
  if (last === further) document.addIn(around, written);
  else if (insert === true) insertIn(document.getIn(around), Number(last), document.createNode(value));
  else document.setIn(path, written);
}

function insertIn(list: unknown, index: number, node: Node): void {
  if (!isSeq(list)) throw new TypeError("an item is inserted into a list");
  list.items.splice(index, 0, node);
}

/** A copy in which what an alias repeats stands for itself: a change in one place must not be one in the other. */
function unshared(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unshared);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, unshared(member)]));
}
