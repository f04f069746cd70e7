import { expect, test } from "vitest";
import { machine, nameOf, variants } from "../../test/support/variants.ts";
import type { Profile } from "../hardware/profile.ts";
import { parseReference } from "../oci/reference.ts";
import type { Variant, VariantList } from "../oci/variant.ts";
import type { PlacedProfile } from "../placement/placement.ts";
import type { Image } from "../registry/images.ts";
import { offered } from "../selection/offered.ts";
import { Selections } from "./selections.ts";

const builds = ["cpu:broadwell", "nvcap:8.0", { name: "generic" }];
const list = variants(...builds);
const plain = { accelerated: false, common: false };

function image(of: readonly Variant[] = list, digest = "a"): Image & { kind: "index" } {
  const descriptor = { mediaType: "application/vnd.oci.image.index.v1+json", digest: `sha256:${digest}`, size: 1 };
  return { kind: "index", reference: parseReference("qnib/bench"), descriptor, variants: of, warnings: [] };
}
function profile(id: string, features: readonly string[], accelerators: readonly string[] = []): Profile {
  const { platform, features: read } = machine(...features);
  return { id, platform, features: read, accelerators: machine(...accelerators).features, notes: [] };
}
function landings(...profiles: readonly Profile[]): readonly PlacedProfile[] {
  return profiles.map((each) => ({
    profile: each,
    machineTypes: [],
    nodes: 1,
    templates: 0,
    example: { kind: "node", name: each.id },
  }));
}

test("accelerators count for the containers that get one", async () => {
  const gpu = profile("gpu", ["cpu:broadwell"], ["nvcap:8.0"]);
  expect(offered(gpu, false).features).toEqual(gpu.features);
  expect(offered(gpu, true).features).toEqual([...gpu.features, ...gpu.accelerators]);
  const selections = new Selections();
  const at = landings(gpu);
  const runs = async (accelerated: boolean) => {
    const { variant } = await selections.judge(image(), at, { ...plain, accelerated });
    return variant === undefined ? undefined : nameOf(variant, builds);
  };
  // In turn: what was remembered for one kind of container is not told to the other.
  expect([await runs(false), await runs(true), await runs(false)]).toEqual([
    "cpu:broadwell",
    "nvcap:8.0",
    "cpu:broadwell",
  ]);
});

test("the same question about the same places is worked out once", async () => {
  const selections = new Selections();
  const at = landings(profile("a", ["cpu:broadwell"]));
  const first = await selections.judge(image(), at, plain);
  expect(selections.judge(image(), at, plain)).toBe(first);
  // The same places anew, as after a change of the cluster: the selection is known, the verdict is not.
  const again = await selections.judge(image(), landings(profile("a", ["cpu:broadwell"])), plain);
  expect(again).not.toBe(first);
  expect(again).toEqual(first);
});

test("another index, another strategy: another answer", async () => {
  const selections = new Selections();
  const at = landings(profile("a", ["cpu:broadwell"]), profile("b", []));
  expect((await selections.judge(image(), at, plain)).code).toBe("nodes-differ");
  expect((await selections.judge(image(), at, { ...plain, common: true })).code).toBe("generic");
  const other = variants({ name: "generic" }, "cpu:zen5");
  expect((await selections.judge(image(other, "b"), at, plain)).code).toBe("generic");
});

test("a build of a list that could not be asked for makes uncertain what it may be for, and nothing else", async () => {
  const [away] = variants({ name: "away", features: "cpu:skylake" });
  const made = { list: "l", shown: "ManifestList a/b", atBinding: false };
  const unasked = away === undefined ? [] : [{ ...away, digest: "qnib/bench:away" }];
  const asked = { ...image(), unasked, madeOf: made };
  const selections = new Selections();
  const verdictFor = async (feature: string) =>
    await selections.judge(asked, landings(profile(feature, [feature])), plain);
  expect(await verdictFor("cpu:broadwell")).toMatchObject({ code: "selected", warn: false });
  expect(await verdictFor("cpu:skylake")).toEqual({
    code: "uncertain",
    machineTypes: [],
    reason: "qnib/bench:away of ManifestList a/b may be the right one, and what it requires cannot be read now",
    warn: true,
  });
  // Nobody says for which platform it is.
  const anywhere = unasked.map((one) => ({ ...one, requires: [], platform: { os: "", architecture: "" } }));
  const open = { ...asked, unasked: anywhere, descriptor: { ...asked.descriptor, digest: "sha256:b" } };
  expect(await selections.judge(open, landings(profile("x", ["cpu:broadwell"])), plain)).toMatchObject({
    code: "uncertain",
  });
});

test("what could not be read is asked again as soon as it was", async () => {
  const selections = new Selections();
  const at = landings(profile("a", ["cpu:broadwell"]));
  const misfit = variants("cpu:zen5");
  const code = async (more: Pick<VariantList, "unread"> | Pick<VariantList, "variants">) =>
    (await selections.judge({ ...image(misfit), ...more }, at, plain)).code;
  expect(await code({ unread: [1] })).toBe("uncertain");
  expect(await code({ unread: [1] })).toBe("uncertain");
  expect(await code({ variants: [...misfit] })).toBe("nothing-fits");
});
