import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ProxySite, startProxySite } from "../../test/support/proxy/site.ts";
import { variants } from "../../test/support/variants.ts";
import { parseFeatures } from "../hardware/parse.ts";
import { parseReference } from "../oci/reference.ts";
import { chooseArtifact } from "./artifacts.ts";

const image = "application/vnd.oci.image.manifest.v1+json";
const index = "application/vnd.oci.image.index.v1+json";
const sif = "application/vnd.sylabs.sif.layer.v1.sif";
const amd64 = { os: "linux", architecture: "amd64" };
const arm64 = { os: "linux", architecture: "arm64" };

let site: ProxySite;
const settings = { answerIndex: new Set<string>() };
beforeAll(async () => {
  site = await startProxySite({ settings });
});
afterAll(() => site.close());

async function push(tag: string, mediaType: string, document: object): Promise<{ digest: string; size: number }> {
  const bytes = Buffer.from(JSON.stringify(document));
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  await site.upstream.store.putManifest("qnib/sif", { mediaType, bytes, tag });
  return { digest, size: bytes.length };
}

/** As apptainer pushes one: neither the manifest nor its configuration says a platform. */
async function pushSif(name: string) {
  const config = {
    mediaType: "application/vnd.sylabs.sif.config.v1+json",
    digest: `sha256:${"c".repeat(64)}`,
    size: 2,
  };
  const layer = { mediaType: sif, digest: `sha256:${"d".repeat(64)}`, size: 3, annotations: { title: name } };
  return { mediaType: image, ...(await push(name, image, { schemaVersion: 2, config, layers: [layer] })) };
}
const entry = (pushed: object, more: object = {}) => ({ ...pushed, artifactType: sif, platform: amd64, ...more });
const requires = (features: string) => ({ annotations: { "dev.metahub.features": features } });
const ask = async (tag: string, user = "type1"): Promise<Response> =>
  await site.ask(`/v2/qnib/sif/manifests/${tag}`, user);
const digestOf = (response: Response): string | null => response.headers.get("docker-content-digest");

test("an index of SIF files is chosen from by the same rules", async () => {
  const [generic, broadwell, gpu] = [await pushSif("generic"), await pushSif("broadwell"), await pushSif("gpu")];
  const manifests = [
    entry(generic),
    entry(broadwell, requires("cpu:broadwell")),
    entry(gpu, requires("cpu:broadwell,nvcap:5.2")),
  ];
  const { digest } = await push("builds", index, { schemaVersion: 2, mediaType: index, manifests });
  const answers = await Promise.all(["type1", "type4", "unfiltered"].map((user) => ask("builds", user)));
  expect(answers.map(digestOf)).toEqual([broadwell.digest, gpu.digest, digest]);
  expect(answers[0]?.headers.get("metahub-index")).toBe(digest);
  settings.answerIndex = new Set(["type1"]);
  try {
    const reduced = JSON.parse(await (await ask("builds")).text());
    expect(reduced.manifests).toEqual([manifests[1]]);
  } finally {
    settings.answerIndex = new Set();
  }
});

test("also where platforms alone tell them apart: no runtime does it for them", async () => {
  const [arm, amd] = [await pushSif("arm"), await pushSif("amd")];
  const manifests = [entry(arm, { platform: arm64 }), entry(amd)];
  await push("platforms", index, { schemaVersion: 2, mediaType: index, manifests });
  expect(digestOf(await ask("platforms"))).toBe(amd.digest);
});

test("where none fits, that is told", async () => {
  const manifests = [entry(await pushSif("arm"), { platform: arm64 })];
  await push("arm-only", index, { schemaVersion: 2, mediaType: index, manifests });
  const response = await ask("arm-only");
  expect([response.status, JSON.parse(await response.text()).errors[0].message]).toEqual([
    404,
    expect.stringMatching(/^no build for machine type type1: /),
  ]);
});

test("an artifact alone, and an index of those for any machine, are what they are", async () => {
  const alone = await pushSif("alone");
  expect(digestOf(await ask("alone"))).toBe(alone.digest);
  const manifests = [{ ...alone, artifactType: "application/vnd.cncf.helm.config.v1+json" }];
  const { digest } = await push("charts", index, { schemaVersion: 2, mediaType: index, manifests });
  expect(digestOf(await ask("charts"))).toBe(digest);
  const empty = await push("empty", index, { schemaVersion: 2, mediaType: index, manifests: [] });
  expect(digestOf(await ask("empty"))).toBe(empty.digest);
});

test("beside images an artifact is never chosen", async () => {
  const [bill, build] = [await pushSif("bill"), await pushSif("image")];
  const manifests = [
    entry(bill, requires("cpu:broadwell")),
    { ...build, platform: amd64 },
    { ...(await pushSif("other")), platform: amd64, ...requires("cpu:zen4") },
  ];
  await push("mixed", index, { schemaVersion: 2, mediaType: index, manifests });
  expect(digestOf(await ask("mixed"))).toBe(build.digest);
});

test("accelerators of its nodes count: the machine asks for itself", async () => {
  const features = parseFeatures("cpu:broadwell", { architecture: "amd64" });
  const accelerators = parseFeatures("nvcap:5.2", { architecture: "amd64" });
  const profile = { id: "p", platform: amd64, features, accelerators, notes: [] };
  const example = { kind: "template", name: "t" } as const;
  const reference = parseReference("qnib/sif");
  const descriptor = { mediaType: index, digest: `sha256:${"1".repeat(64)}`, size: 1 };
  const builds = variants({ name: "generic" }, { name: "gpu", features: "cpu:broadwell,nvcap:5.2" });
  const { selected } = await chooseArtifact(
    { kind: "index", reference, descriptor, variants: builds, warnings: [] },
    [{ profile, machineTypes: ["t"], nodes: 0, templates: 1, example }],
    AbortSignal.timeout(5_000),
  );
  expect(selected).toBe(builds[1]);
});
