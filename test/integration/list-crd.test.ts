import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ManifestListKind } from "../../src/api/manifest-list.ts";
import { parseManifestListOf } from "../../src/api/parse-manifest-list.ts";
import { requireLevel } from "../cluster/require.ts";
import { badManifestLists, listManifest } from "../support/bad-manifest-lists.ts";
import { adminWitness, patchAs, refusalOf, type Witness } from "../support/cluster/witness.ts";
import { describeWith } from "../support/describe-with.ts";

const progress = (line: string): void => void process.stderr.write(`${line}\n`);
const crds = ["manifestlists", "clustermanifestlists"] as const;
const group = { group: "metahub.dev", version: "v1alpha1" } as const;
const kinds: readonly (readonly [ManifestListKind])[] = [["ManifestList"], ["ClusterManifestList"]];

const found = await requireLevel({ level: "api", signal: new AbortController().signal, progress, tools: ["kubectl"] });

describeWith(found, "the resources of manifest lists", (ready) => {
  const { cluster } = ready;
  let witness: Witness;

  const kubectl = async (...args: readonly string[]): Promise<string> => {
    const { stdout, stderr, code } = await cluster.kubectl(args, { signal: AbortSignal.timeout(60_000) });
    expect(code, stderr).toBe(0);
    return stdout.trim();
  };
  const create = (kind: ManifestListKind, body: unknown, more: object = {}): Promise<unknown> => {
    const request = { ...group, plural: `${kind.toLowerCase()}s`, body: Object(body), ...more };
    return kind === "ManifestList"
      ? witness.custom.createNamespacedCustomObject({ ...request, namespace: "default" })
      : witness.custom.createClusterCustomObject(request);
  };
  /** The API server's objection to the object; undefined where it takes it. Nothing is stored. */
  const refusal = async (kind: ManifestListKind, manifest: unknown): Promise<string | undefined> => {
    const refused = await refusalOf(create(kind, manifest, { dryRun: "All" }));
    if (refused !== undefined) expect(["Invalid", "BadRequest"], refused.message).toContain(refused.reason);
    return refused?.message;
  };

  beforeAll(async () => {
    witness = adminWitness(cluster);
    for (const crd of crds) {
      const { pathname } = new URL(`../../crds/metahub.dev_${crd}.yaml`, import.meta.url);
      // The API server works out the cost of every CEL rule and refuses what is over the budget.
      await kubectl("apply", "--server-side", "-f", pathname);
      await kubectl("wait", "--for=condition=Established", `crd/${crd}.metahub.dev`, "--timeout=30s");
    }
  });
  afterAll(async () => {
    await witness?.close();
    await cluster.stop();
  });

  test("keep what was applied, read back, and show what became of it", async () => {
    const spec = {
      image: "qnib/bench:v1",
      tags: ["latest"],
      manifests: [
        { image: "qnib/bench:generic" },
        {
          image: `qnib/bench@sha256:${"0".repeat(64)}`,
          platform: { architecture: "amd64", variant: "v3", features: ["cpu-broadwell"] },
          features: ["nvcap:8.0"],
          priority: -1,
        },
      ],
    };
    await create("ManifestList", listManifest("ManifestList", spec, "bench"));
    const target = { ...group, plural: "manifestlists", namespace: "default", name: "bench" };
    const condition = (type: string, status: string) => ({
      type,
      status,
      reason: "R",
      message: "m",
      observedGeneration: 1,
      lastTransitionTime: "2026-01-02T03:04:05Z",
    });
    const status = {
      observedGeneration: 1,
      builds: "1/2",
      entries: [
        { image: "qnib/bench:generic", digest: `sha256:${"1".repeat(64)}`, platform: "linux/amd64", requires: [] },
        { image: "qnib/bench", error: "not there", lastResolved: "2026-01-02T03:04:05Z" },
      ],
      conditions: [condition("Ready", "False"), condition("Conflict", "True")],
    };
    await witness.custom.patchNamespacedCustomObjectStatus({ ...target, body: { status } }, patchAs.merge);
    const read = parseManifestListOf("ManifestList", await witness.custom.getNamespacedCustomObject(target));
    expect(read).toMatchObject({ spec, status, metadata: { namespace: "default", generation: 1 } });
    expect(Date.parse(read.metadata.creationTimestamp ?? "")).not.toBeNaN();
    const [header, row] = (await kubectl("get", "mlist")).split("\n").map((line) => line.split(/\s{2,}/));
    expect(header).toEqual(["NAME", "IMAGE", "BUILDS", "READY", "CONFLICT", "AGE"]);
    expect(row?.slice(0, 5)).toEqual(["bench", "qnib/bench:v1", "1/2", "False", "True"]);
  });

  test("a ClusterManifestList alone has atBinding", async () => {
    await create("ClusterManifestList", listManifest("ClusterManifestList", { atBinding: true }, "open"));
    expect(await kubectl("get", "cmlist", "open", "-o", "jsonpath={.spec.atBinding}")).toBe("true");
    await create("ManifestList", listManifest("ManifestList", { atBinding: true }, "closed"));
    expect(await kubectl("get", "mlist", "closed", "-o", "jsonpath={.spec.atBinding}")).toBe("");
  });

  describe.each(kinds)("the API server, of a %s,", (kind) => {
    test.each(badManifestLists)("refuses $name", async ({ spec, field, shows }) => {
      const message = await refusal(kind, listManifest(kind, spec));
      expect(message).toContain(field);
      expect(message).toContain(shows);
    });
  });

  test("refuses exactly what the offline parser refuses", async () => {
    const parsed = (manifest: unknown): boolean => {
      try {
        parseManifestListOf("ManifestList", manifest);
        return true;
      } catch {
        return false; // Which of the two is wrong is said below.
      }
    };
    const text = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.stringMatching(/^[a-zA-Z0-9._:/@-]{0,14}$/),
      fc.stringMatching(/^([a-z.]{1,4}(:[0-9]{1,3})?\/)?[a-z0-9._-]{1,6}(:[a-zA-Z0-9._-]{1,4})?$/),
    );
    const spec = fc.oneof(
      text.map((image) => ({ image })),
      text.map((image) => ({ manifests: [{ image }] })),
      text.map((tag) => ({ tags: [tag] })),
      text.map((feature) => ({ manifests: [{ image: "a", features: [feature] }] })),
      fc
        .oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }))
        .map((priority) => ({ manifests: [{ image: "a", priority }] })),
    );
    const differences: unknown[] = [];
    for (const given of fc.sample(spec, { numRuns: 300, seed: 1 })) {
      const manifest = listManifest("ManifestList", given, "any");
      const message = await refusal("ManifestList", manifest);
      if ((message === undefined) !== parsed(manifest)) differences.push({ given, message });
    }
    expect(differences).toEqual([]);
  });
});
