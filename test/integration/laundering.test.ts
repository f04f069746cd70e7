import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Pod } from "../../src/api/pod.ts";
import { selectionAnnotation } from "../../src/api/pod-keys.ts";
import { createSigningKey, formatSigningKeys } from "../../src/keys/signing-keys.ts";
import { noteTime } from "../../src/rewriting/notes/note.ts";
import { kubectl } from "../cluster/kubectl.ts";
import { openBindingSite, soon } from "../support/cluster/binding-site.ts";
import { container, imageOf } from "../support/cluster/pods.ts";
import { describeWith } from "../support/describe-with.ts";

const found = await openBindingSite();
const manual = { schedulerName: "nobody" };
const onSkylake = { ...manual, nodeSelector: { "metahub.dev/machine-type": "type2" } };

/**
 * A tenant wants a build to run that a policy refuses, by having MetaHub write it. Whoever may push to a repository can
 * list any build of it in an index of their own: `qnib/wares:own` lists the one that is allowed beside another.
 */
describeWith(found, "a build that no policy allows", (site) => {
  let wares: ReadonlyMap<string, string>;
  const build = (tag: string): string => `qnib/wares@${wares.get(tag)}`;

  beforeAll(async () => {
    wares = await site.publish("qnib/wares:own", { allowed: ["cpu:skylake"], refused: ["cpu:broadwell"] });
  });
  afterAll(() => site.stop());

  const metadata = (verb: "label" | "annotate", name: string, ...values: readonly string[]): Promise<string> =>
    kubectl(site.cluster, [verb, "--overwrite", "pod", name, ...values]);
  const annotate = (name: string, ...values: readonly string[]): Promise<string> =>
    metadata("annotate", name, ...values);
  /** The webhook is not asked about a Pod that has opted out, nor about the label that says so. */
  const unseen = async (name: string, ...values: readonly string[]): Promise<void> => {
    await metadata("label", name, "metahub.dev/rewrite=disabled");
    await annotate(name, ...values);
    await metadata("label", name, "metahub.dev/rewrite-");
  };
  const forged = (note: object): string =>
    `${selectionAnnotation}=${JSON.stringify({ main: { code: "selected", at: noteTime(new Date()), ...note } })}`;
  const noteIn = (pod: Pod): string => `${selectionAnnotation}=${pod.metadata.annotations?.[selectionAnnotation]}`;
  /** Binds it to node1, for which the index of `qnib/wares:own` has the build that is refused; gives its image then. */
  const land = async (name: string): Promise<string | undefined> => {
    await site.bind(await site.pod(name), "node1");
    return imageOf(await site.pod(name));
  };
  const own = () => ({ asked: "qnib/wares:own", index: wares.get(""), variant: wares.get("allowed") });

  describe.each([
    ["seen", annotate],
    ["not seen", unseen],
  ])("by a note that is forged, in an update that is %s", (how, write) => {
    const name = (text: string): string => `${text}-${how.replace(" ", "-")}`;

    test("on a Pod that waits behind a gate, pinned to the build that is allowed", async () => {
      const spec = { ...manual, schedulingGates: [{ name: "example.com/wait" }] };
      await site.createPod(name("gated"), { image: build("allowed"), spec });
      await write(name("gated"), forged(own()));
      const lift = ["--type=json", "-p", '[{"op":"remove","path":"/spec/schedulingGates"}]'];
      await kubectl(site.cluster, ["patch", "pod", name("gated"), ...lift]);
      expect(await land(name("gated"))).toBe(build("allowed"));
    });

    test("a digest does not become a tag that can move", async () => {
      const narrow = await site.publish("qnib/narrow", { skylake: ["cpu:skylake"], icelake: ["cpu:icelake"] });
      const image = `qnib/narrow@${narrow.get("skylake")}`;
      await site.createPod(name("nightly"), { image, spec: manual });
      const note = { index: narrow.get(""), variant: narrow.get("skylake"), node: "node2" };
      await write(name("nightly"), forged({ asked: "qnib/narrow:nightly", ...note }));
      expect(await land(name("nightly"))).toBe(image);
    });
  });

  test("by a note that is forged at the Pod's creation, after a policy looked at it", async () => {
    const spec = { ...manual, nodeSelector: { "metahub.dev/machine-type": "type1" } };
    const [key, value] = forged(own()).split("=", 2);
    const made = await site.createPod("created", {
      image: build("allowed"),
      annotations: { [key ?? ""]: value ?? "" },
      spec,
    });
    expect([imageOf(made), site.note(made)]).toEqual([build("allowed"), undefined]);
  });

  test("by a note that names what its tag named a while ago", async () => {
    const old = await site.publish("qnib/withdrawn:1", { bad: ["cpu:broadwell"], other: [] });
    await site.createPod("earlier", { image: "qnib/withdrawn:1", spec: manual });
    const now = await site.publish("qnib/withdrawn:1", { good: ["cpu:broadwell"], other: [] });
    let count = 0;
    const landed = async (): Promise<string | undefined> => {
      const name = `withdrawn-${++count}`;
      await site.createPod(name, { image: "qnib/withdrawn:1", spec: manual });
      await unseen(name, forged({ asked: "qnib/withdrawn:1", code: "nodes-differ", index: old.get("") }));
      return await land(name);
    };
    // What a tag names is believed for some seconds, for everybody.
    await expect.poll(landed, { timeout: 90_000, interval: 3_000 }).toBe(`qnib/withdrawn@${now.get("good")}`);
  }, 120_000);

  test("by a note that makes an image that was asked for look like the one that runs", async () => {
    const patched = await site.publish("qnib/bench:patched", { patched: ["cpu:broadwell"] });
    await site.bind(await site.createPod("patched", { spec: manual }), "node1");
    const variant = imageOf(await site.pod("patched"))?.split("@")[1];
    await annotate("patched", forged({ asked: "qnib/bench:patched", variant }));
    await kubectl(site.cluster, ["set", "image", "pod/patched", "main=qnib/bench:patched"]);
    expect(imageOf(await site.pod("patched"))).toBe(`qnib/bench@${patched.get("patched")}`);
  });

  describe("by other wishes after a note that is genuine", () => {
    const wish = { "metahub.dev/strategy": "admission" };
    const genuine = async (name: string, annotations: Readonly<Record<string, string>>): Promise<void> => {
      const made = await site.createPod(name, { image: "qnib/wares:own", annotations, spec: onSkylake });
      expect([imageOf(made), site.note(made)?.asked]).toEqual([build("allowed"), "qnib/wares:own"]);
    };

    test("not changed: it is moved, as every note says that it may be", async () => {
      await genuine("same-wishes", {});
      expect(await land("same-wishes")).toBe(build("refused"));
    });

    test("strategy: what was final at admission", async () => {
      await genuine("strategy", wish);
      await unseen("strategy", "metahub.dev/strategy=auto");
      expect(await land("strategy")).toBe(build("allowed"));
      await expect.poll(() => site.eventsOf("strategy"), { timeout: 20_000 }).toContain("SelectionUnproven");
    });

    test("accelerators", async () => {
      await genuine("accelerators", {});
      await unseen("accelerators", "metahub.dev/accelerators=always");
      expect(await land("accelerators")).toBe(build("allowed"));
    });

    test("in an update that is seen they are decided on at once, for every policy to see", async () => {
      const common = { "metahub.dev/strategy": "common" };
      const made = await site.createPod("decided", { annotations: common, spec: manual });
      expect(site.buildIn(made)).toBe("generic");
      await annotate("decided", "metahub.dev/strategy=auto");
      const changed = await site.pod("decided");
      expect([imageOf(changed), site.note(changed)?.code]).toEqual(["qnib/bench", "nodes-differ"]);
      await site.bind(changed, "node2");
      expect(site.buildIn(await site.pod("decided"))).toBe("cpu-skylake");
    });
  });

  describe("by a genuine note of", () => {
    /** The annotation of a Pod for which MetaHub chose the build that is allowed. */
    const lent = async (name: string): Promise<string> =>
      noteIn(await site.createPod(name, { image: "qnib/wares:own", spec: onSkylake }));

    test("another container", async () => {
      const note = await lent("lender-container");
      await site.createPod("other-container", {
        spec: { ...manual, containers: [container(build("allowed"), "twin")] },
      });
      await unseen("other-container", note.replace('"main"', '"twin"'));
      expect(await land("other-container")).toBe(build("allowed"));
    });

    test("another namespace", async () => {
      const note = await lent("lender-namespace");
      const namespace = "laundry";
      await kubectl(site.cluster, ["create", "namespace", namespace]);
      await kubectl(site.cluster, ["wait", "--for=create", "serviceaccount/default", "-n", namespace, "--timeout=30s"]);
      const spec = { ...manual, containers: [container(build("allowed"))], terminationGracePeriodSeconds: 0 };
      const manifest = { apiVersion: "v1", kind: "Pod", metadata: { name: "washed" }, spec };
      await site.witness.createPod(namespace, manifest);
      await kubectl(site.cluster, ["label", "pod", "washed", "-n", namespace, "metahub.dev/rewrite=disabled"]);
      await kubectl(site.cluster, ["annotate", "pod", "washed", "-n", namespace, note]);
      await kubectl(site.cluster, ["label", "pod", "washed", "-n", namespace, "metahub.dev/rewrite-"]);
      const target = { apiVersion: "v1", kind: "Node", name: "node1" };
      const body = { apiVersion: "v1", kind: "Binding", metadata: { name: "washed" }, target };
      await site.witness.core.createNamespacedPodBinding({ namespace, name: "washed", body });
      expect(imageOf(await site.witness.pod(namespace, "washed"))).toBe(build("allowed"));
    });

    test("another Pod, in an update that is seen", async () => {
      const note = await lent("lender-pod");
      await site.createPod("other-pod", { image: build("allowed"), spec: manual });
      await annotate("other-pod", note);
      expect(site.note(await site.pod("other-pod"))).toBeUndefined();
      expect(await land("other-pod")).toBe(build("allowed"));
    });
  });

  test("what is removed or changed in a genuine note comes back in the same update", async () => {
    const made = await site.createPod("kept", { image: "qnib/wares:own", spec: onSkylake });
    for (const change of [`${selectionAnnotation}-`, forged({ ...own(), asked: "qnib/wares:evil" })]) {
      await annotate("kept", change);
      expect((await site.pod("kept")).metadata.annotations).toEqual(made.metadata.annotations);
    }
  });

  test("after the keys were lost, what runs is put back with a Warning, and nothing is moved", async () => {
    const manifest = { apiVersion: "v1", kind: "Pod", metadata: { name: "lost-runs" } };
    const written = { ...manifest, spec: { ...manual, containers: [container()], terminationGracePeriodSeconds: 0 } };
    const apply = () => site.cluster.kubectl(["apply", "-f", "-"], { signal: soon(), input: JSON.stringify(written) });
    expect((await apply()).code).toBe(0);
    await site.bind(await site.pod("lost-runs"), "node1");
    const runs = imageOf(await site.pod("lost-runs"));
    await site.createPod("lost-waits", { image: "qnib/wares:own", spec: onSkylake });

    await site.operator.webhook.kill();
    // From the next second on, so that no Pod here is as young.
    const key = createSigningKey(new Date(Date.now() + 1_000));
    const keys = formatSigningKeys([key]);
    await writeFile(join(site.cluster.dir, "operator/note-keys"), keys, { mode: 0o600 });
    const data = { "note-keys": Buffer.from(keys).toString("base64") };
    const lost = ["patch", "secret", "metahub-webhook-keys", "-n", "metahub-system", "-p", JSON.stringify({ data })];
    expect((await site.cluster.kubectl(lost, { signal: soon() })).code).toBe(0);
    await site.operator.webhook.restart(soon());

    const again = await apply();
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining("unproven, as the Pod is older")]);
    expect([runs, imageOf(await site.pod("lost-runs"))]).toEqual([runs, runs]);
    expect(runs).toContain("@sha256:");
    expect(await land("lost-waits")).toBe(build("allowed"));
    await expect.poll(() => site.eventsOf("lost-waits"), { timeout: 20_000 }).toContain("SelectionUnproven");
  });
});
