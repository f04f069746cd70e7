import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseMachineType } from "../../src/api/parse-machine-type.ts";
import { requireLevel } from "../cluster/require.ts";
import { badMachineTypes, toManifest } from "../support/bad-machine-types.ts";
import { adminWitness, machineTypes, patchAs, refusalOf, type Witness } from "../support/cluster/witness.ts";
import { describeWith } from "../support/describe-with.ts";

const progress = (line: string): void => void process.stderr.write(`${line}\n`);
const soon = (): AbortSignal => AbortSignal.timeout(60_000);
const crd = new URL("../../crds/metahub.dev_machinetypes.yaml", import.meta.url);

const right = {
  apiVersion: "metahub.dev/v1alpha1",
  kind: "MachineType",
  metadata: { name: "type4" },
  spec: {
    nodeSelector: {
      matchLabels: { "node.kubernetes.io/instance-type": "g3.4xlarge" },
      matchExpressions: [
        { key: "nvidia.com/gpu.present", operator: "Exists" },
        { key: "pool", operator: "NotIn", values: ["spot", ""] },
      ],
    },
    platform: { os: "linux", architecture: "amd64" },
    features: ["cpu:broadwell", "nvcap:5.2", "skylake", "gfx:gfx90a:sramecc+:xnack-", "8.6+PTX", "amd64/v3"],
    featureLabels: [{ label: "example.com/fabric", namespace: "fabric" }],
    deviceAttributes: [
      { driver: "gpu.example.com", attribute: "capability", namespace: "nvcap" },
      { driver: "gpu.example.com", attribute: "resource.kubernetes.io/pcieRoot", namespace: "pcie" },
    ],
    nodeTemplate: {
      labels: { "node.kubernetes.io/instance-type": "g3.4xlarge" },
      taints: [{ key: "nvidia.com/gpu", effect: "NoSchedule" }],
      allocatable: { "nvidia.com/gpu": 1, memory: "16Gi", cpu: "500m" },
    },
  },
};

const found = await requireLevel({ level: "api", signal: new AbortController().signal, progress, tools: ["kubectl"] });

