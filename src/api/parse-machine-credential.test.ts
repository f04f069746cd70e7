import { describe, expect, test } from "vitest";
import { badMachineCredentials, credentialManifest, rightHash } from "../../test/support/bad-machine-credentials.ts";
import { ApiError } from "./error.ts";
import { usernameOf } from "./machine-credential.ts";
import { parseMachineCredential } from "./parse-machine-credential.ts";

function errorOf(run: () => unknown): ApiError {
  try {
    run();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("parseMachineCredential refuses", () => {
  test.each(badMachineCredentials)("$name", ({ spec, field, shows }) => {
    const error = errorOf(() => parseMachineCredential(credentialManifest(spec)));
    expect(error.path).toBe(field);
    expect(error.message).toContain(shows);
  });

  test.each([
    ["another kind", { ...Object(credentialManifest({})), kind: "MachineType" }, "kind"],
    ["a misspelled field", credentialManifest({ repository: ["qnib/*"] }), "spec.repository"],
    ["no name", { ...Object(credentialManifest({})), metadata: {} }, "metadata.name"],
  ])("%s", (_, value, path) => {
    expect(errorOf(() => parseMachineCredential(value)).path).toBe(path);
  });
});

describe("parseMachineCredential reads", () => {
  test("every field as it is written", () => {
    const full = {
      ...Object(
        credentialManifest({
          username: "team@type1,x=y",
          repositories: ["qnib/*", "qnib/a.b/c_d-e", "*"],
          expires: "2028-02-29T23:59:59Z",
          revoked: "2026-11-28T18:00:00Z",
        }),
      ),
      metadata: { name: "login", namespace: "hpc", uid: "1", resourceVersion: "7" },
      status: { lastUsed: "2026-11-28T18:00:00Z" },
    };
    expect(parseMachineCredential(full)).toEqual(full);
  });

  test("a stored object with a field of a newer API, which it drops", () => {
    const stored = Object(credentialManifest({ newer: 1 }));
    const read = parseMachineCredential({ ...stored, metadata: { name: "x", uid: "1" }, status: { lastUsed: 7 } });
    expect(read.spec).toEqual({ machineType: "type1", secretHash: rightHash });
    expect(read.status).toEqual({});
  });
});

test.each([
  [{ username: "u" }, "u"],
  [{}, "type1"],
  [{ machineType: undefined, unfiltered: true }, "c"],
])("the user name of %j is %s", (spec, name) => {
  expect(usernameOf(parseMachineCredential(credentialManifest(spec, "c")))).toBe(name);
});
