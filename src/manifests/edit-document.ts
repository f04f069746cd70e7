import { isDeepStrictEqual } from "node:util";
import { Document, parseDocument } from "yaml";
import { isRecord } from "../json/object.ts";
import { documentOptions } from "../yaml/document-options.ts";
import { YamlError } from "../yaml/error.ts";
import { readYaml } from "../yaml/read.ts";
import type { TextDocument } from "./documents.ts";
import { applyEdits, type Edit, editFor, further, type Write } from "./edit.ts";
import type { Path, Value } from "./value-text.ts";

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
 * result is read again, and says exactly what was meant.
 */
export function editDocument(
  text: string,
  { start, end, value: before }: Pick<TextDocument, "start" | "end" | "value">,
  writes: readonly Write[],
  removals: readonly Path[],
): EditedDocument {
  const own = text.slice(start, end);
  const value = unshared(before);
  for (const { path, value: written } of writes) setIn(value, path, written);
  for (const path of removals) setIn(value, path, undefined);
  const whole = (newText: string): readonly Edit[] => [{ start, end, text: newText }];
  const parsed = parseDocument(own, documentOptions);
  const exact = removals.length === 0 ? exactEdits(own, parsed, writes) : undefined;
  if (exact !== undefined && says(applyEdits(own, exact), value)) {
    return {
      edits: exact.map((edit) => ({ ...edit, start: edit.start + start, end: edit.end + start })),
      value,
      how: "exact",
    };
  }
  const reformatted = reformat(parsed, writes, removals);
  if (reformatted !== undefined && says(reformatted, value)) {
    return { edits: whole(reformatted), value, how: "reformatted" };
  }
  const marker = /^(%[^\n]*\n)*---/.test(own) ? "---\n" : "";
  return { edits: whole(marker + new Document(value, documentOptions).toString({ lineWidth: 0 })), value, how: "bare" };
}

/** Undefined where a value has no place of its own. */
function exactEdits(own: string, parsed: Document.Parsed, writes: readonly Write[]): readonly Edit[] | undefined {
  if (parsed.errors.length > 0) return undefined;
  const edits: Edit[] = [];
  for (const write of writes) {
    const edit = editFor(own, parsed, write);
    if (edit === undefined) return undefined;
    edits.push(edit);
  }
  return edits;
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

function reformat(parsed: Document.Parsed, writes: readonly Write[], removals: readonly Path[]): string | undefined {
  if (parsed.errors.length > 0) return undefined;
  const copy = parsed.clone();
  try {
    for (const { path, value } of writes) {
      // A scalar that is replaced keeps its comment.
      const written = typeof value === "object" ? copy.createNode(value) : value;
      if (path.at(-1) === further) copy.addIn(path.slice(0, -1), written);
      else copy.setIn(path, written);
    }
    for (const path of removals) copy.deleteIn(path);
    return copy.toString({ lineWidth: 0 });
  } catch (error) {
    // The path leads through an alias, which cannot be written to.
    if (error instanceof Error && !(error instanceof RangeError)) return undefined;
    throw error;
  }
}

/** A copy in which what an alias repeats stands for itself: a change in one place must not be one in the other. */
function unshared(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unshared);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, unshared(member)]));
}

/** Sets a member of a parsed value, with the maps that lead to it, or adds to a list; undefined removes it. */
function setIn(root: unknown, path: Path, value: Value | undefined): void {
  let node: unknown = root;
  for (const key of path.slice(0, -1)) node = memberOf(node, key);
  const last = path.at(-1);
  if (last === undefined || typeof node !== "object" || node === null) return;
  const members: Record<string, unknown> = Object(node);
  if (Array.isArray(node) && last === further) node.push(value);
  else if (value === undefined) delete members[last];
  else members[last] = value;
}

/** The member of a map or list; a map gets an empty map where it has none. */
function memberOf(node: unknown, key: Path[number]): unknown {
  if (typeof node !== "object" || node === null) return undefined;
  const members: Record<string, unknown> = Object(node);
  if (!Array.isArray(node)) members[key] ??= {};
  return members[key];
}
