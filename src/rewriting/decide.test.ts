import { expect, test, vi } from "vitest";
import { variants } from "../../test/support/variants.ts";
import type { Pod } from "../api/pod.ts";
import type { Reference } from "../oci/reference.ts";
import { RegistryError, type RegistryErrorCode } from "../registry/error.ts";
import type { Image } from "../registry/images.ts";
import { type DecisionContext, decide as decideOn } from "./decide.ts";
import { reviewPod } from "./reviewed-pod.ts";
import type { Verdict } from "./verdict.ts";

const [skylake] = variants("cpu:skylake");
const index = `sha256:${"1".repeat(64)}`;
const child = skylake?.digest ?? "";
const chosen: Verdict = {
  code: "selected",
  ...(skylake === undefined ? {} : { variant: skylake }),
  machineTypes: ["type2"],
  reason: "it fits",
  warn: false,
};
const indexImage = (reference: Reference): Image => ({
  kind: "index",
  reference,
  descriptor: { mediaType: "application/vnd.oci.image.index.v1+json", digest: index, size: 1 },
  variants: [],
  warnings: [],
});
const context = (more: Partial<DecisionContext> = {}): DecisionContext => ({
  place: () => [],
  lookup: (reference) => Promise.resolve(indexImage(reference)),
  judge: () => chosen,
  mayAsk: () => true,
  imageForm: "digest",
  noteKeys: () => [],
  ...more,
});
const pod = (images: readonly string[], more: Pod["spec"] = {}, annotations: Record<string, string> = {}): Pod => ({
  metadata: { annotations },
  spec: { containers: images.map((image, at) => ({ name: `c${at}`, image })), ...more },
});
const decide = (of: Pod, namespace: string, given: DecisionContext, signal: AbortSignal) =>
  decideOn(reviewPod(of, { served: given.allocatedResources?.() }), namespace, given, signal);
const gpuIndex: DecisionContext["lookup"] = (reference) =>
  Promise.resolve({ ...indexImage(reference), kind: "index", variants: variants("nvcap:9.0"), warnings: [] });
const alive = new AbortController().signal;
const codes = async (of: Pod, with_: DecisionContext) =>
  (await decide(of, "ns", with_, alive)).map(({ code, image, warn }) => [code, image, warn]);

test("an image that was chosen is written as its child's digest, with what is known of it", async () => {
  const [decision] = await decide(pod(["qnib/bench"]), "ns", context(), alive);
  expect(decision).toEqual({
    place: expect.objectContaining({ name: "c0", image: "qnib/bench" }),
    code: "selected",
    image: `qnib/bench@${child}`,
    index,
    variant: child,
    requires: "cpu:skylake",
    machineTypes: ["type2"],
    reason: "it fits",
    warn: false,
  });
});

const list = `ClusterManifestList/bench - ${index}`;
const madeOf = (atBinding: boolean): Pick<DecisionContext, "lookup"> => ({
  lookup: (reference) =>
    Promise.resolve({
      ...indexImage(reference),
      kind: "index",
      variants: variants("nvcap:9.0"),
      warnings: [],
      madeOf: { list, shown: "ClusterManifestList bench", atBinding },
    }),
});

test("a build of a manifest list names the list, and is written in the repository that holds it", async () => {
  const name = "ghcr.io/qnib/other";
  const variant = skylake && { ...skylake, name };
  const judge = (): Verdict => ({ ...chosen, ...(variant && { variant }) });
  const given = { ...madeOf(true), judge, imageForm: "tagAndDigest" as const };
  const [decision] = await decide(pod(["qnib/bench:v1"]), "ns", context(given), alive);
  expect(decision).toMatchObject({ image: `${name}@${child}`, variant: child, list });
  expect(decision?.index).toBeUndefined();
});

test.each([true, false])("what is left for binding is left where its list decides there: %s", async (atBinding) => {
  const differ: Verdict = { code: "nodes-differ", machineTypes: [], reason: "they differ", warn: false };
  const given = context({ ...madeOf(atBinding), judge: () => differ, atBinding: true });
  const [decision] = await decide(pod(["qnib/bench"]), "ns", given, alive);
  expect([decision?.code, decision?.warn]).toEqual(["nodes-differ", !atBinding]);
  expect(decision?.reason).toBe(
    atBinding ? "they differ" : "ClusterManifestList bench decides when a Pod is made or never, and they differ",
  );
  const claims = { containers: [{ name: "c", image: "qnib/bench", resources: { claims: [{ name: "gpu" }] } }] };
  const [allocated] = await decide(
    { metadata: {}, spec: claims },
    "ns",
    context({ ...given, judge: () => chosen }),
    alive,
  );
  expect(allocated?.code).toBe(atBinding ? "at-binding" : "selected");
});

