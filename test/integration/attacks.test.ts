import { createServer, type Server } from "node:http";
import { request } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { reachable } from "../cluster/require.ts";
import { sharedCluster } from "../cluster/vitest.ts";
import { container, imageOf, onType, pod } from "../support/cluster/pods.ts";
import { openStage, type Stage, soon } from "../support/cluster/stage.ts";
import { describeWith } from "../support/describe-with.ts";
import { putIndex, putManifest } from "../support/registry/content.ts";
import { type RunningRegistry, startRegistry } from "../support/registry/start.ts";

const found = await reachable(await sharedCluster("api"));
const users = { puller: "correct-horse-battery-staple" };
const login = { auth: Buffer.from(`puller:${users.puller}`).toString("base64") };

/** An index under these tags, with a build for any machine and one for type1, of which this is the digest. */
async function publish({ store }: RunningRegistry, repository: string, tags: readonly string[]): Promise<string> {
  const platform = { os: "linux", architecture: "amd64" };
  const generic = await putManifest(store, repository, undefined, `generic ${repository}`);
  const broadwell = await putManifest(store, repository, undefined, `broadwell ${repository}`);
  for (const tag of tags) {
    await putIndex(store, repository, tag, [
      { ...generic, platform },
      { ...broadwell, platform, annotations: { "dev.metahub.features": "cpu:broadwell" } },
    ]);
  }
  return broadwell.digest;
}
const tags = (count: number, begin: string) => Array.from({ length: count }, (_, row) => `${begin}${row}`);
const waiting = { schedulerName: "nobody" };

