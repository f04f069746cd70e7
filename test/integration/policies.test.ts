import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import { afterAll, expect, test } from "vitest";
import { kubectl } from "../cluster/kubectl.ts";
import { codeBlocks } from "../docs/blocks.ts";
import { openBindingSite, reasonOf, soon } from "../support/cluster/binding-site.ts";
import { describeWith } from "../support/describe-with.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/policies.md"), "utf8");
const blocks = codeBlocks(page).filter(({ language }) => language === "yaml");
const [policy, pinned] = blocks;
const manual = { schedulerName: "nobody" };
const found = await openBindingSite();

describeWith(found, "docs/policies.md", (site) => {
  afterAll(() => site.stop());
  const setImage = (name: string, image: string, ...as: readonly string[]) =>
    site.cluster.kubectl(["set", "image", `pod/${name}`, image, "--dry-run=server", ...as], {
      signal: soon(),
    });
  const metahub = "--as=system:serviceaccount:metahub-system:metahub-webhook";

  test("has no example that is not run here", () => {
    expect(codeBlocks(page)).toEqual([policy, pinned]);
  });

  test("the policy lets a build through for the tag that was written, and nothing else for anybody", async () => {
    for (const object of loadAll(policy?.text ?? "")) await kubectl(site.cluster, ["create", "-f", "-"], object);
    const initContainers = [{ name: "init", image: "qnib/bench" }];
    const pod = await site.createPod("held", { spec: { ...manual, initContainers } });
    const refused = async (): Promise<number> => (await setImage("held", "main=qnib/bench:generic")).code;
    await expect.poll(refused, { timeout: 30_000 }).toBe(1);
    expect((await setImage("held", "init=qnib/bench:generic")).stderr).toContain("the image of a Pod stays what it is");
    const { digest } = site.builds.index;
    for (const image of [`evil/bench@${digest}`, `qnib/benchmark@${digest}`, `qnib@${digest}`, "qnib/bench:2"]) {
      expect([image, (await setImage("held", `init=${image}`, metahub)).code]).toEqual([image, 1]);
    }
    // Written for a node to which it is not bound, and back to the tag where nothing fits, or where the controller restores.
    const controller = "--as=system:serviceaccount:metahub-system:metahub-controller";
    const stale = { uid: pod.metadata.uid, resourceVersion: "1" };
    expect(await reasonOf(site.bind(pod, "node1", { metadata: stale }))).toBe("Conflict");
    expect(site.buildIn(await site.pod("held"))).toBe("cpu-broadwell");
    for (const who of [metahub, controller]) {
      expect((await setImage("held", "main=qnib/bench:latest", who)).code).toBe(0);
      expect((await setImage("held", "main=qnib/benchmark:latest", who)).code).toBe(1);
    }
    await site.bind(pod, "node2");
    const bound = await site.pod("held");
    expect([bound.spec.nodeName, site.buildIn(bound)]).toEqual(["node2", "cpu-skylake"]);
    expect(bound.spec.initContainers?.[0]?.image).toBe(bound.spec.containers?.[0]?.image);
    expect(await site.outcome("refused")).toBe(0);
    // It still holds: labels may change, images may not.
    await kubectl(site.cluster, ["label", "pod", "held", "still=1"]);
    expect(await refused()).toBe(1);
    const kinds = "validatingadmissionpolicybinding,validatingadmissionpolicy";
    await kubectl(site.cluster, ["delete", kinds, "images-stay"]);
  });

  test("a reference that is pinned to the digest of an index is chosen from, at admission and at binding", async () => {
    const [object] = loadAll((pinned?.text ?? "").replaceAll("INDEX", site.builds.index.digest));
    const made = await site.witness.createPod("default", Object(object), { dryRun: true });
    expect(site.buildIn(made)).toBe("cpu-skylake");
    const pod = await site.createPod("pinned", {
      image: `qnib/bench:latest@${site.builds.index.digest}`,
      spec: manual,
    });
    expect(pod.spec.containers?.[0]?.image).toContain(site.builds.index.digest);
    await site.bind(pod, "node4");
    expect(site.buildIn(await site.pod("pinned"))).toBe("cpu_broadwell-nvcap_52");
  });

  test("server-side apply without force conflicts on what was written at binding", async () => {
    const manifest = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "applied", namespace: "default" },
      spec: { ...manual, containers: [{ name: "main", image: "qnib/bench" }] },
    };
    const apply = (...more: readonly string[]) =>
      site.cluster.kubectl(["apply", "--server-side", "-f", "-", ...more], {
        signal: soon(),
        input: JSON.stringify(manifest),
      });
    expect((await apply()).code).toBe(0);
    expect(await reasonOf(site.bind(await site.pod("applied"), "node2"))).toBe("none");
    const { code, stderr } = await apply();
    expect([code, stderr.includes('conflict with "metahub-webhook"')], stderr).toEqual([1, true]);
    expect((await apply("--force-conflicts")).code).toBe(0);
    expect(site.buildIn(await site.pod("applied"))).toBe("cpu-skylake");
  });
});
