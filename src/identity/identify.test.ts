import { describe, expect, test } from "vitest";
import { basic, credential, now, rules, seconds } from "../../test/support/identity/credentials.ts";
import { createSigningKey } from "../keys/signing-keys.ts";
import { Credentials } from "./credentials.ts";
import { identify } from "./identify.ts";
import { maySee } from "./identity.ts";
import { answerTokenRequest } from "./token-request.ts";

const one = credential("login", "mh_one", { username: "qnib-type1" });
const hub = rules([
  one,
  credential("two", "mh_two", { machineType: "type2" }),
  credential("mirror", "mh_mirror", { unfiltered: true }),
  credential("old", "mh_old", { username: "old", expires: "2026-11-28T12:00:00Z" }),
  credential("gone", "mh_gone", { username: "gone", revoked: "2026-11-28T11:00:00Z" }),
]);
const type1 = { kind: "machineType", name: "type1", credential: "login", repositories: undefined };

interface Asked {
  /** `null` for none. */
  readonly authorization?: string | null;
  readonly scope?: string;
}

/** A token for the login and the scope. */
function token(context = hub, { authorization = basic("qnib-type1", "mh_one"), scope }: Asked = {}): string {
  const query = new URLSearchParams({ scope: scope ?? "repository:qnib/bench:pull" });
  const given = answerTokenRequest({ query, authorization: authorization ?? undefined }, context);
  if (!("answer" in given)) throw new Error(`no token: ${given.why}`);
  return `Bearer ${given.answer.token}`;
}

test("a token that ends later than any that is given here is not believed", () => {
  const in2Hours = { ...hub, now: new Date(hub.now.getTime() + 7_200_000) };
  expect(identify(token(in2Hours), "qnib/bench", hub)).toMatchObject({ refused: "bearer", why: "malformed" });
  const in30Seconds = { ...hub, now: new Date(hub.now.getTime() + 30_000) };
  expect(identify(token(in30Seconds), "qnib/bench", hub)).toMatchObject({ identity: type1 });
});

describe("by Basic", () => {
  test.each([
    ["a machine type", basic("qnib-type1", "mh_one"), type1],
    ["a machine type by its own name", basic("type2", "mh_two"), { kind: "machineType", name: "type2" }],
    ["unfiltered", basic("mirror", "mh_mirror"), { kind: "unfiltered", credential: "mirror" }],
    ["the scheme in other letters", basic("mirror", "mh_mirror").replace("Basic", "bASIC "), { kind: "unfiltered" }],
  ])("%s", (_, authorization, identity) => {
    expect(identify(authorization, "qnib/bench", hub)).toMatchObject({ identity });
  });

  test.each([
    ["a wrong secret", basic("qnib-type1", "mh_two"), "unknown", false],
    ["another one's user name", basic("type2", "mh_one"), "unknown", false],
    ["an expired credential", basic("old", "mh_old"), "expired", true],
    ["a wrong secret of an expired one", basic("old", "mh_one"), "unknown", false],
    ["a revoked credential", basic("gone", "mh_gone"), "revoked", false],
    ["the hash in place of the secret", basic("qnib-type1", one.spec.secretHash), "unknown", false],
    ["a user name with path separators", basic("../../qnib-type1", "mh_one"), "unknown", false],
    ["a user name in look-alike letters", basic("qnib-typе1", "mh_one"), "unknown", false],
    ["a user name with a NUL", basic("qnib-type1\0", "mh_one"), "unknown", false],
    ["__proto__", basic("__proto__", "mh_one"), "unknown", false],
    ["a user name of 10 kB", basic("u".repeat(10_000), "mh_one"), "malformed", false],
    ["a header over 16 KiB", basic("qnib-type1", "x".repeat(13_000)), "malformed", false],
    ["no colon", `Basic ${Buffer.from("qnib-type1").toString("base64")}`, "malformed", false],
    ["bytes that are no UTF-8", `Basic ${Buffer.from([0xff, 0x3a, 0x61]).toString("base64")}`, "malformed", false],
    ["no base64", "Basic !!!", "malformed", false],
    ["nothing behind the scheme", "Basic", "malformed", false],
    ["a hint where none is allowed", basic("any+cpu=zen2", "x"), "unknown", false],
  ])("%s is refused", (_, authorization, why, expired) => {
    expect(identify(authorization, "qnib/bench", hub)).toMatchObject({ refused: "basic", why, expired });
  });
});

