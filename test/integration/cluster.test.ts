import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { adminEnv } from "../cluster/admin-env.ts";
import { defaultSources, resolveBinaries } from "../cluster/binaries.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { runCommand } from "../cluster/command.ts";
import { startDistribution } from "../cluster/distribution.ts";
import { pushTestImage } from "../cluster/images.ts";
import { createAuthority } from "../cluster/pki.ts";
import { markedProcesses, mountsBelow } from "../cluster/proc.ts";
import { listIfThere } from "../cluster/proc-file.ts";
import { isAlive, waitForEnd } from "../cluster/process-identity.ts";
import { createProgress } from "../cluster/progress.ts";
import { requireLevel } from "../cluster/require.ts";
import { readProcessRecords, readRunRecord } from "../cluster/run-record.ts";
import { attachCluster, endCluster, startCluster } from "../cluster/start.ts";

const progress = (line: string): void => void process.stderr.write(`${line}\n`);
const soon = (): AbortSignal => AbortSignal.timeout(60_000);

/** Runs kubectl and returns what it printed; the test fails with its error otherwise. */
async function kubectl(cluster: Cluster, args: readonly string[], input?: unknown): Promise<string> {
  const stdin = input === undefined ? {} : { input: JSON.stringify(input) };
  const { stdout, stderr, code } = await cluster.kubectl(args, { signal: soon(), ...stdin });
  expect(code, stderr).toBe(0);
  return stdout.trim();
}

const pod = (name: string, spec: object = {}, image = "registry.invalid/none"): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: name } },
  spec: { terminationGracePeriodSeconds: 0, ...spec, containers: [{ name: "main", image, ...containerOf(spec) }] },
});

function containerOf(spec: object): object {
  return "containers" in spec && Array.isArray(spec.containers) ? spec.containers[0] : {};
}

const ready = await requireLevel({ provider: "local", level: "api", signal: new AbortController().signal, progress });

