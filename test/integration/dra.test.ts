import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { kubectl } from "../cluster/kubectl.ts";
import { openBindingSite, soon } from "../support/cluster/binding-site.ts";
import {
  claimTemplate,
  deviceClass,
  nvidiaGpu,
  ofCapability,
  publishDevices,
  release,
  request,
  runs,
} from "../support/cluster/dra-devices.ts";
import { describeWith } from "../support/describe-with.ts";

const found = await openBindingSite();
const nvidia = "gpu.nvidia.com";
const image = "example/gpu";
const claims = (template: string) => [{ name: "gpu", resourceClaimTemplateName: template }];
const roleSchema = z.object({ rules: z.array(z.looseObject({ resources: z.array(z.string()) })) });
const container = (name: string, resources?: object) => ({ name, image, ...(resources && { resources }) });

describeWith(found, "devices that DRA allocates", (site) => {
  let builds: ReadonlyMap<string, string>;
  afterAll(() => site.stop());

  beforeAll(async () => {
    builds = await site.publish(image, {
      cpu: [],
      sm70: ["nvcap:7.0"],
      sm90: ["nvcap:9.0"],
      ptx70: ["nvptx:7.0"],
    });
    const allocatable = { pods: "1000", cpu: "1000" };
    // GPU Feature Discovery writes the labels of one of the models only.
    const labels = { pool: "mixed", "nvidia.com/gpu.compute.major": "7", "nvidia.com/gpu.compute.minor": "0" };
    await site.cluster.createNode({ name: "mixed", labels, allocatable }, soon());
    await site.cluster.createNode({ name: "own", labels: { pool: "own" }, allocatable }, soon());
    await publishDevices(site, {
      node: "mixed",
      driver: nvidia,
      devices: { "gpu-0": nvidiaGpu("7.0"), "gpu-1": nvidiaGpu("9.0") },
    });
    await deviceClass(site, nvidia, "nvidia.com/gpu");
    for (const version of ["7.0", "9.0"]) {
      await claimTemplate(site, `sm${version.replace(".", "")}`, [request("one", nvidia, ofCapability(version))]);
    }
    await claimTemplate(site, "both", [
      request("old", nvidia, ofCapability("7.0")),
      request("new", nvidia, ofCapability("9.0")),
    ]);
  }, 120_000);

  test.each(["sm70", "sm90"])("a Pod with a claim gets the build for the very GPU that it got: %s", async (kind) => {
    const spec = {
      nodeSelector: { pool: "mixed" },
      resourceClaims: claims(kind),
      containers: [container("main", { claims: [{ name: "gpu" }] }), container("side")],
    };
    const admitted = await site.createPod(kind, { spec });
    // Labels would say the same of every node that it can land on, and be wrong for one of the two GPUs.
    expect(admitted.spec.containers?.map(({ image: has }) => has)).toEqual([image, `${image}@${builds.get("cpu")}`]);
    expect(site.note(admitted)).toMatchObject({ code: "at-binding", reason: expect.stringContaining("devices") });
    expect(await runs(site, builds, kind)).toEqual([kind, "cpu"]);
    await release(site, kind);
  });

  test("a Pod without a claim gets the CPU build on the same node", async () => {
    await site.createPod("plain", { image, spec: { nodeSelector: { pool: "mixed" } } });
    expect(await runs(site, builds, "plain")).toEqual(["cpu"]);
    await release(site, "plain");
  });

  test("each container gets the build for what its request was given, and what all satisfy for several", async () => {
    const spec = {
      nodeSelector: { pool: "mixed" },
      resourceClaims: claims("both"),
      containers: [
        container("old", { claims: [{ name: "gpu", request: "old" }] }),
        container("new", { claims: [{ name: "gpu", request: "new" }] }),
        container("all", { claims: [{ name: "gpu" }] }),
      ],
    };
    await site.createPod("three", { spec });
    expect(await runs(site, builds, "three")).toEqual(["sm70", "sm90", "ptx70"]);
    await release(site, "three");
  });

  test("an extended resource that a DeviceClass serves: the claim that the scheduler made says which GPU", async () => {
    // The only GPU that is left is the new one.
    await site.createPod("first", {
      spec: {
        nodeSelector: { pool: "mixed" },
        resourceClaims: claims("sm70"),
        containers: [container("main", { claims: [{ name: "gpu" }] })],
      },
    });
    expect(await runs(site, builds, "first")).toEqual(["sm70"]);
    const limits = { "nvidia.com/gpu": "1" };
    const spec = { nodeSelector: { pool: "mixed" }, containers: [container("side"), container("main", { limits })] };
    await site.createPod("extended", { spec });
    expect(await runs(site, builds, "extended")).toEqual(["cpu", "sm90"]);
    const status = await kubectl(site.cluster, [
      "get",
      "pod",
      "extended",
      "-o",
      "jsonpath={.status.extendedResourceClaimStatus.requestMappings[*].containerName}",
    ]);
    expect(status.trim()).toBe("main");
    await release(site, "first", "extended");
  });

  test("the implicit extended resource of a DeviceClass too", async () => {
    const limits = { [`deviceclass.resource.kubernetes.io/${nvidia}`]: "2" };
    await site.createPod("implicit", {
      spec: { nodeSelector: { pool: "mixed" }, containers: [container("main", { limits })] },
    });
    expect(await runs(site, builds, "implicit")).toEqual(["ptx70"]);
    await release(site, "implicit");
  });

  test("the same request on a node with a device plugin goes by labels", async () => {
    const spec = { nodeSelector: { "kubernetes.io/hostname": "node4" } };
    const limits = { "nvidia.com/gpu": "1" };
    await site.createPod("plugin", {
      spec: { ...spec, containers: [{ name: "main", image: "qnib/bench", resources: { limits } }] },
    });
    expect(site.buildIn(await site.bound("plugin"))).toBe("cpu_broadwell-nvcap_52");
    await release(site, "plugin");
  });

  test("a driver that nobody knows: nothing, until a machine type says which attribute carries the feature", async () => {
    const driver = "gpu.example.com";
    await publishDevices(site, {
      node: "own",
      driver,
      devices: { "card-0": { capability: { string: "sm_90" } }, "card-1": { capability: { string: "sm_90" } } },
    });
    await deviceClass(site, driver);
    await claimTemplate(site, "own", [request("one", driver)]);
    const spec = {
      nodeSelector: { pool: "own" },
      resourceClaims: claims("own"),
      containers: [container("main", { claims: [{ name: "gpu" }] })],
    };
    await site.createPod("unknown", { spec });
    expect(await runs(site, builds, "unknown")).toEqual(["cpu"]);
    await kubectl(site.cluster, ["apply", "-f", "-"], {
      apiVersion: "metahub.dev/v1alpha1",
      kind: "MachineType",
      metadata: { name: "own" },
      spec: {
        nodeSelector: { matchLabels: { pool: "own" } },
        deviceAttributes: [{ driver, attribute: "capability", namespace: "compute-capability" }],
      },
    });
    // The webhook reads the ResourceSlices again, now with the attribute.
    const lists = 'resource="resourceslices",event="listed"';
    const listed = () => site.operator.webhook.metric("metahub_watch_events_total", lists, soon());
    await expect.poll(listed, { timeout: 30_000 }).toBe(2);
    await site.createPod("known", { spec });
    expect(await runs(site, builds, "known")).toEqual(["sm90"]);
    await release(site, "unknown", "known");
  });

  test("a claim that cannot be read: the build that needs no device, and an Event", async () => {
    const role = (rules: unknown) => {
      const patch = JSON.stringify({ rules });
      return kubectl(site.cluster, ["patch", "clusterrole", "metahub-webhook", "--type=merge", "-p", patch]);
    };
    const { rules } = roleSchema.parse(
      JSON.parse(await kubectl(site.cluster, ["get", "clusterrole", "metahub-webhook", "-o", "json"])),
    );
    await role(rules.filter(({ resources }) => !resources.includes("resourceclaims")));
    const account = "--as=system:serviceaccount:metahub-system:metahub-webhook";
    const spec = {
      nodeSelector: { pool: "mixed" },
      resourceClaims: claims("sm90"),
      containers: [container("main", { claims: [{ name: "gpu" }] })],
    };
    await expect(kubectl(site.cluster, ["auth", "can-i", "get", "resourceclaims", account])).rejects.toThrow();
    await site.createPod("doubt", { spec });
    expect(await runs(site, builds, "doubt")).toEqual(["cpu"]);
    await expect.poll(() => site.eventsOf("doubt"), { timeout: 30_000 }).toContain("DevicesUnknown");
    await role(rules);
    await release(site, "doubt");
  });
});
