import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { pino } from "pino";
import { Counter, type Registry } from "prom-client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createRegistry } from "../telemetry/metrics.ts";
import { HealthServer } from "./health.ts";

const log = pino({ level: "silent" });

let metrics: Registry;
let server: HealthServer;
let url: string;
beforeEach(async () => {
  metrics = createRegistry();
  server = new HealthServer({ metrics, log });
  url = `http://127.0.0.1:${await server.listen(0, "127.0.0.1")}`;
});
afterEach(() => server.close());
const get = async (path: string, method = "GET") => {
  const response = await fetch(`${url}${path}`, { method });
  return [response.status, await response.text()];
};

test("is healthy at once, and ready once it is told so", async () => {
  expect(await get("/healthz")).toEqual([200, "ok\n"]);
  expect(await get("/readyz")).toEqual([503, "not ready yet\n"]);
  server.setReady(true);
  expect(await get("/readyz?verbose")).toEqual([200, "ok\n"]);
  server.setReady(false);
  expect(await get("/readyz")).toEqual([503, "not ready yet\n"]);
});

test("says beside that it is ready what is not as it should be", async () => {
  server.setReady(true);
  server.setNote("the folder's last change is not applied");
  expect(await get("/readyz")).toEqual([200, "ok\nthe folder's last change is not applied\n"]);
  server.setNote(undefined);
  expect(await get("/readyz")).toEqual([200, "ok\n"]);
});

test("serves metrics as Prometheus reads them", async () => {
  const name = "metahub_admission_images_total";
  const images = new Counter({ name, help: "Images.", labelNames: ["code"], registers: [metrics] });
  images.inc({ code: "selected" }, 2);
  const [code, text] = await get("/metrics");
  expect(code).toBe(200);
  expect(text).toContain('metahub_admission_images_total{code="selected"} 2');
});

test("tells whether a path counts by its hash, once it was told what to ask", async () => {
  const [known, other] = ["a".repeat(64), "b".repeat(64)];
  expect((await get(`/knows/${known}`))[0]).toBe(404);
  server.setKnows((hash) => hash === known);
  expect([await get(`/knows/${known}`), await get(`/knows/${other}`), (await get("/knows/x"))[0]]).toEqual([
    [204, ""],
    [404, ""],
    404,
  ]);
});

test("refuses what it does not serve", async () => {
  expect(await get("/")).toEqual([404, "there are /healthz, /readyz and /metrics\n"]);
  expect(await get("/healthz", "POST")).toEqual([405, "only GET\n"]);
  expect((await get("/healthz", "HEAD"))[0]).toBe(200);
});

test("tells the system's error where the port is taken", async () => {
  const other = new HealthServer({ metrics, log });
  await expect(other.listen(Number(new URL(url).port), "127.0.0.1")).rejects.toMatchObject({ code: "EADDRINUSE" });
});

test("metrics that cannot be shown are an answer of 500, and the server goes on", async () => {
  const collect = (): never => {
    throw new Error("broken");
  };
  metrics.registerMetric(new Counter({ name: "metahub_broken_total", help: "Broken.", registers: [], collect }));
  expect(await get("/metrics")).toEqual([500, "the metrics cannot be shown\n"]);
  metrics.removeSingleMetric("metahub_broken_total");
  expect((await get("/metrics"))[0]).toBe(200);
});

test("more connections than it keeps do not keep a probe out", async () => {
  const { port } = new URL(url);
  const sockets: Socket[] = [];
  for (let count = 0; count < 280; count++) {
    const socket = connect({ host: "127.0.0.1", port: Number(port) }).on("error", () => undefined);
    sockets.push(socket);
    await once(socket, "connect");
  }
  expect(await get("/healthz")).toEqual([200, "ok\n"]);
  for (const socket of sockets) socket.destroy();
});
