/** A text that is not YAML as it is read here. The message is one line, with the place where it is known. */
export class YamlError extends Error {
  override readonly name = "YamlError";
  readonly code = "YAML_INVALID";
}