test.each<[string, string]>([
  ["qnib/bench", `qnib/bench@${child}`],
  ["qnib/bench:1", `qnib/bench:1@${child}`],
])("tagAndDigest keeps what the owner wrote: %s", async (asked, written) => {
  const [decision] = await decide(pod([asked]), "ns", context({ imageForm: "tagAndDigest" }), alive);
  expect(decision?.image).toBe(written);
});

test.each<[string, Partial<DecisionContext>, string, string, boolean]>([
  ["before nodes are known", { place: () => undefined }, "qnib/bench", "not-ready", true],
  ["no reference", {}, "Qnib/Bench", "invalid-reference", false],
  ["a registry that may not be asked", { mayAsk: () => false }, "qnib/bench", "registry-not-asked", false],
  [
    "one build",
    {
      lookup: (reference) =>
        Promise.resolve({ kind: "manifest", reference, descriptor: { mediaType: "m", digest: child, size: 1 } }),
    },
    "qnib/bench",
    "no-index",
    false,
  ],
  [
    "no verdict to rewrite",
    { judge: () => ({ code: "nothing-fits", machineTypes: [], reason: "none", warn: true }) },
    "qnib/bench",
    "nothing-fits",
    true,
  ],
])("%s: the image is left", async (_name, more, image, code, warn) => {
  expect(await codes(pod([image]), context(more))).toEqual([[code, undefined, warn]]);
});

test.each<[RegistryErrorCode, string, string]>([
  ["NOT_FOUND", "not-found", "docker.io has no such image"],
  ["UNAUTHORIZED", "not-found", "docker.io does not show it to the credentials of this Pod"],
  ["DENIED", "not-found", "docker.io does not show it to the credentials of this Pod"],
  ["REFUSED_HOST", "registry-not-asked", "docker.io is not a registry that MetaHub may ask"],
  ["RATE_LIMITED", "registry-failed", "docker.io limits the rate of requests"],
  ["DIGEST_MISMATCH", "registry-failed", "docker.io answered with content that cannot be trusted"],
  ["TOO_LARGE", "registry-failed", "docker.io answered with content that cannot be trusted"],
  ["INVALID", "registry-failed", "docker.io answered with content that cannot be trusted"],
  ["UNREACHABLE", "registry-failed", "docker.io does not answer"],
  ["CIRCUIT_OPEN", "registry-failed", "docker.io does not answer"],
  ["TIMEOUT", "registry-failed", "docker.io does not answer"],
])("a registry's %s leaves the image with a Warning that repeats none of its text", async (error, code, reason) => {
  const lookup = () => Promise.reject(new RegistryError(error, "<script> said the registry"));
  const [decision] = await decide(pod(["qnib/bench"]), "ns", context({ lookup }), alive);
  expect(decision).toMatchObject({ code, reason, warn: true });
  expect(decision?.image).toBeUndefined();
});

test("when the time is over that is the reason, whatever the registry's error is", async () => {
  const lookup = () => Promise.reject(new RegistryError("ABORTED", "x"));
  const [decision] = await decide(pod(["qnib/bench"]), "ns", context({ lookup }), AbortSignal.abort());
  expect(decision).toMatchObject({ code: "deadline", warn: true });
});

test("a defect is no decision", async () => {
  const lookup = () => Promise.reject(new TypeError("x"));
  await expect(decide(pod(["qnib/bench"]), "ns", context({ lookup }), alive)).rejects.toThrow(TypeError);
});

test("the same reference is looked up once, and decided on for each kind of container", async () => {
  const lookup = vi.fn((reference: Reference) => Promise.resolve(indexImage(reference)));
  const judged = vi.fn(() => chosen);
  const gpu = { name: "gpu", image: "qnib/bench", resources: { limits: { "nvidia.com/gpu": "1" } } };
  const { containers = [] } = pod(["qnib/bench", "qnib/bench"]).spec;
  const decisions = await decide(
    { metadata: {}, spec: { containers: [...containers, gpu] } },
    "ns",
    context({ lookup, judge: judged }),
    alive,
  );
  expect(decisions.map(({ place }) => place.name)).toEqual(["c0", "c1", "gpu"]);
  expect(lookup).toHaveBeenCalledTimes(2);
  expect(judged.mock.calls).toHaveLength(2);
});

