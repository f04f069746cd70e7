import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { kubectl } from "../cluster/kubectl.ts";
import { requireMachineNodes } from "../cluster/machine-nodes.ts";
import { machineState } from "../cluster/machine-state.ts";
import { markedProcesses } from "../cluster/proc.ts";
import { createProgress } from "../cluster/progress.ts";
import { type Scenario, setScenario } from "../demo/scenario.ts";
import { installChart } from "../operator/chart.ts";
import { adminWitness, type Witness } from "../support/cluster/witness.ts";
import { describeWith } from "../support/describe-with.ts";

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const soon = (ms = 60_000): AbortSignal => AbortSignal.timeout(ms);
const found = await requireMachineNodes({
  tools: ["kubectl", "helm", "printer"],
  signal: new AbortController().signal,
  progress: say,
});

const operatorPods = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()) }),
      spec: z.object({ serviceAccountName: z.string() }),
      status: z.object({ containerStatuses: z.array(z.object({ ready: z.boolean(), imageID: z.string() })) }),
    }),
  ),
});

/** A Pod for a machine type, which must be rewritten. */
const aimed = (name: string, type: string): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: {
    nodeSelector: { "metahub.dev/machine-type": type },
    terminationGracePeriodSeconds: 0,
    containers: [{ name: "main", image: "qnib/bench" }],
  },
});

