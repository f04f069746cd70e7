import type { Feature } from "../feature.ts";
import { type Declaration, labelValue, metahubFeature, type NodeLabels } from "./labels.ts";
import { type Statement, statement } from "./statement.ts";

/**
 * Labels that carry features in the open: `metahub.dev/feature.<namespace>=<value>`, and those that a machine type's
 * `featureLabels` name. A label value holds letters, digits, `-`, `_` and `.` only (Kubernetes, syntax of labels), so:
 * - several values are joined by two underscores: `metahub.dev/feature.mpi=openmpi-5__mpich-4`;
 * - the suffixes of an AMD target are written `.xnack-on`, `.xnack-off`, `.sramecc-on`, `.sramecc-off`:
 *   `metahub.dev/feature.gfx=gfx90a.sramecc-on.xnack-off`.
 */
export function metahubLabels(node: NodeLabels): Statement {
  const features: string[] = [];
  const notes: string[] = [];
  for (const key of Object.keys(node.labels).sort()) {
    if (key.startsWith(metahubFeature)) {
      read(key, key.slice(metahubFeature.length), labelValue(node.labels, key) ?? "", features, notes);
    }
  }
  return statement("metahub.dev", features, notes);
}

/** The labels that the machine type names. A node without such a label says nothing about the namespace. */
export function declaredLabels(node: NodeLabels, declared: Declaration | undefined): Statement {
  const features: string[] = [];
  const notes: string[] = [];
  for (const { label, namespace } of declared?.featureLabels ?? []) {
    const value = labelValue(node.labels, label);
    if (value !== undefined) {
      read(label, namespace, value, features, notes);
    }
  }
  return statement("featureLabels", features, notes);
}

/** The values that a label carries, spelled as a feature spells them. */
export function labelValues(namespace: string, value: string): readonly string[] {
  return value
    .split("__")
    .filter((part) => part !== "")
    .map((part) => (gfxNamespaces.has(namespace.toLowerCase()) ? gfxTarget(part) : part));
}

/**
 * The labels `metahub.dev/feature.*` that say these features, by key in order, for those who label nodes by what
 * `metahub detect` found. Values that a label cannot hold (a kernel with `+`, more than 63 characters) are left out.
 */
export function featureLabels(features: readonly Feature[]): Readonly<Record<string, string>> {
  const values = new Map<string, string[]>();
  for (const { namespace, value } of features) {
    const text = gfxNamespaces.has(namespace) ? gfxLabel(value) : value;
    if (labelValuePattern.test(text) && labelName.test(`feature.${namespace}`) && !text.includes("__")) {
      values.set(namespace, [...(values.get(namespace) ?? []), text]);
    }
  }
  return Object.fromEntries(
    [...values]
      .map(([namespace, texts]) => [metahubFeature + namespace, joined(texts)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** Kubernetes, "Labels and Selectors": syntax of a label's name and value. */
const labelName = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const labelValuePattern = labelName;

/** As many as fit into one label. */
function joined(texts: readonly string[]): string {
  let label = "";
  for (const text of texts) {
    const longer = label === "" ? text : `${label}__${text}`;
    label = longer.length <= 63 ? longer : label;
  }
  return label;
}

function gfxLabel(target: string): string {
  return target.replace(
    /:(xnack|sramecc)([+-])/g,
    (_, setting: string, state: string) => `.${setting}-${state === "+" ? "on" : "off"}`,
  );
}

const gfxNamespaces: ReadonlySet<string> = new Set(["gfx", "amdgpu-target"]);

function gfxTarget(text: string): string {
  return text.replace(
    /\.(xnack|sramecc)-(on|off)/gi,
    (_, feature: string, state: string) => `:${feature.toLowerCase()}${state.toLowerCase() === "on" ? "+" : "-"}`,
  );
}

function read(key: string, namespace: string, value: string, features: string[], notes: string[]): void {
  const values = labelValues(namespace, value);
  if (namespace === "") {
    notes.push(`Label ${key} names no namespace: write ${metahubFeature}<namespace>.`);
  } else if (values.length === 0) {
    notes.push(`Label ${key} is empty, so it offers nothing.`);
  } else {
    features.push(...values.map((each) => `${namespace}:${each}`));
  }
}