test("one image that fails keeps no other from being decided on", async () => {
  const lookup: DecisionContext["lookup"] = (reference) =>
    reference.repository === "a/b"
      ? Promise.reject(new RegistryError("UNREACHABLE", "x"))
      : Promise.resolve(indexImage(reference));
  const got = await codes(pod(["a/b", "qnib/bench"]), context({ lookup }));
  expect(got).toEqual([
    ["registry-failed", undefined, true],
    ["selected", `qnib/bench@${child}`, false],
  ]);
});

test("image volumes are decided for all nodes at once, containers only where that is asked for", async () => {
  const judged = vi.fn<DecisionContext["judge"]>(() => chosen);
  const volumes = [{ name: "v", image: { reference: "qnib/models" } }];
  await decide(pod(["qnib/bench"], { volumes }), "ns", context({ judge: judged }), alive);
  await decide(pod(["qnib/bench"], {}, { "metahub.dev/strategy": "common" }), "ns", context({ judge: judged }), alive);
  expect(judged.mock.calls.map(([{ reference }, , { common }]) => [reference.repository, common])).toEqual([
    ["qnib/bench", false],
    ["qnib/models", true],
    ["qnib/bench", true],
  ]);
});

test("what a container runs on the devices that DRA gives it is chosen at binding, where devices have a say", async () => {
  const containers = [
    { name: "claims", image: "qnib/gpu", resources: { claims: [{ name: "gpu" }] } },
    { name: "served", image: "qnib/gpu", resources: { limits: { "example.com/gpu": "1" } } },
    { name: "plain", image: "qnib/gpu" },
    { name: "cpu-only", image: "qnib/bench", resources: { claims: [{ name: "gpu" }] } },
  ];
  const asked = (more: Pod["spec"] = {}, annotations: Record<string, string> = {}) =>
    pod([], { containers, ...more }, annotations);
  const lookup: DecisionContext["lookup"] = (reference) => {
    const builds = reference.repository === "qnib/gpu" ? variants("cpu:skylake", "nvcap:9.0") : variants("cpu:skylake");
    return Promise.resolve({ ...indexImage(reference), kind: "index", variants: builds, warnings: [] });
  };
  const binding = { lookup, atBinding: true, allocatedResources: () => new Set(["example.com/gpu"]) };
  const found = async (of: Pod, with_: Partial<DecisionContext>) =>
    (await codes(of, context(with_))).map(([code]) => code);
  expect(await found(asked(), binding)).toEqual(["at-binding", "at-binding", "selected", "selected"]);
  const [decision] = await decide(asked(), "ns", context(binding), alive);
  expect(decision).toMatchObject({ index, warn: false, reason: expect.stringContaining("devices") });
  const now = Array(4).fill("selected");
  expect(await found(asked({ nodeName: "n" }), binding)).toEqual(now);
  expect(await found(asked({}, { "metahub.dev/strategy": "admission" }), binding)).toEqual(now);
  expect(await found(asked({}, { "metahub.dev/strategy": "common" }), binding)).toEqual(now);
  expect(await found(asked(), { lookup })).toEqual(now);
});

test("a Pod that is on its node already gets no build for a device of its claims, which labels cannot tell", async () => {
  const claiming = { name: "c", image: "qnib/bench", resources: { claims: [{ name: "gpu" }] } };
  const plugin = { name: "p", image: "qnib/bench", resources: { limits: { "nvidia.com/gpu": "1" } } };
  const judged = vi.fn<DecisionContext["judge"]>(() => chosen);
  const on = (nodeName: string | undefined, annotations: Record<string, string> = {}) =>
    decide(
      pod([], { containers: [claiming, plugin], ...(nodeName === undefined ? {} : { nodeName }) }, annotations),
      "ns",
      context({ judge: judged, allocatedResources: () => new Set(["nvidia.com/gpu"]) }),
      alive,
    );
  await on("n");
  await on(undefined);
  await on("n", { "metahub.dev/accelerators": "always" });
  expect(judged.mock.calls.map(([, , { accelerated }]) => accelerated)).toEqual([false, true, true, true]);
});

test("with strategy bind everything is decided on as with auto: only its caller leaves it for later", async () => {
  const claims = [{ name: "gpu" }];
  const containers = [
    { name: "c", image: "qnib/bench", resources: { claims } },
    { name: "d", image: "qnib/bench" },
  ];
  const volumes = [{ name: "v", image: { reference: "qnib/models" } }];
  const asked = (annotations: Record<string, string>) =>
    decide(pod([], { containers, volumes }, annotations), "ns", context({ lookup: gpuIndex, atBinding: true }), alive);
  const decisions = await asked({ "metahub.dev/strategy": "bind" });
  expect(decisions.map(({ code }) => code)).toEqual(["at-binding", "selected", "selected"]);
  expect(decisions).toEqual(await asked({}));
});
