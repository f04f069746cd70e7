import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readChallenge } from "./challenge.ts";

const bearer = (realm: string, service?: string, scopes: readonly string[] = []): object => ({
  scheme: "bearer",
  realm,
  service,
  scopes,
});

describe("WWW-Authenticate", () => {
  test.each([
    ["Basic", { scheme: "basic" }],
    ['Basic realm="x"', { scheme: "basic" }],
    ['bAsIc realm="x", charset="UTF-8"', { scheme: "basic" }],
    [
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull"',
      bearer("https://auth.docker.io/token", "registry.docker.io", ["repository:library/nginx:pull"]),
    ],
    ['Bearer realm="https://a/t"', bearer("https://a/t")],
    ["Bearer realm=abc,service=s", bearer("abc", "s")],
    ['Bearer realm="a\\"b"', bearer('a"b')],
    ['Basic realm="x", Bearer realm="https://a/t"', bearer("https://a/t")],
    ['Bearer realm="https://a/t", Basic realm="x"', bearer("https://a/t")],
    ['Bearer realm="first",realm="second"', bearer("first")],
    [
      'Bearer realm="r",scope="repository:a:pull repository:b:pull,push"',
      bearer("r", undefined, ["repository:a:pull", "repository:b:pull,push"]),
    ],
    ['Bearer realm="r",scope="a b&scope=evil repository:ok:pull"', bearer("r", undefined, ["repository:ok:pull"])],
    ['Bearer service="no realm"', undefined],
    ["Negotiate abc", undefined],
    ["", undefined],
    [undefined, undefined],
    [`Bearer realm="${"x".repeat(9000)}"`, undefined],
  ])("%s", (header, expected) => {
    expect(readChallenge(header)).toEqual(expected);
  });

  test("never throws and never hangs", () => {
    const parts = fc.constantFrom("Bearer ", "Basic ", 'realm="', '"', "\\", ",", "=", " ", "scope", "a:b:c", "\t");
    fc.assert(fc.property(fc.array(parts, { maxLength: 200 }), (all) => void readChallenge(all.join(""))));
  });
});
