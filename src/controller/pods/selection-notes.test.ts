import { expect, test } from "vitest";
import type { Pod } from "../../api/pod.ts";
import { chosenForNode } from "./selection-notes.ts";

const podWith = (text: string | undefined): Pod => ({
  metadata: text === undefined ? {} : { annotations: { "metahub.dev/selection": text } },
  spec: {},
});

test.each<[string | undefined, boolean]>([
  [undefined, false],
  ["", false],
  ['{"main":{"asked":"a"}}', false],
  ['{"main":{"asked":"a","node":"n"}}', true],
  ['{"one":{"asked":"a"},"two":{"node":"n"}}', true],
  ['{"main":{"node":3}}', false],
  ['{"node":"n"}', false],
  ['["node":', false],
])("%j is chosen for a node: %s", (text, expected) => {
  expect(chosenForNode(podWith(text))).toBe(expected);
});
