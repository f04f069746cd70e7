import { expect, test } from "vitest";
import { feed, fuzzing } from "../../test/support/fuzz/runs.ts";
import { spoiledTexts } from "../../test/support/fuzz/spoil.ts";
import { annotated, digestOf, entry } from "../../test/support/oci/indexes.ts";
import { machine } from "../../test/support/variants.ts";
import { select } from "../selection/select.ts";
import { OciError } from "./error.ts";
import { flattenIndex } from "./flatten.ts";
import { ociIndex } from "./media-types.ts";

const nested = { ...annotated("nested", "cpu:skylake"), mediaType: ociIndex };
const index = (...manifests: readonly object[]): object => ({ schemaVersion: 2, mediaType: ociIndex, manifests });
const indexes = [
  index(annotated("a", "cpu:skylake,nvcap:7.0"), annotated("b", "cpu:broadwell"), annotated("c", "")),
  index(
    entry("v3", { platform: { os: "linux", architecture: "amd64", variant: "v3", "os.features": ["soci"] } }),
    entry("arm", { platform: { os: "linux", architecture: "arm64", variant: "v8", features: ["gfx90a"] } }),
    entry("attestation", { annotations: { "vnd.docker.reference.type": "attestation-manifest" } }),
  ),
  index(annotated("a", "cpu:skylake"), nested),
];
const root = digestOf("root");
const inner = new TextEncoder().encode(JSON.stringify(index(annotated("d", "cpu:haswell"))));
const machines = [machine("cpu:skylake", "nvcap:7.0"), machine("linux/arm64")];

test("whatever an index says, it is read or refused in so many words, and its builds are judged", fuzzing, async () => {
  let read = 0;
  await feed(spoiledTexts(...indexes), (text) => {
    const documents = new Map([
      [root, new TextEncoder().encode(text)],
      [digestOf("nested"), inner],
    ]);
    try {
      const flat = flattenIndex(root, documents);
      if (!flat.complete) return;
      read += 1;
      expect(flat.warnings.length).toBeLessThanOrEqual(33);
      for (const said of flat.warnings) expect(said).toMatch(/^[^\p{Cc}\p{Cs}]{0,300}$/u);
      for (const one of machines) {
        const { selected, reason } = select(flat.variants, one);
        expect(selected === null || flat.variants.includes(selected)).toBe(true);
        expect(reason).toMatch(/^[^\p{Cc}\p{Cs}]{1,400}$/u);
      }
    } catch (error) {
      if (!(error instanceof OciError)) throw error;
      expect(error.message).toMatch(/^[^\p{Cc}\p{Cs}]{1,600}$/u);
    }
  });
  expect(read).toBeGreaterThan(150);
});
