import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { machine, variants } from "../../test/support/variants.ts";
import { createOffer, satisfies } from "../hardware/offer.ts";
import { platformFits } from "../hardware/platform.ts";
import { drain } from "../oci/steps.ts";
import type { Variant } from "../oci/variant.ts";
import { Dominance, dominates } from "./dominance.ts";
import { type Fit, fitAll } from "./fit.ts";
import { type Implications, prepare } from "./prepare.ts";
import { maxReason } from "./reason.ts";
import { type Machine, select, selectCommon } from "./select.ts";
import type { Selection } from "./selection.ts";

const someFeatures = [
  ..."cpu:skylake cpu:broadwell cpu:icelake cpu:zen2 cpu:zen3 cpu:zen4 cpu:x86_64_v2 cpu:x86_64_v3 cpu:x86_64_v4".split(
    " ",
  ),
  ..."cpuflag:avx2 cpuflag:fma cpuflag:avx512f cpu:nobody-knows".split(" "),
  ..."nvcap:7.0 nvcap:8.0 nvcap:8.6 nvcap:9.0 nvcap:9.0a nvptx:7.0 nvptx:9.0 gfx:gfx90a gfx:gfx9-4-generic gfx:gfx942".split(
    " ",
  ),
  ..."cuda:12.0 cuda:12.4 nvdriver:535 nvdriver:550 kernel:5.15 kernel:6.8 fabric:efa fabric:ib mpi:openmpi snapshotter:nydus".split(
    " ",
  ),
];
const someOffers = [
  ..."cpu:skylake cpu:icelake cpu:zen3 cpu:zen4 cpu:nehalem cpu:nobody-knows cpuflag:avx2".split(" "),
  ..."nvcap:8.0 nvcap:8.9 nvcap:9.0 gfx:gfx942 cuda:12.4 nvdriver:550 kernel:6.8 fabric:efa mpi:openmpi snapshotter:nydus".split(
    " ",
  ),
];

const build = fc.record({
  features: fc.uniqueArray(fc.constantFrom(...someFeatures), { maxLength: 4 }).map((features) => features.join(",")),
  platform: fc.constantFrom("linux/amd64", "linux/amd64", "linux/amd64", "linux/amd64/v3", "linux/arm64", "linux/386"),
  priority: fc.constantFrom(0, 0, 0, 1),
  format: fc.constantFrom<Variant["format"]>("plain", "plain", "plain", "zstd", "nydus"),
});
const index = fc
  .array(build, { minLength: 1, maxLength: 10 })
  .map((builds) => variants(...builds.map((one, position) => ({ name: `build${position}`, ...one }))));
const anyMachine = fc
  .tuple(
    fc.constantFrom("linux/amd64", "linux/amd64", "linux/arm64"),
    fc.uniqueArray(fc.constantFrom(...someOffers), { maxLength: 5 }),
  )
  .map(([at, features]) => machine(at, ...features));

