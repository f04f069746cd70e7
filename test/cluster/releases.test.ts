import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { platformOf } from "./platform.ts";
import { conformanceVersion, officialReleases, recipeFor, releaseVersions } from "./releases.ts";

describe("the versions that are downloaded are those that are built", () => {
  test.each([
    ["go.mod", "go.etcd.io/etcd/server/v3", releaseVersions.etcd],
    ["go.mod", "k8s.io/kubernetes", releaseVersions.kubernetes],
    ["helm/go.mod", "helm.sh/helm/v3", releaseVersions.helm],
    ["registry/go.mod", "github.com/distribution/distribution/v3", releaseVersions.registry],
    ["conformance/go.mod", "github.com/opencontainers/distribution-spec/conformance", conformanceVersion],
  ])("%s: %s", (file, module, version) => {
    const text = readFileSync(new URL(`./binaries/${file}`, import.meta.url), "utf8");
    expect(text).toMatch(new RegExp(`^\\s*(require )?${module.replaceAll(".", "\\.")} ${version}\\b`, "m"));
  });
});

describe("where a program is published", () => {
  const url = (...[name, os]: [Parameters<typeof recipeFor>[0], string]): string | undefined =>
    recipeFor(name, platformOf(os, "arm64"), officialReleases, "").download?.url;
  test.each([
    ["kube-apiserver", "linux", "https://dl.k8s.io/release/v1.37.2/bin/linux/arm64/kube-apiserver"],
    ["kube-apiserver", "darwin", undefined],
    ["kubectl", "darwin", "https://dl.k8s.io/release/v1.37.2/bin/darwin/arm64/kubectl"],
    ["helm", "darwin", "https://get.helm.sh/helm-v3.22.0-darwin-arm64.tar.gz"],
    ["etcd", "darwin", undefined],
    ["pause", "linux", undefined],
  ] as const)("%s on %s", (name, os, expected) => {
    expect(url(name, os)).toBe(expected);
  });
});

test("a machine that nothing is built for is refused", () => {
  expect(() => platformOf("win32", "x64")).toThrow("needs Linux or macOS on amd64 or arm64, not win32 x64");
  expect(() => platformOf("linux", "s390x")).toThrow("not linux s390x");
});
