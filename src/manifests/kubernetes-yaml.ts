import type { DocumentOptions, ParseOptions, SchemaOptions } from "yaml";

/** Anchors repeated more often than this are an attack, not a manifest. */
export const maxAliasCount = 1_000;

/**
 * YAML as kubectl reads it (sigs.k8s.io/yaml): version 1.1, where `yes` is true and `0644` is octal, with merge keys,
 * but without times in base 60 and without dates, which stay text. What is written with these options is quoted so that
 * both versions read the same.
 */
export const kubernetesYaml: ParseOptions & DocumentOptions & SchemaOptions = {
  version: "1.1",
  merge: true,
  customTags: (tags) =>
    tags.filter((tag) => typeof tag === "string" || (tag.format !== "TIME" && !tag.tag.endsWith(":timestamp"))),
};
