import { matchesLabelSelector } from "../../../src/api/match-selector.ts";
import { parsePod } from "../../../src/api/parse-pod.ts";
import { toleratesTaint } from "../../../src/api/taints.ts";
import { compareVersions } from "../../../src/hardware/version.ts";
import { PlacementIndex } from "../../../src/placement/placement-index.ts";
import { parseQuantity } from "../../../src/placement/quantity.ts";
import {
  anyQuantity,
  anySelector,
  anyToleration,
  type MadeSelector,
  type MadeToleration,
  type PlacedPod,
  pairOfVersions,
  placedPod,
  withDefaults,
} from "./matching-cases.ts";
import type { Subject } from "./subject.ts";

export const labelSelectors: Subject<MadeSelector> = {
  cases: anySelector,
  question: ({ selector, labels }) => ({ labelSelector: selector, labels }),
  ours: ({ selector, labels }) => matchesLabelSelector(selector, labels),
  // The API server refuses those that cannot be read; they must not match here.
  theirs: ({ matches }) => matches ?? false,
};

export const tolerations: Subject<MadeToleration> = {
  cases: anyToleration,
  question: (one) => one,
  ours: ({ toleration, taint }) => toleratesTaint(toleration, taint),
  theirs: ({ matches }) => matches,
};

export const quantities: Subject<string> = {
  cases: anyQuantity,
  question: (quantity) => ({ quantity }),
  ours: (text) => described(parseQuantity(text)),
  theirs: ({ invalid, large, value }) => (invalid === true ? "invalid" : large === true ? "large" : `${value}`),
};

export const versions: Subject<readonly [string, string]> = {
  cases: pairOfVersions,
  question: (pair) => ({ versions: pair }),
  ours: ([a, b]) => Math.sign(compareVersions(a, b)),
  theirs: ({ order }) => order,
};

/** The names of the nodes that a Pod may land on, sorted. */
export const places: Subject<PlacedPod> = {
  cases: placedPod,
  question: ({ spec, nodes }) => ({
    pod: { metadata: { name: "p" }, spec: withDefaults(spec) },
    nodes: nodes.map(({ name, labels, taints, allocatable }) => ({
      metadata: { name, labels },
      spec: { taints },
      status: { allocatable: { pods: "10", ...allocatable } },
    })),
  }),
  ours: placesOf,
  theirs: ({ nodes = [] }) => [...nodes].sort(),
};

/** Kubernetes cuts what does not fit into 64 bits, which no resource of a node needs. */
function described(value: bigint | undefined): string {
  if (value === undefined) return "invalid";
  return value < 2n ** 63n - 1n ? `${Number(value)}` : "large";
}

/** Each node has a profile of its own, so that a profile names it. */
function placesOf({ spec, nodes }: PlacedPod): readonly string[] {
  const candidates = nodes.map(({ name, labels, taints, allocatable }) => ({
    kind: "node" as const,
    name,
    labels,
    taints,
    allocatable,
    profile: { id: name, platform: { os: "linux", architecture: "amd64" }, features: [], accelerators: [], notes: [] },
  }));
  const index = new PlacementIndex(candidates, { deviceClassResources: new Set(), runtimeClasses: new Map() });
  const placement = index.place(parsePod({ metadata: { name: "p", namespace: "default" }, spec }));
  return placement.profiles.map(({ profile }) => profile.id).sort();
}
