import { expect, test } from "vitest";
import { cachedPrograms } from "../../test/cluster/require.ts";
import { describeWith } from "../../test/support/describe-with.ts";
import { casesToTry } from "../../test/support/oracle/ask.ts";
import { comparison } from "../../test/support/oracle/comparison.ts";
import {
  anyQuantity,
  anySelector,
  anyToleration,
  type PlacedPod,
  pairOfVersions,
  placedPod,
  withDefaults,
} from "../../test/support/oracle/matching-cases.ts";
import { matchesLabelSelector } from "../api/match-selector.ts";
import { parsePod } from "../api/parse-pod.ts";
import { toleratesTaint } from "../api/taints.ts";
import { compareVersions } from "../hardware/version.ts";
import { PlacementIndex } from "./placement-index.ts";
import { parseQuantity } from "./quantity.ts";

// Selectors, tolerations, quantities and places of Pods, asked of Kubernetes' own packages (v1.37).

const { seed, count } = casesToTry(4_000);
/** Each of them is a Pod with nodes of its own, and takes as long as twenty others. */
const { count: pods } = casesToTry(1_000);
const timeout = 60_000 + count * 10;

describeWith(cachedPrograms("matching"), `matching as Kubernetes does it, seed ${seed}`, ({ path }) => {
  const compare = comparison(path("matching"), seed, count);

  test(`${count} label selectors`, { timeout }, async () => {
    const seen = await compare(
      "label selectors",
      anySelector,
      ({ selector, labels }) => ({ labelSelector: selector, labels }),
      ({ selector, labels }) => matchesLabelSelector(selector, labels),
      // The API server refuses those that cannot be read; they must not match here.
      ({ matches }) => matches ?? false,
    );
    expect(seen.get("true")).toBeGreaterThan(count / 20);
    expect(seen.get("false")).toBeGreaterThan(count / 20);
  });

  test(`${count} tolerations`, { timeout }, async () => {
    const seen = await compare(
      "tolerations",
      anyToleration,
      ({ toleration, taint }) => ({ toleration, taint }),
      ({ toleration, taint }) => toleratesTaint(toleration, taint),
      ({ matches }) => matches,
    );
    expect(seen.get("true")).toBeGreaterThan(count / 20);
    expect(seen.get("false")).toBeGreaterThan(count / 20);
  });

  test(`${count} quantities`, { timeout }, async () => {
    const seen = await compare(
      "quantities",
      anyQuantity,
      (quantity) => ({ quantity }),
      (text) => described(parseQuantity(text)),
      ({ invalid, large, value }) => (invalid === true ? "invalid" : large === true ? "large" : `${value}`),
    );
    expect(seen.get("value")).toBeGreaterThan(count / 4);
    expect(seen.get("true")).toBeGreaterThan(count / 20);
  });

  test(`${count} pairs of versions`, { timeout }, async () => {
    const seen = await compare(
      "versions",
      pairOfVersions,
      (versions) => ({ versions }),
      ([a, b]) => Math.sign(compareVersions(a, b)),
      ({ order }) => order,
    );
    for (const sign of ["-1", "0", "1"]) expect(seen.get(sign)).toBeGreaterThan(count / 50);
  });

  test(`${pods} Pods among nodes`, { timeout: timeout * 2 }, async () => {
    const seen = await comparison(path("matching"), seed, pods)(
      "places",
      placedPod,
      ({ spec, nodes }) => ({
        pod: { metadata: { name: "p" }, spec: withDefaults(spec) },
        nodes: nodes.map(({ name, labels, taints, allocatable }) => ({
          metadata: { name, labels },
          spec: { taints },
          status: { allocatable: { pods: "10", ...allocatable } },
        })),
      }),
      placesOf,
      ({ nodes = [] }) => [...nodes].sort(),
    );
    expect(seen.get("0")).toBeLessThan((pods * 3) / 4);
    expect(seen.get("0")).toBeGreaterThan(pods / 20);
  });
});

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