describe.skipIf("skip" in ready)("a local cluster of level api", () => {
  if ("skip" in ready) return;
  const { cluster } = ready;
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
    const taints = await kubectl(cluster, ["get", "node", "broken", "-o", "jsonpath={.spec.taints[*].key}"]);
    expect(taints).toContain("node.kubernetes.io/not-ready");
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
    const second = await requireLevel({ provider: "local", level: "api", signal: soon() });
    if ("skip" in second) throw new Error(second.skip);
    try {
      expect(second.cluster.server).not.toBe(cluster.server);
      const attached = await attachCluster(cluster.dir, { borrow: true });
      expect(await kubectl(attached, ["get", "node", "icelake", "-o", "name"])).toBe("node/icelake");
      await attached.stop();
      expect((await second.cluster.kubectl(["get", "nodes", "-o", "name"], { signal: soon() })).stdout).toBe("");
    } finally {
      await second.cluster.stop();
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
      await expect(existing.restartApiServer({ signal: soon() })).rejects.toMatchObject({ code: "unsupported" });
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

describe.skipIf("skip" in ready)("the end of a cluster's owner", () => {
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

describe("a registry", () => {
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

/** What level nodes touches of the machine outside of its own folder. */
async function machineState(): Promise<object> {
  const options = { signal: soon(), env: adminEnv() };
  const settings = ["net/ipv4/ip_forward", "vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops"];
  const folders = ["/run/containerd", "/run/netns", "/var/lib/cni", "/var/lib/kubelet", "/var/log/containers"];
  return {
    links: (await runCommand("ip", ["-brief", "link"], options)).stdout.match(/^(veth|mhtest)\S+/gm),
    tables: (await runCommand("nft", ["list", "tables"], options)).stdout,
    settings: await Promise.all(settings.map((name) => readFile(`/proc/sys/${name}`, "utf8"))),
    folders: folders.filter((path) => existsSync(path)),
    cgroups: listIfThere("/sys/fs/cgroup").filter((name) => existsSync(`/sys/fs/cgroup/${name}/k8s.io`)),
    namespaces: mountsBelow(["/run/netns"]),
  };
}
const machine = process.getuid?.() === 0 ? await machineState() : {};
const nodes = await requireLevel({ provider: "local", level: "nodes", signal: new AbortController().signal, progress });

describe.skipIf("skip" in nodes)("a local cluster of level nodes", () => {
  if ("skip" in nodes) {
    process.stderr.write(`${nodes.skip}\n`);
    return;
  }
  const { cluster } = nodes;
  const registry = cluster.registry ?? "";
  afterAll(() => cluster.stop());

  beforeAll(async () => {
    const binary = await resolveBinaries(["printer"], defaultSources(), createProgress(progress), soon());
    const program = [{ path: "printer", content: await readFile(binary("printer")), mode: 0o755 }];
    for (const text of ["icelake", "zen3"]) {
      await pushTestImage({
        host: registry,
        repository: "qnib/bench",
        reference: text,
        layers: [program, [{ path: "text", content: Buffer.from(`built for ${text}\n`) }]],
        config: { Entrypoint: ["/printer"] },
        signal: soon(),
      });
    }
  });

  test("runs containers that print which image they are, one on each node", async () => {
    await Promise.all(
      ["node1", "node2", "node3", "node4"].map((node, index) =>
        kubectl(
          cluster,
          ["create", "-f", "-"],
          pod(
            node,
            { nodeSelector: { "kubernetes.io/hostname": node } },
            `${registry}/qnib/bench:${index % 2 ? "zen3" : "icelake"}`,
          ),
        ),
      ),
    );
    const names = ["pod/node1", "pod/node2", "pod/node3", "pod/node4"];
    await kubectl(cluster, ["wait", "--for=condition=Ready", ...names, "--timeout=50s"]);
    const printed = await Promise.all(names.map((name) => kubectl(cluster, ["logs", name])));
    expect(printed).toEqual(["built for icelake", "built for zen3", "built for icelake", "built for zen3"]);
  });

  test("pulls an image of another registry from a mirror", async () => {
    await cluster.mirrorRegistry("docker.io", registry);
    const once = { restartPolicy: "Never", containers: [{ args: ["--once"] }] };
    await kubectl(cluster, ["create", "-f", "-"], pod("mirrored", once, "qnib/bench:zen3"));
    await kubectl(cluster, ["wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/mirrored", "--timeout=50s"]);
    expect(await kubectl(cluster, ["logs", "mirrored"])).toBe("built for zen3");
  });

  test("lets Pods reach each other through a Service, and the machine reach it too", async () => {
    const image = `${registry}/qnib/bench:icelake`;
    const server = { containers: [{ args: ["--listen=:8080", "hello", "from", "a", "Service"] }] };
    await kubectl(cluster, ["create", "-f", "-"], pod("server", server, image));
    await kubectl(cluster, ["expose", "pod", "server", "--port=80", "--target-port=8080"]);
    await kubectl(cluster, ["wait", "--for=condition=Ready", "pod/server", "--timeout=50s"]);
    const address = await kubectl(cluster, ["get", "service", "server", "-o", "jsonpath={.spec.clusterIP}"]);
    // kube-proxy writes its rules a moment after the endpoint is ready; the client's Pod is started again until then.
    const client = { restartPolicy: "OnFailure", containers: [{ args: ["--once", `--get=http://${address}`] }] };
    await kubectl(cluster, ["create", "-f", "-"], pod("client", client, image));
    await kubectl(cluster, ["wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/client", "--timeout=50s"]);
    expect(await kubectl(cluster, ["logs", "client"])).toBe("hello from a Service");
    const answer = await fetch(`http://${address}`, { signal: soon() });
    expect(await answer.text()).toBe("hello from a Service\n");
  });

  test("leaves nothing on the machine when it is stopped with Pods running", async () => {
    const processes = readProcessRecords(cluster.dir);
    expect(processes.filter(isAlive)).toHaveLength(4 + 2 + 8);
    await cluster.stop();
    expect(processes.filter(isAlive)).toEqual([]);
    expect(markedProcesses(cluster.dir)).toEqual([]);
    expect(mountsBelow([cluster.dir])).toEqual([]);
    expect(await machineState()).toEqual(machine);
    const options = { signal: soon() };
    expect((await runCommand("ps", ["-eo", "args"], options)).stdout).not.toMatch(/^\/(printer|pause)/m);
    expect(existsSync(cluster.dir)).toBe(false);
  });
});
