/** A label that nodes must have, or a row of `featureLabels`. */
export interface Pair {
  readonly left: string;
  readonly right: string;
}

/** A row of `matchExpressions`; `values` parted by commas. */
export interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values: string;
}

/** A MachineType as somebody fills it in: every field a text, also one that is wrong. */
export interface Draft {
  readonly name: string;
  readonly external: boolean;
  readonly labels: readonly Pair[];
  readonly expressions: readonly Expression[];
  readonly priority: string;
  readonly os: string;
  readonly architecture: string;
  readonly variant: string;
  readonly features: readonly string[];
  readonly featureLabels: readonly Pair[];
  /** All other fields, as JSON. */
  readonly rest: string;
}

export type Spec = Readonly<Record<string, unknown>>;

export const operators = ["In", "NotIn", "Exists", "DoesNotExist"] as const;

export const emptyDraft: Draft = {
  ...{ name: "", external: false, labels: [{ left: "", right: "" }], expressions: [], priority: "" },
  ...{ os: "", architecture: "", variant: "", features: [], featureLabels: [], rest: "" },
};

/** Fields that the form has inputs for. */
const known = new Set(["nodeSelector", "external", "priority", "platform", "features", "featureLabels"]);

export function draftOf(name: string, spec: Spec): Draft {
  const selector = recordOf(spec["nodeSelector"]);
  const platform = recordOf(spec["platform"]);
  const rest = Object.fromEntries(Object.entries(spec).filter(([field]) => !known.has(field)));
  return {
    name,
    external: spec["external"] === true,
    labels: Object.entries(recordOf(selector["matchLabels"])).map(([left, right]) => ({ left, right: textOf(right) })),
    expressions: listOf(selector["matchExpressions"]).map((each) => {
      const { key, operator, values } = recordOf(each);
      return { key: textOf(key), operator: textOf(operator), values: listOf(values).map(textOf).join(", ") };
    }),
    priority: spec["priority"] === undefined ? "" : textOf(spec["priority"]),
    os: textOf(platform["os"]),
    architecture: textOf(platform["architecture"]),
    variant: textOf(platform["variant"]),
    features: listOf(spec["features"]).map(textOf),
    featureLabels: listOf(spec["featureLabels"]).map((each) => {
      const { label, namespace } = recordOf(each);
      return { left: textOf(label), right: textOf(namespace) };
    }),
    rest: Object.keys(rest).length === 0 ? "" : JSON.stringify(rest, null, 2),
  };
}

/** The spec that a draft stands for. Rows that are empty do not count. @throws SyntaxError where `rest` is no object in JSON */
export function specOf(draft: Draft): Spec {
  const { external, priority, os, architecture, variant, features } = draft;
  const selector = selectorOf(draft);
  const labels = draft.featureLabels.filter(({ left, right }) => left !== "" || right !== "");
  return {
    ...(external ? { external: true } : { nodeSelector: selector }),
    ...(priority.trim() === "" ? {} : { priority: numberOr(priority) }),
    ...(os + architecture + variant === ""
      ? {}
      : { platform: { os, architecture, ...(variant === "" ? {} : { variant }) } }),
    ...(features.length === 0 ? {} : { features }),
    ...(labels.length === 0
      ? {}
      : { featureLabels: labels.map(({ left, right }) => ({ label: left, namespace: right })) }),
    ...restOf(draft.rest),
  };
}

function selectorOf({ labels, expressions }: Draft): Spec {
  const given = labels.filter(({ left, right }) => left !== "" || right !== "");
  const rows = expressions.filter(({ key, values }) => key !== "" || values !== "");
  return {
    ...(given.length === 0 ? {} : { matchLabels: Object.fromEntries(given.map(({ left, right }) => [left, right])) }),
    ...(rows.length === 0
      ? {}
      : {
          matchExpressions: rows.map(({ key, operator, values }) => ({
            ...{ key, operator },
            ...(operator.endsWith("In") ? { values: values.split(",").map((one) => one.trim()) } : {}),
          })),
        }),
  };
}

function restOf(text: string): Spec {
  if (text.trim() === "") return {};
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new SyntaxError("it must be an object: {…}");
  return value as Spec;
}

/** A text that is no number goes as it is: the API server says it better. */
function numberOr(text: string): number | string {
  const value = Number(text);
  return Number.isFinite(value) ? value : text;
}

function recordOf(value: unknown): Spec {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Spec) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
