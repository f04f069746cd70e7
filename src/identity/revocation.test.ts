import { expect, test } from "vitest";
import { credential, now, rules, seconds } from "../../test/support/identity/credentials.ts";
import type { Identity } from "./identity.ts";
import { untilRevoked } from "./revocation.ts";

const one = credential("login", "mh_one", { repositories: ["qnib/*"] });
const then = rules([one]);
const identity: Identity = {
  kind: "machineType",
  name: "type1",
  credential: "login",
  repositories: ["qnib/*"],
};
const changed = (spec: object) => rules([{ ...one, spec: { ...one.spec, ...spec } }]);

test.each([
  ["nothing has changed", then, true],
  ["it is another machine type's", changed({ machineType: "type2" }), true],
  ["it ends later", changed({ expires: seconds(60).toISOString() }), true],
  ["it was revoked", changed({ revoked: now.toISOString() }), false],
  ["it has expired", changed({ expires: now.toISOString() }), false],
  ["it was removed", rules([]), false],
  ["it has another secret", rules([credential("login", "mh_two")]), false],
  ["it is for other repositories now", changed({ repositories: ["team/*"] }), false],
])("an answer that is under way, and %s", (_, later, counts) => {
  expect(untilRevoked(identity, then)("qnib/bench", later)).toBe(counts);
});

test("who has no credential goes on for as long as such are let in", () => {
  const anonymous = untilRevoked({ kind: "anonymous", credential: "(anonymous)", repositories: undefined }, then);
  expect([true, false].map((allowed) => anonymous("a", rules([], { anonymous: allowed })))).toEqual([true, false]);
  const hint: Identity = { kind: "features", features: [], credential: "(hint)", repositories: undefined };
  const hinted = untilRevoked(hint, then);
  expect([true, false].map((allowed) => hinted("a", rules([], { hints: allowed })))).toEqual([true, false]);
  const certified: Identity = { ...identity, credential: "(certificate)" };
  expect(untilRevoked(certified, then)("a", rules([]))).toBe(true);
});
