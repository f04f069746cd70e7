import { expect, test } from "vitest";
import { entry, readEntries } from "../../test/support/oci/indexes.ts";
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

test("no node yet: left without a word where runtimes take the right build on any machine that may come", async () => {
  const selections = new Selections();
  const code = async (name: string, list: VariantList) =>
    (await selections.judge({ ...image([], name), ...list }, landings(), plain)).code;
  const attestation = entry("attestation", { annotations: { "vnd.docker.reference.type": "attestation-manifest" } });
  const [amd64, arm64] = [entry("amd64"), entry("arm64", { platform: { os: "linux", architecture: "arm64" } })];
  expect(await code("plain", readEntries(amd64, arm64))).toBe("runtime-matched");
  const official = ["amd64", "arm/v5", "arm/v7", "arm64/v8", "386", "ppc64le", "riscv64", "s390x"].map((name) => {
    const [architecture, variant] = name.split("/");
    return entry(name, { platform: { os: "linux", architecture, ...(variant && { variant }) } });
  });
  expect(await code("official", readEntries(...official))).toBe("runtime-matched");
  expect(await code("behind", readEntries(amd64, attestation, arm64))).toBe("runtime-matched");
  // On amd64 they take the attestation; each build requires nothing but its platform all the same.
  expect(await code("ahead", readEntries(attestation, amd64, arm64))).toBe("no-nodes");
  expect(await code("features", { variants: variants("cpu:zen5"), warnings: [] })).toBe("no-nodes");
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

test("which places run one build, whatever they would be given rather", async () => {
  const selections = new Selections();
  const [broadwell, none] = [profile("a", ["cpu:broadwell"]), profile("b", [])];
  const digest = (name: string) => list.find((build) => nameOf(build, builds) === name)?.digest ?? "";
  const runs = (name: string, ...of: Profile[]) =>
    selections.runs(image(), digest(name), landings(...of), false, new AbortController().signal);
  expect(await runs("generic", broadwell, none)).toBe(true);
  expect(await runs("cpu:broadwell", broadwell)).toBe(true);
  expect(await runs("cpu:broadwell", broadwell, none)).toBe(false);
  expect(await runs("nvcap:8.0", broadwell)).toBe(false);
  // Remembered beside the choice among all builds, and not taken for it.
  expect((await selections.judge(image(), landings(broadwell), plain)).variant?.digest).toBe(digest("cpu:broadwell"));
  const ended = AbortSignal.abort(new Error("no time"));
  const other = selections.runs(image(), digest("generic"), landings(profile("c", [])), false, ended);
  await expect(other).rejects.toMatchObject({ code: "ABORTED" });
});
