import { afterAll, beforeAll, expect, test } from "vitest";
import { parsePod } from "../../src/api/parse-pod.ts";
import type { Pod } from "../../src/api/pod.ts";
import { reachable } from "../cluster/require.ts";
import { sharedCluster, sharedRegistry } from "../cluster/vitest.ts";
import { injectLabel, startInjector } from "../support/cluster/injector.ts";
import { container, imageOf, noteOf, onType, type PodManifest, pod } from "../support/cluster/pods.ts";
import { openStage, operatorNamespace, type Stage } from "../support/cluster/stage.ts";
import { pushSkylakeOnly } from "../support/cluster/tags.ts";
import { patchAs } from "../support/cluster/witness.ts";
import { describeWith } from "../support/describe-with.ts";

const found = await reachable(await sharedCluster("api"));
const optOut = { "metahub.dev/rewrite": "disabled" };

describeWith(found, "Pods at admission", (shared) => {
  let stage: Stage;
  let namespace: string;
  let optedOut: string;
  const read = (name: string): Promise<Pod> => stage.witness.pod(namespace, name);
  /** As `stage.admit`, through kubectl: as another user, or to see Warnings. */
  const dryRun = async (manifest: PodManifest, args: readonly string[] = [], into = namespace) => {
    const call = ["create", "--dry-run=server", "-o", "json", "-n", into, "-f", "-", ...args];
    const { code, stdout, stderr } = await stage.kubectl(call, manifest);
    return { code, stderr, image: code === 0 ? imageOf(parsePod(JSON.parse(stdout))) : undefined };
  };

  beforeAll(async () => {
    stage = await openStage(shared.cluster);
    namespace = await stage.namespace();
    optedOut = await stage.namespace(optOut);
    await pushSkylakeOnly(await sharedRegistry(), "narrow", stage.builds);
  });
  afterAll(async () => {
    await stage?.close();
    await shared.cluster.stop();
  });

  test("every kind of container is rewritten, and image volumes too", async () => {
    const admitted = await stage.admit(
      pod("kinds", {
        ...onType("type2"),
        initContainers: [
          container("qnib/bench", "init"),
          { ...container("qnib/bench", "sidecar"), restartPolicy: "Always" },
        ],
        containers: [container("qnib/bench"), container("docker.io/qnib/bench:latest", "second")],
        volumes: [{ name: "models", image: { reference: "qnib/bench" } }],
      }),
    );
    const digest = stage.image("cpu-skylake").split("@")[1] ?? "";
    const { spec } = admitted;
    const images = [...(spec.initContainers ?? []), ...(spec.containers ?? [])].map(({ image }) => image);
    const volume = spec.volumes?.find(({ name }) => name === "models")?.image?.reference;
    expect([...images, volume].map((image) => image?.split("@")[1])).toEqual(Array(5).fill(digest));
    for (const name of ["init", "sidecar", "main", "second", "volume/models"]) {
      expect(noteOf(admitted, name), name).toMatchObject({ variant: digest });
    }
  });

  test("an image volume gets what every node can run, since it can never change again", async () => {
    const admitted = await stage.admit(
      pod("volume", { volumes: [{ name: "models", image: { reference: "qnib/bench" } }] }),
    );
    const volume = admitted.spec.volumes?.find(({ name }) => name === "models")?.image?.reference;
    expect([volume, imageOf(admitted)]).toEqual([stage.image("generic"), "qnib/bench"]);
  });

  test("an ephemeral container gets the build for where its Pod can be", async () => {
    await stage.must(["create", "-n", namespace, "-f", "-"], pod("debugged", onType("type1")));
    const body = { spec: { ephemeralContainers: [container("qnib/bench", "debugger")] } };
    const target = { namespace, name: "debugged", body };
    await stage.witness.core.patchNamespacedPodEphemeralcontainers(target, patchAs.strategic);
    const { spec } = await read("debugged");
    expect(spec.ephemeralContainers?.map(({ image }) => image)).toEqual([stage.image("cpu-broadwell")]);
    expect(spec.containers?.[0]?.image).toBe(stage.image("cpu-broadwell"));
  });

  test("who opted out, mirror Pods and the system's namespaces are left alone", async () => {
    const mirror = { "kubernetes.io/config.mirror": "0123456789abcdef" };
    const onNode: Pod["spec"] = { nodeName: `${stage.prefix}-node1` };
    const rows: readonly (readonly [string, boolean, PodManifest, string])[] = [
      ["by its node", true, pod("a", onNode), namespace],
      ["mirror Pod", false, pod("b", onNode, { annotations: mirror }), namespace],
      ["other annotations", true, pod("c", onType("type1"), { annotations: { a: "b" } }), namespace],
      ["opted out", false, pod("d", onType("type1"), { labels: optOut }), namespace],
      [
        "labelled otherwise",
        true,
        pod("e", onType("type1"), { labels: { "metahub.dev/rewrite": "enabled" } }),
        namespace,
      ],
      ["namespace opted out", false, pod("f", onType("type1")), optedOut],
      ["kube-system", false, pod("g", onType("type1")), "kube-system"],
      ["the operator's own", false, pod("h", onType("type1")), operatorNamespace],
    ];
    await stage.must(["wait", "--for=create", "serviceaccount/default", "-n", operatorNamespace, "--timeout=30s"]);
    const got = [];
    for (const [what, , manifest, into] of rows) {
      got.push([what, imageOf(await stage.admit(manifest, into)) === stage.image("cpu-broadwell")]);
    }
    expect(got).toEqual(rows.map(([what, expected]) => [what, expected]));
  });

  test("what the operator's own accounts write is left alone, what others write is not", async () => {
    const accounts = ["metahub-system:metahub-webhook", "metahub-system:metahub-controller", `${namespace}:default`];
    const subjects = accounts.map((account) => `--serviceaccount=${account}`);
    await stage.must(["create", "rolebinding", "writers", "-n", namespace, "--clusterrole=edit", ...subjects]);
    const got = [];
    for (const account of accounts) {
      const { code, stderr, image } = await dryRun(pod("own", onType("type1")), [
        "--as",
        `system:serviceaccount:${account}`,
      ]);
      expect(code, stderr).toBe(0);
      got.push(image);
    }
    expect(got).toEqual(["qnib/bench", "qnib/bench", stage.image("cpu-broadwell")]);
  });

  test("a dry run answers with the rewritten Pod and stores nothing", async () => {
    expect(await dryRun(pod("dry", onType("type3")))).toEqual({
      code: 0,
      stderr: "",
      image: stage.image("cpu-coffelake"),
    });
    const { code, stderr } = await stage.kubectl(["get", "pod", "dry", "-n", namespace]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("NotFound")]);
  });

  test("a rewritten Pod that is created again stays exactly as it is", async () => {
    const once = await stage.admit(pod("once", onType("type4")));
    const { metadata, spec } = once;
    const again = await stage.admit(
      pod(
        "again",
        { ...onType("type4"), containers: spec.containers ?? [] },
        { annotations: metadata.annotations ?? {} },
      ),
    );
    expect(again.spec.containers?.map(({ image }) => image)).toEqual([stage.image("cpu_broadwell-nvcap_52")]);
    expect(again.metadata.annotations).toEqual(metadata.annotations);
  });

  test("a container that another webhook injects afterwards is rewritten too, in the same request", async () => {
    const injected = await stage.namespace(injectLabel);
    const injector = await startInjector(stage);
    try {
      const images = async () =>
        (await stage.admit(pod("two", onType("type1")), injected)).spec.containers?.map(({ image }) => image);
      // The API server learns of the other webhook by its watch.
      await expect.poll(images, { timeout: 20_000 }).toHaveLength(2);
      const admitted = await stage.admit(pod("two", onType("type1")), injected);
      const image = stage.image("cpu-broadwell");
      expect(admitted.spec.containers?.map((each) => each.image)).toEqual([image, image]);
      for (const name of ["main", "injected"]) expect(noteOf(admitted, name)).toMatchObject({ asked: "qnib/bench" });
    } finally {
      await injector.close();
    }
  });

  test("where no build fits, the owner is warned, or refused where that was asked for", async () => {
    const narrow = { ...onType("type1"), containers: [container("qnib/bench:narrow")] };
    const warned = await dryRun(pod("warned", narrow));
    expect(warned).toMatchObject({ code: 0, image: "qnib/bench:narrow" });
    expect(warned.stderr).toMatch(
      /^Warning: metahub: image qnib\/bench:narrow of main is left as written: .*cpu:skylake/,
    );
    const denied = await dryRun(pod("denied", narrow, { annotations: { "metahub.dev/no-match": "deny" } }));
    expect(denied.code).toBe(1);
    expect(denied.stderr).toMatch(/pods\.metahub\.dev.*no build fits the nodes that this Pod can land on/);
    // With a node that it fits there is no reason to refuse.
    const fits = { ...narrow, ...onType("type2") };
    expect(await dryRun(pod("fits", fits, { annotations: { "metahub.dev/no-match": "deny" } }))).toMatchObject({
      code: 0,
      image: stage.image("cpu-skylake"),
    });
  });

  test("an image that is not there, or no reference at all, is no reason to refuse a Pod", async () => {
    const missing = await dryRun(pod("missing", { ...onType("type1"), containers: [container("qnib/nothing:1")] }));
    expect(missing).toMatchObject({ code: 0, image: "qnib/nothing:1" });
    expect(missing.stderr).toContain(
      "Warning: metahub: image qnib/nothing:1 of main is left as written: docker.io has no such image",
    );
    const invalid = await dryRun(pod("invalid", { ...onType("type1"), containers: [container("Qnib/Bench")] }));
    expect(invalid).toEqual({ code: 0, image: "Qnib/Bench", stderr: "" });
  });

  test("no match condition failed in any of these", async () => {
    expect(await stage.conditionErrors()).toEqual([]);
  });
});
