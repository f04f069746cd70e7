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
    [null, undefined],
    [
      { auth: base64("ann:word"), identitytoken: null },
      { kind: "basic", username: "ann", password: "word" },
    ],
    [
      { auth: null, username: "ann", password: "word" },
      { kind: "basic", username: "ann", password: "word" },
    ],
    // Go's decoder knows no upper and lower case.
    [{ Auth: base64("ann:word") }, { kind: "basic", username: "ann", password: "word" }],
    [{ identityToken: "refresh" }, { kind: "identity", token: "refresh" }],
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
    ["a list", '["hunter2"]'],
  ])("with %s is refused, and its content not repeated", (_name, text) => {
    const error = expect.objectContaining({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(/^secret team\/x: (?!.*hunter2)/),
    });
    expect(() => parseDockerConfig(text, "secret team/x")).toThrow(error);
  });

  const good = { auth: base64("ann:word") };
  test.each<[name: string, more: object, passedOver: readonly string[]]>([
    ["an entry that is text", { auths: { "ghcr.io": "hunter2" } }, ["auths.ghcr.io: it is no object"]],
    ["an entry that is null", { auths: { "ghcr.io": null } }, []],
    [
      "auth without a colon",
      { auths: { "ghcr.io": { auth: base64("hunter2") } } },
      ["auths.ghcr.io: its auth is not the base64 of user:password"],
    ],
    ["auth that is a number", { auths: { "ghcr.io": { auth: 1 } } }, ["auths.ghcr.io: its auth is no text"]],
    [
      "a user name with a colon",
      { auths: { "ghcr.io": { username: "a:hunter2", password: "p" } } },
      ["auths.ghcr.io: its user name holds a colon"],
    ],
    ["a helper with a path", { credsStore: "../../hunter2" }, ["credsStore: it is no name of a credential helper"]],
    [
      "a helper with a space",
      { credHelpers: { "ghcr.io": "x hunter2" } },
      ["credHelpers.ghcr.io: it is no name of a credential helper"],
    ],
    ["helpers that are null and empty", { credHelpers: { "gcr.io": null, "ghcr.io": "" }, credsStore: null }, []],
    ["helpers that are a list", { credHelpers: ["hunter2"] }, ["credHelpers: it is no object"]],
    ["members of docker's that say something else", { HttpHeaders: { "User-Agent": "x" }, psFormat: 1 }, []],
  ])("with %s: that is passed over and named, and the others count", (_name, more: { auths?: object }, passedOver) => {
    const text = JSON.stringify({ ...more, auths: { ...more.auths, "good.example": good } });
    const config = parseDockerConfig(text, "secret team/x");
    expect(config.passedOver).toEqual(passedOver);
    expect(config.entries.map(({ scope }) => scope.labels)).toEqual([["good", "example"]]);
    expect(config.helpers).toEqual([]);
  });

  test("auths that are a list are passed over, and helpers count", () => {
    const config = parseDockerConfig('{"auths":["hunter2"],"CredsStore":"desktop"}', "x");
    expect(config).toMatchObject({ entries: [], defaultHelper: "desktop", passedOver: ["auths: it is no object"] });
  });

  test.each(["", " \n", "null", "{}", '{"auths":null}'])("%j holds nothing", (text) => {
    const nothing = { entries: [], helpers: [], defaultHelper: undefined, passedOver: [] };
    expect(parseDockerConfig(text, "x")).toEqual(nothing);
    expect(parseLegacyDockerConfig(text.includes("auths") ? "" : text, "x")).toEqual(nothing);
  });

  test("so many odd entries are named", () => {
    const auths = Object.fromEntries(Array.from({ length: 100 }, (_, row) => [`r${row}.example${"x".repeat(200)}`, 1]));
    const { passedOver } = parseDockerConfig(JSON.stringify({ auths }), "x");
    expect(passedOver).toHaveLength(16);
    for (const reason of passedOver) expect(reason.length).toBeLessThan(150);
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
