import { Agent, request } from "node:http";
import { pino } from "pino";
import { afterEach, expect, test } from "vitest";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import { HealthServer } from "../../http/health.ts";
import { HttpServer } from "../../http/server.ts";
import { createRegistry } from "../../telemetry/metrics.ts";
import { drainAtEnd } from "./drain.ts";
import { Lifecycle } from "./lifecycle.ts";
import { serve } from "./listen.ts";

const log = pino({ level: "silent" });
const limits = { connections: 16, headersMs: 5_000, requestMs: 10_000, keepAliveMs: 30_000, silenceMs: 35_000 };
const address = "127.0.0.1";
const agent = new Agent({ keepAlive: true });
afterEach(() => agent.destroy());

/** The status, and whether the server keeps the connection. */
const get = (port: number, path = "/"): Promise<readonly [number | undefined, string | undefined]> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: address, port, path, agent }, (response) => {
      response.resume().once("end", () => resolve([response.statusCode, response.headers.connection]));
    });
    sent.once("error", reject).end();
  });

test("a server that is told to end is not ready, sends its clients elsewhere for a while, and then closes", async () => {
  const clock = new ManualClock();
  const life = new Lifecycle({ signal: new AbortController().signal, log, clock });
  const health = new HealthServer({ metrics: createRegistry(), log });
  const server = new HttpServer({ listener: (_request, response) => void response.end(), limits, log });
  const port = await serve(life, server, { address, port: 0, portFlag: "--port" });
  const healthPort = await serve(life, health, { address, port: 0, portFlag: "--health-port" });
  drainAtEnd(life, { server, health, drainMs: 10_000, log, clock });
  health.setReady(true);
  expect(await get(port)).toEqual([200, "keep-alive"]);
  expect((await get(healthPort, "/readyz"))[0]).toBe(200);

  const ended = life.end();
  await clock.timer((ms) => ms === 10_000);
  expect((await get(healthPort, "/readyz"))[0]).toBe(503);
  // The connection that was open, and a new one.
  expect(await get(port)).toEqual([200, "close"]);
  expect(await get(port)).toEqual([200, "close"]);

  await clock.advance(10_000);
  expect(await ended).toEqual([]);
  await expect(get(port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await expect(get(healthPort, "/healthz")).rejects.toMatchObject({ code: "ECONNREFUSED" });
});
