import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Pod } from "../../src/api/pod.ts";
import { selectionAnnotation } from "../../src/api/pod-keys.ts";
import { noteTime } from "../../src/rewriting/notes/note.ts";
import { kubectl } from "../cluster/kubectl.ts";
import { waitUntil } from "../cluster/wait.ts";
import { openBindingSite, soon } from "../support/cluster/binding-site.ts";
import { imageOf, noteOf, pod } from "../support/cluster/pods.ts";
import { refusalOf } from "../support/cluster/witness.ts";
import { describeWith } from "../support/describe-with.ts";

const found = await openBindingSite();
const manual = { schedulerName: "nobody" };
const onType = (type: string) => ({ ...manual, nodeSelector: { "metahub.dev/machine-type": type } });
type Manifests = readonly { readonly image: string; readonly features?: readonly string[] }[];

/**
 * Lists on a real API server: what they lead to, and what a tenant cannot get by one. `qnib/wares` holds builds of which a
 * policy may allow some; `qnib/elsewhere` is another repository of the same registry.
 */
describeWith(found, "manifest lists", (site) => {
  let wares: ReadonlyMap<string, string>;
  let elsewhere: ReadonlyMap<string, string>;
  const build = (tag: string): string => `qnib/wares@${wares.get(tag)}`;
  const other = (tag: string): string => `qnib/elsewhere@${elsewhere.get(tag)}`;
  const apply = async (object: object): Promise<void> => {
    const { code, stderr } = await site.cluster.kubectl(["apply", "-f", "-"], {
      signal: soon(),
      input: JSON.stringify({ apiVersion: "metahub.dev/v1alpha1", ...object }),
    });
    expect(code, stderr).toBe(0);
  };
  const remove = (...target: readonly string[]) => kubectl(site.cluster, ["delete", ...target]);
  const admit = (image: string, spec: object, namespace = "default"): Promise<Pod> =>
    site.witness.createPod(namespace, pod("probe", { ...spec, containers: [{ name: "main", image }] }), {
      dryRun: true,
    });
  /** Waits until the webhook knows the list of this name by what it says of an image. */
  const known = async (name: string | undefined, image: string, namespace = "default"): Promise<void> => {
    const named = async () =>
      noteOf(await admit(image, manual, namespace))
        ?.["list"]?.toString()
        .split(" ")[0];
    await expect.poll(named, { timeout: 30_000, interval: 100 }).toBe(name);
  };
  const tenants = async (name: string, image: string, manifests: Manifests): Promise<void> => {
    await apply({ kind: "ManifestList", metadata: { name, namespace: "default" }, spec: { image, manifests } });
    await known(`ManifestList/${name}`, image);
  };
  const everybodys = async (name: string, image: string, manifests: Manifests, more: object = {}): Promise<void> => {
    await apply({ kind: "ClusterManifestList", metadata: { name }, spec: { image, manifests, ...more } });
    await known(`ClusterManifestList/${name}`, image);
  };
  const land = async (name: string, node: string): Promise<string | undefined> => {
    await site.bind(await site.pod(name), node);
    return imageOf(await site.pod(name));
  };
  const forCpus = (of: (cpu: string) => string): Manifests =>
    ["broadwell", "skylake"].map((cpu) => ({ image: of(cpu), features: [`cpu:${cpu}`] }));

  beforeAll(async () => {
    const builds = { broadwell: [], skylake: [], plain: [], refused: [] };
    wares = await site.publish("qnib/wares:own", builds);
    elsewhere = await site.publish("qnib/elsewhere", builds);
    await kubectl(site.cluster, ["create", "namespace", "strangers"]);
    await kubectl(site.cluster, ["wait", "--for=create", "serviceaccount/default", "-n", "strangers", "--timeout=30s"]);
  });
  afterAll(() => site.stop());

  describe("at admission", () => {
    test("speak for a name that no registry has, to the Pods of their namespace", async () => {
      await tenants(
        "joined",
        "qnib/wares:joined",
        forCpus((cpu) => build(cpu)),
      );
      const made = await site.createPod("joined", { image: "qnib/wares:joined", spec: onType("type2") });
      expect(imageOf(made)).toBe(build("skylake"));
      const uid = await kubectl(site.cluster, ["get", "mlist", "joined", "-o", "jsonpath={.metadata.uid}"]);
      expect(site.note(made)).toMatchObject({
        asked: "qnib/wares:joined",
        code: "selected",
        variant: wares.get("skylake"),
      });
      expect(site.note(made)?.list).toMatch(new RegExp(`^ManifestList/joined ${uid.trim()} sha256:[0-9a-f]{64}$`));
      expect(site.note(made)?.index).toBeUndefined();
      const theirs = await admit("qnib/wares:joined", onType("type2"), "strangers");
      expect([imageOf(theirs), noteOf(theirs)]).toEqual(["qnib/wares:joined", undefined]);
    });

    test("a tenant's names no build of another repository", async () => {
      await tenants("reaching", "qnib/wares:reaching", [
        { image: build("plain") },
        { image: other("skylake"), features: ["cpu:skylake"] },
      ]);
      expect(imageOf(await admit("qnib/wares:reaching", onType("type2")))).toBe(build("plain"));
    });

    test("an operator's does, and what runs of it is kept when it is asked for again", async () => {
      await everybodys(
        "wide",
        "qnib/wares:wide",
        forCpus((cpu) => other(cpu)),
      );
      const manifest = pod("wide", { ...onType("type2"), containers: [{ name: "main", image: "qnib/wares:wide" }] });
      const submit = () =>
        site.cluster.kubectl(["apply", "-f", "-"], { signal: soon(), input: JSON.stringify(manifest) });
      expect((await submit()).code).toBe(0);
      expect(imageOf(await site.pod("wide"))).toBe(other("skylake"));
      await remove("cmlist", "wide");
      await known(undefined, "qnib/wares:wide");
      expect((await submit()).code).toBe(0);
      expect(imageOf(await site.pod("wide"))).toBe(other("skylake"));
    });

    test("a tenant's comes before an operator's for its Pods", async () => {
      await everybodys("shared", "qnib/wares:shared", [{ image: build("plain") }]);
      await tenants("own", "qnib/wares:shared", [{ image: build("skylake") }]);
      expect(imageOf(await admit("qnib/wares:shared", onType("type2")))).toBe(build("skylake"));
      expect(imageOf(await admit("qnib/wares:shared", onType("type2"), "strangers"))).toBe(build("plain"));
    });
  });

  describe("status", () => {
    const status = async (kind: string, name: string): Promise<Record<string, unknown>> =>
      JSON.parse(await kubectl(site.cluster, ["get", kind, name, "-o", "json"]))["status"] ?? {};
    const conditions = async (kind: string, name: string): Promise<string> => {
      const path = "jsonpath={range .status.conditions[*]}{.type}={.status}/{.reason} {end}{.status.builds}";
      return await kubectl(site.cluster, ["get", kind, name, "-o", path]);
    };

    test("says what was found, what does not count and why, and follows changes", async () => {
      const spec = {
        image: "qnib/wares:told",
        manifests: [
          { image: "qnib/wares:skylake", features: ["cpu:skylake"] },
          { image: "qnib/wares:never" },
          { image: other("plain") },
        ],
      };
      await apply({ kind: "ManifestList", metadata: { name: "told", namespace: "default" }, spec });
      await expect
        .poll(() => conditions("mlist", "told"), { timeout: 30_000 })
        .toBe("Ready=False/SomeDoNotCount Conflict=False/Alone 1/3");
      const entries = (await status("mlist", "told"))["entries"];
      expect(entries).toMatchObject([
        { digest: wares.get("skylake"), platform: "linux/amd64", requires: ["cpu:skylake"] },
        { image: "qnib/wares:never", error: expect.stringContaining("404") },
        { error: expect.stringContaining("a ManifestList names builds of that repository alone") },
      ]);
      const one = { ...spec, manifests: spec.manifests.slice(0, 1) };
      await apply({ kind: "ManifestList", metadata: { name: "told", namespace: "default" }, spec: one });
      await expect
        .poll(() => conditions("mlist", "told"), { timeout: 30_000 })
        .toBe("Ready=True/AllFound Conflict=False/Alone 1/1");
    });

    test("tells the younger of two lists that it does not count, until the older one is gone", async () => {
      const spec = { image: "qnib/wares:twice", manifests: [{ image: "qnib/wares:plain" }] };
      await apply({ kind: "ClusterManifestList", metadata: { name: "twice-b" }, spec });
      await known("ClusterManifestList/twice-b", "qnib/wares:twice");
      // Times of creation have whole seconds, and of two in one second the first by name is the older.
      await apply({
        kind: "ClusterManifestList",
        metadata: { name: "twice-c" },
        spec: { ...spec, image: "qnib/wares", tags: ["twice", "x"] },
      });
      const told = () => conditions("cmlist", "twice-c");
      await expect.poll(told, { timeout: 30_000 }).toBe("Ready=True/AllFound Conflict=True/OlderList 1/1");
      await remove("cmlist", "twice-b");
      await expect.poll(told, { timeout: 30_000 }).toBe("Ready=True/AllFound Conflict=False/Alone 1/1");
    });

    test("is not written again where nothing changed", async () => {
      const version = () =>
        kubectl(site.cluster, ["get", "cmlist", "twice-c", "-o", "jsonpath={.metadata.resourceVersion}"]);
      const before = await version();
      // A change of another list of that repository has this one looked at again.
      await apply({
        kind: "ClusterManifestList",
        metadata: { name: "twice-d" },
        spec: { image: "qnib/wares:y", manifests: [{ image: "qnib/wares:plain" }] },
      });
      await expect.poll(() => conditions("cmlist", "twice-d"), { timeout: 30_000 }).toContain("1/1");
      expect(await version()).toBe(before);
    });
  });

  describe("a tenant gains no build that a policy refuses", () => {
    beforeAll(async () => {
      const name = "no-refused-builds";
      const expression = `!object.spec.containers.exists(c, c.image.endsWith('${wares.get("refused")}') || c.image.endsWith(':refused'))`;
      const rule = { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] };
      const registration = "admissionregistration.k8s.io/v1";
      await apply({
        apiVersion: registration,
        kind: "ValidatingAdmissionPolicy",
        metadata: { name },
        spec: {
          failurePolicy: "Fail",
          matchConstraints: { resourceRules: [rule] },
          validations: [{ expression, message: "that build is refused" }],
        },
      });
      await apply({
        apiVersion: registration,
        kind: "ValidatingAdmissionPolicyBinding",
        metadata: { name },
        spec: { policyName: name, validationActions: ["Deny"] },
      });
      await waitUntil({
        what: "the policy",
        timeoutMs: 30_000,
        signal: soon(),
        check: async () => {
          const refused = await refusalOf(admit(build("refused"), manual));
          return refused === undefined ? "the build that it refuses is taken" : undefined;
        },
      });
    });

    test("at admission, where the policy sees what the list leads to", async () => {
      await tenants("washing", "qnib/wares:washing", [
        { image: build("refused"), features: ["cpu:skylake"] },
        { image: build("plain") },
      ]);
      expect(imageOf(await admit("qnib/wares:washing", onType("type1")))).toBe(build("plain"));
      const refused = await refusalOf(admit("qnib/wares:washing", onType("type2")));
      expect(refused?.message).toContain("that build is refused");
    });

    test("at binding, where no list of a tenant decides: the tag is asked for anew", async () => {
      await tenants(
        "late",
        "qnib/wares:own",
        forCpus((cpu) => build(cpu === "broadwell" ? "refused" : cpu)),
      );
      const made = await site.createPod("late", { image: "qnib/wares:own", spec: manual });
      expect([imageOf(made), site.note(made)?.code]).toEqual(["qnib/wares:own", "nodes-differ"]);
      // The index that the registry has under this tag has builds that require nothing.
      const landed = await land("late", "node1");
      expect(landed).not.toBe(build("refused"));
      expect([build("broadwell"), "qnib/wares:own"]).toContain(landed);
    });

    test("at binding, where a build that was chosen for another node stays", async () => {
      await tenants(
        "moved",
        "qnib/wares:moved",
        forCpus((cpu) => build(cpu === "broadwell" ? "refused" : cpu)),
      );
      const made = await site.createPod("moved", { image: "qnib/wares:moved", spec: onType("type2") });
      expect(imageOf(made)).toBe(build("skylake"));
      expect(await land("moved", "node1")).toBe(build("skylake"));
    });

    test("by a note that is forged and names an operator's list", async () => {
      await everybodys(
        "known",
        "qnib/wares:known",
        forCpus((cpu) => build(cpu === "broadwell" ? "refused" : cpu)),
      );
      const list = site.note(
        await site.createPod("genuine", { image: "qnib/wares:known", spec: onType("type2") }),
      )?.list;
      await site.createPod("forged", { image: build("skylake"), spec: manual });
      await kubectl(site.cluster, ["label", "pod", "forged", "metahub.dev/rewrite=disabled"]);
      const note = {
        asked: "qnib/wares:known",
        code: "selected",
        at: noteTime(new Date()),
        variant: wares.get("skylake"),
        list,
      };
      await kubectl(site.cluster, [
        "annotate",
        "pod",
        "forged",
        `${selectionAnnotation}=${JSON.stringify({ main: note })}`,
      ]);
      await kubectl(site.cluster, ["label", "pod", "forged", "metahub.dev/rewrite-"]);
      expect(await land("forged", "node1")).toBe(build("skylake"));
      // The same note where it is genuine leads there: that is an operator's to decide.
      expect(await land("genuine", "node1")).toBe(build("refused"));
    });
  });

  describe("an operator's at binding", () => {
    test("decides for the node, and the note names it again", async () => {
      await everybodys(
        "late-all",
        "qnib/wares:late-all",
        forCpus((cpu) => build(cpu)),
      );
      const made = await site.createPod("late-all", { image: "qnib/wares:late-all", spec: manual });
      expect([imageOf(made), site.note(made)?.code]).toEqual(["qnib/wares:late-all", "nodes-differ"]);
      expect(await land("late-all", "node1")).toBe(build("broadwell"));
      const bound = site.note(await site.pod("late-all"));
      expect(bound).toMatchObject({ node: "node1", list: site.note(made)?.list, variant: wares.get("broadwell") });
    });

    test("decides nothing once it has changed", async () => {
      await everybodys(
        "changing",
        "qnib/wares:changing",
        forCpus((cpu) => build(cpu)),
      );
      const open = await site.createPod("changed-open", { image: "qnib/wares:changing", spec: manual });
      await site.createPod("changed-chosen", { image: "qnib/wares:changing", spec: onType("type2") });
      const before = site.note(open)?.list;
      const again = forCpus((cpu) => build(cpu === "broadwell" ? "refused" : cpu));
      await apply({
        kind: "ClusterManifestList",
        metadata: { name: "changing" },
        spec: { image: "qnib/wares:changing", manifests: again },
      });
      const now = async () => noteOf(await admit("qnib/wares:changing", manual))?.["list"];
      await expect.poll(now, { timeout: 30_000, interval: 100 }).not.toBe(before);
      expect(await land("changed-open", "node1")).toBe("qnib/wares:changing");
      expect(await land("changed-chosen", "node1")).toBe(build("skylake"));
    });

    test("decides nothing where a build of it is of another repository", async () => {
      await everybodys(
        "far",
        "qnib/wares:far",
        forCpus((cpu) => other(cpu)),
      );
      await site.createPod("far-open", { image: "qnib/wares:far", spec: manual });
      await site.createPod("far-chosen", { image: "qnib/wares:far", spec: onType("type2") });
      expect(await land("far-open", "node1")).toBe("qnib/wares:far");
      expect(await land("far-chosen", "node1")).toBe(other("skylake"));
    });

    test("writes no build of another repository where the chart does not let it, whatever the list says", async () => {
      await everybodys(
        "open",
        "qnib/wares:open",
        forCpus((cpu) => other(cpu)),
        { atBinding: true },
      );
      await site.createPod("open-policy", { image: "qnib/wares:open", spec: manual });
      const refusals = await site.outcome("refused");
      expect(await land("open-policy", "node1")).toBe("qnib/wares:open");
      expect(await site.outcome("refused")).toBe(refusals + 1);
    });
  });
});
