import { type Declaration, labelValue, METAHUB_FEATURE, type NodeLabels } from "./labels.ts";
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
    if (key.startsWith(METAHUB_FEATURE)) {
      read(key, key.slice(METAHUB_FEATURE.length), labelValue(node.labels, key) ?? "", features, notes);
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
    .map((part) => (GFX_NAMESPACES.has(namespace.toLowerCase()) ? gfxTarget(part) : part));
}

const GFX_NAMESPACES: ReadonlySet<string> = new Set(["gfx", "amdgpu-target"]);

function gfxTarget(text: string): string {
  return text.replace(
    /\.(xnack|sramecc)-(on|off)/gi,
    (_, feature: string, state: string) => `:${feature.toLowerCase()}${state.toLowerCase() === "on" ? "+" : "-"}`,
  );
}

function read(key: string, namespace: string, value: string, features: string[], notes: string[]): void {
  const values = labelValues(namespace, value);
  if (namespace === "") {
    notes.push(`Label ${key} names no namespace: write ${METAHUB_FEATURE}<namespace>.`);
  } else if (values.length === 0) {
    notes.push(`Label ${key} is empty, so it offers nothing.`);
  } else {
    features.push(...values.map((each) => `${namespace}:${each}`));
  }
}
