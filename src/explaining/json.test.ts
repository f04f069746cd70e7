import { describe, expect, test } from "vitest";
import { imageOf, nodeWith, typeWith } from "../../test/support/machines.ts";
import { annotated, digestOf, entry } from "../../test/support/oci/indexes.ts";
import { explanationJson, requirementsJson } from "./json.ts";
import { explain } from "./rows.ts";

const image = imageOf(
  entry("generic"),
  annotated("broadwell", "cpu:broadwell,nvcap:7.0,nvcap:8.0"),
  annotated("skylake", "cpu:skylake"),
  entry("arm", { platform: { os: "linux", architecture: "arm64" } }),
);

describe("the JSON of explain", () => {
  test("is the one that scripts depend on, key for key", () => {
    expect(explanationJson(explain(image, [typeWith("type1", "cpu:broadwell,nvcap:8.6")], true))).toStrictEqual({
      image: "qnib/bench:latest",
      digest: digestOf("index"),
      variants: [
        { digest: digestOf("generic"), platform: "linux/amd64", requires: [], position: 0 },
        {
          digest: digestOf("broadwell"),
          platform: "linux/amd64",
          requires: [["cpu:broadwell"], ["nvcap:7.0", "nvcap:8.0"]],
          position: 1,
        },
        { digest: digestOf("skylake"), platform: "linux/amd64", requires: [["cpu:skylake"]], position: 2 },
        { digest: digestOf("arm"), platform: "linux/arm64", requires: [], position: 3 },
      ],
      machines: [
        {
          kind: "MachineType",
          name: "type1",
          platform: "linux/amd64",
          offers: ["cpu:broadwell", "nvcap:8.6"],
          selected: digestOf("broadwell"),
          action: "rewrite",
          reason: "cpu:broadwell, nvcap:7.0 or nvcap:8.0 is the closest of 2 that fit",
          considered: [
            { digest: digestOf("generic"), outcome: "outranked", by: digestOf("broadwell") },
            { digest: digestOf("broadwell"), outcome: "selected" },
            { digest: digestOf("skylake"), outcome: "incompatible", missing: [["cpu:skylake"]] },
            { digest: digestOf("arm"), outcome: "incompatible", missing: [] },
          ],
          warnings: [],
        },
      ],
    });
  });

  test("says null where nothing fits", () => {
    const only = imageOf(annotated("skylake", "cpu:skylake"));
    const [machine] = explanationJson(explain(only, [nodeWith("a", "cpu:zen2")], true)).machines;
    expect(machine).toMatchObject({
      selected: null,
      action: "leave",
      reason: expect.stringMatching(/lacks cpu:skylake/),
    });
  });

  test("names the one build of an image that is no index", () => {
    const one = { shown: "a:latest", digest: digestOf("one"), list: undefined };
    expect(explanationJson(explain(one, [nodeWith("a", "")], true))).toMatchObject({
      variants: [],
      machines: [{ selected: digestOf("one"), action: "leave", considered: [], reason: /one build/ }],
    });
  });
});

describe("the JSON of the requirements", () => {
  test("adds to each build what a machine must offer, and the warnings of the index", () => {
    const odd = imageOf(annotated("a", "cpu:skylake"), annotated("b", "cuda:12,4"));
    const json = requirementsJson({ image: odd.shown, digest: odd.digest, list: odd.list });
    expect(json.variants[0]).toMatchObject({
      requires: [["cpu:skylake"]],
      needs: [{ anyOf: ["cpu:skylake"], means: expect.stringMatching(/^a CPU that is skylake or descends/) }],
    });
    expect(json.warnings).toHaveLength(0);
  });
});