/** Attacks on an installed webhook. Each has a review beside it that is rewritten. */
describeWith(found, "an attack", (shared) => {
  let closed: RunningRegistry;
  let open: RunningRegistry;
  let silent: Server;
  let stage: Stage;
  let webhook: URL;
  let namespace: string;
  beforeAll(async () => {
    closed = await startRegistry({ auth: { scheme: "basic", users } });
    open = await startRegistry();
    open.faults.add({ path: /^\/v2\/failing\//, fault: { kind: "status", status: 500 } });
    silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "0.0.0.0", resolve));
    stage = await openStage(shared.cluster, {
      values: { "pullSecrets.mode": "cluster" },
      webhookArgs: ["--plain-http", "*", "--pull-secrets", "cluster"],
    });
    const configuration = ["mutatingwebhookconfiguration", "metahub-webhook"];
    webhook = new URL(await stage.must(["get", ...configuration, "-o", "jsonpath={.webhooks[0].clientConfig.url}"]));
    namespace = await stage.namespace();
  });
  afterAll(async () => {
    await stage?.close();
    await closed?.close();
    await open?.close();
    silent?.close();
    silent?.closeAllConnections();
    await shared.cluster.stop();
  });

  /** As any program of the network: no account, no certificate, and the path only where that is given. */
  const forge = (route: string, segment: string, asked: object): Promise<{ status?: number; body: string }> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = webhook;
      const review = {
        apiVersion: "admission.k8s.io/v1",
        kind: "AdmissionReview",
        request: {
          uid: "forged",
          operation: "CREATE",
          resource: { group: "", version: "v1", resource: "pods" },
          dryRun: false,
          ...asked,
        },
      };
      const path = `${segment}${route}?timeout=5s`;
      const sent = request({ hostname, port, path, method: "POST", rejectUnauthorized: false }, (response) => {
        text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
      });
      sent.once("error", reject).setHeader("content-type", "application/json");
      sent.end(JSON.stringify(review));
    });
  const path = (): string => `/${stage.operator.segment}`;
  const binding = (of: string, name: string, node: string) => ({
    subResource: "binding",
    namespace: of,
    name,
    object: { apiVersion: "v1", kind: "Binding", metadata: { name }, target: { kind: "Node", name: node } },
  });
  const imageNow = async (of: string, name: string) => imageOf(await stage.witness.pod(of, name));

  describe("by a forged Binding", () => {
    const bindings = "/validate/bindings";

    test("of who does not know the path: nothing is read, and nothing written", async () => {
      const created = await stage.witness.createPod(namespace, pod("unknown-path", waiting));
      const node = `${stage.prefix}-node1`;
      for (const segment of ["", `/${"0".repeat(64)}`]) {
        expect(await forge(bindings, segment, binding(namespace, "unknown-path", node))).toMatchObject({ status: 404 });
      }
      expect(await imageNow(namespace, "unknown-path")).toBe(imageOf(created));
      // The same with the path writes.
      expect(await forge(bindings, path(), binding(namespace, "unknown-path", node))).toMatchObject({ status: 200 });
      expect(await imageNow(namespace, "unknown-path")).toBe(stage.image("cpu-broadwell"));
    });

    test("of who knows the path: namespaces that are left out stay so", async () => {
      const off = await stage.namespace({ "metahub.dev/rewrite": "disabled" });
      const node = `${stage.prefix}-node1`;
      const name = `${stage.prefix}-left-out`;
      await stage.must(["wait", "--for=create", "serviceaccount/default", "--timeout=30s", "-n", "kube-system"]);
      const { webhook: program } = stage.operator;
      const skipped = () => program.metric("metahub_binding_total", 'outcome="skipped"', soon());
      try {
        for (const of of [off, "kube-system"]) {
          await stage.witness.createPod(of, pod(name, waiting));
          const before = await skipped();
          expect(await forge(bindings, path(), binding(of, name, node))).toMatchObject({ status: 200 });
          expect(await imageNow(of, name), of).toBe("qnib/bench");
          // It was not even tried: in an excluded namespace a policy of the chart would have refused the write.
          expect((await skipped()) - before, of).toBe(1);
        }
      } finally {
        await stage.must(["delete", "pod", name, "-n", "kube-system", "--force", "--grace-period=0"]);
      }
    });

    test.each(["qnib/bench", "docker.io/library/nothing:1"])(
      "to a node that is not there: a Pod of %s is bound meanwhile",
      async (image) => {
        const name = `starved-${image.length}`;
        await stage.witness.createPod(namespace, pod(name, { ...waiting, containers: [container(image)] }));
        const forged = () => forge(bindings, path(), binding(namespace, name, "no-such-node"));
        // One after the other: each would hold the Pod for longer than the next one takes to come.
        let bound = false;
        const flood = async (): Promise<readonly unknown[]> => {
          const answers: unknown[] = [];
          while (!bound) answers.push((await forged()).status);
          return answers;
        };
        await forged();
        const answered = flood();
        const target = { kind: "Node", name: `${stage.prefix}-node2` };
        const real = stage.witness.core
          .createNamespacedPodBinding({ namespace, name, body: { metadata: { name }, target } })
          .finally(() => (bound = true));
        expect(new Set((await Promise.all([answered, real]))[0])).toEqual(new Set([200]));
        const { spec } = await stage.witness.pod(namespace, name);
        const expected = image === "qnib/bench" ? stage.image("cpu-skylake") : image;
        expect([spec.nodeName, spec.containers?.[0]?.image]).toEqual([target.name, expected]);
      },
    );
  });

  test("by a forged review that reads a private image with somebody's pull secret: no path, no answer", async () => {
    const digest = await publish(closed, "team/secret", ["1"]);
    const auths = { [closed.host]: login };
    await stage.must(["create", "-n", namespace, "-f", "-"], {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "regcred" },
      type: "kubernetes.io/dockerconfigjson",
      stringData: { ".dockerconfigjson": JSON.stringify({ auths }) },
    });
    const image = `${closed.host}/team/secret:1`;
    const of = (...secrets: readonly string[]) =>
      pod("x", {
        ...onType("type1"),
        imagePullSecrets: secrets.map((name) => ({ name })),
        containers: [container(image)],
      });
    const asked = closed.requests.length;
    for (const segment of ["", `/${"0".repeat(64)}`]) {
      const object = of("regcred");
      expect(await forge("/mutate/pods", segment, { namespace, name: "", object })).toMatchObject({ status: 404 });
    }
    expect(closed.requests).toHaveLength(asked);
    expect(imageOf(await stage.admit(of(), namespace))).toBe(image);
    expect(imageOf(await stage.admit(of("regcred"), namespace))).toBe(`${closed.host}/team/secret@${digest}`);
  });

  test("by a dry run of a Pod of 18,000 containers: it is left whole, and others are rewritten meanwhile", async () => {
    const image = (row: number): string => `127.0.0.1:9/y:${row}`;
    const containers = Array.from({ length: 18_000 }, (_, row) => container(image(row), `c${row}`));
    const create = ["create", "--dry-run=server", "-n", namespace, "-o", "json", "-f", "-"];
    // With a mount of the token in each, the body would be larger than any that is read.
    const spec = { ...waiting, automountServiceAccountToken: false, containers };
    const running = stage.kubectl(create, pod("many", spec));
    const others = await Promise.all(
      [1, 2, 3].map((row) => stage.admit(pod(`other-${row}`, onType("type1")), namespace)),
    );
    expect(new Set(others.map(imageOf))).toEqual(new Set([stage.image("cpu-broadwell")]));
    const { code, stdout, stderr } = await running;
    expect(code, stderr.slice(0, 1_000)).toBe(0);
    expect(stderr).toMatch(/the review has more than \d+ .*; images are left as written/);
    const kept: readonly { image: string }[] = JSON.parse(stdout).spec.containers;
    expect(kept.map((one) => one.image)).toEqual(containers.map((_, row) => image(row)));
  });

  describe("of one tenant's images on those of another", () => {
    let others: string;
    let digest: string;
    beforeAll(async () => {
      others = await stage.namespace();
      digest = await publish(open, "team/app", [...tags(10, "f"), ...tags(6, "s")]);
    });
    const victim = async (tag: string): Promise<string | undefined> =>
      imageOf(
        await stage.admit(
          pod("victim", { ...onType("type1"), containers: [container(`${open.host}/team/app:${tag}`)] }),
          others,
        ),
      );
    const attacker = (images: readonly string[]) =>
      stage.admit(pod("attacker", { containers: images.map((image, row) => container(image, `c${row}`)) }), namespace);

    test("by a repository of the same registry that fails", async () => {
      for (const tag of tags(10, "f")) {
        const failing = Array.from({ length: 5 }, (_, row) => `${open.host}/failing/x:${tag}-${row}`);
        expect(imageOf(await attacker(failing))).toBe(failing[0]);
        expect(await victim(tag)).toBe(`${open.host}/team/app@${digest}`);
      }
      expect(open.requests.filter(({ path: asked }) => asked.startsWith("/v2/failing/")).length).toBeGreaterThan(4);
    });

    test("by 80 hosts at a time that never answer", async () => {
      const { port } = silent.address() as AddressInfo;
      const hosts = (of: number) => Array.from({ length: 80 }, (_, row) => `127.0.${of}.${row + 1}:${port}/x`);
      // As many reviews as would take every place if nobody shared them: each asks 16 hosts at once, of 64.
      const reviews = [1, 2, 3, 4, 5, 6];
      const attacks = reviews.map((of) => attacker(hosts(of)));
      await expect
        .poll(() => new Promise((resolve) => silent.getConnections((_, count) => resolve(count))))
        .toBeGreaterThan(16);
      for (const tag of tags(6, "s")) expect(await victim(tag)).toBe(`${open.host}/team/app@${digest}`);
      expect((await Promise.all(attacks)).map(imageOf)).toEqual(reviews.map((of) => hosts(of)[0]));
    });
  });
});
