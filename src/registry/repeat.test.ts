import { describe, expect, test } from "vitest";
import { putManifest } from "../../test/support/registry/content.ts";
import { registryFixture } from "../../test/support/registry/fixture.ts";
import { parseReference } from "../oci/reference.ts";
import { pauseBeforeRepeat } from "./repeat.ts";

const rules = { afterMs: 100, mostMs: 2_000 };

test.each([
  [500, undefined, 0, 100],
  [502, undefined, 1, 300],
  [503, undefined, 0.5, 200],
  [504, undefined, 0, 100],
  [408, undefined, 0, 100],
  [503, 1_000, 0, 1_100],
  [429, 2_000, 1, 2_300],
  [429, 2_001, 0, undefined],
  [503, 60_000, 0, undefined],
  [200, undefined, 0, undefined],
  [401, undefined, 0, undefined],
  [404, undefined, 0, undefined],
  [501, undefined, 0, undefined],
  [507, undefined, 0, undefined],
])("after %i with %j ms to wait, at chance %d: %j ms", (status, retryAfterMs, chance, ms) => {
  expect(pauseBeforeRepeat({ status, retryAfterMs }, rules, chance)).toBe(ms);
  expect(pauseBeforeRepeat({ status, retryAfterMs }, undefined, chance)).toBeUndefined();
});

describe("a registry that has trouble for a moment", () => {
  const fixture = registryFixture();
  const { signal } = new AbortController();
  const access = { credentials: undefined, signal, tenant: undefined };
  const repeat = { afterMs: 1, mostMs: 2_000 };

  test.each([408, 429, 500, 502, 503, 504])("and answers %i once is asked once more", async (status) => {
    const running = await fixture.registry();
    const pushed = await putManifest(running.store, "team/app", "v1", "x");
    const headers = status === 429 ? { "retry-after": "0" } : {};
    running.faults.add({ path: /manifests/, times: 1, fault: { kind: "status", status, headers } });
    const client = fixture.client({ repeat });
    expect(await client.resolve(parseReference(`${running.host}/team/app:v1`), access)).toEqual(pushed);
    expect(running.requests.map(({ method }) => method)).toEqual(["HEAD", "HEAD"]);
  });

  test("and answers so twice is not asked a third time", async () => {
    const running = await fixture.registry();
    running.faults.add({ path: /manifests/, fault: { kind: "status", status: 503 } });
    const asked = fixture.client({ repeat }).resolve(parseReference(`${running.host}/team/app:v1`), access);
    await expect(asked).rejects.toMatchObject({ code: "SERVER_ERROR", status: 503 });
    expect(running.requests).toHaveLength(2);
  });

  test("and asks for more time than anybody has is not waited for", async () => {
    const running = await fixture.registry();
    const headers = { "retry-after": "60" };
    running.faults.add({ path: /manifests/, fault: { kind: "status", status: 429, headers } });
    const asked = fixture.client({ repeat }).resolve(parseReference(`${running.host}/team/app:v1`), access);
    await expect(asked).rejects.toMatchObject({ code: "RATE_LIMITED" });
    expect(running.requests).toHaveLength(1);
  });

  test("counts as failed once for two answers: it is left alone after as many questions as without", async () => {
    const running = await fixture.registry();
    running.faults.add({ path: /manifests/, fault: { kind: "status", status: 500 } });
    const client = fixture.client({ repeat });
    const codes: unknown[] = [];
    for (let row = 0; row < 6; row += 1) {
      const failed = await client.resolve(parseReference(`${running.host}/team/app:v${row}`), access).catch((e) => e);
      codes.push(failed.code);
    }
    expect(codes).toEqual([...new Array(5).fill("SERVER_ERROR"), "CIRCUIT_OPEN"]);
    expect(running.requests).toHaveLength(10);
  });

  test("is not waited for by who gives up, nor when the client is closed", async () => {
    const running = await fixture.registry();
    running.faults.add({ path: /manifests/, fault: { kind: "status", status: 503 } });
    const reference = parseReference(`${running.host}/team/app:v1`);
    const patient = fixture.client({ repeat: { afterMs: 60_000, mostMs: 2_000 } });
    const impatient = new AbortController();
    const given = patient.resolve(reference, { ...access, signal: impatient.signal });
    await expect.poll(() => running.requests.length).toBe(1);
    impatient.abort();
    await expect(given).rejects.toMatchObject({ code: "ABORTED" });
    const closed = patient.resolve(reference, access);
    const failed = expect(closed).rejects.toMatchObject({ code: "CLOSED" });
    await expect.poll(() => running.requests.length).toBe(2);
    await patient.close();
    await failed;
  });
});
