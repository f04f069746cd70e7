import type fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { cachedPrograms } from "../../test/cluster/require.ts";
import { describeWith } from "../../test/support/describe-with.ts";
import { ask, casesToTry } from "../../test/support/oracle/ask.ts";
import {
  anyQuantity,
  anySelector,
  anyToleration,
  type PlacedPod,
  placedPod,
  withDefaults,
} from "../../test/support/oracle/matching-cases.ts";
import { draw } from "../../test/support/oracle/seed.ts";
import { matchesLabelSelector } from "../api/match-selector.ts";
import { parsePod } from "../api/parse-pod.ts";
import { toleratesTaint } from "../api/taints.ts";
import { PlacementIndex } from "./placement-index.ts";
import { parseQuantity } from "./quantity.ts";

// Selectors, tolerations, quantities and places of Pods, asked of Kubernetes' own packages (v1.37).

const { seed, count } = casesToTry(4_000);
const atOnce = 5_000;
const timeout = 60_000 + count * 10;

const answerSchema = z.object({
  matches: z.boolean().optional(),
  value: z.number().optional(),
  nodes: z.array(z.string()).optional(),
  invalid: z.boolean().optional(),
  large: z.boolean().optional(),
});
type Answer = z.infer<typeof answerSchema>;

describeWith(cachedPrograms("matching"), `matching as Kubernetes does it, seed ${seed}`, ({ path }) => {
  /** Compares our answers with theirs, and counts what theirs were. */
  async function compare<T>(
    kind: string,
    cases: fc.Arbitrary<T>,
    question: (one: T) => object,
    ours: (one: T) => unknown,
    theirs: (answer: Answer, one: T) => unknown,
  ): Promise<ReadonlyMap<string, number>> {
    const seen = new Map<string, number>();
    for (let start = 0; start < count; start += atOnce) {
      const some = draw(seed, `${kind} ${start}`, Math.min(atOnce, count - start), cases);
      const answers = await ask(path("matching"), some.map(question), (value) => answerSchema.parse(value));
      const different = some.flatMap((one, at) => {
        const answer = answers[at] ?? {};
        const [we, they] = [ours(one), theirs(answer, one)];
        const outcome = String(answer.matches ?? answer.invalid ?? answer.nodes?.length ?? "value");
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
        if (JSON.stringify(we) === JSON.stringify(they)) return [];
        return [`seed ${seed}: ${JSON.stringify({ one, we, they })}`];
      });
      expect(different.slice(0, 5)).toEqual([]);
    }
    return seen;
  }

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

  test(`${count} Pods among nodes`, { timeout: timeout * 2 }, async () => {
    const seen = await compare(
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
    expect(seen.get("0")).toBeLessThan((count * 3) / 4);
    expect(seen.get("0")).toBeGreaterThan(count / 20);
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
