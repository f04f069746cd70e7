import { Document, isMap, isNode, isScalar, visit } from "yaml";
import { type MachineType, type MachineTypeSpec, metahubApiVersion } from "../api/machine-type.ts";
import { architectures, limits, operatingSystems } from "../api/rules.ts";
import type { Feature } from "../hardware/feature.ts";
import { formatFeature } from "../hardware/feature.ts";
import { unknownArchitecture } from "../hardware/nodes/offer.ts";
import { formatPlatform, type Platform } from "../hardware/platform.ts";
import { oneLine } from "../text/shorten.ts";
import { documentOptions } from "../yaml/document-options.ts";

/** A MachineType to be written down, with what its owner should read before applying it. */
export interface Draft {
  readonly machineType: Pick<MachineType, "apiVersion" | "kind" | "spec"> & { readonly metadata: { name: string } };
  /** Lines above it. */
  readonly comments: readonly string[];
  /** Lines above `nodeSelector`. */
  readonly selectorComments: readonly string[];
}

/** Every node reports these by itself, and they change with its next update: declared, they would soon be wrong. */
export const reportedNamespaces: ReadonlySet<string> = new Set(["kernel", "os.version"]);

/** Parts the features that were found: those that a MachineType should declare, and those it leaves to the nodes. */
export function declarable(features: readonly Feature[]): {
  readonly declared: readonly string[];
  /** Sentences on what is not declared. */
  readonly notes: readonly string[];
} {
  const reported = features.filter(({ namespace }) => reportedNamespaces.has(namespace)).map(formatFeature);
  const texts = features.filter(({ namespace }) => !reportedNamespaces.has(namespace)).map(formatFeature);
  const fits = (text: string): boolean => text.length <= limits.featureLength;
  const declared = texts.filter(fits).slice(0, limits.featureItems);
  const missing = texts.length - declared.length;
  return {
    declared,
    notes: [
      ...(reported.length === 0 ? [] : [`Not declared, since every node reports its own: ${reported.join(", ")}.`]),
      ...(missing === 0 ? [] : [`${missing} more features do not fit into a MachineType.`]),
    ],
  };
}

/** The platform as a MachineType has it; undefined where it has no name there. */
export function declarablePlatform(platform: Platform): MachineTypeSpec["platform"] {
  const os = operatingSystems.find((known) => known === platform.os);
  const architecture = architectures.find((known) => known === platform.architecture);
  if (os === undefined || architecture === undefined) return undefined;
  return { os, architecture, ...(platform.variant === undefined ? {} : { variant: platform.variant }) };
}

/** The sentence for a platform that is not declared; none where it is, or where none is known. */
export function undeclaredPlatform(platform: Platform): readonly string[] {
  if (declarablePlatform(platform) !== undefined || platform.architecture === unknownArchitecture) return [];
  return [`No platform is declared: a MachineType has no name for ${formatPlatform(platform)}.`];
}

/** Leaves out what is empty. */
export function draft(
  name: string,
  spec: MachineTypeSpec,
  comments: readonly string[],
  selectorComments: readonly string[],
): Draft {
  return {
    machineType: { apiVersion: metahubApiVersion, kind: "MachineType", metadata: { name }, spec },
    comments,
    selectorComments,
  };
}

/** A name that a MachineType may have, made of any text. */
export function machineTypeName(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, "-")
    .replace(/\.[.-]+|-+\./g, ".")
    .slice(0, limits.nameLength)
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, "");
  return name === "" ? "machine" : name;
}

/** The MachineTypes as YAML documents. Labels and features are one a line, so that they are easy to edit. */
export function formatDrafts(drafts: readonly Draft[]): string {
  return drafts.map((each) => formatDraft(each)).join("---\n");
}

function formatDraft({ machineType, comments, selectorComments }: Draft): string {
  const document = new Document(machineType, documentOptions);
  visit(document, {
    Pair: (_, { key, value }) => {
      if (isScalar(key) && key.value === "platform" && isMap(value)) value.flow = true;
      if (isScalar(key) && key.value === "nodeSelector" && isNode(key)) key.commentBefore = comment(selectorComments);
    },
  });
  const body = document.toString({ lineWidth: 0 });
  return comments.map((line) => `# ${oneLine(line)}\n`).join("") + body;
}

/** Names of nodes and values of labels stand in comments: none of them may end one. */
function comment(lines: readonly string[]): string | null {
  return lines.length === 0 ? null : lines.map((line) => ` ${oneLine(line)}`).join("\n");
}
