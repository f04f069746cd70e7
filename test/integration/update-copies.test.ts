import { afterAll, beforeAll, expect, test } from "vitest";
import { parsePod } from "../../src/api/parse-pod.ts";
import type { Pod } from "../../src/api/pod.ts";
import { selectionAnnotation } from "../../src/api/pod-keys.ts";
import { createSigningKey } from "../../src/keys/signing-keys.ts";
import { reachable } from "../cluster/require.ts";
import { sharedCluster, sharedRegistry } from "../cluster/vitest.ts";
import { container, imageOf, noteOf, onType, type PodManifest, pod } from "../support/cluster/pods.ts";
import { openStage, type Stage } from "../support/cluster/stage.ts";
import { pushSkylakeOnly } from "../support/cluster/tags.ts";
import { describeWith } from "../support/describe-with.ts";
import { signedNotes } from "../support/note-keys.ts";

const found = await reachable(await sharedCluster("api"));

/** The build that belongs on each node, by the end of the node's name. */
const buildOn: Readonly<Record<string, string>> = {
  node1: "cpu-broadwell",
  node2: "cpu-skylake",
  node3: "cpu-coffelake",
  node4: "cpu_broadwell-nvcap_52",
  node5: "generic",
};

describeWith(found, "copies of Pods", (shared) => {
  let stage: Stage;
  let namespace: string;
  const read = (name: string): Promise<Pod> => stage.witness.pod(namespace, name);
  const raw = async (name: string) => JSON.parse(await stage.must(["get", "pod", name, "-n", namespace, "-o", "json"]));
  /** Creates the Pod and waits until the scheduler has found it a node. */
  const bound = async (manifest: PodManifest): Promise<Pod> => {
    await stage.must(["create", "-n", namespace, "-f", "-"], manifest);
    return await scheduled(manifest.metadata.name);
  };
  const scheduled = async (name: string): Promise<Pod> => {
    await stage.must(["wait", "--for=condition=PodScheduled", `pod/${name}`, "-n", namespace, "--timeout=60s"]);
    return await read(name);
  };
  const expected = ({ spec }: Pod): string => stage.image(buildOn[spec.nodeName?.split("-").at(-1) ?? ""] ?? "");
  const debug = (...args: readonly string[]) =>
    stage.kubectl(["debug", "-n", namespace, "--profile=general", "--attach=false", ...args]);
  /** The Pod as `kubectl get -o json` gives it and as somebody would write it into a backup. */
  const backup = async (name: string, copy: string, spec: object = {}) => {
    const { metadata, spec: had } = await raw(name);
    const { nodeName: _, nodeSelector: __, ...rest } = had;
    return {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: copy, annotations: metadata.annotations },
      spec: { ...rest, ...spec },
    };
  };

  beforeAll(async () => {
    stage = await openStage(shared.cluster);
    namespace = await stage.namespace();
    await pushSkylakeOnly(await sharedRegistry(), "narrow-copies", stage.builds);
  });
  afterAll(async () => {
    await stage?.close();
    await shared.cluster.stop();
  });

  test("kubectl debug --copy-to: the copy runs the build for the node where it lands", async () => {
    const original = await bound(pod("original"));
    expect(imageOf(original)).toBe(expected(original));
    expect(
      await debug("original", "--copy-to=copy", "--keep-annotations", "-c", "debugger", "--image=qnib/bench:generic"),
    ).toMatchObject({
      code: 0,
    });
    const copy = await scheduled("copy");
    expect(imageOf(copy)).toBe(expected(copy));
    expect(noteOf(copy)).toMatchObject({ asked: "qnib/bench" });
    expect(copy.spec.containers?.[1]?.image).toBe("qnib/bench:generic");
  });

  test("kubectl debug --copy-to alone drops the annotation: what is left is a build that is asked for by its digest", async () => {
    await bound(pod("unnoted", onType("type2")));
    expect(await debug("unnoted", "--copy-to=unnoted-copy", "-c", "debugger", "--image=busybox")).toMatchObject({
      code: 0,
    });
    expect(imageOf(await read("unnoted-copy"))).toBe(stage.image("cpu-skylake"));
  });

  test("kubectl debug --copy-to --same-node: the same build, decided at once", async () => {
    const original = await bound(pod("twin"));
    expect(
      await debug("twin", "--copy-to=twin-copy", "--same-node", "-c", "debugger", "--image=qnib/bench"),
    ).toMatchObject({ code: 0 });
    const copy = await read("twin-copy");
    expect(copy.spec.nodeName).toBe(original.spec.nodeName);
    expect(copy.spec.containers?.map(({ image }) => image)).toEqual([expected(original), expected(original)]);
  });

  test("one that is aimed at another pool gets that pool's build when it is made", async () => {
    await bound(pod("elsewhere", onType("type1")));
    for (const [type, tag] of [
      ["type2", "cpu-skylake"],
      ["type3", "cpu-coffelake"],
      ["type1", "cpu-broadwell"],
    ] as const) {
      const copy = await stage.witness.createPod(namespace, await backup("elsewhere", "there", onType(type)), {
        dryRun: true,
      });
      expect(imageOf(copy)).toBe(stage.image(tag));
      expect(noteOf(copy)).toMatchObject({ asked: "qnib/bench", machineType: type });
    }
  });

  test("one that may land anywhere is what was asked for, until it is bound", async () => {
    await bound(pod("somewhere", onType("type1")));
    const copy = await stage.witness.createPod(namespace, await backup("somewhere", "anywhere"), { dryRun: true });
    expect([imageOf(copy), noteOf(copy)]).toEqual(["qnib/bench", expect.objectContaining({ code: "nodes-differ" })]);
  });

  test.each([
    ["another repository", { asked: "qnib/other" }, "its annotation names another repository"],
    ["an index that does not hold it", { index: "narrow" }, "does not contain it"],
    ["an index that is not there", { index: `sha256:${"0".repeat(64)}` }, "docker.io has no such image"],
  ])(
    "a forged claim moves nothing, and kubectl says so: %s",
    async (_, forged: { asked?: string; index?: string }, warning) => {
      const narrow = await narrowDigest();
      const index = forged.index === "narrow" ? narrow : (forged.index ?? stage.builds.index.digest);
      const image = stage.image("cpu-broadwell");
      const note = { asked: "qnib/bench", variant: image.split("@")[1], ...forged, index };
      // Signed, as if MetaHub had been brought to say so.
      const annotations = signedNotes({ main: note }, { namespace });
      const manifest = pod("forged", { ...onType("type2"), containers: [container(image)] }, { annotations });
      const { code, stdout, stderr } = await stage.kubectl(
        ["create", "--dry-run=server", "-o", "json", "-n", namespace, "-f", "-"],
        manifest,
      );
      expect(code, stderr).toBe(0);
      expect(imageOf(parsePod(JSON.parse(stdout)))).toBe(image);
      expect(stderr).toContain("Warning: metahub: image qnib/bench@sha256:");
      expect(stderr).toContain(warning);
    },
  );

  test.each([
    ["that nobody signed", () => undefined],
    ["of another namespace", () => ({ namespace: "default" })],
    ["of another cluster, or after the keys were lost", () => ({ namespace, keys: [createSigningKey(new Date(0))] })],
    ["of a Pod with other wishes", () => ({ namespace, annotations: { "metahub.dev/strategy": "bind" } })],
  ])("a note %s pins the build, and kubectl says so", async (_, signing) => {
    const image = stage.image("cpu-broadwell");
    const main = { asked: "qnib/bench", variant: image.split("@")[1], index: stage.builds.index.digest };
    const by = signing();
    const { [selectionAnnotation]: text = "" } =
      by === undefined ? { [selectionAnnotation]: JSON.stringify({ main }) } : signedNotes({ main }, by);
    const annotations = { [selectionAnnotation]: text };
    const manifest = pod("pinned", { ...onType("type2"), containers: [container(image)] }, { annotations });
    const create = ["create", "--dry-run=server", "-o", "json", "-n", namespace, "-f", "-"];
    const { code, stdout, stderr } = await stage.kubectl(create, manifest);
    expect(code, stderr).toBe(0);
    const admitted = parsePod(JSON.parse(stdout));
    expect([imageOf(admitted), noteOf(admitted)]).toEqual([image, undefined]);
    expect(stderr).toContain("its annotation does not prove that it was chosen for this Pod, so it is pinned");
  });

  test("a copy with other wishes keeps the build, which another image of the same name does not", async () => {
    await bound(pod("wished", onType("type1")));
    const copy = await backup("wished", "wished-copy", onType("type2"));
    copy.metadata.annotations["metahub.dev/strategy"] = "common";
    expect(imageOf(await stage.witness.createPod(namespace, copy, { dryRun: true }))).toBe(
      stage.image("cpu-broadwell"),
    );
    copy.spec.containers[0].image = "qnib/bench";
    expect(imageOf(await stage.witness.createPod(namespace, copy, { dryRun: true }))).toBe(stage.image("cpu-skylake"));
  });

  /** The digest of the index that lists the Skylake build alone. */
  async function narrowDigest(): Promise<string> {
    const image = "qnib/bench:narrow-copies";
    const admitted = await stage.admit(pod("narrow", { ...onType("type2"), containers: [container(image)] }));
    return String(noteOf(admitted)?.["index"]);
  }

  test("no match condition failed in any of these", async () => {
    expect(await stage.conditionErrors()).toEqual([]);
  });
});
