import { loadAll, YAMLException } from "js-yaml";
import { YamlError } from "./error.ts";
import { kubernetesSchema } from "./schema.ts";
import { type Span, splitDocuments } from "./split.ts";

/** A document of a text, with what it says. */
export interface YamlDocument extends Span {
  /** Null for an empty document. */
  readonly value: unknown;
}

/** Values that aliases repeat, in one document. go-yaml asks how much of a document they are from 400,000 on. */
const maxRepeated = 400_000;

/**
 * Reads a YAML or JSON text as kubectl does (sigs.k8s.io/yaml; docs/decisions/0012-yaml-dialect.md).
 * @throws YamlError with line and column
 */
export function readYaml(text: string): readonly YamlDocument[] {
  return splitDocuments(text).map(({ start, end }) => ({ start, end, value: readOne(text, { start, end }) }));
}

/** The value of the one document in a text; null where there is none. @throws YamlError */
export function readYamlDocument(text: string): unknown {
  const documents = readYaml(text);
  if (documents.length > 1) throw new YamlError("several documents, where one was expected");
  return documents[0]?.value ?? null;
}

function readOne(text: string, { start, end }: Span): unknown {
  const own = text.slice(start, end);
  let values: unknown[];
  try {
    values = loadAll(own, { schema: kubernetesSchema });
  } catch (cause) {
    throw new YamlError(reasonOf(cause, text, start), { cause });
  }
  if (values.length > 1) throw new YamlError("a document begins within a line");
  const value = values[0] ?? null;
  if (own.includes("*")) refuseBomb(value);
  return value;
}

function reasonOf(cause: unknown, text: string, start: number): string {
  if (!(cause instanceof Error)) return String(cause);
  if (!(cause instanceof YAMLException)) return cause.message;
  const { reason, mark } = cause;
  if (mark === undefined) return reason;
  const before = text.slice(0, start).split("\n").length - 1;
  return `${reason} (line ${before + mark.line + 1}, column ${mark.column + 1})`;
}

/** Aliases share what they repeat, until somebody walks through it or writes it: a few lines can stand for billions. */
function refuseBomb(value: unknown): void {
  const sizes = new Map<object, number>();
  let distinct = 0;
  const sizeOf = (node: unknown): number => {
    distinct++;
    if (typeof node !== "object" || node === null) return 1;
    const known = sizes.get(node);
    if (known !== undefined) return known;
    let size = 1;
    for (const member of Object.values(node)) size += sizeOf(member);
    sizes.set(node, size);
    return size;
  };
  if (sizeOf(value) - distinct > maxRepeated) throw new YamlError("its aliases repeat too much");
}
