import { request } from "undici";
import { expect, test } from "vitest";
import { startGeneratedUpstream } from "../support/proxy/generated-upstream.ts";
import { startProxyProcess } from "./proxy-process.ts";
import { countBytes, mostMemory } from "./pulls.ts";

test("a blob of 10 GB passes, and is never in memory", { timeout: 1_800_000 }, async () => {
  const size = 10_000_000_000;
  const upstream = await startGeneratedUpstream();
  const proxy = await startProxyProcess(upstream.host);
  try {
    const { statusCode, body } = await request(`${proxy.url}/v2/qnib/big/blobs/${upstream.add({ size })}`, {
      headers: { authorization: proxy.authorization },
    });
    expect([statusCode, await countBytes(body)]).toEqual([200, size]);
    expect(proxy.mostMemory()).toBeLessThan(mostMemory);
  } finally {
    await proxy.stop();
    await upstream.close();
  }
});
