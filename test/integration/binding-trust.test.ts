import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { selectionAnnotation } from "../../src/api/pod-keys.ts";
import { noteTime } from "../../src/rewriting/notes/note.ts";
import { openBindingSite } from "../support/cluster/binding-site.ts";
import { describeWith } from "../support/describe-with.ts";
import { signedNotes } from "../support/note-keys.ts";

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
  async function land(name: string, image: string, note: object, up: boolean, signed = false): Promise<string> {
    const main = { code: "selected", reason: "", at: noteTime(new Date()), ...note };
    const annotations = signed ? signedNotes({ main }) : { [selectionAnnotation]: JSON.stringify({ main }) };
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

    test.each(["unsigned", "signed"])("names another repository, %s: the image stays", async (how) => {
      const pod = name(`repository-${how}`);
      const image = `qnib/bench@${digestOf("cpu-skylake")}`;
      const note = { asked: "evil/bench", index: foreign.get(""), variant: digestOf("cpu-skylake"), node: "node2" };
      expect(await land(pod, image, note, up, how === "signed")).toBe(image);
      // The note is gone where the webhook saw it come.
      if (up) expect(site.note(await site.pod(pod))).toBeUndefined();
      else await expect.poll(() => site.eventsOf(pod), { timeout: 20_000 }).toContain("SelectionUnproven");
    });

    test.each(["unsigned", "signed"])("names an index of another repository, %s: the image stays", async (how) => {
      const image = `qnib/bench@${digestOf("cpu-skylake")}`;
      const note = { asked: "qnib/bench", index: foreign.get(""), variant: digestOf("cpu-skylake"), node: "node2" };
      expect(await land(name(`elsewhere-${how}`), image, note, up, how === "signed")).toBe(image);
    });

    test.each(["unsigned", "signed"])(
      "names an index that does not hold the build, %s: the image stays",
      async (how) => {
        const pod = name(`not-in-it-${how}`);
        const image = `qnib/bench@${digestOf("cpu-skylake")}`;
        const note = {
          asked: "qnib/bench:other",
          index: other.get(""),
          variant: digestOf("cpu-skylake"),
          node: "node2",
        };
        expect(await land(pod, image, note, up, how === "signed")).toBe(image);
        if (!up) await expect.poll(() => site.eventsOf(pod), { timeout: 20_000 }).toContain("SelectionUnproven");
      },
    );

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
    const index = site.builds.index.digest;
    const note = { asked: "qnib/bench", index, variant: digestOf("cpu-skylake"), node: "node2" };
    expect(await land("copied", image, note, true, true)).toBe(`qnib/bench@${digestOf("cpu-broadwell")}`);
    expect(await land("forged", image, note, true)).toBe(image);
  });

  test("one that is older than its Pod, of a copy that was made while the webhook was down, moves nothing", async () => {
    const image = `qnib/bench@${digestOf("cpu-skylake")}`;
    const index = site.builds.index.digest;
    const note = { asked: "qnib/bench", index, variant: digestOf("cpu-skylake"), at: "2026-01-01T00:00:00Z" };
    expect(await land("older", image, note, false, true)).toBe(image);
    await expect.poll(() => site.eventsOf("older"), { timeout: 20_000 }).toContain("SelectionUnproven");
  });

  test("a forged original is not put back where nothing fits; one that proves itself is", async () => {
    const demanding = await site.publish("qnib/demanding", { skylake: ["cpu:skylake"], icelake: ["cpu:icelake"] });
    const [index, variant] = [demanding.get(""), demanding.get("skylake")];
    const image = `qnib/demanding@${variant}`;
    const note = { asked: "qnib/demanding", index, variant, node: "node2" };
    const evil = { ...note, asked: "qnib/demanding:evil" };
    for (const up of [true, false]) expect(await land(`nothing-fits-forged-${up}`, image, evil, up)).toBe(image);
    expect(await land("nothing-fits-honest", image, note, true, true)).toBe("qnib/demanding");
    await expect.poll(() => site.eventsOf("nothing-fits-honest"), { timeout: 20_000 }).toContain("NothingFits");
  });
});
