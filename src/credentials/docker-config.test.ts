import { describe, expect, test } from "vitest";
import { parseReference } from "../oci/reference.ts";
import { parseDockerConfig, parseLegacyDockerConfig } from "./docker-config.ts";
import { configSource } from "./keyring.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const { signal } = new AbortController();

describe("a docker config", () => {
  test.each([
    [{ auth: base64("ann:pass:word") }, { kind: "basic", username: "ann", password: "pass:word" }],
    [{ auth: base64("ann:word\0\0") }, { kind: "basic", username: "ann", password: "word" }],
    [
      { username: "ann", password: "word", email: "x" },
      { kind: "basic", username: "ann", password: "word" },
    ],
    [
      { username: "no", password: "no", auth: base64("ann:word") },
      { kind: "basic", username: "ann", password: "word" },
    ],
    [
      { auth: base64("00000000:"), identitytoken: "refresh" },
      { kind: "identity", token: "refresh" },
    ],
    [{ registrytoken: "bearer" }, { kind: "registry", token: "bearer" }],
    [{ auth: "" }, undefined],
    [{}, undefined],
  ])("the entry %j", (entry, credentials) => {
    const { entries } = parseDockerConfig(JSON.stringify({ auths: { "ghcr.io": entry } }), "test");
    expect(entries[0]?.credentials).toEqual(credentials);
  });

  test("of a Secret of the older kind holds the entries alone", async () => {
    const text = JSON.stringify({ "ghcr.io": { auth: base64("ann:word") } });
    const source = configSource(parseLegacyDockerConfig(text, "secret team/old"));
    expect(await source.candidates(parseReference("ghcr.io/a/b"), signal)).toHaveLength(1);
  });

  test("gives every entry that fits, the most exact first", async () => {
    const auths = {
      "*.example.com": { username: "c", password: "x" },
      "r.example.com": { username: "b", password: "x" },
      "r.example.com/team": { username: "a", password: "x" },
      "ghcr.io": { username: "d", password: "x" },
    };
    const source = configSource(parseDockerConfig(JSON.stringify({ auths }), "test"));
    const found = await source.candidates(parseReference("r.example.com/team/app"), signal);
    expect(found.map((each) => (each.kind === "basic" ? each.username : ""))).toEqual(["a", "b", "c"]);
  });

  test("names its helpers", () => {
    const text = JSON.stringify({
      credsStore: "desktop",
      credHelpers: { "*.dkr.ecr.eu-west-1.amazonaws.com": "ecr-login" },
    });
    expect(parseDockerConfig(text, "test")).toMatchObject({
      defaultHelper: "desktop",
      helpers: [{ helper: "ecr-login" }],
    });
    expect(parseDockerConfig('{"credsStore":""}', "test").defaultHelper).toBeUndefined();
  });

  test.each([
    ["no JSON", "{"],
    ["JSON with a secret at the place of the error", '{"auths":{"a":{"auth":"c2VjcmV0" "hunter2"'],
    ["a list", "[]"],
    ["auths that are a list", '{"auths":["hunter2"]}'],
    ["an entry that is text", '{"auths":{"ghcr.io":"hunter2"}}'],
    ["auth without a colon", `{"auths":{"ghcr.io":{"auth":"${base64("hunter2")}"}}}`],
    ["a user name with a colon", '{"auths":{"ghcr.io":{"username":"a:hunter2","password":"p"}}}'],
    ["a helper with a path", '{"credsStore":"../../hunter2"}'],
    ["a helper with a space", '{"credHelpers":{"ghcr.io":"x hunter2"}}'],
  ])("with %s is refused, and its content not repeated", (_name, text) => {
    const error = expect.objectContaining({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(/^secret team\/x: (?!.*hunter2)/),
    });
    expect(() => parseDockerConfig(text, "secret team/x")).toThrow(error);
  });

  test("is bounded", () => {
    const many = Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`r${index}.example.com`, {}]));
    const tooLarge = expect.objectContaining({ code: "CONFIG_TOO_LARGE" });
    expect(() => parseDockerConfig(JSON.stringify({ auths: many }), "x")).toThrow(tooLarge);
    expect(() => parseDockerConfig(" ".repeat(1024 * 1024 + 1), "x")).toThrow(tooLarge);
  });

  test("keys of JavaScript's own are entries like any other", () => {
    const text = '{"auths":{"__proto__":{"auth":"eDp5"},"constructor":{"auth":"eDp5"},"toString":{"auth":"eDp5"}}}';
    expect(() => parseDockerConfig(text, "test")).not.toThrow();
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });
});
