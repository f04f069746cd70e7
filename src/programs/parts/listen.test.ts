import { expect, test } from "vitest";
import { HealthServer } from "../../http/health.ts";
import { CommandError } from "../../process/failure.ts";
import { createMetrics } from "../../telemetry/metrics.ts";
import { listenHealth } from "./listen.ts";

test("listens, and says who is in the way where it cannot", async () => {
  const [first, second] = [new HealthServer(createMetrics()), new HealthServer(createMetrics())];
  const port = await listenHealth(first, 0, "127.0.0.1");
  try {
    const failure: unknown = await listenHealth(second, port, "127.0.0.1").catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CommandError);
    expect(failure).toMatchObject({
      code: "LISTEN_FAILED",
      message: `cannot listen on 127.0.0.1:${port}: another program uses this port; choose another with --health-port`,
    });
  } finally {
    await first.close();
  }
});

test("any other reason is told too", async () => {
  // TEST-NET-3 (RFC 5737): no machine has this address.
  await expect(listenHealth(new HealthServer(createMetrics()), 0, "203.0.113.1")).rejects.toThrow(
    /^cannot listen on 203\.0\.113\.1:0: .*EADDRNOTAVAIL.*; choose another with --health-port$/,
  );
});
