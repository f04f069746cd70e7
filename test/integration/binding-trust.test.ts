import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { selectionAnnotation } from "../../src/api/pod-keys.ts";
import { openBindingSite } from "../support/cluster/binding-site.ts";
import { describeWith } from "../support/describe-with.ts";

const found = await openBindingSite();
const manual = { schedulerName: "nobody" };

/** Anybody who may make a Pod may write its annotation: nothing follows from it that cannot be confirmed. */
describeWith(found, "a forged metahub.dev/selection", (site) => {
  /** Digests of what stands beside `qnib/bench:latest`. */
  let other: ReadonlyMap<string, string>;
  let foreign: ReadonlyMap<string, string>;
  const digestOf = (tag: string): string => [...site.builds.tags].find(([, name]) => name === tag)?.[0] ?? "";

  beforeAll(async () => {
    other = await site.publish("qnib/bench:other", { "other-broadwell": ["cpu:broadwell"], "other-generic": [] });
    foreign = await site.publish("evil/bench", { "evil-broadwell": ["cpu:broadwell"] });
  });
  afterAll(() => site.stop());

  /** Makes the Pod, with the webhook up or down, binds it to node1 (cpu:broadwell), and gives its image then. */
  async function land(name: string, image: string, note: object, up: boolean): Promise<string> {
    const annotations = {
      [selectionAnnotation]: JSON.stringify({ main: { at: "", code: "selected", reason: "", ...note } }),
    };
    if (!up) await site?.operator.webhook.kill();
    const pod = await site?.createPod(name, { image, annotations, spec: manual });
    if (!up) await site?.operator.webhook.restart(AbortSignal.timeout(60_000));
    if (pod === undefined || site === undefined) return "";
    await site.bind(pod, "node1");
    return (await site.pod(name)).spec.containers?.[0]?.image ?? "";
  }

  describe.each([
    ["set while the webhook is up", true],
    ["set while the webhook was down", false],
  ])("%s", (_, up) => {
    const name = (text: string): string => `${text}-${up ? "up" : "down"}`;

    test("names another repository: the image stays", async () => {
      const image = `qnib/bench@${digestOf("cpu-skylake")}`;
      const note = { asked: "evil/bench", index: foreign.get(""), variant: digestOf("cpu-skylake"), node: "node2" };
      expect(await land(name("repository"), image, note, up)).toBe(image);
      await expect.poll(() => site.eventsOf(name("repository")), { timeout: 20_000 }).toContain("SelectionUnproven");
    });

    test("names an index of another repository: the image stays", async () => {
      const image = `qnib/bench@${digestOf("cpu-skylake")}`;
      const note = { asked: "qnib/bench", index: foreign.get(""), variant: digestOf("cpu-skylake"), node: "node2" };
      expect(await land(name("elsewhere"), image, note, up)).toBe(image);
    });

    test("names an index that does not hold the build: the image stays", async () => {
      const image = `qnib/bench@${digestOf("cpu-skylake")}`;
      const note = { asked: "qnib/bench:other", index: other.get(""), variant: digestOf("cpu-skylake"), node: "node2" };
      expect(await land(name("not-in-it"), image, note, up)).toBe(image);
      await expect.poll(() => site.eventsOf(name("not-in-it")), { timeout: 20_000 }).toContain("SelectionUnproven");
    });

    test("names another index for a tag: what the tag names counts", async () => {
      const note = { asked: "qnib/bench", index: other.get(""), node: "node2" };
      expect(await land(name("tag"), "qnib/bench", note, up)).toBe(`qnib/bench@${digestOf("cpu-broadwell")}`);
    });

    test("is no JSON, or not what it should be: as if it were not there", async () => {
      const annotations = { [selectionAnnotation]: '{"main": [1, {"asked": 3}], "node": "x"' };
      const pod = await site.createPod(name("garbage"), { annotations, spec: manual });
      await site.bind(pod, "node1");
      expect(site.buildIn(await site.pod(name("garbage")))).toBe("cpu-broadwell");
    });
  });

  test("one that proves itself, as of a copied Pod, moves the image inside its index", async () => {
    const image = `qnib/bench@${digestOf("cpu-skylake")}`;
    const note = {
      asked: "qnib/bench",
      index: site.builds.index.digest,
      variant: digestOf("cpu-skylake"),
      node: "node2",
    };
    expect(await land("copied", image, note, true)).toBe(`qnib/bench@${digestOf("cpu-broadwell")}`);
  });

  test("a forged original is not put back where nothing fits: the proven index is", async () => {
    const demanding = await site.publish("qnib/demanding", { skylake: ["cpu:skylake"], icelake: ["cpu:icelake"] });
    const image = `qnib/demanding@${demanding.get("skylake")}`;
    const note = {
      asked: "qnib/demanding:evil",
      index: demanding.get(""),
      variant: demanding.get("skylake"),
      node: "node2",
    };
    const index = `qnib/demanding@${demanding.get("")}`;
    expect(await land("nothing-fits-forged", image, note, true)).toBe(index);
    const honest = { ...note, asked: "qnib/demanding" };
    expect(await land("nothing-fits-honest", image, honest, true)).toBe("qnib/demanding");
    await expect.poll(() => site.eventsOf("nothing-fits-honest"), { timeout: 20_000 }).toContain("NothingFits");
  });
});
