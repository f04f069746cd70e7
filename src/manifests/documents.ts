import { YamlError } from "../yaml/error.ts";
import { readYaml, type YamlDocument } from "../yaml/read.ts";
import { maxTextBytes } from "./bounds.ts";
import { ManifestError } from "./error.ts";

/** One document of a YAML or JSON text; the documents together are the whole text. */
export interface TextDocument extends YamlDocument {
  /** For messages: `nodes.yaml, document 2`; the source alone where it has one document. */
  readonly place: string;
}

/**
 * The documents of a text, read as kubectl does.
 * @throws ManifestError YAML_INVALID, TOO_MUCH
 */
export function readDocuments(text: string, source: string): readonly TextDocument[] {
  if (text.length > maxTextBytes) {
    throw new ManifestError("TOO_MUCH", `${source}: longer than ${maxTextBytes} characters`);
  }
  try {
    return readYaml(text).map((document, index, { length }) => ({
      ...document,
      place: length === 1 ? source : `${source}, document ${index + 1}`,
    }));
  } catch (cause) {
    if (!(cause instanceof YamlError)) throw cause;
    throw new ManifestError("YAML_INVALID", `${source}: not valid YAML: ${cause.message}`, { cause });
  }
}