test.each([[false], [true]])("a request without Authorization is refused, with anonymous tokens %s", (anonymous) => {
  const asked = identify(undefined, "qnib/bench", { ...hub, anonymous, hints: anonymous });
  expect(asked).toEqual({ refused: "none", expired: false, why: "no-credentials" });
  expect(identify("Negotiate abc", undefined, { ...hub, anonymous })).toMatchObject({ refused: "none" });
});

describe("by a token", () => {
  test("its login's identity, for the repositories that it was given for, and for none", () => {
    expect(identify(token(), "qnib/bench", hub)).toEqual({ identity: type1 });
    expect(identify(token(), undefined, hub)).toEqual({ identity: type1 });
  });

  test("is refused for another repository", () => {
    for (const repository of ["qnib/other", "qnib", "qnib/bench/x", "Qnib/bench", ""]) {
      expect(identify(token(), repository, hub)).toMatchObject({ refused: "bearer", why: "scope", expired: false });
    }
  });

  test("is refused at another registry", () => {
    const elsewhere = { ...hub, audience: "hub2" };
    expect(identify(token(), "qnib/bench", elsewhere)).toMatchObject({ refused: "bearer", why: "audience" });
  });

  test("ends after an hour, and nothing else is wrong with it then", () => {
    const given = token();
    expect(identify(given, "qnib/bench", { ...hub, now: seconds(3_599) })).toHaveProperty("identity");
    const late = identify(given, "qnib/bench", { ...hub, now: seconds(3_600) });
    expect(late).toMatchObject({ refused: "bearer", why: "expired", expired: true });
  });

  const without = (spec: object) => new Credentials([{ ...one, spec: { ...one.spec, ...spec } }]);
  test.each([
    ["revoked", without({ revoked: "2026-11-28T12:00:00Z" }), "revoked", false],
    ["removed", new Credentials([]), "revoked", false],
    [
      "given another secret",
      new Credentials([credential("login", "mh_new", { username: "qnib-type1" })]),
      "revoked",
      false,
    ],
    ["expired", without({ expires: "2026-11-28T12:00:00Z" }), "expired", true],
  ])("counts no more at once when its credential is %s", (_, credentials, why, expired) => {
    const given = token();
    const asked = identify(given, "qnib/bench", { ...hub, credentials });
    expect(asked).toMatchObject({ refused: "bearer", why, expired });
  });

  test("follows its credential to another machine type and other repositories", () => {
    const credentials = without({ machineType: "type9", repositories: ["qnib/*"] });
    const identity = { ...type1, name: "type9", repositories: ["qnib/*"] };
    expect(identify(token(), "qnib/bench", { ...hub, credentials })).toEqual({ identity });
  });

  test("is nobody's where it was changed, or signed with another key", () => {
    const given = token().slice("Bearer ".length);
    const [version, key, content = "", mac] = given.split(".");
    const forged = Buffer.from(Buffer.from(content, "base64url").toString().replace("qnib/bench", "qnib/other"));
    const others = rules([one], { keys: [createSigningKey(new Date(0))] });
    for (const text of [
      [version, key, forged.toString("base64url"), mac].join("."),
      [version, "0".repeat(16), content, mac].join("."),
      [version, key, content, "A".repeat(43)].join("."),
      [version, key, content].join("."),
      [version, key, content, ""].join("."),
      token(others).slice("Bearer ".length),
      "mh_one",
      "",
      "x".repeat(20_000),
    ]) {
      expect(identify(`Bearer ${text}`, "qnib/other", hub), text).toMatchObject({
        refused: "bearer",
        why: "malformed",
      });
    }
  });

  test("goes on counting when another key signs, and no longer than the key is there", () => {
    const next = [createSigningKey(now), ...hub.keys];
    expect(identify(token(), "qnib/bench", { ...hub, keys: next })).toHaveProperty("identity");
    expect(identify(token(), "qnib/bench", { ...hub, keys: next.slice(0, 1) })).toMatchObject({ refused: "bearer" });
  });

  test("without credentials is anonymous, as long as that is allowed", () => {
    const open = { ...hub, anonymous: true };
    const given = token(open, { authorization: null });
    expect(identify(given, "qnib/bench", open)).toMatchObject({ identity: { kind: "anonymous" } });
    expect(identify(given, "qnib/bench", hub)).toMatchObject({ refused: "bearer", why: "not-allowed" });
  });
});

