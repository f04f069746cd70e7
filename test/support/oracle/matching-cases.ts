import fc from "fast-check";
import type { Taint } from "../../../src/api/node.ts";
import type { Container, PodSpec } from "../../../src/api/pod.ts";
import type { LabelSelector, LabelSelectorRequirement } from "../../../src/api/selector.ts";
import type { Toleration } from "../../../src/api/taints.ts";
import { labelPair, terms } from "./affinity.ts";
import { extended, plain } from "./containers.ts";
import {
  effects,
  fields,
  labelVocabulary,
  nodeName,
  resources,
  sometimes,
  taintKeys,
  taintValues,
} from "./vocabulary.ts";

export interface MadeSelector {
  readonly selector: LabelSelector;
  readonly labels: Readonly<Record<string, string>>;
}

const keys = Object.keys(labelVocabulary);

const labels = fields(
  Object.fromEntries(
    keys.map((key) => [key, sometimes(60, fc.constantFrom(...(labelVocabulary[key] ?? [])))] as const),
  ),
);

const expression: fc.Arbitrary<LabelSelectorRequirement> = fc.constantFrom(...keys).chain((key) =>
  fc.record(
    {
      key: fc.constant(key),
      operator: fc.constantFrom("In", "NotIn", "Exists", "DoesNotExist"),
      values: fc.uniqueArray(fc.constantFrom(...(labelVocabulary[key] ?? []), "nowhere"), { maxLength: 3 }),
    },
    { requiredKeys: ["key", "operator"] },
  ),
);

export const anySelector: fc.Arbitrary<MadeSelector> = fc.record({
  labels,
  selector: fc.record(
    {
      matchLabels: fc.uniqueArray(labelPair, { selector: ([key]) => key, maxLength: 2 }).map(Object.fromEntries),
      matchExpressions: fc.array(expression, { maxLength: 2 }),
    },
    { requiredKeys: [] },
  ),
});

const numbers = ["0", "5", "-5", "05", "+5", "5.0", "9223372036854775807", "9223372036854775808", "-0"];
const taintText = fc.constantFrom(...taintValues, ...numbers);

const taint: fc.Arbitrary<Taint> = fc
  .tuple(fc.constantFrom(...taintKeys), taintText, fc.constantFrom(...effects))
  .map(([key, value, effect]) => ({ key, effect, ...(value === "" ? {} : { value }) }));

/** Operators that no Kubernetes knows are among them: they tolerate nothing. */
const toleration: fc.Arbitrary<Toleration> = fc.record(
  {
    key: fc.constantFrom(...taintKeys, ""),
    operator: fc.constantFrom("Equal", "Equal", "Exists", "Lt", "Gt", "", "Near"),
    value: taintText,
    effect: fc.constantFrom(...effects, ""),
  },
  { requiredKeys: [] },
);

export interface MadeToleration {
  readonly toleration: Toleration;
  readonly taint: Taint;
}

export const anyToleration: fc.Arbitrary<MadeToleration> = fc.record({ toleration, taint });

const suffixes = [
  "",
  "n",
  "u",
  "m",
  "k",
  "M",
  "G",
  "T",
  "P",
  "E",
  "Ki",
  "Mi",
  "Gi",
  "Ti",
  "Pi",
  "Ei",
  "e3",
  "E-2",
  "e+1",
];
const oddSuffixes = ["K", "ki", "KI", "e", "E+", "e3.5", "Zi", "i", " ", "mm"];
const digits = fc.oneof(
  fc.nat(2000).map(String),
  fc.constantFrom("", "0", "007", "1".repeat(19), "9223372036854775807"),
);

const suffix = fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...suffixes) }, fc.constantFrom(...oddSuffixes));
/** Nothing that a node has or a Pod asks for is below zero: Kubernetes misreads large amounts, and rounds parts away from it. */
const negative = fc.tuple(fc.nat(2000), fc.constantFrom("", "k")).map(([amount, unit]) => `-${amount}${unit}`);

/** Without a digit it is none by the grammar, though the parser takes some: `Ti` for zero, and not `Pi`. */
export const anyQuantity: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .tuple(
        fc.constantFrom("", "", "", "+", "++"),
        digits,
        fc.oneof(
          { weight: 2, arbitrary: fc.constant("") },
          digits.map((text) => `.${text}`),
        ),
        suffix,
      )
      .filter(([, whole, fraction]) => /\d/.test(whole + fraction))
      .map((parts) => parts.join("")),
  },
  { weight: 1, arbitrary: negative },
);

const component = fc.oneof(fc.constantFrom("0", "1", "05", "10", "104"), fc.nat(600).map(String));

/** As drivers and kernels are numbered; the first number has no leading zero. */
const version = fc
  .tuple(fc.constantFrom("1", "6", "12", "535"), fc.array(component, { minLength: 1, maxLength: 3 }))
  .map(([first, rest]) => [first, ...rest].join("."));

/** Often of one beginning, so that what follows decides. */
export const pairOfVersions: fc.Arbitrary<readonly [string, string]> = version.chain((one) =>
  fc
    .oneof(
      version,
      fc.constantFrom(one, `${one}.0`, `${one}.1`),
      component.map((last) => one.replace(/[^.]+$/, last)),
    )
    .map((other) => [one, other] as const),
);

export interface PlacedPod {
  readonly spec: PodSpec;
  readonly nodes: readonly {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly taints: readonly Taint[];
    readonly allocatable: Readonly<Record<string, string>>;
  }[];
}

const allocatable = fields(
  Object.fromEntries(
    Object.entries(resources).map(([name, amounts]) => [name, sometimes(60, fc.constantFrom(...amounts))] as const),
  ),
);

const node = fc.record({ labels, taints: fc.array(taint, { maxLength: 2 }), allocatable });

const spec: fc.Arbitrary<PodSpec> = fc
  .tuple(
    fc.oneof({ weight: 2, arbitrary: plain }, extended),
    sometimes(30, fc.uniqueArray(labelPair, { selector: ([key]) => key, maxLength: 2 }).map(Object.fromEntries)),
    sometimes(50, terms),
    sometimes(60, fc.array(toleration, { maxLength: 4 })),
  )
  .map(([containers, nodeSelector, nodeSelectorTerms, tolerations]) => ({
    ...containers,
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
    ...(nodeSelectorTerms === undefined
      ? {}
      : { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } }),
    ...(tolerations === undefined ? {} : { tolerations }),
  }));

export const placedPod: fc.Arbitrary<PlacedPod> = fc.record({
  spec,
  nodes: fc
    .array(node, { minLength: 1, maxLength: 6 })
    .map((all) => all.map((one, row) => ({ name: nodeName(row), ...one }))),
});

/** The Pod as an API server stores it: what a container is limited to, it requests (core/v1 defaults). */
export function withDefaults({ containers = [], initContainers = [], ...spec }: PodSpec): PodSpec {
  const defaulted = ({ resources, ...container }: Container): Container => ({
    ...container,
    ...(resources === undefined
      ? {}
      : { resources: { ...resources, requests: { ...resources.limits, ...resources.requests } } }),
  });
  return { ...spec, containers: containers.map(defaulted), initContainers: initContainers.map(defaulted) };
}
