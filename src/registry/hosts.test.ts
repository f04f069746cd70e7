import { expect, test } from "vitest";
import { hostMatcher } from "./hosts.ts";

test.each([
  [["docker.io"], "docker.io", true],
  [["docker.io"], "evil-docker.io", false],
  [["Registry.Example.com:5000"], "registry.example.com:5000", true],
  [["registry.example.com"], "registry.example.com:5000", false],
  [["*.example.com"], "a.b.example.com", true],
  [["*.example.com"], "example.com", false],
  [["*.example.com"], "badexample.com", false],
  [["*"], "anything", true],
  [[], "docker.io", false],
])("%j lets %s be asked: %s", (patterns, host, expected) => {
  expect(hostMatcher(patterns)(host)).toBe(expected);
});