describe("by a hint", () => {
  const open = { ...hub, hints: true };
  test.each([
    ["any+cpu=zen2,nvcap=9.0", ["cpu:zen2", "nvcap:9.0"]],
    ["+gfx=gfx90a%3Axnack+", ["gfx:gfx90a:xnack+"]],
    ["a/b+CPU=Zen2", ["cpu:zen2"]],
  ])("%s", (username, features) => {
    expect(identify(basic(username, "x"), "qnib/bench", open)).toEqual({
      identity: { kind: "features", features, credential: "(hint)", repositories: undefined },
    });
    const given = token(open, { authorization: basic(username, "") });
    expect(identify(given, "qnib/bench", open)).toMatchObject({ identity: { features } });
    expect(identify(given, "qnib/bench", hub)).toMatchObject({ refused: "bearer", why: "not-allowed" });
  });

  test.each(["any+", "any+cpu=", "any+cpu=zen2%2C", "any+cpu=ze n2", "any+nvcap=x", `any+${"a=b,".repeat(70)}`])(
    "%s is refused",
    (username) => {
      expect(identify(basic(username, "x"), "qnib/bench", open)).toMatchObject({ refused: "basic", why: "malformed" });
    },
  );

  test("a user name without one is a login as ever", () => {
    expect(identify(basic("qnib-type1", "wrong"), "qnib/bench", open)).toMatchObject({ refused: "basic" });
  });
});

describe("by a client certificate", () => {
  const by = (...certificateNames: string[]) => ({ ...hub, certificateNames });
  test("the machine type that it names, before whatever else is presented", () => {
    const context = by("host.example.com", "metahub:machine-type:type3");
    const identity = { kind: "machineType", name: "type3", credential: "(certificate)", repositories: undefined };
    expect(identify(undefined, "qnib/bench", context)).toEqual({ identity });
    expect(identify(basic("qnib-type1", "mh_one"), "qnib/bench", context)).toEqual({ identity });
  });

  test("with other names says nothing", () => {
    expect(identify(undefined, undefined, by("x:metahub:machine-type:type3"))).toMatchObject({ refused: "none" });
  });

  test.each([
    ["two types", ["metahub:machine-type:type1", "metahub:machine-type:type2"]],
    ["a type that cannot be", ["metahub:machine-type:../x"]],
    ["no type", ["metahub:machine-type:"]],
    ["a name too long", [`metahub:machine-type:${"a".repeat(64)}`]],
  ])("with %s is refused, and no login helps it", (_, names) => {
    const asked = identify(basic("qnib-type1", "mh_one"), "qnib/bench", by(...names));
    expect(asked).toMatchObject({ refused: "basic", why: "malformed" });
  });

  test("gives no token that counts without it", () => {
    const request = { query: new URLSearchParams(), authorization: undefined };
    const given = answerTokenRequest({ ...request, certificateNames: ["metahub:machine-type:type3"] }, hub);
    if (!("answer" in given)) throw new Error("no token");
    expect(given.identity).toMatchObject({ name: "type3" });
    expect(identify(`Bearer ${given.answer.token}`, undefined, hub)).toMatchObject({ refused: "bearer" });
  });
});

describe("on the path of a machine type", () => {
  const path = "machine/type1/qnib/bench";
  const onPath = { ...hub, machineType: "type1" };
  const scope = `repository:${path}:pull`;

  test("its own credentials and tokens count", () => {
    expect(identify(basic("qnib-type1", "mh_one"), path, onPath)).toEqual({ identity: type1 });
    expect(identify(token(hub, { scope }), path, onPath)).toEqual({ identity: type1 });
  });

  test.each([
    ["another type's credential", basic("type2", "mh_two"), "basic"],
    ["another type's token", token(hub, { authorization: basic("type2", "mh_two"), scope }), "bearer"],
    ["an unfiltered one", basic("mirror", "mh_mirror"), "basic"],
    ["a hint", basic("x+cpu=zen2", "x"), "basic"],
    ["an anonymous token", token({ ...hub, anonymous: true }, { authorization: null, scope }), "bearer"],
  ])("%s is refused", (_, authorization, refused) => {
    const asked = identify(authorization, path, { ...onPath, anonymous: true, hints: true });
    expect(asked).toMatchObject({ refused, why: "machine-type", expired: false });
  });
});

test.each([
  [undefined, "qnib/bench", true],
  [[], "qnib/bench", false],
  [["qnib/bench"], "qnib/bench", true],
  [["qnib/bench"], "qnib/bench2", false],
  [["qnib/*"], "qnib/a/b", true],
  [["qnib/*"], "qnib", false],
  [["qnib/*"], "qnibble/a", false],
  [["other/*", "*"], "qnib/bench", true],
])("who may see %j sees %s: %s", (repositories, repository, answer) => {
  expect(maySee({ repositories }, repository)).toBe(answer);
});
