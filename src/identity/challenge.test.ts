import { expect, test } from "vitest";
import { challenge } from "./challenge.ts";
import type { RefusalReason, Refused } from "./identity.ts";

const options = { realm: "https://hub.example.com/token", service: "hub", repository: "qnib/bench" };
const bearer = 'Bearer realm="https://hub.example.com/token",service="hub"';
const scope = ',scope="repository:qnib/bench:pull"';

test.each<[Refused["refused"], RefusalReason, string]>([
  ["none", "no-credentials", bearer + scope],
  ["none", "unknown-scheme", bearer + scope],
  ["basic", "unknown", 'Basic realm="hub"'],
  ["basic", "expired", 'Basic realm="hub"'],
  ["bearer", "expired", bearer + scope],
  ["bearer", "scope", bearer + scope],
  ["bearer", "machine-type", `${bearer}${scope},error="invalid_token"`],
  ["bearer", "not-allowed", `${bearer}${scope},error="invalid_token"`],
  ["bearer", "malformed", `${bearer}${scope},error="invalid_token"`],
  ["bearer", "audience", `${bearer}${scope},error="invalid_token"`],
  ["bearer", "revoked", `${bearer}${scope},error="invalid_token"`],
])("one challenge: %s, %s", (refused, why, text) => {
  expect(challenge({ refused, why }, options)).toBe(text);
});

test.each([undefined, "", 'a",realm="https://evil', "a\r\nX: y", "a".repeat(256), "Ünï"])(
  "without a scope for %j",
  (repository) => {
    expect(challenge({ refused: "none", why: "no-credentials" }, { ...options, repository })).toBe(bearer);
  },
);

test("quotes and ends of lines of configured texts stay inside of theirs", () => {
  const odd = { realm: 'https://h/"\\\r\nX: y', service: "a" };
  expect(challenge({ refused: "none", why: "no-credentials" }, odd)).toBe(
    'Bearer realm="https://h/\\"\\\\X: y",service="a"',
  );
});
