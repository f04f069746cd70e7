import { Counter } from "prom-client";
import { beforeEach, expect, test } from "vitest";
import { HttpServer } from "../../http/server.ts";
import { drainAtEnd } from "./drain.ts";
import { serve } from "./listen.ts";
import { runProgram } from "./program.ts";

const limits = { connections: 16, headersMs: 5_000, requestMs: 10_000, keepAliveMs: 30_000, silenceMs: 35_000 };
const address = "127.0.0.1";
let told: AbortController;
beforeEach(() => {
  told = new AbortController();
});

test("a program that serves needs three lines for its server, its health and its drain", async () => {
  const listening = Promise.withResolvers<{ readonly port: number; readonly healthPort: number }>();
  const running = runProgram(
    { logLevel: "silent", signal: told.signal },
    async ({ life, log, metricsRegistry, health }) => {
      const asked = new Counter({ name: "metahub_asked_total", help: "Asked.", registers: [metricsRegistry] });
      const listener = (_request: unknown, response: { end(text: string): void }): void => {
        asked.inc();
        response.end("hello");
      };
      const server = new HttpServer({ listener, limits, log });
      const port = await serve(life, server, { address, port: 0, portFlag: "--port" });
      const healthPort = await serve(life, health, { address, port: 0, portFlag: "--health-port" });
      drainAtEnd(life, { server, health, drainMs: 0, log });
      health.setReady(true);
      listening.resolve({ port, healthPort });
    },
  );
  const { port, healthPort } = await listening.promise;
  const text = async (url: string): Promise<string> => await (await fetch(url)).text();
  expect(await text(`http://${address}:${port}/`)).toBe("hello");
  expect(await text(`http://${address}:${healthPort}/readyz`)).toBe("ok\n");
  expect(await text(`http://${address}:${healthPort}/metrics`)).toContain("metahub_asked_total 1");
  told.abort("SIGTERM");
  await running;
  await expect(fetch(`http://${address}:${port}/`)).rejects.toThrow();
  await expect(fetch(`http://${address}:${healthPort}/healthz`)).rejects.toThrow();
});

test("a program that cannot start says why", async () => {
  const failing = runProgram({ logLevel: "silent", signal: told.signal }, () =>
    Promise.reject(new Error("no cluster")),
  );
  await expect(failing).rejects.toThrow("no cluster");
});
