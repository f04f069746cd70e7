import { expect, test } from "vitest";
import { feed, fuzzing } from "../../test/support/fuzz/runs.ts";
import { damaged } from "../../test/support/fuzz/spoil.ts";
import { readChallenge } from "./challenge.ts";

const challenges = [
  'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull"',
  'Basic realm="x", Bearer realm="https://a/t", error="invalid_token"',
  'Bearer realm="r",scope="repository:a:pull repository:b:pull,push registry:catalog:*"',
  "Negotiate abc, Basic",
  `Bearer realm="r",scope="${"repository:a:pull ".repeat(6)}"`,
  `Bearer realm="${"\\\\".repeat(2_000)}", scope="${"a ".repeat(2_000)}"`,
  `${'x="y",'.repeat(1_000)} Bearer realm=z`,
  " ,\t".repeat(2_600),
];

test(
  "whatever a registry challenges with, at most one answer follows from it, and nothing that breaks a query",
  fuzzing,
  async () => {
    let answered = 0;
    await feed(damaged(...challenges), (text) => {
      const challenge = readChallenge(text);
      if (challenge === undefined) return;
      answered += 1;
      if (challenge.scheme === "basic") return;
      const { realm, service = "", scopes } = challenge;
      expect(scopes.length).toBeLessThanOrEqual(4);
      for (const scope of scopes) expect(scope).toMatch(/^[A-Za-z0-9()]+:[\w./:-]+:[A-Za-z0-9*,]+$/);
      expect(realm.length + service.length).toBeLessThanOrEqual(8 * 1024);
    });
    expect(answered).toBeGreaterThan(500);
  },
);