describeWith(found, "the MachineType resource", (ready) => {
  const { cluster } = ready;
  let witness: Witness;

  const kubectl = async (...args: readonly string[]): Promise<string> => {
    const { stdout, stderr, code } = await cluster.kubectl(args, { signal: soon() });
    expect(code, stderr).toBe(0);
    return stdout.trim();
  };
  /** The API server's objection to the object; undefined where it takes it. Nothing is stored. */
  const refusal = async (manifest: unknown): Promise<string | undefined> => {
    const request = { ...machineTypes, body: Object(manifest), dryRun: "All" };
    const refusal = await refusalOf(witness.custom.createClusterCustomObject(request));
    if (refusal !== undefined) expect(["Invalid", "BadRequest"], refusal.message).toContain(refusal.reason);
    return refusal?.message;
  };

  beforeAll(async () => {
    witness = adminWitness(cluster);
    // Applied by the API server, which works out the cost of every CEL rule and refuses a crd that is over the budget.
    await kubectl("apply", "--server-side", "-f", crd.pathname);
    await kubectl("wait", "--for=condition=Established", "crd/machinetypes.metahub.dev", "--timeout=30s");
  });
  afterAll(async () => {
    await witness?.close();
    await cluster.stop();
  });

  test("is there with short name, category, and columns", async () => {
    expect(await kubectl("api-resources", "--categories=metahub", "-o", "name")).toBe("machinetypes.metahub.dev");
    await witness.custom.createClusterCustomObject({ ...machineTypes, body: right });
    expect((await kubectl("get", "mt")).split("\n")[0]?.split(/\s+/)).toEqual([
      "NAME",
      "NODES",
      "PLATFORM",
      "FEATURES",
      "HOMOGENEOUS",
      "AGE",
    ]);
  });

  test("keeps what was applied, with the default priority, and reads back", async () => {
    const stored = await witness.custom.getClusterCustomObject({ ...machineTypes, name: "type4" });
    expect(stored.spec).toEqual({ ...right.spec, priority: 0 });
    expect(parseMachineType(stored).spec.nodeTemplate?.allocatable).toEqual({
      "nvidia.com/gpu": "1",
      memory: "16Gi",
      cpu: "500m",
    });
  });

  test("has a status of its own, which counts no generation", async () => {
    const condition = { type: "Homogeneous", status: "False", reason: "R", message: "m", observedGeneration: 1 };
    const status = {
      observedGeneration: 1,
      nodes: 3,
      platform: "linux/amd64",
      features: ["cpu:broadwell"],
      profiles: [{ features: ["cpu:broadwell"], nodes: 3, example: "node-a" }],
      conditions: [{ ...condition, lastTransitionTime: "2026-01-02T03:04:05Z" }],
    };
    const target = { ...machineTypes, name: "type4", body: { status } };
    const patched = await witness.custom.patchClusterCustomObjectStatus(target, patchAs.merge);
    expect(patched.status).toEqual(status);
    expect(patched.metadata.generation).toBe(1);
    expect(parseMachineType(patched).status).toEqual(status);
    const row = (await kubectl("get", "mt", "type4", "--no-headers")).split(/\s+/);
    expect(row.slice(0, 5)).toEqual(["type4", "3", "linux/amd64", '["cpu:broadwell"]', "False"]);
  });

  test("takes machines outside the cluster, with a platform and features", async () => {
    const spec = { external: true, platform: right.spec.platform, features: ["cpu:zen4"] };
    const manifest = { ...right, metadata: { name: "login" }, spec };
    expect(await refusal(manifest)).toBeUndefined();
    expect(parseMachineType(manifest).spec).toEqual(spec);
  });

  test.each(badMachineTypes)("refuses $name", async (row) => {
    const message = await refusal(toManifest(row));
    expect(message).toContain(row.field);
    expect(message).toContain(row.shows);
  });

  test("refuses exactly what the offline parser refuses", async () => {
    const parsed = (manifest: unknown): boolean => {
      try {
        parseMachineType(manifest);
        return true;
      } catch {
        return false; // Which of the two is wrong is said below.
      }
    };
    const text = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.stringMatching(/^[a-zA-Z0-9:=._/+-]{0,9}$/),
      fc.stringMatching(/^([a-z.]{1,4}\/)?[a-zA-Z0-9._-]{1,70}$/),
    );
    const spec = fc.oneof(
      text.map((feature) => ({ ...right.spec, features: [feature] })),
      fc.record(
        {
          nodeSelector: fc.constant(right.spec.nodeSelector),
          external: fc.boolean(),
          platform: fc.constant(right.spec.platform),
          nodeTemplate: fc.constant(right.spec.nodeTemplate),
        },
        { requiredKeys: [] },
      ),
      text.map((key) => ({ nodeSelector: { matchLabels: { [key]: "x" } } })),
      text.map((value) => ({ nodeSelector: { matchLabels: { a: value } } })),
      text.map((key) => ({ nodeSelector: { matchExpressions: [{ key, operator: "Exists" }] } })),
      text.map((namespace) => ({ ...right.spec, featureLabels: [{ label: "a", namespace }] })),
      text.map((quantity) => ({ ...right.spec, nodeTemplate: { allocatable: { "a.b/c": quantity } } })),
      fc
        .oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }))
        .map((priority) => ({ ...right.spec, priority })),
    );
    const differences: unknown[] = [];
    for (const given of fc.sample(spec, { numRuns: 300, seed: 1 })) {
      const manifest = JSON.parse(JSON.stringify({ ...right, metadata: { name: "any" }, spec: given }));
      const message = await refusal(manifest);
      if ((message === undefined) !== parsed(manifest)) differences.push({ given, message });
    }
    expect(differences).toEqual([]);
  });

  test("is the file in crds/ that the chart installs", () => {
    const copy = new URL("../../charts/metahub/files/crds/metahub.dev_machinetypes.yaml", import.meta.url);
    expect(readFileSync(copy, "utf8")).toBe(readFileSync(crd, "utf8"));
  });
});
