import { isDeepStrictEqual } from "node:util";
import { Document, parseAllDocuments } from "yaml";
import { applyEdits, type Edit, editFor, further, type Write } from "./edit.ts";
import { InventoryError } from "./error.ts";
import { kubernetesYaml, maxAliasCount } from "./kubernetes-yaml.ts";
import type { Path, Value } from "./value-text.ts";

/** One document of a YAML or JSON text. */
export interface TextDocument {
  /** Where it stands in the text, `---` and comments included; the documents together are the whole text. */
  readonly start: number;
  readonly end: number;
  readonly value: unknown;
  readonly parsed: Document.Parsed;
}

/** What becomes of one document. */
export interface EditedDocument {
  readonly edits: readonly Edit[];
  /** The document's value afterwards. */
  readonly value: unknown;
  /** `exact`: nothing but the values written changed. `reformatted`: its layout did. `bare`: its comments went too. */
  readonly how: "exact" | "reformatted" | "bare";
}

/** The documents of a text, read as kubectl does. @throws InventoryError YAML_INVALID */
export function readDocuments(text: string, source: string): readonly TextDocument[] {
  try {
    const documents = parseAllDocuments(text, kubernetesYaml);
    if (!Array.isArray(documents)) return [];
    return documents.map((parsed, index) => {
      const [error] = parsed.errors;
      if (error !== undefined) throw error;
      return {
        start: index === 0 ? 0 : parsed.range[0],
        end: documents[index + 1]?.range[0] ?? text.length,
        value: parsed.toJS({ maxAliasCount }),
        parsed,
      };
    });
  } catch (cause) {
    // The composer recurses, so a document that is nested too deep ends as a RangeError.
    const reason =
      cause instanceof RangeError ? "nested too deep" : cause instanceof Error ? cause.message : String(cause);
    const [line = ""] = reason.split("\n");
    throw new InventoryError("YAML_INVALID", `${source}: not valid YAML: ${line.replace(/:$/, "")}`, { cause });
  }
}

/**
 * Writes values into a document and removes others, with as little change of its text as can be: first the values
 * alone, then the document formatted anew with its comments, then without them (aliases of whole containers). What comes out was read
 * again and says exactly what was meant.
 */
export function editDocument(
  text: string,
  document: TextDocument,
  writes: readonly Write[],
  removals: readonly Path[],
): EditedDocument {
  const value = unshared(document.value);
  for (const { path, value: written } of writes) setIn(value, path, written);
  for (const path of removals) setIn(value, path, undefined);
  const { start, end, parsed } = document;
  const says = (candidate: string): boolean => {
    const [again] = parseAllDocuments(candidate, kubernetesYaml);
    return again !== undefined && again.errors.length === 0 && isDeepStrictEqual(again.toJS({ maxAliasCount }), value);
  };
  if (removals.length === 0) {
    const found = writes.map((write) => editFor(text, parsed, write));
    const edits = found.filter((edit) => edit !== undefined);
    const shifted = edits.map((edit) => ({ ...edit, start: edit.start - start, end: edit.end - start }));
    if (edits.length === found.length && says(applyEdits(text.slice(start, end), shifted))) {
      return { edits, value, how: "exact" };
    }
  }
  const reformatted = reformat(parsed, writes, removals);
  if (reformatted !== undefined && says(reformatted)) {
    return { edits: [{ start, end, text: reformatted }], value, how: "reformatted" };
  }
  const marker = /^(%[^\n]*\n)*---/.test(text.slice(start, end)) ? "---\n" : "";
  const bare = marker + new Document(value, kubernetesYaml).toString({ lineWidth: 0 });
  return { edits: [{ start, end, text: bare }], value, how: "bare" };
}

function reformat(parsed: Document.Parsed, writes: readonly Write[], removals: readonly Path[]): string | undefined {
  const copy = parsed.clone();
  try {
    for (const { path, value } of writes) {
      // A scalar that is replaced keeps its comment.
      const written = typeof value === "string" ? value : copy.createNode(value);
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
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, unshared(member)]));
}

/** Sets a member of a parsed value, with the maps that lead to it, or adds to a list; undefined removes it. */
function setIn(root: unknown, path: Path, value: Value | undefined): void {
  let node: unknown = root;
  for (const [index, key] of path.entries()) {
    const last = index === path.length - 1;
    if (Array.isArray(node)) {
      if (key === further) node.push(value);
      node = node[Number(key)];
    } else if (typeof node === "object" && node !== null) {
      const members: Record<string, unknown> = Object(node);
      if (last && value === undefined) delete members[key];
      else if (last) members[key] = value;
      else members[key] ??= {};
      node = members[key];
    } else return;
  }
}
