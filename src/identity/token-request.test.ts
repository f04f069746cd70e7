import { describe, expect, test } from "vitest";
import { basic, credential, rules, seconds } from "../../test/support/identity/credentials.ts";
import { identify } from "./identify.ts";
import { answerTokenRequest, type TokenRequest } from "./token-request.ts";

const hub = rules([
  credential("login", "mh_one", { username: "qnib-type1", repositories: ["qnib/*"] }),
  credential("short", "mh_short", { username: "short", expires: "2026-11-28T12:10:00Z" }),
]);
const login = basic("qnib-type1", "mh_one");
const get = (query: string, authorization: string | undefined = login): TokenRequest => ({
  query: new URLSearchParams(query),
  authorization,
});
const post = (form: string, authorization?: string): TokenRequest => ({
  query: new URLSearchParams(),
  form: new URLSearchParams(form),
  authorization,
});
function answer(request: TokenRequest, context = hub) {
  const given = answerTokenRequest(request, context);
  if (!("answer" in given)) throw new Error(`refused: ${given.why}`);
  return given.answer;
}
/** Whether the token opens the repository. */
const opens = (request: TokenRequest, repository: string | undefined, context = hub): boolean =>
  "identity" in identify(`Bearer ${answer(request, context).token}`, repository, context);

test("the answer has the token under both names, and tells honestly how long it counts", () => {
  const given = answer(get("scope=repository:qnib/bench:pull&service=hub&account=x"), { ...hub, now: seconds(0.7) });
  expect(given).toEqual({
    token: given.access_token,
    access_token: expect.stringMatching(/^mht1\./),
    expires_in: 3_600,
    issued_at: "2026-11-28T12:00:00Z",
  });
  expect(answer(get("", basic("short", "mh_short"))).expires_in).toBe(600);
});

describe("scopes", () => {
  test.each([
    ["none", "", undefined],
    ["one", "scope=repository:qnib/bench:pull", "qnib/bench"],
    ["more than pulling", "scope=repository:qnib/bench:push,pull", "qnib/bench"],
    ["everything", "scope=repository:qnib/bench:*", "qnib/bench"],
    ["repeated ones", "scope=repository:a/b:pull&scope=repository:c/d:pull", "c/d"],
    ["several in one value", "scope=repository:a/b:pull%20repository:c/d:pull", "c/d"],
    ["a path with its machine type", "scope=repository:machine/type1/a:pull", "machine/type1/a"],
    ["parameters that nobody knows", "offline_token=true&client_id=docker&x=y&Basic%20realm=m", undefined],
  ])("%s: granted", (_, query, repository) => {
    expect(opens(get(query), repository)).toBe(true);
  });

  test.each([
    ["pushing alone", "scope=repository:qnib/bench:push", "qnib/bench"],
    ["another kind of resource", "scope=registry:catalog:*", "catalog"],
    ["what cannot be read", "scope=repository::pull&scope=::&scope=%00", "qnib/bench"],
    ["a name longer than any", `scope=repository:${"a".repeat(256)}:pull`, "a".repeat(256)],
    ["the seventeenth", Array.from({ length: 17 }, (_, n) => `scope=repository:r${n}:pull`).join("&"), "r16"],
  ])("%s: no error, and no right", (_, query, repository) => {
    expect(opens(get(query), repository)).toBe(false);
    expect(opens(get(query), undefined)).toBe(true);
  });

  test("tell nothing of what there is: a repository that the credential may not see is granted, and not seen", () => {
    const given = answer(get("scope=repository:secret/app:pull"));
    expect(identify(`Bearer ${given.token}`, "secret/app", hub)).toMatchObject({
      identity: { repositories: ["qnib/*"] },
    });
  });

  test("as many and as long as they may be, the token stays within half of a request's header", () => {
    const scopes = Array.from({ length: 40 }, (_, n) => `repository:${String(n).padStart(255, "a")}:pull`);
    expect(
      answer(post(`grant_type=password&username=qnib-type1&password=mh_one&scope=${scopes.join("+")}`)).token.length,
    ).toBeLessThan(8 * 1024);
  });
});

describe("a form", () => {
  test("with a password", () => {
    const form = "grant_type=password&username=qnib-type1&password=mh_one&service=hub&client_id=containerd-client";
    expect(opens(post(`${form}&scope=repository:qnib/bench:pull`), "qnib/bench")).toBe(true);
  });

  test("with a stored secret in place of a refresh token", () => {
    expect(opens(post("grant_type=refresh_token&refresh_token=mh_one&scope=repository:a/b:pull"), "a/b")).toBe(true);
  });

  test("without a grant is as good as its Authorization", () => {
    expect(opens(post("scope=repository:a/b:pull", login), "a/b")).toBe(true);
  });
});

describe("is refused, also where others get an anonymous token", () => {
  const open = { ...hub, anonymous: true };
  test.each<[string, TokenRequest]>([
    ["a wrong secret", get("", basic("qnib-type1", "mh_two"))],
    ["an account without a secret", get("account=qnib-type1", basic("", ""))],
    ["a header that cannot be read", get("", "Basic !")],
    ["a token in place of a login", get("", `Bearer ${answer(get("")).token}`)],
    ["a wrong password of a form", post("grant_type=password&username=qnib-type1&password=x", login)],
    ["a form without a password", post("grant_type=password", login)],
    ["an unknown refresh token", post("grant_type=refresh_token&refresh_token=x", login)],
    ["one of our own tokens as refresh token", post(`grant_type=refresh_token&refresh_token=${answer(get("")).token}`)],
    ["a form without a refresh token", post("grant_type=refresh_token", login)],
    ["a user name of 10 kB", post(`grant_type=password&username=${"u".repeat(10_000)}&password=mh_one`)],
  ])("%s", (_, request) => {
    expect(answerTokenRequest(request, open)).toMatchObject({ refused: "basic" });
  });
});

test("who presents nothing is anonymous where that is allowed, whatever account it says, and else refused", () => {
  const request = {
    query: new URLSearchParams("account=qnib-type1&scope=repository:a/b:pull"),
    authorization: undefined,
  };
  expect(answerTokenRequest(request, { ...hub, anonymous: true })).toMatchObject({ identity: { kind: "anonymous" } });
  expect(answerTokenRequest(request, hub)).toMatchObject({ refused: "basic", why: "no-credentials" });
});

test("without a key that signs there is no token", () => {
  expect(() => answerTokenRequest(get(""), { ...hub, keys: [] })).toThrow("no key signs tokens yet");
});
