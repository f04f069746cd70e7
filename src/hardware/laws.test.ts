import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cpuGraph } from "./cpu/graph.ts";
import { type Feature, formatFeature } from "./feature.ts";
import { implies } from "./implies.ts";
import { capabilityImplies, readCapability, runs } from "./nvidia.ts";
import { createOffer, type Offer, satisfies } from "./offer.ts";
import { parseFeatures } from "./parse.ts";
import { compareAccelerator, compareIsa } from "./rank.ts";
import { toRequirement } from "./requirement.ts";
import { compareVersions } from "./version.ts";

const cpus = [...cpuGraph().keys(), "coffelake"];
const flags = [...new Set([...cpuGraph().values()].flatMap((entry) => [...entry.flags])), "no_such_flag"];
const capabilities =
  "5.2 5.3 7.0 7.2 7.5 8.0 8.6 8.7 8.9 9.0 9.0a 10.0 10.0a 10.0f 10.1 10.3 10.3f 11.0 11.0f 12.0 12.0f 12.1 12.1f".split(
    " ",
  );
const versions = "12 12.0 12.4 12.10 13.0 535.104.05 550.1 6.8.0-45-generic 6.8.0-rc1 6.8".split(" ");
const targets =
  "gfx906 gfx90a gfx90a:xnack+ gfx90a:sramecc+:xnack- gfx942 gfx942:xnack+ gfx9-generic gfx9-4-generic gfx9-4-generic:xnack+ gfx1100 gfx11-generic".split(
    " ",
  );
const windows = "10.0.17763.1 10.0.17763.2 10.0.20348.1 10.0.25398.1 10.0.26100.1 10.0.26200.1 odd".split(" ");

function of(namespaces: readonly string[], values: readonly string[]): fc.Arbitrary<Feature> {
  return fc.record({ namespace: fc.constantFrom(...namespaces), value: fc.constantFrom(...values) });
}

const isa = fc.oneof(of(["cpu"], cpus), of(["cpuflag"], flags));
const equality = of(["fabric", "mpi", "feature"], ["efa", "openmpi", "x"]);
const accelerator = fc.oneof(
  of(["nvcap", "nvptx"], capabilities),
  of(["gfx"], targets),
  of(["nvdriver", "cuda", "rocm", "amddriver"], versions),
);
const anyFeature = fc.oneof(isa, isa, equality, accelerator, of(["kernel"], versions), of(["os.version"], windows));
const architecture = fc.constantFrom("amd64", "arm64", "ppc64le", "riscv64", "s390x");
/** A machine's features; devices are offered as capabilities without a suffix, but nothing holds anyone to that. */
const offered = fc.array(anyFeature, { maxLength: 6 });
const machine: fc.Arbitrary<Offer> = fc
  .tuple(architecture, offered)
  .map(([name, features]) => createOffer({ os: "linux", architecture: name }, features));

describe("spelling", () => {
  test("reading what was written gives the same feature", () => {
    fc.assert(
      fc.property(anyFeature, (feature) => {
        expect(parseFeatures(formatFeature(feature))).toEqual([feature]);
      }),
    );
  });

  test("canonical is canonical: reading again changes nothing, under any architecture", () => {
    const word = fc.stringMatching(/^[a-zA-Z0-9_.+=:/-]{1,24}$/);
    const known = fc.constantFrom("cpu", "uarch", "nvcap", "ptx", "gfx", "isa", "cuda", "kernel", "x");
    const text = fc.oneof(
      word,
      fc.tuple(known, fc.constantFrom(":", "=", "-", "_"), word).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(text, fc.option(architecture, { nil: undefined }), (written, name) => {
        let features: readonly Feature[];
        try {
          features = parseFeatures(written, { architecture: name });
        } catch {
          return fc.pre(false);
        }
        for (const feature of features) {
          expect(parseFeatures(formatFeature(feature), { architecture: name })).toEqual([feature]);
        }
        return true;
      }),
      { numRuns: 2000 },
    );
  });
});

describe("implies is a preorder, and true", () => {
  test("reflexive", () => {
    fc.assert(fc.property(anyFeature, (a) => implies(a, a)));
  });

  test("transitive", () => {
    const near = fc.oneof(isa, accelerator);
    fc.assert(
      fc.property(near, near, near, (a, b, c) => !(implies(a, b) && implies(b, c)) || implies(a, c)),
      { numRuns: 5000 },
    );
  });

  test("antisymmetric on CPU names: a partial order", () => {
    for (const a of cpus) {
      for (const b of cpus) {
        const both =
          implies({ namespace: "cpu", value: a }, { namespace: "cpu", value: b }) &&
          implies({ namespace: "cpu", value: b }, { namespace: "cpu", value: a });
        expect(both, `${a} ${b}`).toBe(a === b);
      }
    }
  });

  test("a machine that satisfies a satisfies what a implies", () => {
    fc.assert(
      fc.property(machine, anyFeature, anyFeature, (offer, a, b) => {
        return !(implies(a, b) && satisfies(offer, a)) || satisfies(offer, b);
      }),
      { numRuns: 20_000 },
    );
  });

  test("a machine that is just a satisfies it, and all that a implies", () => {
    const device = (feature: Feature): boolean => !(feature.namespace === "nvptx" || /[af]$/.test(feature.value));
    for (const a of cpus) {
      const offer = createOffer({ os: "linux", architecture: "amd64" }, [{ namespace: "cpu", value: a }]);
      for (const b of cpus) {
        const required = { namespace: "cpu", value: b };
        if (implies({ namespace: "cpu", value: a }, required)) expect(satisfies(offer, required)).toBe(true);
      }
    }
    fc.assert(
      fc.property(accelerator.filter(device), (a) =>
        satisfies(createOffer({ os: "linux", architecture: "amd64" }, [a]), a),
      ),
    );
  });

  test("capabilities: it holds exactly where no device tells them apart", () => {
    const devices = Array.from({ length: 14 * 10 }, (_, index) => Math.trunc(index / 10) * 1000 + (index % 10));
    const features = ["nvcap", "nvptx"].flatMap((namespace) => capabilities.map((value) => ({ namespace, value })));
    const runsOn = ({ namespace, value }: Feature): readonly boolean[] => {
      const capability = readCapability(value);
      if (capability === undefined) throw new Error(`${value} cannot be read`);
      return devices.map((device) => runs(namespace === "nvptx" ? "nvptx" : "nvcap", device, capability));
    };
    for (const a of features) {
      const left = runsOn(a);
      for (const b of features) {
        const right = runsOn(b);
        const always = left.every((runsA, index) => !runsA || right[index] === true);
        expect(capabilityImplies(a, b), `${formatFeature(a)} ${formatFeature(b)}`).toBe(always);
      }
    }
  });
});

