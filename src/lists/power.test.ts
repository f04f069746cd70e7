import { describe, expect, test } from "vitest";
import { list } from "../../test/support/lists.ts";
import { decidesAtBinding, type ListPowers, noPowers, refusalOf } from "./power.ts";

const spec = { image: "qnib/bench", manifests: [{ image: "docker.io/qnib/bench:a" }, { image: "qnib/other:b" }] };
const same = { ...spec, manifests: [{ image: "qnib/bench:a" }] };
const open: ListPowers = {
  acrossRepositories: (namespace) => namespace === "across",
  atBinding: (namespace) => namespace === "binding",
};
const counted = (one: ReturnType<typeof list>, powers = noPowers) =>
  one.entries.filter((entry) => refusalOf(one, entry, powers) === undefined).map(({ image }) => image.name);

describe("builds of other repositories", () => {
  test("count in a list for everybody, and not in a tenant's", () => {
    expect(counted(list("a", spec))).toEqual(["docker.io/qnib/bench", "qnib/other"]);
    expect(counted(list("a", spec, { namespace: "hpc" }))).toEqual(["docker.io/qnib/bench"]);
  });

  test("count in a tenant's where the operator opens it to that namespace by its name", () => {
    expect(counted(list("a", spec, { namespace: "across" }), open)).toHaveLength(2);
    expect(counted(list("a", spec, { namespace: "binding" }), open)).toHaveLength(1);
  });
});

describe("at a Pod's binding", () => {
  test("a list for everybody decides where all its builds are of its own repository, or where it says so itself", () => {
    expect(decidesAtBinding(list("a", same), noPowers)).toBe(true);
    expect(decidesAtBinding(list("a", spec), noPowers)).toBe(false);
    expect(decidesAtBinding(list("a", { ...spec, atBinding: true }), noPowers)).toBe(true);
  });

  test("a tenant's decides nothing, unless the operator opens it to that namespace by its name", () => {
    const of = (namespace: string) => decidesAtBinding(list("a", same, { namespace }), open);
    expect([of("hpc"), of("across"), of("binding")]).toEqual([false, false, true]);
  });
});

test("a build with features that nobody can read counts for nobody", () => {
  const bad = { ...same, manifests: [{ image: "qnib/bench:a", features: ["cuda:many"] }] };
  const one = list("a", bad);
  expect(one.entries.map((entry) => refusalOf(one, entry, noPowers))).toEqual([expect.stringContaining("cuda:many")]);
});
