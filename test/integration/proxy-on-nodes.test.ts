import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hostsToml } from "../../src/identity/client-lines.ts";
import { machineTypes, prints, type Site, startSite } from "../clients/site.ts";
import { kubectl } from "../cluster/kubectl.ts";
import { nodeFolders } from "../cluster/node-config.ts";
import { requireLevel } from "../cluster/require.ts";
import { describeWith } from "../support/describe-with.ts";

const nodes = ["node1", "node2", "node3", "node4"] as const;
const found = await requireLevel({
  provider: "local",
  level: "nodes",
  nodes: [...nodes],
  tools: ["kubectl", "printer"],
  signal: new AbortController().signal,
  progress: (line) => void process.stderr.write(`${line}\n`),
});

/** A Pod that runs once on a node. */
const pod = (name: string, node: string, image: string, more: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: {
    nodeName: node,
    restartPolicy: "Never",
    terminationGracePeriodSeconds: 0,
    containers: [{ name: "main", image, imagePullPolicy: "Always" }],
    ...more,
  },
});

describeWith(found, "kubelets that pull through the filtering registry, without a webhook", ({ cluster }) => {
  let site: Site;
  beforeAll(async () => {
    const upstream = cluster.registry ?? "";
    const [address = ""] = upstream.split(":");
    site = await startSite({ place: { name: address, address }, upstream, signal: AbortSignal.timeout(60_000) });
  });
  afterAll(async () => {
    await cluster.stop();
    await site?.end();
  });

  /** Writes a node's settings for one registry, with the authority of the test in both tables. */
  async function write(node: string, registry: string, text: string): Promise<void> {
    const folder = join(nodeFolders(cluster.dir, node).certs, registry);
    await mkdir(folder, { recursive: true });
    const ca = `ca = ${JSON.stringify(site.caFile)}`;
    const trusting = text.replace(/^server = .*$/m, `$&\n${ca}`).replace(/^\s*capabilities = .*$/m, `$&\n${ca}`);
    await writeFile(join(folder, "hosts.toml"), trusting);
  }

  test("each node has a login of its own, and every container prints the build for its machine", async () => {
    for (const [index, type] of machineTypes.entries()) {
      const node = nodes[index] ?? "";
      await write(node, "docker.io", hostsToml({ ...site.logins[type], server: site.host }));
      await kubectl(cluster, ["create", "-f", "-"], pod(type, node, "qnib/bench"));
    }
    const names = machineTypes.map((type) => `pod/${type}`);
    await kubectl(cluster, ["wait", "--for=jsonpath={.status.phase}=Succeeded", ...names, "--timeout=50s"]);
    const printed = await Promise.all(names.map((name) => kubectl(cluster, ["logs", name])));
    expect(printed).toEqual(machineTypes.map((type) => prints[type]));
  });

  test("where nothing fits, the Pod waits, and nothing else is asked", async () => {
    await kubectl(cluster, ["create", "-f", "-"], pod("misfit", "node1", "qnib/gpu"));
    const reason = "jsonpath={.status.containerStatuses[0].state.waiting.reason}";
    await expect
      .poll(() => kubectl(cluster, ["get", "pod", "misfit", "-o", reason]), { timeout: 50_000 })
      .toMatch(/^(ErrImagePull|ImagePullBackOff)$/);
    const events = ["get", "events", "--field-selector=involvedObject.name=misfit", "-o", "jsonpath={..message}"];
    expect(await kubectl(cluster, events)).toContain("not found");
    expect(await site.log()).toContain("no build for machine type type1");
  });

  test("an image pull secret does the same, for the name of the registry itself", async () => {
    const server = `https://${site.host}`;
    await write("node1", site.host, `server = "${server}"\n[host."${server}"]\n  capabilities = ["pull", "resolve"]\n`);
    const { username, secret } = site.logins.type4;
    const login = [`--docker-server=${site.host}`, `--docker-username=${username}`, `--docker-password=${secret}`];
    await kubectl(cluster, ["create", "secret", "docker-registry", "metahub", ...login]);
    const image = `${site.host}/qnib/bench`;
    const more = { imagePullSecrets: [{ name: "metahub" }] };
    await kubectl(cluster, ["create", "-f", "-"], pod("secretly", "node1", image, more));
    await kubectl(cluster, ["wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/secretly", "--timeout=50s"]);
    expect(await kubectl(cluster, ["logs", "secretly"])).toBe(prints.type4);
  });
});
