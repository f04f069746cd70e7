import { buffer } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import {
  begin,
  content,
  digest,
  largeBlob,
  largeOptions,
  patient,
  registryWithBlob,
  size,
} from "../../test/support/registry/blobs.ts";
import { putManifest } from "../../test/support/registry/content.ts";
import type { Fault } from "../../test/support/registry/faults.ts";
import { registryFixture } from "../../test/support/registry/fixture.ts";
import { parseReference } from "../oci/reference.ts";

const fixture = registryFixture();
const withBlob = (fault?: Fault) => registryWithBlob(fixture, fault && { fault });

describe("places", () => {
  test("open streams take none from look-ups, and wait for one another", async () => {
    const large = largeBlob(64);
    const running = await fixture.registry();
    await running.store.putBlob("team/app", content);
    const pushed = await putManifest(running.store, "team/app", "v1", "x");
    running.faults.add({ path: /blobs/, times: 2, fault: large.fault });
    const reference = parseReference(`${running.host}/team/app:v1`);
    const client = fixture.client({ perHost: 1, total: 1, streamsPerHost: 2, streams: 2, timeouts: patient });
    const bodies = [await begin(client, reference, large), await begin(client, reference, large)];
    const before = running.requests.length;
    const third = client.openBlob(reference, digest, largeOptions());
    const hasty = new AbortController();
    const fourth = client.openBlob(reference, digest, largeOptions({ signal: hasty.signal }));
    const outcome = expect(fourth).rejects.toMatchObject({ name: "RegistryError", code: "ABORTED" });
    hasty.abort();
    await outcome;
    expect(await client.resolve(reference, largeOptions())).toEqual(pushed);
    expect(running.requests.slice(before).map(({ method }) => method)).toEqual(["HEAD"]);
    bodies[0]?.body.destroy();
    expect((await buffer((await third).body)).length).toBe(size);
    bodies[1]?.body.destroy();
  });

  test("a blob in memory counts as a look-up", async () => {
    const large = largeBlob(64);
    const running = await fixture.registry();
    await running.store.putBlob("team/app", content);
    running.faults.add({ path: /blobs/, times: 1, fault: large.fault });
    const reference = parseReference(`${running.host}/team/app`);
    const client = fixture.client({ streams: 1, timeouts: patient });
    const { body } = await begin(client, reference, large);
    expect((await client.blob(reference, digest, largeOptions())).length).toBe(size);
    body.destroy();
  });
});

describe("the host's health", () => {
  test("bodies that break off five times in a row leave the host alone", async () => {
    const { reference } = await withBlob({ kind: "closeMidBody" });
    const client = fixture.client({ timeouts: patient });
    for (let times = 0; times < 5; times += 1) {
      const { body } = await client.openBlob(reference, digest, largeOptions());
      await expect(buffer(body)).rejects.toMatchObject({ code: "UNREACHABLE" });
    }
    await expect(client.openBlob(reference, digest, largeOptions())).rejects.toMatchObject({ code: "CIRCUIT_OPEN" });
  });

  test("a host that was left alone is asked by others as soon as a stream of it begins", async () => {
    const large = largeBlob(64);
    const { running, reference } = await withBlob({ kind: "close" });
    let now = 0;
    const client = fixture.client({ timeouts: patient, now: () => now });
    for (let times = 0; times < 5; times += 1) {
      await expect(client.openBlob(reference, digest, largeOptions())).rejects.toMatchObject({ code: "UNREACHABLE" });
    }
    await expect(client.openBlob(reference, digest, largeOptions())).rejects.toMatchObject({ code: "CIRCUIT_OPEN" });
    now += 1_000;
    running.faults.clear();
    running.faults.add({ path: /blobs/, times: 1, fault: large.fault });
    const { body } = await begin(client, reference, large);
    expect((await client.blob(reference, digest, largeOptions())).length).toBe(size);
    body.destroy();
  });
});