describe("laws of selection", () => {
  test("what is selected fits", () => {
    fc.assert(
      fc.property(index, anyMachine, (list, one) => {
        const { selected, considered } = select(list, one);
        expect(considered).toHaveLength(list.length);
        expect(selected === null || fits(selected, one)).toBe(true);
        for (const outcome of considered) {
          const incompatible = outcome.outcome === "incompatible";
          expect(incompatible).toBe(!fits(outcome.variant, one));
        }
      }),
      { numRuns: 500 },
    );
  });

  test("the order of the entries decides nothing but the last tie", () => {
    fc.assert(
      fc.property(
        index.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray([...list], { minLength: list.length }))),
        anyMachine,
        ([list, shuffled], one) => {
          const renumbered = shuffled.map((variant, position) => ({ ...variant, position }));
          const [a, b] = [select(list, one), select(renumbered, one)];
          if (a.action === "leave" || b.action === "leave") {
            // Runtimes look at the order, so it may decide whether they take what we would, and in which format.
            expect(inAnyFormat(b.selected)).toEqual(inAnyFormat(a.selected));
            return;
          }
          expect(a.code).toBe(b.code);
          if (!decidedByPosition(a) && !decidedByPosition(b)) {
            expect(b.selected?.digest).toBe(a.selected?.digest);
            expect(rulesByDigest(b)).toEqual(rulesByDigest(a));
          } else {
            expect(withoutIdentity(b.selected)).toEqual(withoutIdentity(a.selected));
          }
          // The list as an array in another order, positions kept, is the very same index.
          expect(select(shuffled, one)).toEqual(a);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("a variant that does not fit changes nothing of what is selected", () => {
    fc.assert(
      fc.property(index, index, anyMachine, (list, more, one) => {
        const foreign = more.filter((variant) => !fits(variant, one));
        const longer = [...list, ...foreign.map((variant, at) => ({ ...variant, position: list.length + at }))];
        const [a, b] = [select(list, one), select(longer, one)];
        // What is left as written is in the format that runtimes meet first.
        if (a.action === b.action) expect(b.selected).toEqual(a.selected);
        else expect(inAnyFormat(b.selected)).toEqual(inAnyFormat(a.selected));
      }),
      { numRuns: 500 },
    );
  });

  test("a machine that offers more never loses a variant", () => {
    fc.assert(
      fc.property(
        index,
        anyMachine,
        fc.constantFrom("fabric:ib", "mpi:mpich", "kernel:6.8", "cpu:zen3"),
        (list, one, text) => {
          const more = machine("linux/amd64", text).features.filter((added) =>
            one.features.every((has) => has.namespace !== added.namespace),
          );
          const richer = { ...one, features: [...one.features, ...more] };
          for (const variant of list) {
            expect(fits(variant, one) && !fits(variant, richer)).toBe(false);
          }
          expect(select(list, one).selected !== null && select(list, richer).selected === null).toBe(false);
        },
      ),
    );
  });

  test("the common variant fits every machine, and for one machine it is the selection", () => {
    fc.assert(
      fc.property(index, fc.array(anyMachine, { minLength: 1, maxLength: 4 }), (list, machines) => {
        const { selected } = selectCommon(list, machines);
        expect(selected === null || machines.every((one) => fits(selected, one))).toBe(true);
        expect(selectCommon(list, machines.slice(0, 1))).toEqual(select(list, machines[0] ?? machine()));
        expect(selectCommon(list, [...machines].reverse())).toEqual(selectCommon(list, machines));
      }),
      { numRuns: 500 },
    );
  });

  test("dominance is a strict partial order", () => {
    fc.assert(
      fc.property(index, anyMachine, (list, one) => {
        const { all, over, implications } = fitting(list, one);
        for (const a of all) {
          expect(over(a, a)).toBe(false);
          for (const b of all) {
            expect(over(a, b)).toBe(requiresMore(a, b, implications));
            expect(over(a, b) && over(b, a)).toBe(false);
            for (const c of all) {
              expect(over(a, b) && over(b, c) && !over(a, c)).toBe(false);
            }
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test("every loser has lost to a variant that fits; every answer has one line of reason", () => {
    fc.assert(
      fc.property(index, anyMachine, (list, one) => {
        const selection = select(list, one);
        for (const outcome of selection.considered) {
          if (outcome.outcome === "outranked") {
            expect(fits(outcome.by, one)).toBe(true);
            expect(outcome.by).not.toBe(outcome.variant);
          }
        }
        expect(selection.reason.length).toBeLessThanOrEqual(maxReason);
        expect(selection.reason).not.toMatch(/\n|undefined/);
        expect(selection.selected !== null || selection.action === "leave").toBe(true);
      }),
    );
  });

  test("the same question has the same answer, prepared or not", () => {
    fc.assert(
      fc.property(index, anyMachine, anyMachine, (list, one, other) => {
        const prepared = prepare({ variants: list });
        select(prepared, other);
        expect(select(prepared, one)).toEqual(select(list, one));
      }),
    );
  });
});

/** Says in the slow way whether a variant fits. */
function fits(variant: Variant, { platform, features }: Machine): boolean {
  const offer = createOffer(platform, features);
  return (
    platformFits(platform, variant.platform) !== "no" &&
    (variant.format !== "nydus" || features.some((feature) => feature.value === "nydus")) &&
    variant.requires.every((group) => group.some((feature) => satisfies(offer, feature)))
  );
}

function decidedByPosition(selection: Selection): boolean {
  return selection.considered.some((outcome) => outcome.outcome === "outranked" && outcome.rule === "position");
}

/** The outcome of each build, with who was better and why. */
function rulesByDigest(selection: Selection): Map<string, string> {
  return new Map(
    selection.considered.map((one) => [
      one.variant.digest,
      one.outcome === "outranked" ? `${one.rule} by ${one.by.digest}` : one.outcome,
    ]),
  );
}

function inAnyFormat(variant: Variant | null): unknown {
  return withoutIdentity(variant === null ? null : { ...variant, format: "plain" });
}

function withoutIdentity(variant: Variant | null): unknown {
  if (variant === null) {
    return null;
  }
  const { digest: _, position: __, ...rest } = variant;
  // `amd64/v3` and the feature cpu:x86_64_v3 say the same, and what is required is compared below.
  const { variant: ___, ...platform } = rest.platform;
  return {
    ...rest,
    platform,
    requires: rest.requires.map((group) => group.map((f) => `${f.namespace}:${f.value}`).sort()).sort(),
  };
}

/** Dominance by its definition, group by group. */
function requiresMore(a: Fit, b: Fit, implications: Implications): boolean {
  const covers = (x: Fit, y: Fit): boolean =>
    y.reduced.every((group) =>
      x.reduced.some((other) => other.every((from) => group.some((to) => implications.has(from, to)))),
    );
  return covers(a, b) && !covers(b, a);
}

/** The builds that fit, and which of two dominates. */
function fitting(list: readonly Variant[], one: Machine) {
  const { implications, ...prepared } = prepare({ variants: list });
  const entries = drain(fitAll({ ...prepared, implications }, [createOffer(one.platform, one.features)]));
  const all = entries.filter((entry) => entry.fits);
  const dominance = new Dominance(all, implications);
  for (const each of dominance.all) dominance.cover(each);
  return { all, implications, over: (a: Fit, b: Fit) => dominates(dominance.of(a), dominance.of(b)) };
}
