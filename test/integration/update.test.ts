import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { selectionAnnotation } from "../../src/admission/annotation.ts";
import { parsePod } from "../../src/api/parse-pod.ts";
import type { Pod } from "../../src/api/pod.ts";
import { sharedCluster, sharedRegistry } from "../cluster/vitest.ts";
import { waitUntil } from "../cluster/wait.ts";
import { container, imageOf, noteOf, onType, type PodManifest, pod } from "./support/pods.ts";
import { openStage, pods, type Stage, soon } from "./support/stage.ts";
import { pushSkylakeOnly, tagIndex } from "./support/tags.ts";

const shared = await sharedCluster("api");
const host = "skip" in shared ? undefined : shared.cluster.hostAddress;

/** The build that belongs on each node, by the end of the node's name. */
const buildOn: Readonly<Record<string, string>> = {
  node1: "cpu-broadwell",
  node2: "cpu-skylake",
  node3: "cpu-coffelake",
  node4: "cpu_broadwell-nvcap_52",
  node5: "generic",
};

describe.skipIf(host === undefined)("Pods that exist, and their copies", () => {
  if ("skip" in shared) return;
  let stage: Stage;
  let namespace: string;
  let registry: string;
  const read = (name: string): Promise<Pod> =>
    stage.client.get({ resource: pods, namespace, name }, { signal: soon(), parse: parsePod });
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
  /** What `kubectl get -o json` gives, as somebody would write it into a backup. */
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

  describe("copies", () => {
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
        const copy = await stage.client.create(
          { resource: pods, namespace },
          await backup("elsewhere", "there", onType(type)),
          { signal: soon(), dryRun: true, parse: parsePod },
        );
        expect(imageOf(copy)).toBe(stage.image(tag));
        expect(noteOf(copy)).toMatchObject({ asked: "qnib/bench", machineType: type });
      }
    });

    test("one that may land anywhere is what was asked for, until it is bound", async () => {
      await bound(pod("somewhere", onType("type1")));
      const copy = await stage.client.create({ resource: pods, namespace }, await backup("somewhere", "anywhere"), {
        signal: soon(),
        dryRun: true,
        parse: parsePod,
      });
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
        const annotations = { [selectionAnnotation]: JSON.stringify({ main: note }) };
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

    /** The digest of the index that lists the Skylake build alone. */
    async function narrowDigest(): Promise<string> {
      const image = "qnib/bench:narrow-update";
      const admitted = await stage.admit(pod("narrow", { ...onType("type2"), containers: [container(image)] }));
      return String(noteOf(admitted)?.["index"]);
    }
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
      await waitUntil({
        what: "the last review",
        timeoutMs: 10_000,
        signal: soon(),
        check: async () => ((await reviews()) > 0 ? undefined : "none yet"),
      });
      expect(await stage.conditionErrors()).toEqual([]);
    });
  });
});
