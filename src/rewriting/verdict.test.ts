import { expect, test } from "vitest";
import { type Build, machine, nameOf, variants } from "../../test/support/variants.ts";
import type { Profile } from "../hardware/profile.ts";
import type { Variant } from "../oci/variant.ts";
import type { PlacedProfile } from "../placement/placement.ts";
import { select, selectCommon } from "../selection/select.ts";
import { describeRequirement, judge } from "./verdict.ts";

const builds: readonly (Build | string)[] = ["cpu:broadwell", "cpu:skylake", { name: "generic" }];
const withoutGeneric = builds.slice(0, 2);

/** A place with these features, of the machine type of that name; a name that begins with `node` has none. */
function landing(name: string, ...features: readonly string[]): PlacedProfile {
  const { platform, features: offered } = machine(...features);
  const profile: Profile = { id: name, platform, features: offered, accelerators: [], notes: [] };
  const machineTypes = name.startsWith("node") ? [] : [name];
  return { profile, machineTypes, nodes: 1, templates: 0, example: { kind: "node", name } };
}
function verdict(landings: readonly PlacedProfile[], from: readonly (Build | string)[], common = false) {
  const list = variants(...from);
  const chooser = {
    chooses: !list.every(({ runtimeMatched }) => runtimeMatched),
    select: (profile: Profile) => select(list, profile),
    selectCommon: (profiles: readonly Profile[]) => selectCommon(list, profiles),
  };
  const { variant, ...rest } = judge(landings, chooser, common);
  return { ...rest, runs: variant === undefined ? undefined : nameOf(variant, from) };
}

const broadwell = landing("type1", "cpu:broadwell");
const skylake = landing("type2", "cpu:skylake");
const old = landing("node-a", "cpu:nehalem");

test("no node at all: left without a Warning, since one may come", () => {
  expect(verdict([], builds)).toMatchObject({ code: "no-nodes", runs: undefined, warn: false, machineTypes: [] });
});

test("no node at all, and an image in which nobody has to choose: left without a word", () => {
  const plain = verdict([], [{ name: "amd64" }, { name: "arm64", platform: "linux/arm64" }]);
  expect(plain).toMatchObject({ code: "runtime-matched", runs: undefined, warn: false });
});

test("all places get one build: that one, with all their machine types", () => {
  const again = landing("type0", "cpu:skylake", "site:x");
  expect(verdict([skylake, again], builds)).toMatchObject({
    code: "selected",
    runs: "cpu:skylake",
    warn: false,
    machineTypes: ["type0", "type2"],
  });
});

test("places differ: left for later, with who runs what", () => {
  const { code, runs, warn, reason } = verdict([broadwell, skylake, old], builds);
  expect([code, runs, warn]).toEqual(["nodes-differ", undefined, false]);
  expect(reason).toBe(
    "it can land on machines that need different builds: type1 runs cpu:broadwell, type2 runs cpu:skylake, node-a runs generic",
  );
});

test("some places run none of them: that is a difference too", () => {
  const { code, warn, reason } = verdict([skylake, old], withoutGeneric);
  expect([code, warn]).toEqual(["nodes-differ", false]);
  expect(reason).toContain("type2 runs cpu:skylake, node-a runs none of them");
});

test("more than three different choices are counted", () => {
  const sites = ["a", "b", "c", "d", "e"];
  const { reason } = verdict(
    sites.map((site) => landing(`t${site}`, `site:${site}`)),
    sites.map((site) => `site:${site}`),
  );
  expect(reason).toMatch(/ta runs site:a, tb runs site:b, tc runs site:c, and 2 more$/);
});

test("no more choices are told than kubectl describe shows in a line", () => {
  const names = ["pool-of-large-machines-1", "pool-of-large-machines-2", "pool-of-large-machines-3"];
  const { reason } = verdict(
    names.map((name) => landing(name, `site:${name}`)),
    names.map((name) => `site:${name}`),
  );
  expect(reason.length).toBeLessThanOrEqual(126);
  expect(reason).toMatch(/, and 2 more$/);
});

test("nothing fits anywhere: the owner is warned", () => {
  expect(verdict([old], withoutGeneric)).toMatchObject({ code: "nothing-fits", warn: true, runs: undefined });
  const { code, warn, reason } = verdict([old, landing("node-b", "cpu:zen")], withoutGeneric);
  expect([code, warn]).toEqual(["nothing-fits", true]);
  expect(reason).toMatch(/^on none of its 2 kinds of nodes; node-a: /);
});

test("common: the best that every place can run", () => {
  expect(verdict([broadwell, skylake], builds, true)).toMatchObject({ runs: "cpu:broadwell", warn: false });
  expect(verdict([broadwell, skylake, old], builds, true)).toMatchObject({ code: "generic", runs: "generic" });
  const none = verdict([skylake, old], withoutGeneric, true);
  expect(none).toMatchObject({ code: "nothing-fits", runs: undefined, warn: true });
  expect(none.reason).toMatch(/^no one build runs on all of its 2 kinds of nodes: /);
});

test("what runtimes choose themselves is left without a word", () => {
  const ordinary: readonly Build[] = [
    { name: "amd64", platform: "linux/amd64" },
    { name: "arm64", platform: "linux/arm64" },
  ];
  expect(verdict([skylake], ordinary)).toMatchObject({ code: "runtime-matched", runs: undefined, warn: false });
});

test("reasons stay short, whatever names people give", () => {
  const long = landing("t".repeat(63), `site:${"x".repeat(200)}`);
  for (const landings of [
    [skylake, long],
    [long, { ...long, profile: { ...long.profile, id: "other" } }],
  ]) {
    expect(verdict(landings, withoutGeneric).reason.length).toBeLessThanOrEqual(256);
  }
});

test.each<[string, string]>([
  ["", "generic"],
  ["cpu:skylake", "cpu:skylake"],
  ["cpu:zen3,nvcap:7.0,nvcap:8.0", "cpu:zen3, nvcap:7.0|nvcap:8.0"],
])("the requirement %j is told as %j", (features, told) => {
  const [variant] = variants({ name: "x", features });
  expect(variant === undefined ? undefined : describeRequirement(variant satisfies Variant)).toBe(told);
});