describeWith(found, "the chart on real nodes", ({ cluster, before }) => {
  let scenario: Scenario;
  let witness: Witness;
  const namespace = "metahub-system";

  /** The image that a Pod for the type would be stored with. */
  async function admitted(name: string, type: string): Promise<string> {
    const pod = await witness.createPod("default", aimed(name, type), { dryRun: true });
    return pod.spec.containers?.[0]?.image ?? "";
  }

  beforeAll(async () => {
    scenario = await setScenario({
      cluster,
      values: { crds: { keep: false } },
      progress: createProgress(say),
      signal: soon(180_000),
    });
    witness = adminWitness(cluster);
  }, 180_000);
  afterAll(async () => {
    await witness?.close();
    await cluster.stop();
  });

  test("its Pods are Ready under PodSecurity restricted, each with an account of its own and from the image given", async () => {
    const { items } = operatorPods.parse(
      JSON.parse(await kubectl(cluster, ["get", "pods", "-n", namespace, "-o", "json"])),
    );
    const rows = items.map(({ metadata, spec, status }) => ({
      component: metadata.labels["app.kubernetes.io/component"],
      account: spec.serviceAccountName,
      containers: status.containerStatuses.map(({ ready, imageID }) => [ready, imageID.split("@")[1]]),
    }));
    const { digest } = scenario.chart.image;
    const of = (component: string) => ({ component, account: `metahub-${component}`, containers: [[true, digest]] });
    expect(rows).toHaveLength(5);
    const expected = ["webhook", "webhook", "controller", "controller", "keeper"].map(of);
    expect(rows).toEqual(expect.arrayContaining(expected));
    // Helm passes on what the API server warns of.
    expect(scenario.chart.warnings).toEqual([]);
    const label = "jsonpath={.metadata.labels.pod-security\\.kubernetes\\.io/enforce}";
    expect(await kubectl(cluster, ["get", "namespace", namespace, "-o", label])).toBe("restricted");
  });

  test("kube-proxy serves the webhook's Service, on whose address the API server calls it", async () => {
    const service = ["get", "service", "metahub-webhook", "-n", namespace, "-o", "jsonpath={.spec.clusterIP}"];
    const address = await kubectl(cluster, service);
    const { status } = await fetch(`http://${address}:8081/readyz`, { signal: soon() });
    expect(status).toBe(200);
    const config = JSON.parse(
      await kubectl(cluster, ["get", "mutatingwebhookconfiguration", "metahub-webhook", "-o", "json"]),
    );
    expect(config.webhooks[0].clientConfig).toMatchObject({
      service: {
        name: "metahub-webhook",
        namespace,
        path: expect.stringMatching(/^\/[0-9a-f]{64}\/mutate\/pods$/),
      },
      caBundle: expect.stringMatching(/.+/),
    });
  });

  test("a Pod for a machine type is rewritten by the webhook in the cluster, and runs that build", async () => {
    const image = await kubectl(
      cluster,
      ["create", "-f", "-", "-o", "jsonpath={.spec.containers[0].image}"],
      aimed("aimed", "type2"),
    );
    expect(scenario.builds.tags.get(image.split("@")[1] ?? "")).toBe("cpu-skylake");
    await kubectl(cluster, ["wait", "--for=condition=Ready", "pod/aimed", "--timeout=50s"]);
    expect(await kubectl(cluster, ["logs", "aimed"])).toBe(">> This container is optimized for: cpu:skylake");
  });

  /** Creates Pods for as long as the work goes on. Resolves with their number, and those that were not rewritten. */
  const creating = async (prefix: string, work: () => Promise<void>): Promise<Creation> => {
    const over = new AbortController();
    const missed: string[] = [];
    let created = 0;
    const create = async (): Promise<void> => {
      while (!over.signal.aborted) {
        const name = `${prefix}-${created++}`;
        const image = await admitted(name, "type1");
        if (scenario.builds.tags.get(image.split("@")[1] ?? "") !== "cpu-broadwell") missed.push(`${name}: ${image}`);
        // About 100 a second; more would only measure this machine.
        await delay(20);
      }
    };
    const creators = Promise.all([create(), create()]);
    try {
      await work();
    } finally {
      over.abort();
      await creators;
    }
    return { created, missed };
  };

  test("while the webhook's Deployment is restarted, every Pod that is created is rewritten", async () => {
    const rollout = ["-n", namespace, "deployment/metahub-webhook"];
    const former = await kubectl(cluster, ["get", "pods", "-n", namespace, "-o", "name"]);
    const { created, missed } = await creating("during", async () => {
      await kubectl(cluster, ["rollout", "restart", ...rollout]);
      await cluster.kubectl(["rollout", "status", ...rollout, "--timeout=100s"], { signal: soon(110_000) });
      await kubectl(cluster, ["wait", "--for=delete", ...webhooksAmong(former), "-n", namespace, "--timeout=60s"]);
    });
    say(`${created} Pods were created while the webhook was restarted, ${missed.length} of them were not rewritten`);
    expect(created).toBeGreaterThan(100);
    expect(missed).toEqual([]);
  }, 180_000);

  test("while the chart is upgraded and the path renewed every few seconds, every Pod that is created is rewritten", async () => {
    const [keeper] = (await kubectl(cluster, ["get", "pods", "-n", namespace, "-o", "name"]))
      .split("\n")
      .filter((name) => name.startsWith("pod/metahub-keeper-"));
    const seen = new Set<string>();
    const { created, missed } = await creating("renewed", async () => {
      const values = { crds: { keep: false }, keeper: { extraArgs: ["--path-life=3000"] } };
      await installChart({ cluster, registry: scenario.registry, values, signal: soon(150_000) });
      await kubectl(cluster, ["wait", "--for=delete", keeper ?? "", "-n", namespace, "--timeout=60s"]);
      const pathsSeen = async (): Promise<number> => {
        const path = ["-o", "jsonpath={.webhooks[0].clientConfig.service.path}"];
        seen.add(await kubectl(cluster, ["get", "mutatingwebhookconfiguration", "metahub-webhook", ...path]));
        return seen.size;
      };
      await expect.poll(pathsSeen, { timeout: 60_000 }).toBeGreaterThanOrEqual(5);
      await kubectl(cluster, ["delete", "secret", "metahub-webhook-keys", "-n", namespace]);
      const now = seen.size;
      await expect.poll(pathsSeen, { timeout: 30_000 }).toBeGreaterThanOrEqual(now + 2);
    });
    say(`${created} Pods were created over ${seen.size} paths, ${missed.length} of them were not rewritten`);
    expect([...seen]).not.toContain("");
    expect(created).toBeGreaterThan(100);
    expect(missed).toEqual([]);
  }, 240_000);

  test("helm uninstall leaves what the operator made itself, and nothing of the chart", async () => {
    await scenario.chart.uninstall(soon(120_000));
    const kinds = await kubectl(cluster, ["api-resources", "--verbs=list", "-o", "name"]);
    const all = kinds.split("\n").join(",");
    const left = ["get", all, "--all-namespaces", "-o", "name", "--ignore-not-found"];
    expect(kinds).not.toContain("metahub.dev");
    const named = (await kubectl(cluster, left)).split("\n").filter((name) => /^(?!event).*metahub/.test(name));
    // The namespace is ours; its certificates and the lease of the controllers' leader go with it.
    expect(named.sort()).toEqual([
      "lease.coordination.k8s.io/metahub-controller",
      "namespace/metahub-system",
      "secret/metahub-webhook-authority",
      "secret/metahub-webhook-keys",
      "secret/metahub-webhook-tls",
    ]);
    await kubectl(cluster, ["delete", "namespace", namespace, "--timeout=50s"]);
    expect(await admitted("after", "type1")).toBe("qnib/bench");
  }, 180_000);

  test("nothing is left on the machine", async () => {
    await cluster.stop();
    expect(markedProcesses(cluster.dir)).toEqual([]);
    expect(existsSync(cluster.dir)).toBe(false);
    expect(await machineState(soon())).toEqual(before);
  });
});

/** `pod/metahub-webhook-…` of what `kubectl get -o name` printed. */
function webhooksAmong(names: string): readonly string[] {
  return names.split("\n").filter((name) => name.startsWith("pod/metahub-webhook-"));
}

interface Creation {
  readonly created: number;
  /** Each with the image that it has. */
  readonly missed: readonly string[];
}
