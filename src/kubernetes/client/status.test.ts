import { describe, expect, test } from "vitest";
import { abortError } from "../error.ts";
import { parseRetryAfter, statusError } from "./status.ts";

describe("statusError", () => {
  test.each([
    [400, undefined, "INVALID"],
    [401, "Unauthorized", "UNAUTHORIZED"],
    [403, "Forbidden", "FORBIDDEN"],
    [404, "NotFound", "NOT_FOUND"],
    [405, "MethodNotAllowed", "UNEXPECTED"],
    [409, "Conflict", "CONFLICT"],
    [409, "AlreadyExists", "ALREADY_EXISTS"],
    [410, "Expired", "GONE"],
    [413, "RequestEntityTooLarge", "TOO_LARGE"],
    [422, "Invalid", "INVALID"],
    [429, "TooManyRequests", "TOO_MANY_REQUESTS"],
    [500, "InternalError", "SERVER_ERROR"],
    [503, "ServiceUnavailable", "SERVER_ERROR"],
    [504, "Timeout", "TIMEOUT"],
  ])("%i %s is %s", (code, reason, expected) => {
    const error = statusError("GET /x", code, { kind: "Status", reason, message: "why" });
    expect(error).toMatchObject({ code: expected, status: code, reason });
    expect(error.message).toBe(`GET /x: why (status ${code})`);
  });

  test("an ERROR event has its code in the Status alone", () => {
    expect(statusError("WATCH /x", undefined, { code: 410, reason: "Gone", message: "old" }).code).toBe("GONE");
  });

  test.each([
    ["<html>bad gateway</html>", "GET /x: <html>bad gateway</html> (status 502)"],
    ["", "GET /x: status 502"],
    [{ message: 5, details: { causes: "x" } }, "GET /x: status 502"],
    [null, "GET /x: status 502"],
  ])("a body that is no Status: %j", (body, message) => {
    expect(statusError("GET /x", 502, body).message).toBe(message);
  });

  test("apply conflicts name manager and field", () => {
    const causes = [
      { reason: "FieldManagerConflict", message: 'conflict with "kubectl-edit" using v1', field: ".spec.x" },
      {
        reason: "FieldManagerConflict",
        message: 'conflict with "a\\"b" with subresource "status" using v1',
        field: ".status",
      },
      { reason: "FieldValueInvalid", message: "not so", field: ".spec.y" },
    ];
    const error = statusError("PATCH /x", 409, { reason: "Conflict", details: { causes } });
    expect(error.conflicts).toEqual([
      { manager: "kubectl-edit", field: ".spec.x" },
      { manager: 'a\\"b', field: ".status" },
    ]);
  });

  test("the header's wait goes before the Status' own", () => {
    const body = { details: { retryAfterSeconds: 7 } };
    expect(statusError("GET /x", 429, body).retryAfterMs).toBe(7_000);
    expect(statusError("GET /x", 429, body, 1_000).retryAfterMs).toBe(1_000);
  });
});

test.each([
  ["3", 3_000],
  [" 0 ", 0],
  ["Thu, 01 Jan 2026 00:00:05 GMT", 5_000],
  ["Wed, 31 Dec 2025 00:00:00 GMT", 0],
  ["soon", undefined],
  [undefined, undefined],
])("Retry-After %s", (header, ms) => {
  expect(parseRetryAfter(header, new Date("2026-01-01T00:00:00Z"))).toBe(ms);
});

test("AbortSignal.timeout is a TIMEOUT, everything else ABORTED", () => {
  const timeout = AbortSignal.abort(new DOMException("late", "TimeoutError"));
  expect(abortError(timeout, "x").code).toBe("TIMEOUT");
  expect(abortError(AbortSignal.abort(), "x").code).toBe("ABORTED");
});