describe("a machine that offers more never loses", () => {
  test("with one more CPU, flag or equality feature", () => {
    fc.assert(
      fc.property(architecture, offered, fc.oneof(isa, equality), anyFeature, (name, features, more, required) => {
        const platform = { os: "linux", architecture: name };
        const before = satisfies(createOffer(platform, features), required);
        return !before || satisfies(createOffer(platform, [...features, more]), required);
      }),
      { numRuns: 5000 },
    );
  });

  test("with a CPU, version, or target that implies the old one", () => {
    const upward = fc.oneof(of(["cpu"], cpus), of(["cuda", "nvdriver", "kernel"], versions), of(["gfx"], targets));
    fc.assert(
      fc.property(architecture, upward, upward, anyFeature, (name, old, better, required) => {
        fc.pre(implies(better, old));
        const platform = { os: "linux", architecture: name };
        return (
          !satisfies(createOffer(platform, [old]), required) || satisfies(createOffer(platform, [better]), required)
        );
      }),
      { numRuns: 2000 },
    );
  });

  test("with a later device: PTX always, machine code within the major version and off Tegra", () => {
    const desktop = fc.constantFrom("7.0", "7.5", "8.0", "8.6", "8.9", "9.0", "10.0", "10.3", "12.0", "12.1");
    fc.assert(
      fc.property(
        desktop,
        desktop,
        fc.constantFrom(...capabilities.filter((each) => !/[af]$/.test(each))),
        (old, later, value) => {
          fc.pre(compareVersions(later, old) >= 0);
          const offer = (device: string): Offer =>
            createOffer({ os: "linux", architecture: "amd64" }, [{ namespace: "nvcap", value: device }]);
          const keeps = (namespace: string): boolean =>
            !satisfies(offer(old), { namespace, value }) || satisfies(offer(later), { namespace, value });
          return keeps("nvptx") && (old.split(".")[0] !== later.split(".")[0] || keeps("nvcap"));
        },
      ),
    );
  });

  test("one more device only takes away: every device must run it", () => {
    fc.assert(
      fc.property(offered, accelerator, accelerator, (features, more, required) => {
        fc.pre(features.some(({ namespace }) => namespace === more.namespace));
        const platform = { os: "linux", architecture: "amd64" };
        const after = satisfies(createOffer(platform, [...features, more]), required);
        return !after || satisfies(createOffer(platform, features), required);
      }),
    );
  });
});

describe("ranking orders are total preorders", () => {
  const isaRequirement = fc.array(isa, { minLength: 1, maxLength: 3 });
  const version = fc.oneof(
    fc.constantFrom(...versions),
    fc
      .array(fc.oneof(fc.nat(30).map(String), fc.constantFrom("rc1", "el9", "00")), { minLength: 1, maxLength: 4 })
      .chain((parts) => fc.constantFrom(".", "-").map((separator) => parts.join(separator))),
  );

  function isTotalPreorder<T>(values: fc.Arbitrary<T>, compare: (a: T, b: T) => number): void {
    fc.assert(
      fc.property(values, values, values, (a, b, c) => {
        expect(compare(a, a)).toBe(0);
        expect(Math.sign(compare(a, b)) + Math.sign(compare(b, a))).toBe(0);
        if (compare(a, b) >= 0 && compare(b, c) >= 0) expect(compare(a, c)).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 3000 },
    );
  }

  test("versions", () => isTotalPreorder(version, compareVersions));
  test("accelerators", () => isTotalPreorder(accelerator, compareAccelerator));
  test("ISA", () => isTotalPreorder(isaRequirement, compareIsa));

  test("what implies the other, and not the other way round, is never ranked below it", () => {
    fc.assert(
      fc.property(isa, isa, (a, b) => !(implies(a, b) && !implies(b, a)) || compareIsa([a], [b]) > 0),
      { numRuns: 20_000 },
    );
  });
});

test("a requirement holds each feature of its carrier once, in one group", () => {
  fc.assert(
    fc.property(fc.array(anyFeature), (features) => {
      const texts = toRequirement(features).flat().map(formatFeature);
      expect([...texts].sort()).toEqual([...new Set(features.map(formatFeature))].sort());
    }),
  );
});
