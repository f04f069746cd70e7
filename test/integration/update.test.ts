import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Pod } from "../../src/api/pod.ts";
import { selectionAnnotation } from "../../src/api/pod-keys.ts";
import { reachable } from "../cluster/require.ts";
import { sharedCluster, sharedRegistry } from "../cluster/vitest.ts";
import { container, imageOf, noteOf, onType, type PodManifest, pod } from "../support/cluster/pods.ts";
import { openStage, type Stage, soon } from "../support/cluster/stage.ts";
import { pushSkylakeOnly, tagIndex } from "../support/cluster/tags.ts";
import { describeWith } from "../support/describe-with.ts";

const found = await reachable(await sharedCluster("api"));

/** The build that belongs on each node, by the end of the node's name. */
const buildOn: Readonly<Record<string, string>> = {
  node1: "cpu-broadwell",
  node2: "cpu-skylake",
  node3: "cpu-coffelake",
  node4: "cpu_broadwell-nvcap_52",
  node5: "generic",
};

describeWith(found, "Pods that exist", (shared) => {
  let stage: Stage;
  let namespace: string;
  let registry: string;
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
  const reviews = () => stage.operator.webhook.metric("metahub_admission_reviews_total", "", soon());
  beforeAll(async () => {
    stage = await openStage(shared.cluster);
    namespace = await stage.namespace();
    registry = await sharedRegistry();
    await pushSkylakeOnly(registry, "narrow-update", stage.builds);
  });
  afterAll(async () => {
    await stage?.close();
    await shared.cluster.stop();
  });

  describe("ephemeral containers", () => {
    test("kubectl debug gets the build for the Pod's node, and the next one changes no other", async () => {
      await bound(pod("debugged", onType("type2")));
      const images = async () =>
        (await read("debugged")).spec.ephemeralContainers?.map(({ name, image }) => [name, image]);
      expect(await debug("debugged", "-c", "one", "--image=qnib/bench")).toMatchObject({ code: 0 });
      expect(await images()).toEqual([["one", stage.image("cpu-skylake")]]);
      expect(await debug("debugged", "-c", "two", "--image=qnib/bench:generic")).toMatchObject({ code: 0 });
      expect(await images()).toEqual([
        ["one", stage.image("cpu-skylake")],
        ["two", "qnib/bench:generic"],
      ]);
    });

    test("of a Pod that has no node yet it is the build that all its nodes can run", async () => {
      const gated = {
        ...pod("gated"),
        spec: { ...pod("gated").spec, schedulingGates: [{ name: "example.com/wait" }] },
      };
      await stage.must(["create", "-n", namespace, "-f", "-"], gated);
      await debug("gated", "-c", "one", "--image=qnib/bench");
      expect((await read("gated")).spec.ephemeralContainers?.[0]?.image).toBe(stage.image("generic"));
    });

    test("one that fits nowhere is left, and kubectl says why", async () => {
      await bound(pod("unfit", onType("type1")));
      const { code, stderr } = await debug("unfit", "-c", "one", "--image=qnib/bench:narrow-update");
      expect(code).toBe(0);
      expect(stderr).toMatch(
        /Warning: metahub: image qnib\/bench:narrow-update of one is left as written: .*cpu:skylake/,
      );
      expect((await read("unfit")).spec.ephemeralContainers?.[0]?.image).toBe("qnib/bench:narrow-update");
    });
  });

  describe("kubectl set image", () => {
    test("another image is chosen for the node that the Pod is on, whatever its selector would allow", async () => {
      const before = await bound(pod("set", { initContainers: [container("qnib/bench", "init")] }));
      expect(imageOf(before)).toBe(expected(before));
      await tagIndex(registry, ["second"]);
      await stage.must(["set", "image", "-n", namespace, "pod/set", "main=qnib/bench:second"]);
      const after = await read("set");
      expect(imageOf(after)).toBe(expected(after));
      expect(noteOf(after)).toMatchObject({ asked: "qnib/bench:second" });
      expect(after.spec.initContainers?.[0]?.image).toBe(expected(after));
      expect(noteOf(after, "init")).toMatchObject({ asked: "qnib/bench" });
    });

    test("a build that is asked for by its digest is what it gets, also with an annotation that claims more", async () => {
      const pinned = stage.image("cpu-skylake");
      await bound(pod("set-pinned", onType("type1")));
      await stage.must(["set", "image", "-n", namespace, "pod/set-pinned", `main=${pinned}`]);
      expect(imageOf(await read("set-pinned"))).toBe(pinned);
    });
  });

  describe("a manifest that is applied again", () => {
    const apply = (manifest: PodManifest, ...args: readonly string[]) =>
      stage.kubectl(["apply", "-n", namespace, "-f", "-", ...args], manifest);
    const server = ["--server-side", "--force-conflicts"];
    const generation = async (name: string): Promise<number> => (await raw(name)).metadata.generation;

    test("leaves a Pod that was chosen for at its binding alone, from either side and by turns", async () => {
      const manifest = pod("applied");
      expect(await apply(manifest)).toMatchObject({ code: 0, stderr: "" });
      const first = await scheduled("applied");
      expect(imageOf(first)).toBe(expected(first));
      const [was, reviewed] = [await generation("applied"), await reviews()];
      for (const args of [[], server, [], server, server]) {
        const { code, stderr } = await apply(manifest, ...args);
        expect([code, stderr.includes("Error")], stderr).toEqual([0, false]);
      }
      expect(await generation("applied")).toBe(was);
      expect((await read("applied")).metadata.annotations?.[selectionAnnotation]).toBe(
        first.metadata.annotations?.[selectionAnnotation],
      );
      // kubectl writes at most twice for each (server-side, it also brings its last-applied annotation up to date), and
      // nobody answers a write with another.
      expect(await reviews()).toBeLessThanOrEqual(reviewed + 10);
    });

    test("keeps the build in an image volume, which nobody may change, from either side and by turns", async () => {
      const volumes = [{ name: "models", image: { reference: "qnib/bench" } }];
      const manifest = pod("applied-volume", { ...onType("type1"), volumes });
      const reference = ({ spec }: Pod) => spec.volumes?.find(({ name }) => name === "models")?.image?.reference;
      expect(await apply(manifest)).toMatchObject({ code: 0, stderr: "" });
      const first = await scheduled("applied-volume");
      expect(reference(first)).toBe(stage.image("cpu-broadwell"));
      expect(noteOf(first, "volume/models")).toMatchObject({ asked: "qnib/bench" });
      for (const args of [[], server, [], server]) {
        const { code, stderr } = await apply(manifest, ...args);
        expect([code, stderr.includes("Error")], stderr).toEqual([0, false]);
        expect(reference(await read("applied-volume"))).toBe(reference(first));
      }
      const other = pod("applied-volume", {
        ...onType("type1"),
        volumes,
        containers: [container("qnib/bench:generic")],
      });
      expect(await apply(other)).toMatchObject({ code: 0 });
      const after = await read("applied-volume");
      expect([imageOf(after), reference(after)]).toEqual(["qnib/bench:generic", reference(first)]);
    });

    test("keeps the build although its tag names another index now", async () => {
      await tagIndex(registry, ["moving"]);
      const manifest = pod("moved", { ...onType("type1"), containers: [container("qnib/bench:moving")] });
      await apply(manifest);
      await scheduled("moved");
      await pushSkylakeOnly(registry, "moving", stage.builds);
      const was = await generation("moved");
      for (const args of [[], server]) expect((await apply(manifest, ...args)).code).toBe(0);
      expect([imageOf(await read("moved")), await generation("moved")]).toEqual([stage.image("cpu-broadwell"), was]);
    });

    test("gets its annotation back where kubectl replace dropped it", async () => {
      const before = await bound(pod("replaced", onType("type4")));
      const object = await raw("replaced");
      delete object.metadata.annotations;
      object.spec.containers[0].image = "qnib/bench";
      const was = object.metadata.generation;
      await stage.must(["replace", "-n", namespace, "-f", "-"], object);
      const after = await read("replaced");
      expect(imageOf(after)).toBe(stage.image("cpu_broadwell-nvcap_52"));
      expect(noteOf(after)).toEqual(noteOf(before));
      expect(await generation("replaced")).toBe(was);
    });
  });

  describe("match conditions", () => {
    test("the webhook is asked about no update that changes no image", async () => {
      await bound(pod("quiet", { ...onType("type1"), initContainers: [container("qnib/bench", "init")] }));
      const before = await reviews();
      await stage.must(["label", "pod", "quiet", "-n", namespace, "a=b"]);
      await stage.must(["annotate", "pod", "quiet", "-n", namespace, "a=b"]);
      const finalizer = { metadata: { finalizers: ["example.com/keep"] } };
      await stage.must(["patch", "pod", "quiet", "-n", namespace, "-p", JSON.stringify(finalizer)]);
      await stage.must(["patch", "pod", "quiet", "-n", namespace, "-p", '{"metadata":{"finalizers":null}}']);
      await stage.must([
        "patch",
        "pod",
        "quiet",
        "-n",
        namespace,
        "--subresource=status",
        "-p",
        '{"status":{"message":"m"}}',
      ]);
      expect(await reviews()).toBe(before);
      await stage.must(["set", "image", "-n", namespace, "pod/quiet", "init=qnib/bench:generic"]);
      expect(await reviews()).toBe(before + 1);
    });

    test("of a Pod that waits for its node it is asked where an annotation changes that is its own", async () => {
      const waits = pod("waits", { schedulingGates: [{ name: "example.com/wait" }] });
      await stage.must(["create", "-n", namespace, "-f", "-"], waits);
      const annotate = (...values: readonly string[]) =>
        stage.must(["annotate", "--overwrite", "pod", "waits", "-n", namespace, ...values]);
      const asked = await reviews();
      await annotate("a=b");
      await stage.must(["label", "pod", "waits", "-n", namespace, "a=b"]);
      expect(await reviews()).toBe(asked);
      const changes = [
        "no-match=deny",
        "no-match=warn",
        "no-match-",
        "accelerators=never",
        "strategy=bind",
        "selection-",
      ];
      for (const [index, change] of changes.entries()) {
        await annotate(`metahub.dev/${change}`);
        expect([change, await reviews()]).toEqual([change, asked + index + 1]);
      }
      expect(noteOf(await read("waits"))).toMatchObject({ asked: "qnib/bench", code: "at-binding" });
      await bound(pod("runs", onType("type1")));
      const before = await reviews();
      await stage.must([
        "annotate",
        "pod",
        "runs",
        "-n",
        namespace,
        "metahub.dev/strategy=bind",
        `${selectionAnnotation}-`,
      ]);
      expect(await reviews()).toBe(before);
    });

    test("lists that only one side has are no error", async () => {
      await bound(pod("lists", { ...onType("type1"), initContainers: [container("qnib/bench", "init")] }));
      await bound(pod("no-lists", onType("type1")));
      const [one, other] = [await raw("lists"), await raw("no-lists")];
      other.spec.initContainers = one.spec.initContainers;
      other.spec.ephemeralContainers = [container("qnib/bench", "debugger")];
      delete one.spec.initContainers;
      // The API server refuses these after the webhook was asked.
      for (const object of [one, other]) {
        const { code } = await stage.kubectl(["replace", "-n", namespace, "-f", "-"], object);
        expect(code).toBe(1);
      }
    });

    test("none failed in any of these", async () => {
      expect(await stage.conditionErrors()).toEqual([]);
    });
  });
});
