import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseReference } from "../oci/reference.ts";
import { compareScopes, parseScope, scopeMatches } from "./match.ts";

/** The first are the kubelet's own documentation of its rules. */
const table: readonly (readonly [key: string, image: string, matches: boolean])[] = [
  ["*.kubernetes.io", "abc.kubernetes.io/app", true],
  ["*.kubernetes.io", "kubernetes.io/app", false],
  ["*.*.kubernetes.io", "abc.kubernetes.io/app", false],
  ["*.*.kubernetes.io", "abc.def.kubernetes.io/app", true],
  ["prefix.*.io", "prefix.kubernetes.io/app", true],
  ["*-good.kubernetes.io", "prefix-good.kubernetes.io/app", true],
  ["my-registry.io/images", "my-registry.io/images/my-image", true],
  ["my-registry.io/images", "my-registry.io/images/more/my-image", true],
  ["my-registry.io/images", "my-registry.io/other/my-image", false],
  ["my-registry.io/images", "my-registry.io/my-image", false],
  ["*.my-registry.io/images", "a.my-registry.io/images/my-image", true],
  ["*.my-registry.io/images", "a.sub.my-registry.io/images/my-image", false],
  ["*.docker.io", "nginx", false],
  ["https://index.docker.io/v1/", "nginx", true],
  ["https://index.docker.io/v1/", "docker.io/team/app", true],
  ["index.docker.io", "team/app", true],
  ["docker.io", "team/app", true],
  ["docker.io/team", "team/app", true],
  ["docker.io/team", "nginx", false],
  ["https://index.docker.io/v1/", "ghcr.io/team/app", false],
  ["ghcr.io", "ghcr.io/team/app", true],
  ["https://ghcr.io", "ghcr.io/team/app", true],
  ["http://ghcr.io/v2/", "ghcr.io/team/app", true],
  ["ghcr.io/v1/", "ghcr.io/team/app", true],
  ["ghcr.io/v1beta", "ghcr.io/team/app", false],
  ["ghcr.io/v2/team", "ghcr.io/team/app", true],
  ["GHCR.io", "ghcr.io/team/app", true],
  ["ghcr.io/", "ghcr.io/team/app", true],
  ["ghcr.io/team/", "ghcr.io/team/app", true],
  ["ghcr.io/team/", "ghcr.io/teamster/app", false],
  ["ghcr.io/v2/team/", "ghcr.io/teamster/app", false],
  // As the kubelet: a path is a prefix of the text.
  ["ghcr.io/team", "ghcr.io/teamster/app", true],
  ["ghcr.io", "ghcr.io:5000/team/app", false],
  ["r.example.com:5000", "r.example.com:5000/app", true],
  ["*.example.com:5000", "r.example.com:5000/app", true],
  ["*.example.com", "r.example.com:5000/app", false],
  ["r.example.com:*", "r.example.com:5000/app", false],
  ["r?.example.com", "r1.example.com/app", true],
  ["r?.example.com", "r.example.com/app", false],
  ["[::1]:5000", "[::1]:5000/app", true],
  ["localhost", "localhost/app", true],
];

describe("which images a key is for", () => {
  test.each(table)("%s for %s: %s", (key, image, matches) => {
    const scope = parseScope(key);
    if (scope === undefined) expect.unreachable("the key can be read");
    expect(scopeMatches(scope, parseReference(image))).toBe(matches);
  });

  test.each(["", "https://", "/path", "user@host", "a b", "x".repeat(600)])("%s is no key", (key) => {
    expect(parseScope(key)).toBeUndefined();
  });

  test("the more exact comes first", () => {
    const keys = ["*.example.com", "r.example.com/team/app", "r.example.com", "*.example.com/team"];
    const sorted = keys
      .map((key) => ({ key, scope: parseScope(key) }))
      .sort((a, b) => (a.scope === undefined || b.scope === undefined ? 0 : compareScopes(a.scope, b.scope)));
    expect(sorted.map(({ key }) => key)).toEqual([
      "r.example.com/team/app",
      "*.example.com/team",
      "r.example.com",
      "*.example.com",
    ]);
  });

  test("a host matches itself, and any glob made from it", () => {
    const label = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    fc.assert(
      fc.property(fc.array(label, { minLength: 2, maxLength: 5 }), fc.nat(), (labels, at) => {
        const host = labels.join(".");
        const glob = labels.map((part, index) => (index === at % labels.length ? "*" : part)).join(".");
        const reference = { registry: host, repository: "a" };
        return [host, glob].every((key) => {
          const scope = parseScope(key);
          return scope !== undefined && scopeMatches(scope, reference);
        });
      }),
    );
  });

  test("a hostile glob is not slow", () => {
    const scope = parseScope(`${"*a".repeat(200)}b`);
    if (scope === undefined) expect.unreachable("the key can be read");
    expect(scopeMatches(scope, { registry: "a".repeat(250), repository: "x" })).toBe(false);
  });
});
