import type { DocumentOptions, ParseOptions, ScalarTag, SchemaOptions } from "yaml";
import { scalarKinds } from "./scalars.ts";

const tags = scalarKinds.map(
  ({ tag, pattern, read, holds }): ScalarTag => ({
    tag,
    default: true,
    test: pattern,
    resolve: read,
    identify: holds,
    // A value that is still what its text says keeps its spelling.
    stringify: ({ source, value }) =>
      source !== undefined && pattern.test(source) && read(source) === value ? source : JSON.stringify(value),
  }),
);

/** The dialect for the package `yaml`, which finds places in a text and writes documents anew. */
export const documentOptions: ParseOptions & DocumentOptions & SchemaOptions = {
  version: "1.1",
  schema: "failsafe",
  merge: true,
  customTags: (failsafe) => [...failsafe, ...tags],
};
