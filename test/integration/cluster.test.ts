import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startDistribution } from "../cluster/distribution.ts";
import { pushTestImage } from "../cluster/images.ts";
import { kubectl } from "../cluster/kubectl.ts";
import { createAuthority } from "../cluster/pki.ts";
import { markedProcesses } from "../cluster/proc.ts";
import { isAlive, waitForEnd } from "../cluster/process-identity.ts";
import { requireLevel, requirePrograms } from "../cluster/require.ts";
import { readProcessRecords, readRunRecord } from "../cluster/run-record.ts";
import { attachCluster, endCluster, startCluster } from "../cluster/start.ts";
import { describeWith } from "../support/describe-with.ts";

const progress = (line: string): void => void process.stderr.write(`${line}\n`);
const soon = (): AbortSignal => AbortSignal.timeout(60_000);

const pod = (name: string, spec: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: { ...spec, containers: [{ name: "main", image: "registry.invalid/none" }] },
});

const found = await requireLevel({ provider: "local", level: "api", signal: new AbortController().signal, progress });

describeWith(found, "a local cluster of level api", ({ cluster }) => {
  afterAll(() => cluster.stop());

  test("schedules a Pod to a node that is an object", async () => {
    await cluster.createNode({ name: "icelake", labels: { pool: "icelake" } }, soon());
    await cluster.createNode({ name: "tainted", taints: [{ key: "gpu", effect: "NoSchedule" }] }, soon());
    await kubectl(cluster, ["create", "-f", "-"], pod("scheduled"));
    const nodeName = "--for=jsonpath={.spec.nodeName}=icelake";
    await kubectl(cluster, ["wait", nodeName, "pod/scheduled", "--timeout=20s"]);
  });

  test("says of a node what its spec says", async () => {
    const spec = {
      name: "gpu",
      allocatable: { "nvidia.com/gpu": "4" },
      kernelVersion: "5.14.0",
      architecture: "arm64",
    };
    await cluster.createNode(spec, soon());
    const node = JSON.parse(await kubectl(cluster, ["get", "node", "gpu", "-o", "json"]));
    expect(node.status.allocatable).toMatchObject({ "nvidia.com/gpu": "4", cpu: "64" });
    expect(node.status.nodeInfo).toMatchObject({ kernelVersion: "5.14.0", architecture: "arm64" });
    expect(node.metadata.labels["kubernetes.io/arch"]).toBe("arm64");
  });

  test("keeps a node that is not ready from Pods, as a real cluster does", async () => {
    await cluster.createNode({ name: "broken", ready: false }, soon());
    // The controller manager puts it on, as soon as it has seen the node.
    const taints = () => kubectl(cluster, ["get", "node", "broken", "-o", "jsonpath={.spec.taints[*].key}"]);
    await expect.poll(taints, { timeout: 20_000 }).toContain("node.kubernetes.io/not-ready");
  });

  test("calls a webhook of this machine", async () => {
    const authority = await createAuthority();
    const { certificate, key } = await authority.issue({ commonName: "hook", server: true, addresses: ["127.0.0.1"] });
    const server = createServer({ cert: certificate, key }, (request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on("end", () => {
        const { uid } = JSON.parse(body).request;
        const status = { message: "said the webhook" };
        response.setHeader("content-type", "application/json");
        response.end(
          JSON.stringify({
            apiVersion: "admission.k8s.io/v1",
            kind: "AdmissionReview",
            response: { uid, allowed: false, status },
          }),
        );
      });
    });
    server.listen(0, cluster.hostAddress);
    await once(server, "listening");
    try {
      const address = server.address();
      const port = typeof address === "object" ? address?.port : undefined;
      await kubectl(cluster, ["create", "-f", "-"], {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "ValidatingWebhookConfiguration",
        metadata: { name: "hook" },
        webhooks: [
          {
            name: "hook.metahub.dev",
            clientConfig: {
              url: `https://${cluster.hostAddress}:${port}/`,
              caBundle: Buffer.from(authority.certificate).toString("base64"),
            },
            rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["limitranges"] }],
            sideEffects: "None",
            admissionReviewVersions: ["v1"],
          },
        ],
      });
      // The API server learns of a new webhook by its watch: until then it lets the request through.
      const limits = { apiVersion: "v1", kind: "LimitRange", metadata: { generateName: "l" }, spec: { limits: [] } };
      await expect
        .poll(
          async () =>
            (await cluster.kubectl(["create", "-f", "-"], { signal: soon(), input: JSON.stringify(limits) })).stderr,
          { timeout: 20_000 },
        )
        .toContain("said the webhook");
    } finally {
      await kubectl(cluster, ["delete", "validatingwebhookconfiguration", "hook"]);
      server.closeAllConnections();
      server.close();
    }
  });

  test("keeps everything when its API server is killed and started again", async () => {
    const before = readProcessRecords(cluster.dir).find(({ name }) => name === "kube-apiserver");
    let down = "";
    await cluster.restartApiServer({
      signal: soon(),
      async whileDown() {
        down = (await cluster.kubectl(["get", "nodes"], { signal: soon() })).stderr;
      },
    });
    const after = readProcessRecords(cluster.dir).find(({ name }) => name === "kube-apiserver");
    expect(down).toContain("refused");
    expect(after?.pid).not.toBe(before?.pid);
    expect(await kubectl(cluster, ["get", "pod", "scheduled", "-o", "name"])).toBe("pod/scheduled");
    await kubectl(cluster, ["create", "-f", "-"], pod("later", { nodeSelector: { pool: "icelake" } }));
    await kubectl(cluster, ["wait", "--for=jsonpath={.spec.nodeName}=icelake", "pod/later", "--timeout=30s"]);
  });

  test("can be used from another process's view, beside a second cluster", async () => {
    const second = await startCluster({ provider: "local", level: "api", signal: soon() });
    try {
      expect(second.server).not.toBe(cluster.server);
      const attached = await attachCluster(cluster.dir, { borrow: true });
      expect(await kubectl(attached, ["get", "node", "icelake", "-o", "name"])).toBe("node/icelake");
      await attached.stop();
      expect((await second.kubectl(["get", "nodes", "-o", "name"], { signal: soon() })).stdout).toBe("");
    } finally {
      await second.stop();
    }
  });

  test("serves as an existing cluster, in which nothing of ours stays", async () => {
    vi.stubEnv("METAHUB_TEST_KUBECONFIG", cluster.kubeconfig);
    try {
      const existing = await startCluster({ level: "api", signal: soon() });
      expect(existing.provider).toBe("existing");
      await existing.createNode({ name: "guest" }, soon());
      const lease = ["get", "lease", "guest", "-n", "kube-node-lease", "-o", "jsonpath={.spec.holderIdentity}"];
      expect(await kubectl(cluster, lease)).toBe("guest");
      await expect(existing.restartApiServer({ signal: soon() })).rejects.toMatchObject({ code: "UNSUPPORTED" });
      await existing.stop();
      expect(await kubectl(cluster, ["get", "node", "guest", "--ignore-not-found", "-o", "name"])).toBe("");
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test("runs Helm against the cluster", async () => {
    const { stdout, code } = await cluster.helm(["list", "--all-namespaces", "--output=json"], { signal: soon() });
    expect({ stdout: stdout.trim(), code }).toEqual({ stdout: "[]", code: 0 });
  });

  test("leaves no process and no folder when it is stopped", async () => {
    const processes = readProcessRecords(cluster.dir);
    const keeper = readRunRecord(cluster.dir)?.keeper;
    expect(processes.map(({ name }) => name).sort()).toEqual([
      "etcd",
      "kube-apiserver",
      "kube-controller-manager",
      "kube-scheduler",
    ]);
    expect(keeper && isAlive(keeper)).toBe(true);
    await cluster.stop();
    expect([...processes, ...(keeper ? [keeper] : [])].filter(isAlive)).toEqual([]);
    expect(markedProcesses(cluster.dir)).toEqual([]);
    expect(existsSync(cluster.dir)).toBe(false);
  });
});

describeWith(found, "the end of a cluster's owner", () => {
  const script = (dir: string, detached: boolean): string => `
    const { startCluster } = await import(${JSON.stringify(fileURLToPath(new URL("../cluster/start.ts", import.meta.url)))});
    await startCluster({ provider: "local", level: "api", dir: ${JSON.stringify(dir)}, detached: ${detached},
                         signal: AbortSignal.timeout(120_000) });
    console.log("up");
    setInterval(() => {}, 1000);`;

  /** Starts a cluster in a process of its own, and kills that process when the cluster is up. */
  async function killedOwner(dir: string, detached: boolean): Promise<void> {
    const owner = spawn(process.execPath, ["--input-type=module", "-e", script(dir, detached)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const said = await once(owner.stdout, "data");
    expect(String(said)).toContain("up");
    owner.kill("SIGKILL");
    await once(owner, "exit");
  }

  let base = "";
  beforeAll(() => {
    base = mkdtempSync(join(tmpdir(), "metahub-owner-"));
  });
  afterAll(async () => {
    await endCluster(join(base, "tied"));
    await endCluster(join(base, "free"));
    rmSync(base, { recursive: true, force: true });
  });

  test("ends the cluster, also when the owner was killed", async () => {
    const dir = join(base, "tied");
    await killedOwner(dir, false);
    const processes = readProcessRecords(dir);
    const left = await waitForEnd(processes, 30_000);
    expect(left).toEqual([]);
    await expect.poll(() => existsSync(dir), { timeout: 10_000 }).toBe(false);
  });

  test("leaves a detached cluster up, which anybody can use and end by its folder", async () => {
    const dir = join(base, "free");
    await killedOwner(dir, true);
    const processes = readProcessRecords(dir);
    expect(processes.filter(isAlive)).toHaveLength(4);
    const cluster = await attachCluster(dir);
    expect(await kubectl(cluster, ["get", "namespace", "default", "-o", "name"])).toBe("namespace/default");
    await endCluster(dir);
    expect(processes.filter(isAlive)).toEqual([]);
    await endCluster(dir); // once more is no error
  });
});

describeWith(await requirePrograms(["registry"], soon()), "a registry", () => {
  test("keeps its content and its address through an outage", async () => {
    const registry = await startDistribution({ signal: soon(), progress });
    try {
      const pushed = await pushTestImage({
        host: registry.host,
        repository: "some/image",
        reference: "v1",
        layers: [[{ path: "text", content: Buffer.from("hello") }]],
        signal: soon(),
      });
      const url = `http://${registry.host}/v2/some/image/manifests/v1`;
      const headers = { accept: pushed.mediaType };
      await registry.halt();
      await expect(fetch(url, { signal: soon(), headers })).rejects.toThrow("fetch failed");
      await registry.resume(soon());
      const answer = await fetch(url, { signal: soon(), headers });
      expect(answer.headers.get("docker-content-digest")).toBe(pushed.digest);
      await answer.body?.cancel();
    } finally {
      await registry.stop();
    }
    expect(existsSync(registry.dir)).toBe(false);
  });
});
