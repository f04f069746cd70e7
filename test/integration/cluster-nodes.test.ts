import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defaultSources, resolveBinaries } from "../cluster/binaries.ts";
import { pushTestImage } from "../cluster/images.ts";
import { kubectl } from "../cluster/kubectl.ts";
import { requireMachineNodes } from "../cluster/machine-nodes.ts";
import { machineState } from "../cluster/machine-state.ts";
import { commandLines, markedProcesses, mountsBelow } from "../cluster/proc.ts";
import { isAlive } from "../cluster/process-identity.ts";
import { createProgress } from "../cluster/progress.ts";
import { readProcessRecords } from "../cluster/run-record.ts";
import { describeWith } from "../support/describe-with.ts";

const progress = (line: string): void => void process.stderr.write(`${line}\n`);
const soon = (): AbortSignal => AbortSignal.timeout(60_000);

/** A Pod with one container of this image. */
const pod = (name: string, image: string, container: object = {}, spec: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: name } },
  spec: { terminationGracePeriodSeconds: 0, ...spec, containers: [{ name: "main", image, ...container }] },
});

const found = await requireMachineNodes({ signal: new AbortController().signal, progress });

describeWith(found, "a local cluster of level nodes", ({ cluster, before }) => {
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
      ["node1", "node2", "node3", "node4"].map((node, index) => {
        const image = `${registry}/qnib/bench:${index % 2 ? "zen3" : "icelake"}`;
        const spec = { nodeSelector: { "kubernetes.io/hostname": node } };
        return kubectl(cluster, ["create", "-f", "-"], pod(node, image, {}, spec));
      }),
    );
    const names = ["pod/node1", "pod/node2", "pod/node3", "pod/node4"];
    await kubectl(cluster, ["wait", "--for=condition=Ready", ...names, "--timeout=50s"]);
    const printed = await Promise.all(names.map((name) => kubectl(cluster, ["logs", name])));
    expect(printed).toEqual(["built for icelake", "built for zen3", "built for icelake", "built for zen3"]);
  });

  test("pulls an image of another registry from a mirror", async () => {
    await cluster.mirrorRegistry("docker.io", registry);
    const mirrored = pod("mirrored", "qnib/bench:zen3", { args: ["--once"] }, { restartPolicy: "Never" });
    await kubectl(cluster, ["create", "-f", "-"], mirrored);
    await kubectl(cluster, ["wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/mirrored", "--timeout=50s"]);
    expect(await kubectl(cluster, ["logs", "mirrored"])).toBe("built for zen3");
  });

  test("lets Pods reach each other through a Service, and the machine reach it too", async () => {
    const image = `${registry}/qnib/bench:icelake`;
    const server = pod("server", image, { args: ["--listen=:8080", "hello", "from", "a", "Service"] });
    await kubectl(cluster, ["create", "-f", "-"], server);
    await kubectl(cluster, ["expose", "pod", "server", "--port=80", "--target-port=8080"]);
    await kubectl(cluster, ["wait", "--for=condition=Ready", "pod/server", "--timeout=50s"]);
    const address = await kubectl(cluster, ["get", "service", "server", "-o", "jsonpath={.spec.clusterIP}"]);
    // kube-proxy writes its rules a moment after the endpoint is ready; the client's Pod is started again until then.
    const args = ["--once", `--get=http://${address}`];
    await kubectl(cluster, ["create", "-f", "-"], pod("client", image, { args }, { restartPolicy: "OnFailure" }));
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
    expect(await machineState(soon())).toEqual(before);
    expect(commandLines().filter((line) => /^\/(printer|pause)/.test(line))).toEqual([]);
    expect(existsSync(cluster.dir)).toBe(false);
  });
});
