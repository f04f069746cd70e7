import { pino } from "pino";
import { expect, test } from "vitest";
import { HealthServer } from "../../http/health.ts";
import { CommandError } from "../../process/failure.ts";
import { createRegistry } from "../../telemetry/metrics.ts";
import { Lifecycle } from "./lifecycle.ts";
import { listen, type Place, serve } from "./listen.ts";

const log = pino({ level: "silent" });
const server = (): HealthServer => new HealthServer({ metrics: createRegistry(), log });
const place = { address: "127.0.0.1", port: 0, portFlag: "--health-port" };

test("listens until the process ends", async () => {
  const life = new Lifecycle({ signal: new AbortController().signal, log });
  const port = await serve(life, server(), place);
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  expect(await life.end()).toEqual([]);
  await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
});

test.each<[string, Partial<Place>, string]>([
  ["health", {}, "choose another with --health-port"],
  ["webhook", { takenAdvice: "end it, or choose another with --port" }, "end it, or choose another with --port"],
])("says who is in the way where it cannot (%s)", async (_name, more, advice) => {
  const first = server();
  const port = await listen(first, place);
  try {
    const failure: unknown = await listen(server(), { ...place, port, ...more }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CommandError);
    expect(failure).toMatchObject({
      code: "LISTEN_FAILED",
      message: `cannot listen on 127.0.0.1:${port}: another program uses this port; ${advice}`,
    });
  } finally {
    await first.close();
  }
});

test("an address that this machine does not have is told too", async () => {
  // TEST-NET-3 (RFC 5737): no machine has this address.
  await expect(listen(server(), { ...place, address: "203.0.113.1" })).rejects.toThrow(
    /^cannot listen on 203\.0\.113\.1:0: this machine does not have that address; choose another with --address$/,
  );
});

test.each<[string, RegExp]>([
  ["EACCES", /^cannot listen on 127\.0\.0\.1:0: ports below 1024 need a privilege; choose another with --health-port$/],
  ["EMFILE", /^cannot listen on 127\.0\.0\.1:0: the system says no$/],
])("so is any other reason (%s)", async (code, message) => {
  const failing = { listen: () => Promise.reject(Object.assign(new Error("the system says no"), { code })) };
  await expect(listen(failing, place)).rejects.toThrow(message);
});
