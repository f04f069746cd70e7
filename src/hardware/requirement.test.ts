import { expect, test } from "vitest";
import { formatFeature } from "./feature.ts";
import { parseFeatureList } from "./parse.ts";
import { toRequirement } from "./requirement.ts";

test.each([
  ["", []],
  ["cpu:skylake", [["cpu:skylake"]]],
  ["cpu:skylake, cpu:zen2", [["cpu:skylake", "cpu:zen2"]]],
  ["cpu:broadwell, nvcap:5.2", [["cpu:broadwell"], ["nvcap:5.2"]]],
  ["nvcap:7.0, cpu:skylake, nvcap:8.0", [["nvcap:7.0", "nvcap:8.0"], ["cpu:skylake"]]],
  ["sm_80, 8.6+PTX", [["nvcap:8.0", "nvcap:8.6", "nvptx:8.6"]]],
  ["ptx:7.0", [["nvptx:7.0"]]],
  ["avx2, fma", [["cpuflag:avx2"], ["cpuflag:fma"]]],
  ["sse4", [["cpuflag:sse4_1"], ["cpuflag:sse4_2"]]],
  ["avx2, avx2", [["cpuflag:avx2"]]],
  ["win32k, zeroday", [["feature:win32k"], ["feature:zeroday"]]],
  ["cuda:12.4, nvdriver:550", [["cuda:12.4"], ["nvdriver:550"]]],
])("one carrier with %j requires", (list, expected) => {
  const groups = toRequirement(parseFeatureList(list));
  expect(groups.map((group) => group.map(formatFeature))).toEqual(expected);
});
