import { unifiedDiff } from "../../manifests/diff.ts";
import { applyEdits, type Edit } from "../../manifests/edit.ts";

/** A file with what becomes of it. */
export interface RewrittenFile {
  /** As it was given; `-` for standard input. */
  readonly path: string;
  readonly text: string;
  readonly documents: readonly RewrittenDocument[];
}

export interface RewrittenDocument {
  readonly start: number;
  readonly end: number;
  /** Nodes and MachineTypes only: read and not printed. */
  readonly cluster: boolean;
  /** Afterwards; null for an empty document. */
  readonly value: unknown;
  /** By offsets in the file's text. */
  readonly edits: readonly Edit[];
}

/** One stream of YAML documents: each file's text with its edits made, without the documents of the cluster. */
export function formatYaml(files: readonly RewrittenFile[]): string {
  let output = "";
  for (const { text, documents } of files) {
    let last = -1;
    for (const [index, { cluster, start, end, edits }] of documents.entries()) {
      if (cluster) continue;
      const shifted = edits.map((edit) => ({ ...edit, start: edit.start - start, end: edit.end - start }));
      const piece = applyEdits(text.slice(start, end), shifted);
      if (piece.trim() === "") continue;
      // What stood beside each other keeps what stood between.
      const together = last === index - 1 && last !== -1;
      output += together ? piece : joined(output, piece);
      last = index;
    }
  }
  return output;
}

function joined(before: string, piece: string): string {
  if (before === "") return piece.replace(/^---[ \t]*\r?\n/, "");
  const end = before.endsWith("\n") ? "" : "\n";
  return `${end}${/^(%|---)/m.test(piece.split("\n", 1)[0] ?? "") ? "" : "---\n"}${piece}`;
}

/** One object as it is, several as a List. */
export function formatJson(files: readonly RewrittenFile[]): string {
  const values = files
    .flatMap(({ documents }) => documents.filter(({ cluster }) => !cluster).map(({ value }) => value))
    .filter((value) => value !== null && value !== undefined);
  const value = values.length === 1 ? values[0] : { apiVersion: "v1", kind: "List", items: values };
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** A unified diff of every file that changes, as `patch -p0` takes it. */
export function formatDiff(files: readonly RewrittenFile[], color: boolean): string {
  return files
    .map(({ path, text, documents }) => {
      const edits = documents.flatMap((document) => document.edits);
      return unifiedDiff(path, text, edits, color);
    })
    .join("");
}
