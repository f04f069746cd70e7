import { expect, test } from "vitest";
import { readPath } from "./names.ts";

const digest = `sha256:${"a".repeat(64)}`;

test.each<[string, object | undefined]>([
  ["/v2/", { kind: "ping" }],
  ["/v2", { kind: "ping" }],
  ["/v2/qnib/bench/manifests/latest", { kind: "manifest", repository: "qnib/bench", tag: "latest" }],
  [`/v2/bench/manifests/${digest}`, { kind: "manifest", repository: "bench", digest }],
  [`/v2/a/b/c/blobs/${digest}`, { kind: "blob", repository: "a/b/c", digest }],
  ["/v2/qnib/bench/tags/list", { kind: "tags", repository: "qnib/bench" }],
  [`/v2/qnib/bench/referrers/${digest}`, { kind: "referrers", repository: "qnib/bench", digest }],
  ["/v2/manifests/manifests/manifests/v1", { kind: "manifest", repository: "manifests/manifests", tag: "v1" }],
  ["/v2/tags/list/manifests/v1", { kind: "manifest", repository: "tags/list", tag: "v1" }],
  ["/v2/_catalog", undefined],
  ["/v1/search", undefined],
  ["/v2/QNIB/bench/manifests/latest", undefined],
  ["/v2/../etc/manifests/latest", undefined],
  ["/v2/a/../b/manifests/latest", undefined],
  ["/v2/a%2f..%2fb/manifests/latest", undefined],
  ["/v2/a//b/manifests/latest", undefined],
  ["/v2/a/manifests/.hidden", undefined],
  ["/v2/a/manifests/", undefined],
  ["/v2/a/blobs/latest", undefined],
  ["/v2/a/blobs/sha256:abc", undefined],
  ["/v2/a/blobs/uploads/", undefined],
  [`/v2/${"a".repeat(256)}/manifests/latest`, undefined],
  [`/v2/a/manifests/${"t".repeat(129)}`, undefined],
])("%s", (path, expected) => {
  expect(readPath(path)).toEqual(expected);
});

test("a path of any length is read at once", () => {
  expect(readPath(`/v2/${"a/".repeat(100_000)}manifests/latest`)).toBeUndefined();
});
